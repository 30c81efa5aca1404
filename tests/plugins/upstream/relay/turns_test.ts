import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Call, createCall, isProtocolError } from "../../../../kernel/mod.ts";
import { Caller } from "../../../../plugins/upstream/relay/caller.ts";
import { Turns } from "../../../../plugins/upstream/relay/turns.ts";
import { deferred } from "./deferred.ts";

/** A call of a session whose client answers with the session's name. */
function callOf(sessionId: string, parts: Partial<Call> = {}): Call {
  return createCall({
    sessionId,
    client: { name: sessionId, version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } },
    elicit: () => Promise.resolve({ action: "accept", content: { who: sessionId } }),
    ...parts,
  });
}

const QUESTION = ["elicitation/create", { message: "Who?", requestedSchema: { type: "object" } }] as const;

async function refusal(answering: Promise<unknown>): Promise<string> {
  try {
    await answering;
  } catch (thrown) {
    assert.ok(isProtocolError(thrown));
    return thrown.message;
  }
  throw new Error("It was answered");
}

describe("a question that belongs to no certain call", () => {
  it("goes to the one client that has calls in flight", async () => {
    const turns = new Turns();
    const callers = [new Caller(callOf("a")), new Caller(callOf("a"))];
    const answer = await turns.ask(...QUESTION, callers);
    assert.deepEqual(answer["content"], { who: "a" });
    assert.equal(turns.isInTurn, false);
  });

  it("is refused where none is in flight", async () => {
    const turns = new Turns();
    assert.match(await refusal(turns.ask(...QUESTION, [])), /none is in flight/);
    assert.equal(turns.isInTurn, false);
  });

  it("is refused where several clients have some, whose calls are made in turn from then on", async () => {
    const turns = new Turns();
    const first = deferred();
    const order: string[] = [];
    const a = new Caller(callOf("a"));
    const b = new Caller(callOf("b"));
    const running = turns.run(a, () => first.promise);
    assert.match(await refusal(turns.ask(...QUESTION, [a, b])), /several clients.*made in turn/);
    const later = ["b", "a", "b"].map((client) =>
      turns.run(new Caller(callOf(client)), () => Promise.resolve(order.push(client)))
    );
    await Promise.resolve();
    assert.deepEqual(order, []);
    first.resolve();
    await Promise.all([running, ...later]);
    assert.deepEqual(order, ["b", "a", "b"]);
  });

  it("is refused where none of several clients can be asked so, and their calls go on at the same time", async () => {
    const turns = new Turns();
    const callers = [new Caller(callOf("a")), new Caller(callOf("b"))];
    assert.match(await refusal(turns.ask("roots/list", {}, callers)), /has not declared that capability/);
    assert.equal(turns.isInTurn, false);
    const both = [...callers, new Caller(callOf("c", { client: { ...callers[0]!.call.client, capabilities: {} } }))];
    assert.match(await refusal(turns.ask(...QUESTION, both)), /several clients/);
    assert.equal(turns.isInTurn, true);
  });

  it("is no reason to wait for those who wait for it", async () => {
    const turns = new Turns();
    const answered = deferred();
    const asked = new Caller(callOf("a", {
      elicit: async () => {
        await answered.promise;
        return { action: "decline" };
      },
    }));
    await refusal(turns.ask(...QUESTION, [new Caller(callOf("a")), new Caller(callOf("b"))]));
    const outer = turns.run(asked, () => turns.ask(...QUESTION, [asked]));
    const other = turns.run(new Caller(callOf("b")), () => Promise.resolve("b"));
    // the client calls again before it answers
    assert.equal(await turns.run(new Caller(callOf("a")), () => Promise.resolve("again")), "again");
    answered.resolve();
    assert.deepEqual(await outer, { action: "decline" });
    assert.equal(await other, "b");
  });

  it("is waited for no longer than the call lasts", async () => {
    const turns = new Turns();
    await refusal(turns.ask(...QUESTION, [new Caller(callOf("a")), new Caller(callOf("b"))]));
    const first = deferred();
    const running = turns.run(new Caller(callOf("a")), () => first.promise);
    const ending = new AbortController();
    const waiting = turns.run(new Caller(callOf("b", { signal: ending.signal })), () => Promise.resolve("b"));
    const last = turns.run(new Caller(callOf("a")), () => Promise.resolve("a"));
    ending.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    // nobody is before it any more
    assert.equal(await last, "a");
    first.resolve();
    await running;
  });
});

describe("calls of several clients", () => {
  it("never get each other's questions, whatever the order of calls, questions and answers", async () => {
    const step = fc.record({
      client: fc.constantFrom("a", "b", "c"),
      asks: fc.nat({ max: 3 }),
      turnsBefore: fc.nat({ max: 4 }),
      turnsBetween: fc.nat({ max: 4 }),
    });
    let answers = 0;
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const turns = new Turns();
        const inFlight = new Set<Caller>();
        const calls = steps.map(async ({ client, asks, turnsBefore, turnsBetween }) => {
          await pass(turnsBefore);
          const caller = new Caller(callOf(client));
          const results = await turns.run(caller, async () => {
            inFlight.add(caller);
            const wereInTurn = turns.isInTurn;
            const heard: unknown[] = [];
            for (let i = 0; i < asks; i++) {
              await pass(turnsBetween);
              // as a server over stdio: it says nothing of which call it asks for
              heard.push(await turns.ask(...QUESTION, [...inFlight]).then((it) => it["content"], () => undefined));
            }
            inFlight.delete(caller);
            return { heard, wereInTurn };
          });
          for (const content of results.heard) {
            if (content === undefined) refusals++;
            else assert.deepEqual(content, { who: client }, "an answer of another client");
          }
          answers += results.heard.filter((it) => it !== undefined).length;
        });
        await Promise.all(calls);
        assert.equal(turns.owner, undefined);
      }),
      { numRuns: 300 },
    );
    assert.ok(answers > 0 && refusals > 0, "both ways were taken");
  });

  it("are told apart by session, and without one by what is known of the client", () => {
    const client = { name: "x", version: "1", protocolVersion: "2025-11-25", capabilities: {} };
    const [one, same, other] = [createCall({ client }), createCall({ client }), createCall({ client: { ...client } })];
    assert.equal(new Caller(one).client, new Caller(same).client);
    assert.notEqual(new Caller(one).client, new Caller(other).client);
  });
});

async function pass(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}
