import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { connectLines } from "../support/lines.ts";
import { initialize, modern } from "../support/raw.ts";
import { starter } from "../support/transports.ts";
import { pause, soon, until } from "../support/wait.ts";

const PING = { jsonrpc: "2.0", method: "ping" };

test("a line that is no message gets an error, and does no harm to the next", async () => {
  await using wire = await connectLines();
  await wire.open();
  for (const line of ["nonsense", "{", '{"jsonrpc":"2.0"', "\u0000", '"text']) {
    wire.write(`${line}\n`);
    assert.equal((await wire.answer(undefined)).error?.code, -32700, line);
  }
  for (const line of ["1", "null", '"text"', "{}", '{"jsonrpc":"1.0","method":"ping"}', "[]"]) {
    wire.write(`${line}\n`);
    assert.equal((await wire.answer(undefined)).error?.code, -32600, line);
  }
  wire.write(`{"jsonrpc":"2.0","id":7}\n`);
  assert.equal((await wire.answer(7)).error?.code, -32600, "the id of a bad message is given back");
  wire.write({ ...PING, id: 2 });
  assert.deepEqual((await wire.answer(2)).result, {});
});

test("empty lines, spaces and carriage returns are passed over", async () => {
  await using wire = await connectLines();
  await wire.open();
  wire.write("\n\n  \r\n");
  wire.write(`  ${JSON.stringify({ ...PING, id: 3 })}  \r\n`);
  assert.deepEqual((await wire.answer(3)).result, {});
  assert.deepEqual(wire.messages, []);
});

test("a line that is too long is refused, and the next one served", async () => {
  await using wire = await connectLines({ maxMessageBytes: 2_000 });
  await wire.open();
  wire.write(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${"x".repeat(1_000)}`);
  await pause(5);
  wire.write("x".repeat(5_000));
  await pause(5);
  wire.write(`"}}\n${JSON.stringify({ ...PING, id: 4 })}\n`);
  assert.deepEqual((await wire.answer(undefined)).error, {
    code: -32600,
    message: "Invalid Request: a message has at most 2000 bytes",
  });
  assert.deepEqual((await wire.answer(4)).result, {});
});

test("a line is nested at most 512 deep, and the next one served; brackets in texts do not count", async () => {
  await using wire = await connectLines();
  await wire.open();
  const ping = (id: number, depth: number, text: string) => {
    const value = `${"[".repeat(depth - 2)}${"]".repeat(depth - 2)}`;
    wire.write(`{"jsonrpc":"2.0","id":${id},"method":"ping","params":{"text":${JSON.stringify(text)},"x":${value}}}\n`);
  };
  for (const text of ["", `"${"[{".repeat(1_000)}\\`, `\\"${"]}".repeat(1_000)}`]) {
    ping(5, 512, text);
    assert.deepEqual((await wire.answer(5)).result, {});
    ping(6, 513, text);
    assert.deepEqual((await wire.answer(undefined)).error, {
      code: -32600,
      message: "Invalid Request: a message is nested at most 512 deep",
    });
  }
  wire.write(`${"[".repeat(100_000)}\n`);
  assert.equal((await wire.answer(undefined)).error?.code, -32600);
  wire.write({ ...PING, id: 7 });
  assert.deepEqual((await wire.answer(7)).result, {});
});

test("a message may come in pieces, also within a character", async () => {
  await using wire = await connectLines();
  await wire.open();
  const text = "grüße 😀";
  const call = { jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: "echo", arguments: { text } } };
  for (const byte of new TextEncoder().encode(`${JSON.stringify(call)}\n`)) wire.write(new Uint8Array([byte]));
  assert.equal((await wire.answer(5)).result.content[0].text, text);
});

test("several messages may come in one piece, and each of a batch is answered by itself", async () => {
  await using wire = await connectLines();
  await wire.open("2025-03-26");
  wire.write(`${JSON.stringify({ ...PING, id: 10 })}\n${JSON.stringify({ ...PING, id: 11 })}\n`);
  wire.write([{ ...PING, id: 12 }, { jsonrpc: "2.0", method: "notifications/x" }, { nonsense: 1 }, {
    ...PING,
    id: 13,
  }]);
  for (const id of [10, 11, 12, 13]) assert.deepEqual((await wire.answer(id)).result, {});
  assert.equal((await wire.answer(undefined)).error?.code, -32600);
});

test("ids are given back as they came: texts, zero, large numbers", async () => {
  await using wire = await connectLines();
  await wire.open();
  for (const id of ["a", "", "7", 0, -1, 9_007_199_254_740_991]) {
    wire.write({ ...PING, id });
    assert.deepEqual((await wire.answer(id)).result, {}, JSON.stringify(id));
  }
});

