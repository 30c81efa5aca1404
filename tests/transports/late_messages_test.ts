import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import type { Call } from "../../kernel/mod.ts";
import { small, toolPlugin } from "../support/plugins.ts";
import { initialize, messagesOf, modern, RawSession } from "../support/raw.ts";
import { askName, serveApp, servePipes, toolCall } from "../support/served.ts";
import { aborted, pause, soon, until } from "../support/wait.ts";

/** A tool that goes on after its time is up, and tells the client of it. */
function deaf() {
  const seen = { isDone: false };
  const plugin = small("deaf", {
    setup: (ctx) =>
      void ctx.tool({
        name: "deaf",
        description: "Never listen",
        input: v.object({}),
        timeoutMs: 30,
        async run(_, call: Call) {
          await call.progress(1);
          await aborted(call.signal).catch(() => {});
          await pause(20);
          for (let i = 2; i < 5; i++) {
            await call.progress(i);
            call.log("error", `late ${i}`);
          }
          await askName(call).catch(() => {});
          seen.isDone = true;
        },
      }),
  });
  return { plugin, seen };
}

for (const era of ["2025", "2026"]) {
  test(`a handler that its call has left behind tells a client over stdio nothing more (${era})`, async () => {
    const { plugin, seen } = deaf();
    await using served = await servePipes([plugin]);
    served.read();
    const capabilities = { elicitation: {} };
    if (era === "2025") {
      served.write(initialize("2025-11-25", capabilities));
      await served.answer(1);
      served.write({ jsonrpc: "2.0", method: "notifications/initialized" });
      served.write(toolCall(2, "deaf", { meta: { progressToken: "t" } }));
    } else {
      const meta = { progressToken: "t", "io.modelcontextprotocol/logLevel": "debug" };
      served.write(modern("tools/call", { name: "deaf", arguments: {} }, { capabilities, meta, id: 2 }).body);
    }
    const answer = await served.answer(2);
    assert.equal(answer.result.content[0].text, "Timed out after 0.03 s");
    await until(() => seen.isDone, "the end of the handler");
    await pause(20);
    const told = served.messages.map((it) => it.method ?? it.id);
    assert.deepEqual(told.slice(told.indexOf("notifications/progress")), ["notifications/progress", 2]);
  });
}

test("a cancelled call of a session ends its stream", async () => {
  const waits = toolPlugin("waits", (_, { signal }) => aborted(signal));
  await using served = await serveApp([waits]);
  const session = await RawSession.open(served.app.fetch);
  const stream = await session.send(toolCall(5, "waits"));
  const messages = messagesOf(stream);
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 1, "the call");
  await session.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5 } });
  assert.deepEqual((await soon(messages, "the end of the stream")).map((it) => [it.id, it.result]), [[5, undefined]]);
});

test("a cancelled call over stdio has no answer", async () => {
  await using served = await servePipes([toolPlugin("waits", (_, { signal }) => aborted(signal))]);
  served.read();
  served.write(initialize());
  await served.answer(1);
  served.write(toolCall(5, "waits"));
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 1, "the call");
  served.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5 } });
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the call");
  served.write({ jsonrpc: "2.0", id: 6, method: "ping" });
  await served.answer(6);
  assert.deepEqual(served.messages.map((it) => it.id), [1, 6]);
});
