import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Process, Processes } from "../../../kernel/mod.ts";
import { Pool, type PoolOptions } from "../../../plugins/scripts/warm/mod.ts";
import { startKernel, temporaryHome } from "../library/kit.ts";
import { sleep } from "./kit.ts";

/** Waits as a boot does, and says what it was given. */
const WAIT = 'echo COLLET; IFS= read -r prefix || exit 0; IFS= read -r rest; echo "$prefix $rest"; cat';

async function startPool(options: Omit<PoolOptions, "warn"> = {}) {
  const home = await temporaryHome();
  const kernel = await startKernel({ home: home.path });
  const processes = kernel.kernel.get(Processes)!;
  const warnings: string[] = [];
  const started: Process[] = [];
  const pool = new Pool({ ...options, warn: (message) => warnings.push(message) });
  return {
    pool,
    warnings,
    started,
    start: (code: string = WAIT) => async () => {
      const process = await processes.spawn({ program: "sh", args: ["-c", code] });
      started.push(process);
      return process;
    },
    [Symbol.asyncDispose]: async () => {
      await pool.close();
      await kernel[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

const HEADER = { file: "/x" };

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1_500 && !isSo(); i++) await sleep(20);
  assert.ok(isSo(), "it did not come to that");
}

async function firstText({ stdout }: Process): Promise<string> {
  for await (const piece of stdout) return piece;
  return "";
}

async function isAlive({ exited }: Process): Promise<boolean> {
  return await Promise.race([exited.then(() => false), sleep(200).then(() => true)]);
}

describe("Pool", () => {
  test("take() gives none at first, and from then on one that has its header", async () => {
    await using kit = await startPool();
    assert.equal(kit.started.length, 0);
    assert.equal(kit.pool.take("a", kit.start(), HEADER), undefined);
    await until(() => kit.pool.size === 2);
    const process = kit.pool.take("a", kit.start(), HEADER)!;
    void process.write("\nmore\n");
    // what follows may come in the same piece
    assert.match(await firstText(process), /^COLLET 0000000d \{"file":"\/x"\}\n/);
    assert.equal(kit.pool.take("b", kit.start(), HEADER), undefined);
    await until(() => kit.pool.size === 4);
    await process.kill(0);
  });

  test("more wait of a key whose calls come several at a time, up to four times as many", async () => {
    await using kit = await startPool({ perKey: 1 });
    for (let i = 0; i < 20; i++) kit.pool.take("a", kit.start(), HEADER);
    await until(() => kit.pool.size === 4);
    await sleep(100);
    assert.equal(kit.pool.size, 4);
  });

  test("no more than the total wait: the key that was called the longest ago gives way", async () => {
    await using kit = await startPool({ perKey: 2, total: 3 });
    for (const key of ["a", "b"]) {
      kit.pool.take(key, kit.start(), HEADER);
      await until(() => kit.pool.size === (key === "a" ? 2 : 3));
    }
    kit.pool.take("c", kit.start(), HEADER);
    await until(() => kit.started.length === 6);
    await until(() => kit.pool.size === 3);
    const alive = await Promise.all(kit.started.map(isAlive));
    assert.equal(alive.filter((it) => it).length, 3, String(alive));
    assert.equal(kit.pool.take("a", kit.start(), HEADER), undefined);
    const taken = kit.pool.take("c", kit.start(), HEADER);
    assert.notEqual(taken, undefined);
    await taken?.kill(0);
  });

  test("none waits any more after a time without calls, and close() leaves nothing", async () => {
    await using kit = await startPool({ idleMs: 300 });
    kit.pool.take("a", kit.start(), HEADER);
    await until(() => kit.pool.size === 2);
    await until(() => kit.pool.size === 0);
    await Promise.all(kit.started.map(({ exited }) => exited));
    kit.pool.take("a", kit.start(), HEADER);
    await until(() => kit.pool.size === 2);
    await kit.pool.close();
    assert.deepEqual(await Promise.all(kit.started.map(isAlive)), [false, false, false, false]);
    assert.equal(kit.pool.take("a", kit.start(), HEADER), undefined);
  });

  test("close() ends one that is about to wait", async () => {
    await using kit = await startPool();
    kit.pool.take("a", kit.start(`sleep 0.5; ${WAIT}`), HEADER);
    await until(() => kit.started.length === 1);
    await kit.pool.close();
    assert.equal(await isAlive(kit.started[0]!), false);
    assert.equal(kit.started.length, 1);
  });

  test("one that dies while it waits is replaced", async () => {
    await using kit = await startPool({ perKey: 1 });
    kit.pool.take("a", kit.start(), HEADER);
    await until(() => kit.pool.size === 1);
    await kit.started[0]!.kill(0);
    await until(() => kit.started.length === 2);
    await until(() => kit.pool.size === 1);
    assert.deepEqual(kit.warnings, []);
  });

  test("a key whose processes fail three times has none, which is said once", async () => {
    for (const code of ["echo no >&2; exit 3", "echo something else; sleep 60"]) {
      await using kit = await startPool();
      kit.pool.take("a", kit.start(code), HEADER);
      await until(() => kit.warnings.length === 1);
      kit.pool.take("a", kit.start(code), HEADER);
      await sleep(100);
      assert.equal(kit.started.length, 3);
      assert.equal(kit.warnings.length, 1);
      assert.match(kit.warnings[0]!, /ended before it was ready: no|printed "something else/);
      // none is left: it would wait for ever
      await Promise.all(kit.started.map(({ exited }) => exited));
    }
  });

  test("with 0 it is switched off", async () => {
    for (const options of [{ perKey: 0 }, { total: 0 }, { idleMs: 0 }]) {
      await using kit = await startPool(options);
      for (let i = 0; i < 3; i++) assert.equal(kit.pool.take("a", kit.start(), HEADER), undefined);
      await sleep(50);
      assert.equal(kit.started.length, 0);
    }
  });
});
