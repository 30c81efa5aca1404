/** Ends that somebody wants, with servers that are none and a clock that is moved by hand. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defer } from "../../../support/wait.ts";
import { definition, never, settle, supervise } from "./kit.ts";

const idle = () => Promise.resolve("done");

describe("ending", () => {
  test("comes when nobody calls, not while somebody does or it is kept", async () => {
    const { upstreams, connector, clock } = supervise();
    const a = upstreams.add(definition("a", { idleMs: 10_000 }));
    const long = defer<string>();
    const call = a.use(() => long.promise, never);
    await clock.advance(50_000);
    assert.equal(a.status.state, "ready");
    long.resolve("long");
    assert.equal(await call, "long");
    await clock.advance(9_000);
    assert.equal(a.status.state, "ready");
    const release = a.keep();
    await clock.advance(50_000);
    assert.equal(a.status.state, "ready");
    release();
    release();
    await clock.advance(10_000);
    assert.deepEqual([a.status.state, a.status.reason, connector.live], ["cold", undefined, 0]);
    assert.equal(await a.use(idle, never), "done");
    await upstreams.close();
    assert.equal(clock.pending, 0);
  });

  test("of a lifetime drains: what is in flight stays, and what comes late waits for the next one", async () => {
    const { upstreams, connector, clock } = supervise();
    const server = connector.server("a");
    const a = upstreams.add(definition("a", { idleMs: 0, lifetimeMs: 100_000 }));
    const long = defer<string>();
    const call = a.use(() => long.promise, never);
    await clock.advance(150_000);
    assert.equal(await a.use(idle, never), "done");
    assert.equal(server.opens, 1);
    await clock.advance(20_000);
    const waiting = a.use(idle, never);
    await settle();
    assert.equal(server.opens, 1);
    long.resolve("long");
    assert.deepEqual(await Promise.all([call, waiting]), ["long", "done"]);
    assert.deepEqual([server.opens, server.mostLive, a.status.reason], [2, 1, undefined]);
    await clock.advance(100_000);
    assert.equal(a.status.state, "cold", "a quiet one ends at once");
    await upstreams.close();
  });

  test("of a kept one is followed by a new start, which who listens is told", async () => {
    const { upstreams, connector, clock } = supervise();
    const server = connector.server("a");
    const a = upstreams.add(definition("a", { lifetimeMs: 100_000 }));
    let connections = 0;
    a.listen({
      connected: () => {
        connections++;
        throw new Error("a listener that fails");
      },
    });
    const release = a.keep();
    await clock.advance(0);
    assert.equal(connections, 1);
    await clock.advance(100_000);
    assert.deepEqual([connections, server.opens], [2, 2]);
    server.connection.die();
    server.opening = () => Promise.reject(new Error("not yet"));
    await clock.advance(500);
    server.opening = () => Promise.resolve();
    await clock.advance(1_000);
    assert.equal(connections, 3);
    release();
    server.connection.die();
    await clock.advance(100_000);
    assert.equal(connections, 3);
    await upstreams.close();
    assert.equal(clock.pending, 0);
  });

  test("by hand fails what is in flight, and holds until it is restarted; one at a time in any case", async () => {
    const { upstreams, connector } = supervise();
    const server = connector.server("a");
    const a = upstreams.add(definition("a"));
    const closing = defer();
    server.closing = () => closing.promise;
    const call = assert.rejects(a.use(() => new Promise(() => {}), never), /it was stopped; it was not sent again/);
    await settle();
    const stopped = a.stop();
    await call;
    assert.equal(a.status.state, "stopped");
    await assert.rejects(a.use(idle, never), /"a" is stopped; start it with mcp_servers, action "restart"/);
    const restarted = a.restart();
    await settle();
    assert.equal(server.opens, 1, "the old one has not ended yet");
    closing.resolve();
    await Promise.all([stopped, restarted]);
    assert.deepEqual([server.opens, server.mostLive, await a.use(idle, never)], [2, 1, "done"]);
    server.opening = () => new Promise(() => {});
    const again = assert.rejects(a.restart(), /was not started: it was stopped/);
    await settle();
    await a.stop().catch(() => {});
    await again;
    assert.equal(a.status.state, "stopped");
  });

  test("for good: removed, closed and disabled servers take no calls", async () => {
    const { upstreams, connector } = supervise();
    const a = upstreams.add(definition("a"));
    assert.throws(() => upstreams.add(definition("a")), /there is one of that name/);
    await a.use(idle, never);
    assert.equal(await upstreams.remove("a"), true);
    assert.equal(await upstreams.remove("a"), false);
    await assert.rejects(a.use(idle, never), /no longer known/);
    await assert.rejects(a.restart(), /no longer known/);
    const b = upstreams.add(definition("b", { isDisabled: true }));
    await assert.rejects(b.use(idle, never), /"b" is disabled by a test/);
    await assert.rejects(b.restart(), /disabled/);
    assert.equal(b.status.state, "disabled");
    const c = await upstreams.replace(definition("b"));
    assert.equal(await c.use(idle, never), "done");
    assert.deepEqual(upstreams.list().map((it) => it.definition.name), ["b"]);
    assert.equal(upstreams.get("b"), c);
    await upstreams.close();
    await assert.rejects(c.use(idle, never), /no longer known/);
    assert.throws(() => upstreams.add(definition("d")), /stopping/);
    assert.equal(connector.live, 0);
  });
});

describe("the cap", () => {
  test("ends whoever is idle and was used least recently, and waits for those that are in use", async () => {
    const { upstreams, connector, clock } = supervise({ limits: { running: 2 } });
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => upstreams.add(definition(name)));
    await a!.use(idle, never);
    await clock.advance(1_000);
    await b!.use(idle, never);
    await clock.advance(1_000);
    await a!.use(idle, never);
    assert.equal(await c!.use(idle, never), "done");
    assert.deepEqual([a, b, c].map((it) => it!.status.state), ["ready", "cold", "ready"]);
    const [one, two] = [defer(), defer()];
    const busy = [a!.use(() => one.promise, never), c!.use(() => two.promise, never)];
    const refused = assert.rejects(d!.use(idle, never), /not its turn within 30 s: 2 servers may run at a time/);
    await clock.advance(30_000);
    await refused;
    assert.equal(d!.status.state, "cold", "it did nothing wrong");
    const waiting = d!.use(idle, never);
    await settle();
    two.resolve();
    assert.equal(await waiting, "done");
    assert.deepEqual([c!.status.state, connector.live], ["cold", 2]);
    one.resolve();
    await Promise.all(busy);
    await upstreams.close();
  });

  test("of one lets many take turns, and starves nobody", async () => {
    const { upstreams, connector } = supervise({ limits: { running: 1 } });
    const all = Array.from({ length: 10 }, (_, i) => upstreams.add(definition(`s${i}`)));
    const calls = Array.from({ length: 5 }, () => all.map((it) => it.use(idle, never))).flat();
    assert.equal((await Promise.all(calls)).length, 50);
    assert.equal(connector.live, 1);
    await upstreams.close();
  });
});
