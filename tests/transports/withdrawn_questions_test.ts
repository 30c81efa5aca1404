import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsOf, type Message, RawSession } from "../support/raw.ts";
import { asking, serveApp, type ServedApp } from "../support/served.ts";
import { soon, until } from "../support/wait.ts";

/** A session whose call of `ask` has asked, and the rest of the stream of that call. */
async function askedIn(served: ServedApp) {
  const session = await RawSession.open(served.app.fetch, { capabilities: { elicitation: {} } });
  const events = eventsOf(await session.start("tools/call", { name: "ask", arguments: {} }));
  const next = async (): Promise<Message | undefined> => {
    for (;;) {
      const { done, value } = await soon(events.next(), "a message");
      if (done === true) return undefined;
      if (value.data !== "") return JSON.parse(value.data);
    }
  };
  const question = await next();
  assert.equal(question?.method, "elicitation/create");
  return { session, question, next };
}

async function assertWithdrawn({ question, next }: Awaited<ReturnType<typeof askedIn>>, text: RegExp): Promise<void> {
  const rest = [await next(), await next()];
  const withdrawal = rest.find((it) => it?.method === "notifications/cancelled");
  assert.equal(withdrawal?.params.requestId, question.id);
  const answer = rest.find((it) => it?.result !== undefined);
  assert.equal(answer?.result.isError, true);
  assert.match(answer.result.content[0].text, text);
  assert.equal(await next(), undefined, "the stream has ended");
}

test("a question of a session is withdrawn when its call times out", async () => {
  await using served = await serveApp([asking({ timeoutMs: 50 })]);
  await assertWithdrawn(await askedIn(served), /^Timed out after 0.05 s$/);
  await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the call");
});

test("a question of a session that its client does not answer is given up in time, and its place is free", async () => {
  await using served = await serveApp([asking()], { app: { parking: { ttlMs: 50, maxParked: 1 } } });
  for (let i = 0; i < 2; i++) {
    await assertWithdrawn(await askedIn(served), /^Cannot ask the user: the client did not answer in time$/);
    await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the call");
  }
});

test("a question of a session is withdrawn when its plugin unloads, which does not wait for the answer", async () => {
  await using served = await serveApp([asking()], { kernel: { graceMs: 60_000 } });
  const asked = await askedIn(served);
  const unloading = served.kernel.unload("asking");
  await assertWithdrawn(asked, /plugin "asking" is being unloaded/);
  await soon(unloading, "the end of the unloading");
});

test("a client that refuses a question is told of as the reason", async () => {
  await using served = await serveApp([asking()]);
  const { session, question, next } = await askedIn(served);
  const error = { code: -1, message: "User rejected the dialog" };
  await session.send({ jsonrpc: "2.0", id: question.id, error });
  const answer = await next();
  assert.equal(answer?.result.isError, true);
  assert.match(answer.result.content[0].text, /^Cannot ask the user: .*User rejected the dialog$/);
  assert.deepEqual(served.log.take("error"), [], "a refusal is no failure of the tool");
});
