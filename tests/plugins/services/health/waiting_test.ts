/**
 * When services count as ready, and what is said of those that do not get there: with a fake of the engine's containers,
 * and real ports.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { createCall, Kernel, Sockets } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { healthLimitMs, readDuration } from "../../../../plugins/services/health/limits.ts";
import { Starter } from "../../../../plugins/services/starter.ts";
import { temporaryHome } from "../../library/kit.ts";
import { type Behaviour, fakeContainers, NO_SOCKETS, type Written } from "../fake_containers.ts";

const CHECK = { cmd: "pg_isready", interval: "10ms", retries: 3, timeout: "10ms" };

function start(written: Written, behaviour: Behaviour, sockets: Pick<Sockets, "connect"> = NO_SOCKETS) {
  const fake = fakeContainers({ db: written }, { db: behaviour });
  const starter = new Starter({ ...fake, sockets });
  return { ...fake, ensure: () => starter.ensure(["db"], { call: createCall() }) };
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("a service with a health check", () => {
  test("is ready when it is healthy, whoever started it", async () => {
    const starting = { health: "starting" } as const;
    const { ensure, events } = start({ healthcheck: CHECK }, { states: [starting, starting, { health: "healthy" }] });
    assert.deepEqual(await ensure(), { env: { DB_CONTAINER: "skillz_svc_db" }, addresses: [] });
    assert.deepEqual(events, ["start db", "look db", "look db"]);
    const ready = start({ healthcheck: CHECK }, { outcome: "running", states: [{ health: "healthy" }] });
    await ready.ensure();
    assert.deepEqual(ready.events, ["start db"]);
  });

  test("is checked where its engine does not do it by itself, once it should have, and at its interval from then on", async () => {
    const starting = Array.from({ length: 7 }, () => ({ health: "starting" } as const));
    const states = [...starting, { health: "healthy" } as const];
    const { ensure, events } = start({ healthcheck: { ...CHECK, interval: "100ms" } }, {
      isCheckedByHand: true,
      states,
    });
    await ensure();
    const first = events.indexOf("check db");
    assert.ok(first > 3, `it had no time: ${events.join()}`);
    assert.deepEqual(events.slice(first, first + 2), ["check db", "look db"]);
    assert.ok(events.slice(first + 1).includes("check db"));
    const watched = start({ healthcheck: CHECK }, { states });
    await watched.ensure();
    assert.ok(!watched.events.includes("check db"));
  });

  const failures: readonly [what: string, behaviour: Behaviour, words: RegExp][] = [
    [
      "unhealthy",
      { states: [{ health: "unhealthy", healthOutput: "no response" }], log: "\x1b[31mFATAL\x1b[0m: no password" },
      /^Service "db" is not ready: it is unhealthy; its health check \("pg_isready"\) says: no response; correct .*\. The last lines of its log:\nFATAL: no password$/s,
    ],
    [
      "ended",
      { states: [{ health: "starting" }, { status: "exited", exitCode: 3 }] },
      /it ended with exit code 3; see below what it lacks, correct its definition .*; its log is empty$/,
    ],
    [
      "out of memory",
      { states: [{ status: "exited", exitCode: 137, isOutOfMemory: true }] },
      /it needed more memory than it may have: raise "memory"/,
    ],
    [
      "always restarting",
      { states: [{}, { restarts: 1 }, { status: "restarting", restarts: 3, exitCode: 1 }], log: "bad configuration" },
      /it ended with exit code 1, and again after each of 3 restarts; .*bad configuration$/s,
    ],
    ["removed", { states: [{}, { status: "absent" }] }, /its container was removed meanwhile; call again/],
    [
      "late",
      { states: [{ health: "starting" }] },
      /has not passed within 2\.06 s, which is what its definition allows; raise "retries", "interval" or "start_period"/,
    ],
  ];
  for (const [what, behaviour, words] of failures) {
    test(`that is ${what} fails, with what to do`, async () => {
      await assert.rejects(start({ healthcheck: CHECK }, behaviour).ensure(), { name: "ToolError", message: words });
    });
  }

  test("has the time that its definition allows", () => {
    assert.equal(readDuration("1h2m3.5s4ms"), 3_723_504);
    const check = { cmd: "true", interval: "2s", retries: 15, timeout: "5s" };
    assert.equal(healthLimitMs(check), 107_000);
    assert.equal(healthLimitMs({ ...check, start_period: "1m", interval: "500ms" }), 60_000 + 15 * 5_500 + 2_000);
  });
});

describe("a service without a health check", () => {
  let kernel: Kernel;
  let home: Awaited<ReturnType<typeof temporaryHome>>;
  before(async () => {
    home = await temporaryHome();
    kernel = await new Kernel().use(await detectPlatform({ home: home.path })).start();
  });
  after(async () => {
    await kernel.stop();
    await home[Symbol.asyncDispose]();
  });

  test("is ready when its first port keeps connections; those that the engine breaks off do not count", async () => {
    let connections = 0;
    // as the engine's own program does while nobody listens in the container
    const server = createServer((socket) => {
      socket.on("error", () => {});
      if (++connections <= 2) socket.destroy();
    });
    const port = await listen(server);
    try {
      const ports = [{ container: 5432, protocol: "tcp", address: "127.0.0.1", host: port }];
      const { ensure } = start({ ports: ["5432"] }, { outcome: "running", states: [{ ports }] }, kernel.get(Sockets)!);
      const { env, addresses } = await ensure();
      assert.equal(connections, 3);
      assert.equal(env["DB_PORT"], String(port));
      assert.deepEqual(addresses, [`127.0.0.1:${port}`, `localhost:${port}`]);
      await ensure();
      assert.equal(connections, 3, "what was found ready is not looked at again");
    } finally {
      server.close();
    }
  });

  test("and without ports is ready when it goes on running", async () => {
    await start({}, { states: [{}] }).ensure();
    await assert.rejects(start({}, { states: [{}, { status: "exited", exitCode: 0 }] }).ensure(), /exit code 0/);
    const flapping = [0, 1, 2, 3].map((restarts) => ({ restarts, startedAt: `run ${restarts}`, exitCode: 7 }));
    await assert.rejects(start({}, { states: flapping }).ensure(), /exit code 7, and again after each of 3 restarts/);
  });
});
