import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Change, scanAll } from "../../../plugins/store/contract.ts";
import { Presence } from "../../../plugins/store/presence.ts";
import { randomFrom } from "../../kernel/random.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { pause, until } from "../../support/wait.ts";
import { ENGINES, openStore } from "./homes.ts";
import { contentOf, startTask, type Worker } from "./worker.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const KILLS = 15;

/** Numbers that a worker acknowledged, of one kind. */
function acknowledged({ lines }: Worker, kind: string): number[] {
  return lines.map((line) => line.split(" ")).filter(([word]) => word === kind).map(([, number]) => Number(number));
}

for (const sql of ENGINES) {
  describe(`SqliteEngine by ${sql.engine}, between processes`, () => {
    test(`loses no acknowledged write and tears none when its process is killed (seed ${SEED})`, async () => {
      const random = randomFrom(SEED);
      await using folder = await temporaryFolder();
      const singles = new Set<number>();
      let count = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const worker = startTask("write", folder.path, sql.engine);
        await until(() => worker.lines.length > 0 || worker.errors.length > 0, "the first write");
        await pause(random.between(0, 150));
        worker.child.kill("SIGKILL");
        assert.equal(await worker.ended, null, worker.errors.join(""));

        for (const round of acknowledged(worker, "single")) singles.add(round);
        for (const round of acknowledged(worker, "deleted")) singles.delete(round);
        await using opened = openStore(folder.path, { sql });
        const ns = opened.store.namespace("crash");
        const last = Math.max(...singles);
        // its deletion may have been done without being told
        if (last % 7 === 0 && await ns.get(`single/${last}`) === undefined) singles.delete(last);
        for (const round of singles) {
          assert.deepEqual((await ns.get(`single/${round}`))?.value, contentOf(round), `round ${round} is lost`);
        }
        const [a, b] = [await ns.get("pair/a"), await ns.get("pair/b")];
        assert.deepEqual(a?.value, b?.value, "a batch is torn");
        const pair = (a?.value as { round: number } | undefined)?.round ?? 0;
        const lastPair = acknowledged(worker, "pair").at(-1) ?? 0;
        assert.ok(pair === lastPair || pair === lastPair + 1 || lastPair === 0, `${pair} after ${lastPair}`);
        const found = (await ns.get("count"))?.value as number | undefined ?? 0;
        count = acknowledged(worker, "count").at(-1) ?? count;
        assert.ok(found === count || found === count + 1, `the counter is ${found} after ${count}`);
        count = found;
        let [entries, bytes] = [0, 0];
        for await (const { key, value } of scanAll(ns)) {
          entries++;
          bytes += key.length + JSON.stringify(value).length;
        }
        assert.deepEqual(await ns.usage(), { entries, bytes });
      }
      assert.ok(singles.size > 0);
    });

    test("loses no write and no increment of two processes with one home", async () => {
      await using folder = await temporaryFolder();
      const workers = [1, 2].map(() => startTask("contend", folder.path, sql.engine));
      for (const worker of workers) assert.equal(await worker.ended, 0, worker.errors.join(""));
      await using opened = openStore(folder.path, { sql });
      const ns = opened.store.namespace("contend");
      assert.equal((await ns.get("count"))?.value, 1000);
      assert.equal((await ns.usage()).entries, 1001);
      for (const { child } of workers) {
        for (let i = 0; i < 500; i++) assert.equal((await ns.get(`${child.pid}/${i}`))?.value, i);
      }
    });

    test("two processes that begin a home at one moment both get to use it", async () => {
      await using folder = await temporaryFolder();
      // who is there already keeps both waiting to be alone
      const presence = await Presence.open(sql, join(folder.path, "state.db.lock"));
      await presence.share(1_000);
      const workers = [1, 2].map(() => startTask("hold", folder.path, sql.engine));
      const haveSaid = (line: string) => workers.every(({ lines }) => lines.includes(line));
      const haveFailed = () => workers.some(({ errors }) => errors.join("").includes("KernelError"));
      try {
        try {
          await until(() => haveSaid("begins"), "two processes");
          await pause(1_000);
          assert.ok(workers.every(({ lines }) => !lines.includes("ready")), "a process did not wait to be alone");
        } finally {
          presence.close();
        }
        await until(() => haveSaid("ready") || haveFailed(), "both to use the home");
        assert.ok(haveSaid("ready"), workers.flatMap(({ errors }) => errors).join(""));
      } finally {
        for (const { child } of workers) child.kill("SIGKILL");
        await Promise.all(workers.map(({ ended }) => ended));
      }
    });

    test("reports changes by another process", async () => {
      await using folder = await temporaryFolder();
      await using opened = openStore(folder.path, { sql });
      const seen: Change[] = [];
      const stop = await opened.store.namespace("feed").watch("a/", (changes) => void seen.push(...changes));
      const worker = startTask("announce", folder.path, sql.engine);
      assert.equal(await worker.ended, 0, worker.errors.join(""));
      await until(() => seen.length >= 3, "three changes");
      await stop();
      assert.deepEqual(seen.map(({ kind, key }) => `${kind} ${key}`), ["set a/1", "set a/2", "delete a/1"]);
    });

    test("keeps no process alive, and writes nothing to stderr", async () => {
      await using folder = await temporaryFolder();
      const worker = startTask("leave", folder.path, sql.engine);
      try {
        await until(() => worker.child.exitCode !== null, "the end of the process");
      } finally {
        worker.child.kill("SIGKILL");
      }
      await worker.ended;
      assert.deepEqual(worker.lines, ["left"]);
      // Node also tells of the promise that the worker waits for
      assert.doesNotMatch(worker.errors.join(""), /sqlite|experimental/i);
    });
  });
}
