import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeLog } from "../../../kernel/testing.ts";
import { Lease } from "../../../plugins/store/contract.ts";
import { memoryStore } from "../../../plugins/store/mod.ts";
import { pause, until } from "../../support/wait.ts";

const LEASE_MS = 150;

describe("a lease", () => {
  test("shows a server while it is held, is renewed, and is over soon after it was left", async () => {
    const store = memoryStore({ log: fakeLog() });
    const [lease, other] = [0, 1].map(() =>
      new Lease(store.namespace("servers"), { leaseMs: LEASE_MS, log: fakeLog() })
    );
    assert.deepEqual(await other!.living(), new Map());
    const leave = await lease!.hold();
    await pause(3 * LEASE_MS);
    assert.deepEqual([...(await other!.living()).keys()], [lease!.id]);
    leave();
    await until(async () => (await other!.living()).size === 0, "the end of the lease");
    await store.close();
  });

  test("is renewed for whoever comes while it lasts, and after it was renewed for the last time", async () => {
    const store = memoryStore({ log: fakeLog() });
    const leaseMs = 4 * LEASE_MS;
    const lease = new Lease(store.namespace("servers"), { leaseMs, log: fakeLog() });
    (await lease.hold())();
    // later than a third of it, when nobody had it renewed, and earlier than a half
    await pause(0.4 * leaseMs);
    const leave = await lease.hold();
    await pause(leaseMs);
    assert.deepEqual([...(await lease.living()).keys()], [lease.id]);
    leave();
    await lease.release();
    await store.close();
  });

  test("is over at once when it is released, and not renewed", async () => {
    const store = memoryStore({ log: fakeLog() });
    const lease = new Lease(store.namespace("servers"), { leaseMs: LEASE_MS, log: fakeLog() });
    await lease.hold();
    await lease.release();
    assert.equal((await lease.living()).size, 0);
    await pause(LEASE_MS);
    assert.equal((await lease.living()).size, 0);
    await store.close();
  });
});