test("calls with ids that are equal but for their type are told apart, and cancelled apart", async () => {
  await using wire = await connectLines();
  await wire.open();
  const wait = (id: unknown) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name: "wait", arguments: { ms: 1_500 } },
  });
  wire.write(wait("1"));
  wire.write(wait(1));
  await pause(20);
  wire.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "1" } });
  assert.equal((await wire.answer(1)).result.content[0].text, "waited 1500 ms");
  assert.deepEqual((await wire.kernel.call("waits", {})).structuredContent, { started: 2, aborted: 1 });
});

test("the end of input ends the connection, its calls and its watchers", async () => {
  await using wire = await connectLines();
  await wire.open();
  wire.write({ jsonrpc: "2.0", id: 2, method: "resources/subscribe", params: { uri: "item://1" } });
  await wire.answer(2);
  wire.write({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "wait", arguments: {} } });
  await pause(20);
  wire.input.end();
  await soon(wire.connection.closed, "the end of the connection");
  assert.deepEqual((await wire.kernel.call("waits", {})).structuredContent, { started: 1, aborted: 1 });
  assert.deepEqual((await wire.kernel.call("watched", {})).structuredContent, { watched: [] });
  assert.equal(wire.kernel.listenerCount, 0);
});

test("closing a connection here ends it as well, twice without harm", async () => {
  await using wire = await connectLines();
  await wire.open();
  await wire.connection.close();
  await wire.connection.close();
  await soon(wire.connection.closed);
  wire.write({ ...PING, id: 9 });
  await pause(20);
  assert.deepEqual(wire.messages, []);
});

for (const era of ["2025", "2026"]) {
  test(`two calls of one id at the same time are both answered, and both cancelled at the end (${era})`, async () => {
    await using wire = await connectLines();
    if (era === "2025") await wire.open();
    const wait = (ms: number) => {
      const params = { name: "wait", arguments: { ms } };
      const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params };
      wire.write(era === "2025" ? call : modern("tools/call", params, { id: 7 }).body);
    };
    wait(200);
    wait(20);
    assert.equal((await wire.answer(7)).result.content[0].text, "waited 20 ms");
    assert.equal((await wire.answer(7)).result.content[0].text, "waited 200 ms");
    const waits = async () => (await wire.kernel.call("waits", {})).structuredContent as Record<string, number>;
    wait(60_000);
    wait(60_000);
    await until(async () => (await waits())["started"] === 4, "both calls");
    await wire.connection.close();
    assert.deepEqual(await waits(), { started: 4, aborted: 2 });
  });
}

test("an output that breaks ends the connection", async () => {
  await using wire = await connectLines();
  await wire.open();
  wire.output.destroy(new Error("EPIPE"));
  await soon(wire.connection.closed, "the end of the connection");
});

test("an output that is read slowly slows the sender, and loses nothing", async () => {
  await using wire = await connectLines();
  await wire.open();
  wire.output.pause();
  const text = "x".repeat(50_000);
  for (let id = 20; id < 40; id++) {
    wire.write({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "echo", arguments: { text } } });
  }
  await pause(50);
  wire.output.resume();
  for (let id = 20; id < 40; id++) assert.equal((await wire.answer(id)).result.content[0].text.length, 50_000);
});

test("2026-07-28 listens over stdio, and its watchers end with the listening", async () => {
  await using wire = await connectLines();
  const listen = modern("subscriptions/listen", { notifications: { resourceSubscriptions: ["item://1"] } }, { id: 50 });
  wire.write(modern("server/discover", {}, { id: 49 }).body);
  assert.ok((await wire.answer(49)).result.supportedVersions.includes("2026-07-28"));
  wire.write(listen.body);
  await until(() => wire.messages.some((it) => it.method === "notifications/subscriptions/acknowledged"));
  assert.deepEqual((await wire.kernel.call("watched", {})).structuredContent, { watched: ["item://1"] });
  await wire.kernel.call("touch", { uri: "item://1" });
  await until(() => wire.messages.some((it) => it.method === "notifications/resources/updated"), "the update");
  wire.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 50 } });
  await until(async () =>
    JSON.stringify((await wire.kernel.call("watched", {})).structuredContent) === '{"watched":[]}'
  );
});

test("a process says nothing on stdout but the protocol, whatever its plugins print, and ends with its input", async () => {
  const { command, args } = starter();
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => stdout += chunk);
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => stderr += chunk);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "print", arguments: {} } };
  child.stdin.write(`${JSON.stringify(initialize())}\n${JSON.stringify(call)}\n`);
  await until(() => stdout.split("\n").length > 2, "both answers");
  child.stdin.end();
  assert.equal(await soon(exited, "the end of the process"), 0);
  const messages = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(messages.map((it) => it.id), [1, 2]);
  assert.equal(messages[1].result.content[0].text, "printed");
  const printed = ["console.log", "console.info", "console.debug", "console.dirxml", "console.count", "process.stdout"];
  for (const text of printed) assert.ok(stderr.includes(text), `${text} is on stderr`);
});
