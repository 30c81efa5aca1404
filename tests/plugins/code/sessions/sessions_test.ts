import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Principal } from "../../../../kernel/mod.ts";
import { memoryStore } from "../../../../plugins/store/mod.ts";
import { fail, succeed } from "../../library/kit.ts";
import { pause, until } from "../../../support/wait.ts";
import { sharedCode, startCode } from "../kit.ts";

const COUNT = "session.n = (session.n ?? 0) + 1; return `${session.n}`;";

describe("sessions", () => {
  const server = sharedCode();

  test("a run that fails changes no session", async () => {
    const kit = server();
    succeed(await kit.run(COUNT, { session: "failing" }));
    fail(await kit.run("session.n = 100; throw new Error('no');", { session: "failing" }));
    assert.equal(succeed(await kit.run(COUNT, { session: "failing" })), "2");
  });

  test("runs of one session take turns, those of others do not wait", async () => {
    const kit = server();
    const runs = Array.from(
      { length: 8 },
      (_, i) =>
        kit.run(`const before = session.n ?? 0; await greet({ name: "a" }); session.n = before + 1; return "x";`, {
          session: i % 2 === 0 ? "even" : "odd",
        }),
    );
    (await Promise.all(runs)).forEach(succeed);
    assert.equal(succeed(await kit.run("return `${session.n}`", { session: "even" })), "4");
    assert.equal(succeed(await kit.run("return `${session.n}`", { session: "odd" })), "4");
  });

  test("a run that waits for its turn can be cancelled", async () => {
    const kit = server();
    const first = new AbortController();
    const blocking = kit.run("await wait();", { session: "waiting" }, { signal: first.signal });
    const second = new AbortController();
    const waiting = kit.run("return 1", { session: "waiting" }, { signal: second.signal });
    second.abort();
    assert.match(fail(await waiting), /Cancelled/);
    first.abort();
    assert.match(fail(await blocking), /Cancelled/);
    assert.equal(succeed(await kit.run(COUNT, { session: "waiting" })), "1");
  });

  test("sessions belong to their principal", async () => {
    const kit = server();
    const as = (id: string): { principal: Principal } => ({ principal: { id, scopes: [] } });
    assert.equal(succeed(await kit.run(COUNT, { session: "owned" }, as("ada"))), "1");
    assert.equal(succeed(await kit.run(COUNT, { session: "owned" }, as("bob"))), "1");
    assert.equal(succeed(await kit.run(COUNT, { session: "owned" }, as("ada"))), "2");
  });

  test("names of sessions are checked", async () => {
    const kit = server();
    for (const session of ["", "a/b", "x".repeat(65), "a b"]) {
      assert.match(fail(await kit.run("return 1", { session })), /session/);
    }
  });
});

for (const [where, store] of [["in the store", undefined], ["in memory without a store", null]] as const) {
  test(`a session goes on from run to run, by its name (${where})`, async () => {
    await using kit = await startCode(store === null ? { store } : {});
    assert.equal(succeed(await kit.run(COUNT, { session: "a" })), "1");
    assert.equal(succeed(await kit.run(COUNT, { session: "a" })), "2");
    assert.equal(succeed(await kit.run(COUNT, { session: "b" })), "1");
    assert.equal(succeed(await kit.run(COUNT)), "1");
    // one that is only read stays
    assert.equal(succeed(await kit.run("return `${session.n}`", { session: "a" })), "2");
    assert.equal(succeed(await kit.run("return 'untouched'", { session: "a" })), "untouched");
    assert.equal(succeed(await kit.run(COUNT, { session: "a" })), "3");
  });
}

test("a session that is left empty ends", async () => {
  await using kit = await startCode({ config: { sessions: { most: 1 } } });
  succeed(await kit.run(COUNT, { session: "a" }));
  assert.match(fail(await kit.run(COUNT, { session: "b" })), /Cannot begin session "b"/);
  succeed(await kit.run("delete session.n; return 'gone'", { session: "a" }));
  assert.equal(succeed(await kit.run(COUNT, { session: "b" })), "1");
});

test("a session that is too large is not kept", async () => {
  await using kit = await startCode({ config: { sessions: { max_bytes: 1_000 } } });
  succeed(await kit.run(COUNT, { session: "a" }));
  const text = fail(await kit.run("session.text = 'x'.repeat(2000); return 1", { session: "a" }));
  assert.match(text, /ran to its end.*as it was before.*1000 at most/);
  assert.equal(succeed(await kit.run("return `${session.text}`", { session: "a" })), "undefined");
});

test("a session that nobody uses ends", async () => {
  await using kit = await startCode({ config: { sessions: { idle_ms: 1 } } });
  succeed(await kit.run(COUNT, { session: "a" }));
  await pause(20);
  assert.equal(succeed(await kit.run(COUNT, { session: "a" })), "1");
});

test("a session that another server changed meanwhile is not overwritten", async () => {
  await using store = Object.assign(memoryStore(), { [Symbol.asyncDispose]: () => store.close() });
  await using one = await startCode({ store });
  await using other = await startCode({ store });
  const begun = one.run("session.by = 'one'; await hold(); return 1", { session: "a" });
  await until(() => one.done.held.length === 1, "the run to hold");
  succeed(await other.run("session.by = 'other'; return 1", { session: "a" }));
  one.done.held[0]!();
  assert.match(fail(await begun), /ran to its end.*another server.*changed it meanwhile/);
  assert.equal(succeed(await one.run("return session.by", { session: "a" })), "other");
});

test("a session that another server changed meanwhile does not end", async () => {
  await using store = Object.assign(memoryStore(), { [Symbol.asyncDispose]: () => store.close() });
  await using one = await startCode({ store });
  await using other = await startCode({ store });
  succeed(await one.run(COUNT, { session: "a" }));
  const begun = one.run("delete session.n; await hold(); return 1", { session: "a" });
  await until(() => one.done.held.length === 1, "the run to hold");
  succeed(await other.run(COUNT, { session: "a" }));
  one.done.held[0]!();
  assert.match(fail(await begun), /ran to its end.*another server.*changed it meanwhile/);
  assert.equal(succeed(await one.run("return `${session.n}`", { session: "a" })), "2");
});

test("a session whose time runs out while a run uses it is kept", async () => {
  await using kit = await startCode({ config: { sessions: { idle_ms: 1_000 } } });
  succeed(await kit.run(COUNT, { session: "a" }));
  const running = kit.run(`await hold(); ${COUNT}`, { session: "a" });
  await until(() => kit.done.held.length === 1, "the run to hold");
  await pause(1_100);
  kit.done.held[0]!();
  assert.equal(succeed(await running), "2");
});
