import assert from "node:assert/strict";
import { test } from "node:test";
import { messagesOf, RawSession } from "../support/raw.ts";
import { asking, serveApp, servePipes, toolCall } from "../support/served.ts";
import { pause, soon, until } from "../support/wait.ts";

const ASK = { name: "ask", arguments: {} };
const ECHO = { name: "echo", arguments: {} };
const CAPABILITIES = { elicitation: {} };
const TOO_MANY = "Cannot ask the client: too many calls wait for theirs; try again later";

test("a call too many that asks in 2026-07-28 is a failed result, at once", async () => {
  await using served = await serveApp([asking()], { app: { parking: { maxParked: 1 } } });
  assert.equal((await served.request("tools/call", ASK, CAPABILITIES)).result.resultType, "input_required");
  const { result } = await soon(served.request("tools/call", ASK, CAPABILITIES));
  assert.deepEqual([result.isError, result.content[0].text], [true, TOO_MANY]);
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 1, "the end of the refused call");
});

test("parked calls take no place of maxCalls", async () => {
  await using served = await serveApp([asking()], { kernel: { maxCalls: 2 } });
  for (let i = 0; i < 4; i++) {
    assert.equal(
      (await served.request("tools/call", ASK, CAPABILITIES)).result?.resultType,
      "input_required",
      `call ${i}`,
    );
  }
  assert.equal((await served.request("tools/call", ECHO)).result.content[0].text, "hi");
});

test("questions of sessions take no place of maxCalls, and count among the calls that wait", async () => {
  const options = { kernel: { maxCalls: 1 }, app: { parking: { maxParked: 1 } } };
  await using served = await serveApp([asking()], options);
  const session = await RawSession.open(served.app.fetch, { capabilities: CAPABILITIES });
  const waiting = messagesOf(await session.start("tools/call", ASK));
  await pause(20);
  assert.equal((await session.request("tools/call", ECHO)).result.content[0].text, "hi");
  const { result } = await soon(session.request("tools/call", ASK));
  assert.deepEqual([result.isError, result.content[0].text], [true, TOO_MANY]);
  const parked = await soon(served.request("tools/call", ASK, CAPABILITIES));
  assert.equal(parked.result.content?.[0].text, TOO_MANY, "the revisions share one limit");
  await session.send({ jsonrpc: "2.0", id: 1, result: { action: "accept", content: { name: "Ada" } } });
  const answer = (await soon(waiting)).at(-1);
  assert.equal(answer?.result.content[0].text, "Ada");
  assert.equal((await served.request("tools/call", ASK, CAPABILITIES)).result.resultType, "input_required");
});

test("questions over stdio count among the calls that wait", async () => {
  await using served = await servePipes([asking()], { parking: { maxParked: 1 } });
  served.read();
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: CAPABILITIES,
    clientInfo: { name: "raw", version: "1.0.0" },
  };
  served.write({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  await served.answer(1);
  served.write({ jsonrpc: "2.0", method: "notifications/initialized" });
  served.write(toolCall(2, "ask"));
  await until(() => served.messages.some((it) => it.method === "elicitation/create"), "the question");
  served.write(toolCall(3, "ask"));
  assert.equal((await served.answer(3)).result.content[0].text, TOO_MANY);
});

test("unloading a plugin does not wait for its parked calls", async () => {
  await using served = await serveApp([asking()], { kernel: { graceMs: 60_000 } });
  for (let i = 0; i < 3; i++) await served.request("tools/call", ASK, CAPABILITIES);
  assert.equal(served.kernel.inspect()[0]?.callsInFlight, 3);
  await soon(served.kernel.unload("asking"), "the end of the unloading");
  assert.deepEqual(served.log.take("warn"), []);
});

test("a parked call that ends by its own time limit frees its place when it is too old", async () => {
  await using served = await serveApp([asking({ timeoutMs: 50 })], { app: { parking: { maxParked: 1, ttlMs: 300 } } });
  const isParked = async () =>
    (await served.request("tools/call", ASK, CAPABILITIES)).result.resultType === "input_required";
  assert.ok(await isParked());
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the parked call");
  await until(isParked, "the place of the call that has ended");
});
