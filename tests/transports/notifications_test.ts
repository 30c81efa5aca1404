import type { Client } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { test } from "node:test";
import { toolPlugin } from "../support/plugins.ts";
import { initialize } from "../support/raw.ts";
import { servePipes } from "../support/served.ts";
import { forEachTransport } from "../support/transports.ts";
import { pause, until } from "../support/wait.ts";

type LogMessage = { level: string; logger?: string | undefined; data: unknown };

function gatherLogs(into: LogMessage[]): (client: Client) => void {
  return (client) => client.setNotificationHandler("notifications/message", ({ params }) => void into.push(params));
}

forEachTransport("progress rises, and reaches the client that asked for it", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const seen: unknown[] = [];
  const onprogress = (progress: unknown) => void seen.push(progress);
  const call = client.callTool({ name: "progress", arguments: { wait: true } }, { onprogress });
  await until(() => seen.length === 3, "all progress");
  await client.callTool({ name: "proceed", arguments: {} });
  await call;
  assert.deepEqual(seen, [{ progress: 1, total: 3, message: "one" }, { progress: 2, total: 3 }, { progress: 3 }]);
  await client.callTool({ name: "progress", arguments: {} });
  assert.equal(seen.length, 3);
});

forEachTransport("logs reach the client from info up, until it sets a level", async ({ connect }) => {
  const logs: LogMessage[] = [];
  await using connection = await connect({ prepare: gatherLogs(logs) });
  const { client } = connection;
  const levels = async () => {
    logs.length = 0;
    await client.callTool({ name: "log", arguments: {} });
    return logs.map((it) => it.level);
  };
  const all = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency", "emergency"];
  assert.deepEqual(await levels(), all.slice(1));
  assert.deepEqual(logs[0], { level: "info", logger: "everything", data: { message: "at info", n: 1 } });
  assert.deepEqual(logs.at(-1), { level: "emergency", logger: "collet", data: "plain" });
  await client.setLoggingLevel("debug");
  assert.deepEqual(await levels(), all);
  await client.setLoggingLevel("critical");
  assert.deepEqual(await levels(), all.slice(5));
}, { eras: ["2025"] });

forEachTransport("logs reach the client by the level of each request, and not without one", async ({ connect }) => {
  const logs: LogMessage[] = [];
  await using connection = await connect({ prepare: gatherLogs(logs) });
  const { client } = connection;
  const levels = async (level?: string) => {
    logs.length = 0;
    const _meta = level === undefined ? {} : { "io.modelcontextprotocol/logLevel": level };
    await client.callTool({ name: "log", arguments: {}, _meta });
    return logs.map((it) => it.level);
  };
  assert.deepEqual(await levels(), []);
  assert.deepEqual(await levels("alert"), ["alert", "emergency", "emergency"]);
  assert.equal((await levels("debug")).length, 9);
}, { eras: ["2026"] });

forEachTransport("three tools registered in a turn are one list change", async ({ era, connect }) => {
  const changes: string[] = [];
  await using connection = await connect({
    prepare(client) {
      for (const kind of ["tools", "prompts", "resources"] as const) {
        client.setNotificationHandler(`notifications/${kind}/list_changed`, () => void changes.push(kind));
      }
    },
  });
  const { client } = connection;
  const listening = era === "2026"
    ? await client.listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true })
    : undefined;
  // the stream of a session opens on its own after the handshake
  await pause(50);
  const names = async () =>
    (await client.listTools()).tools.map((it) => it.name).filter((it) => it.startsWith("grown_"));
  await client.callTool({ name: "grow", arguments: {} });
  assert.deepEqual(await names(), ["grown_0", "grown_1", "grown_2"]);
  await until(() => changes.length > 0, "the list change");
  await pause(100);
  assert.deepEqual(changes, ["tools"]);
  await client.callTool({ name: "shrink", arguments: {} });
  await until(() => changes.length > 1, "the second list change");
  await pause(100);
  assert.deepEqual(changes, ["tools", "tools"]);
  assert.deepEqual(await names(), []);
  await listening?.close();
});

forEachTransport("ping is answered", async ({ connect }) => {
  await using connection = await connect();
  assert.deepEqual(await connection.client.ping(), {});
}, { eras: ["2025"] });

forEachTransport("cancelling a call stops its work", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const waits = async () => JSON.stringify((await client.callTool({ name: "waits", arguments: {} })).structuredContent);
  const controller = new AbortController();
  const call = client.callTool({ name: "wait", arguments: {} }, { signal: controller.signal });
  await until(async () => await waits() === '{"started":1,"aborted":0}', "the start");
  controller.abort("enough");
  await assert.rejects(call, /enough/);
  await until(async () => await waits() === '{"started":1,"aborted":1}', "the end of the work");
});

forEachTransport("a client's time limit stops the work", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const waits = async () => JSON.stringify((await client.callTool({ name: "waits", arguments: {} })).structuredContent);
  // a server that is still starting would find the call cancelled already
  assert.equal(await waits(), '{"started":0,"aborted":0}');
  await assert.rejects(client.callTool({ name: "wait", arguments: {} }, { timeout: 50 }), /timed out/i);
  await until(async () => await waits() === '{"started":1,"aborted":1}', "the end of the work");
});

forEachTransport("a call is answered while one before it still runs", async ({ connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const order: string[] = [];
  let hasStarted = false;
  const onprogress = () => void (hasStarted = true);
  const first = client.callTool({ name: "progress", arguments: { wait: true } }, { onprogress })
    .then(() => order.push("first"));
  await until(() => hasStarted);
  await client.callTool({ name: "echo", arguments: { text: "x" } }).then(() => order.push("second"));
  await client.callTool({ name: "proceed", arguments: {} });
  await first;
  assert.deepEqual(order, ["second", "first"]);
});

test("a log keeps its text beside data that have a message of their own", async () => {
  const told = toolPlugin("told", (_, call) => {
    call.log("info", "the text", { message: "of the data", n: 1 });
    return "ok";
  });
  await using served = await servePipes([told]);
  served.read();
  for (const message of [initialize(), { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "told" } }]) {
    served.write(message);
  }
  await served.answer(2);
  const logs = served.messages.filter((it) => it.method === "notifications/message").map((it) => it.params.data);
  assert.deepEqual(logs, [{ message: "the text", data: { message: "of the data", n: 1 } }]);
});
