import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { print } from "../../scripts/lib/repository.ts";
import { seededRandom } from "../support/random.ts";
import { pause, until } from "../support/wait.ts";
import { holdingsOf } from "./clients.ts";
import { assertNoGrowth, measured } from "./growth.ts";
import type { Holdings } from "./plugin.ts";
import { LineClient, lineHoldings } from "./line_client.ts";
import { startHttp, startStdio } from "./served_program.ts";
import { announceSeed, SEED, SOAK_SECONDS } from "./settings.ts";
import { makeScript, type Visit, VISITORS } from "./soak_clients.ts";
import { LINE_VISITS } from "./soak_lines.ts";
import { CANNOT_MEASURE, childrenOf, isRunning } from "./vitals.ts";

const AT_ONCE = 8;
const LIMITS = { session_idle_ms: 4_000, parked_ms: 3_000, max_sessions: 500 };
const LINE_SECONDS = SOAK_SECONDS / 2;

/** Runs visits of all kinds for a time, some at once; gives how many there were. */
async function soak(
  kinds: Readonly<Record<string, (visit: Visit) => Promise<void>>>,
  { seconds, port, part }: { readonly seconds: number; readonly port: number; readonly part: number },
): Promise<number> {
  const end = Date.now() + seconds * 1_000;
  const names = Object.keys(kinds);
  let count = 0;
  const keepVisiting = async (worker: number) => {
    const random = seededRandom(SEED + part * 1_000 + worker);
    // each kind is met, however short the time
    for (let i = worker; Date.now() < end || i < names.length; i += AT_ONCE, count++) {
      const name = names[i < names.length ? i : Math.floor(random() * names.length)]!;
      await kinds[name]!({ port, random }).catch((thrown) => {
        throw new Error(`The client "${name}" failed`, { cause: thrown });
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => keepVisiting(worker)));
  return count;
}

/** Waits until nothing of any client is left. */
async function untilIdle(holdings: () => Promise<Holdings>): Promise<void> {
  await pause(LIMITS.session_idle_ms * 2);
  await until(async () => {
    const { watched, calls } = await holdings();
    return watched === 0 && calls === 0;
  }, "the end of what clients have left");
}

describe("a server that is used for long", { skip: CANNOT_MEASURE }, () => {
  test("over HTTP holds at the end what it held at the start", async () => {
    announceSeed("soak over HTTP");
    await using server = await startHttp({ limits: LIMITS });
    const { port } = server;
    await makeScript(port);
    const measure = () => measured(server.pid, () => holdingsOf(port));
    const first = await soak(VISITORS, { seconds: SOAK_SECONDS * 0.4, port, part: 0 });
    await untilIdle(() => holdingsOf(port));
    const before = await measure();
    const count = first + await soak(VISITORS, { seconds: SOAK_SECONDS * 0.6, port, part: 1 });
    server.assertWell();
    await untilIdle(() => holdingsOf(port));
    // the clients of the SDKs leave their connections open to be used again
    await assertNoGrowth(before, measure, { late: AT_ONCE + 1 });
    print(`${count} clients over HTTP in ${SOAK_SECONDS} s`);
    await server.stop();
  });

  test("over stdio holds at the end what it held at the start", async () => {
    announceSeed("soak over stdio");
    await using server = await startStdio({ limits: LIMITS });
    const client = new LineClient(server, { keepsAll: false });
    await client.open("2025-11-25", { elicitation: {} });
    const measure = () => measured(server.pid, () => lineHoldings(client, "2025"));
    const visits = Object.fromEntries(
      Object.entries(LINE_VISITS).map(([name, run]) => [name, (visit: Visit) => run(client, visit)]),
    );
    const first = await soak(visits, { seconds: LINE_SECONDS * 0.4, port: 0, part: 2 });
    await untilIdle(() => lineHoldings(client, "2025"));
    const before = await measure();
    const count = first + await soak(visits, { seconds: LINE_SECONDS * 0.6, port: 0, part: 3 });
    server.assertWell();
    await untilIdle(() => lineHoldings(client, "2025"));
    await assertNoGrowth(before, measure, { late: 1 });
    print(`${count} exchanges over stdio in ${LINE_SECONDS} s`);
    await server.stop();
  });

  test("over stdio ends with its client, and its children with it", async () => {
    for (const leave of ["closes its pipes", "is killed"] as const) {
      await using server = await startStdio();
      const client = new LineClient(server);
      await client.open();
      for (let i = 0; i < 5; i++) client.start("tools/call", { name: "child", arguments: {} });
      await until(() => childrenOf(server.pid).length >= 5, "the children");
      const children = childrenOf(server.pid);
      if (leave === "is killed") server.child.stdout!.destroy();
      server.child.stdin!.destroy();
      await until(() => !server.isAlive(), `the end of the server when its client ${leave}`);
      assert.equal(server.child.exitCode, 0, server.stderr());
      assert.deepEqual(children.filter(isRunning), []);
    }
  });
});
