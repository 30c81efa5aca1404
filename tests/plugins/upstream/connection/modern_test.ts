/**
 * Revision 2026-07-28, over stdin and stdout and over HTTP: Collet reaches Collet.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { definePlugin, isProtocolError, type JsonObject, Kernel } from "../../../../mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { createApp } from "../../../../kernel/transports/mod.ts";
import type { UpstreamDefinition } from "../../../../plugins/upstream/definition.ts";
import { EVERY_CONTENT } from "../../../fixtures/everything/tools.ts";
import { listen } from "../../../support/listen.ts";
import { startApp, starter } from "../../../support/transports.ts";
import { until } from "../../../support/wait.ts";
import { addressTarget, connectionKit, TestAsker } from "./kit.ts";

const forever = () => new AbortController().signal;

for (const transport of ["stdio", "http"] as const) {
  describe(`2026-07-28 over ${transport}`, () => {
    test("answers come as they are", async () => {
      await using server = await start(transport, 1_200);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      const { connection, call, request } = opened;
      assert.equal(connection.facts.protocolVersion, "2026-07-28");
      assert.equal(connection.facts.name, "everything-server");
      assert.equal(connection.facts.instructions, "Call anything");
      assert.equal(typeof connection.facts.pid, transport === "stdio" ? "number" : "undefined");

      const tools = await connection.list("tools", { signal: forever(), most: 10_000 });
      assert.ok(tools.length > 1_200);
      const add = tools.find(({ name }) => name === "add") as JsonObject;
      assert.deepEqual(add["_meta"], { "collet.example/kind": "sum" });
      assert.equal((add["annotations"] as JsonObject)["title"], "Adder");

      assert.deepEqual((await call("content"))["content"], EVERY_CONTENT);
      assert.deepEqual((await call("add", { a: 1, b: 2 }))["structuredContent"], { sum: 3 });
      assert.equal((await call("add", { a: "x" }))["isError"], true);
      await assert.rejects(call("none"), (error) => isProtocolError(error) && error.code === -32602);
      assert.deepEqual(await request("ping"), {});
      const completed = await request("resources/read", { uri: "no://such" }).catch((error) => error);
      assert.ok(isProtocolError(completed));
    });

    test("the client is asked in answers, and once more where that is not enough", async () => {
      await using server = await start(transport);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      const asker = new TestAsker("ada");
      assert.equal(await opened.text("ask_twice", {}, { asker }), "ada, ada");
      assert.equal(await opened.text("ask_all", {}, { asker }), "ada, ada, 1 roots");
      assert.equal(await opened.text("ask_model", {}, { asker }), "ada: said by ada");
      const prompt = await opened.request("prompts/get", { name: "ask" }, { asker });
      assert.match(JSON.stringify(prompt), /ada/);
      // whose client cannot be asked says so to the server
      const alone = await opened.call("ask").catch((error) => ({ isError: true, error }));
      assert.equal(alone["isError"], true);
      const few = await opened.call("ask_model", {}, { asker, capabilities: { elicitation: {} } })
        .catch((error) => ({ isError: true, error }));
      assert.equal(few["isError"], true);

      const clients = Array.from({ length: 20 }, (_, i) => new TestAsker(`client${i}`));
      const answers = await Promise.all(clients.map((each) => opened.text("ask_twice", {}, { asker: each })));
      assert.deepEqual(answers, clients.map((_, i) => `client${i}, client${i}`));
    });

    test("progress, log messages and cancellation belong to their request", async () => {
      await using server = await start(transport);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      const progress: unknown[] = [];
      await opened.call("progress", {}, { onProgress: (it) => void progress.push(it) });
      assert.deepEqual(progress, [{ progress: 1, total: 3, message: "one" }, { progress: 2, total: 3 }, {
        progress: 3,
      }]);

      const own: JsonObject[] = [];
      await opened.call("log", {}, { logLevel: "error", onLog: (params) => void own.push(params) });
      const levels = (transport === "http" ? own : opened.heard.logged).map(({ level }) => level);
      assert.deepEqual(levels, ["error", "critical", "alert", "emergency", "emergency"]);

      const giving = new AbortController();
      const wait = opened.call("wait", {}, { signal: giving.signal });
      await until(async () => /"started":1/.test(await opened.text("waits")), "the wait");
      giving.abort(new Error("enough"));
      await assert.rejects(wait, /enough/);
      await until(async () => /"aborted":1/.test(await opened.text("waits")), "the end of the wait");
    });

    test("changes of lists and of resources are told", async () => {
      await using server = await start(transport);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      await opened.request("resources/subscribe", { uri: "item://1" });
      assert.equal(await opened.text("watched"), '{"watched":["item://1"]}');
      await opened.call("touch", { uri: "item://1" });
      await until(() => opened.heard.updated.includes("item://1"), "an updated resource");
      await opened.call("grow");
      await until(() => opened.heard.changed.includes("tools"), "a changed list");
      await opened.request("resources/unsubscribe", { uri: "item://1" });
      await until(async () => await opened.text("watched") === `{"watched":[]}`, "the end of the watch");
    });
  });
}

test("arguments that a server wants in headers are put there, before its schema is known as well", async () => {
  const plugin = definePlugin({
    name: "regions",
    version: "1.0.0",
    setup: ({ tool }) =>
      void tool({
        name: "query",
        description: "Ask a region",
        input: {
          type: "object",
          properties: { region: { type: "string", "x-mcp-header": "Region" }, sql: { type: "string" } },
          required: ["region"],
        },
        run: (input) => `asked ${(input as JsonObject)["region"]}`,
      }),
  });
  await using kernel = await new Kernel({ log: fakeLog() }).use(plugin).start();
  const app = createApp(kernel, { name: "regions", version: "1.0.0" });
  await using served = await listen(app);
  await using kit = await connectionKit();
  await using opened = await kit.open(addressTarget(`${served.url}/mcp`));
  assert.equal(await opened.text("query", { region: "größer" }), "asked größer");
  assert.equal(await opened.text("query", { region: "eu" }), "asked eu");
  await app.close();
});

interface Started extends AsyncDisposable {
  readonly target: UpstreamDefinition["target"];
}

async function start(transport: "stdio" | "http", many = 0): Promise<Started> {
  if (transport === "stdio") {
    return { target: { kind: "stdio", ...starter({ many }), env: {} }, [Symbol.asyncDispose]: async () => {} };
  }
  const { app, close } = await startApp({ many });
  const server = await listen(app);
  return {
    target: addressTarget(`${server.url}/mcp`),
    async [Symbol.asyncDispose]() {
      await close();
      await server.close();
    },
  };
}
