/** Starts, failures and ends, with servers that are none and a clock that is moved by hand. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isToolError, ProtocolError, ToolError } from "../../../../kernel/mod.ts";
import { AuthorizationNeeded } from "../../../../plugins/upstream/connection/auth/authorization.ts";
import { defer, until } from "../../../support/wait.ts";
import { definition, never, settle, supervise } from "./kit.ts";

const idle = () => Promise.resolve("done");

describe("starting", () => {
  test("is done once for however many callers, and at the same time for several servers", async () => {
    const { upstreams, connector, clock } = supervise();
    const gates = ["a", "b"].map((name) => {
      const gate = defer();
      connector.server(name).opening = () => gate.promise;
      return gate;
    });
    const [a, b] = ["a", "b"].map((name) => upstreams.add(definition(name)));
    assert.equal(a!.status.state, "cold");
    const calls = [a!, b!].flatMap((it) => Array.from({ length: 50 }, () => it.use(idle, never)));
    await settle();
    assert.deepEqual([connector.server("a").opens, connector.server("b").opens], [1, 1]);
    assert.equal(a!.status.state, "starting");
    gates.forEach((gate) => gate.resolve());
    assert.equal((await Promise.all(calls)).length, 100);
    assert.deepEqual([a!.status.state, a!.status.calls, a!.status.restarts, a!.status.pid], ["ready", 50, 0, 1]);
    await upstreams.close();
    assert.deepEqual([connector.live, clock.pending], [0, 0]);
  });

  test("has a time limit, ends what comes later, and leaves other servers alone", async () => {
    const { upstreams, connector, clock } = supervise();
    const gate = defer();
    connector.server("late").opening = () => gate.promise;
    connector.server("late").isDeaf = true;
    const late = upstreams.add(definition("late"));
    const call = assert.rejects(late.use(idle, never), /Cannot start server "late": it did not answer within 30 s/);
    assert.equal(await upstreams.add(definition("other")).use(idle, never), "done");
    await clock.advance(30_000);
    await call;
    assert.equal(late.status.state, "backing-off");
    gate.resolve();
    await settle();
    assert.equal(connector.server("late").live.size, 0);
    assert.equal(late.status.reason, "it did not answer within 30 s");
    await upstreams.close();
  });

  test("goes on for others when one who waits gives up", async () => {
    const { upstreams, connector } = supervise();
    const gate = defer();
    connector.server("a").opening = () => gate.promise;
    const a = upstreams.add(definition("a"));
    const gone = new AbortController();
    const first = assert.rejects(a.use(idle, { signal: gone.signal }), /not now/);
    const second = a.use(idle, never);
    await settle();
    gone.abort(new Error("not now"));
    await first;
    gate.resolve();
    assert.equal(await second, "done");
    await assert.rejects(a.use(idle, { signal: gone.signal }), /not now/);
    await upstreams.close();
  });

  test("waits for a person who has to agree: callers are told, and it is up and listed once they did", async () => {
    const { upstreams, connector, clock } = supervise();
    const server = connector.server("a");
    const agreed = defer();
    const needed = new AuthorizationNeeded("a", { url: "https://example.com/agree", done: agreed.promise });
    server.opening = () => Promise.reject(needed);
    const a = upstreams.add(definition("a"));
    a.keep();
    for (let i = 0; i < 10; i++) await assert.rejects(a.use(idle, never), /call again: https:\/\/example.com\/agree/);
    await clock.advance(60_000);
    assert.deepEqual([a.status.state, server.opens], ["cold", 10]);
    server.opening = () => Promise.resolve();
    agreed.resolve();
    await until(() => a.catalog.entries, "what it offers to be listed");
    assert.equal(a.status.state, "ready");
    server.answer = () => Promise.reject(needed);
    await assert.rejects(a.use(() => Promise.reject(needed), never), /call again/);
    assert.equal(await a.use(idle, never), "done", "who asks for that is alive");
    await upstreams.close();
  });
});

describe("failing", () => {
  test("fails what is in flight at once and does it no second time; the next call starts it again", async () => {
    const { upstreams, connector, clock } = supervise();
    const a = upstreams.add(definition("a"));
    let works = 0;
    const work = () => {
      works++;
      return new Promise<never>(() => {});
    };
    const calls = Array.from({ length: 10 }, () => a.use(work, never).then(() => undefined, (error) => error));
    await settle();
    assert.equal(a.status.inFlight, 10);
    connector.server("a").connection.die("killed by SIGKILL");
    for (const error of await Promise.all(calls)) {
      assert.match(error.message, /ended during this, and may have done it: killed by SIGKILL; it was not sent again/);
      assert.equal(isToolError(error), true);
    }
    assert.deepEqual([works, a.status.state, a.status.reason], [10, "backing-off", "killed by SIGKILL"]);
    const next = a.use(idle, never);
    await clock.advance(500);
    assert.equal(await next, "done");
    assert.deepEqual([connector.server("a").opens, a.status.restarts, works], [2, 1, 10]);
    assert.match(a.logs(10).join("\n"), /failed: killed by SIGKILL\n.* started$/);
    await upstreams.close();
  });

  test("pauses longer each time, breaks, cools down, and forgets it all when it is restarted", async () => {
    const { upstreams, connector, clock } = supervise();
    connector.server("a").opening = () => Promise.reject(new ToolError("no such program"));
    const a = upstreams.add(definition("a"));
    for (let i = 0; i < 4; i++) {
      const call = assert.rejects(a.use(idle, never), /no such program/);
      await clock.advance(60_000);
      await call;
    }
    assert.equal(connector.server("a").opens, 4);
    const fifth = assert.rejects(a.use(idle, never), /no such program/);
    await settle();
    await fifth;
    assert.equal(a.status.state, "broken");
    assert.equal(a.status.retryAt! - clock.now(), 60_000);
    await assert.rejects(a.use(idle, never), /failed too often, at last thus: no such program; try again in 60 s/);
    await clock.advance(60_000);
    assert.equal(a.status.state, "cold");
    await assert.rejects(a.use(idle, never), /no such program/);
    assert.equal(a.status.state, "broken", "one failure after cooling down is enough");
    connector.server("a").opening = () => Promise.resolve();
    await a.restart();
    assert.deepEqual([a.status.state, a.status.reason], ["ready", undefined]);
    await upstreams.close();
  });

  test("is found by a ping when it was silent for long or failed oddly, but not while it is busy", async () => {
    const { upstreams, connector, clock } = supervise();
    const server = connector.server("a");
    const a = upstreams.add(definition("a", { idleMs: 0 }));
    await a.use(idle, never);
    await settle();
    await a.use(idle, never);
    assert.deepEqual(server.connection.requests, []);
    await clock.advance(61_000);
    server.answer = () => Promise.reject(new ProtocolError(-32601, "Method not found"));
    await Promise.all([a.use(idle, never), a.use(idle, never)]);
    assert.deepEqual(server.connection.requests, ["ping"], "whoever refuses to be pinged is alive");
    await assert.rejects(a.use(() => Promise.reject(new Error("late")), never), /late/);
    server.answer = () => new Promise(() => {});
    const busy = defer<string>();
    const [first, second] = [a.use(idle, never), a.use(() => busy.promise, never)];
    await clock.advance(5_000);
    assert.equal(server.opens, 1, "the pause after a failure");
    assert.equal(a.status.state, "backing-off");
    await clock.advance(500);
    assert.equal(await first, "done");
    assert.equal(server.opens, 2);
    await assert.rejects(a.use(() => Promise.reject(new Error("odd")), never), /odd/);
    assert.equal(await a.use(idle, never), "done");
    assert.deepEqual(server.connection.requests, [], "a busy one is not asked");
    busy.resolve("at last");
    assert.equal(await second, "at last");
    await upstreams.close();
  });
});
