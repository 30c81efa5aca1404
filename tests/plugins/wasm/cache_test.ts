import assert from "node:assert/strict";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../../kernel/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { BuildCache, type KeptBuild } from "../../../plugins/wasm/build/build_cache.ts";
import { temporaryHome } from "../library/kit.ts";

const KEYS = ["a", "b", "c"].map((letter) => letter.repeat(64)) as [string, string, string];

async function startCache(maxBytes = 1_000_000) {
  const home = await temporaryHome();
  const log = fakeLog();
  const open = () => new BuildCache({ folder: createFiles(home.path), maxBytes, log });
  const cache = open();
  const put = async (keys: readonly string[], text: string): Promise<KeptBuild> => {
    const bytes = new TextEncoder().encode(text);
    const record = { kind: "bundle" as const, digest: await sha256(bytes), size: bytes.length, imports: [] };
    const kept: KeptBuild = { record, lock: "a lock", warnings: [{ severity: "warning", message: "be careful" }] };
    await cache.put(keys, kept, bytes);
    return kept;
  };
  const list = async (folder: string) => (await readdir(join(home.path, folder))).sort();
  return { home, cache, open, log, put, list, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

test("BuildCache gives what it was given, under each of its keys", async () => {
  await using kit = await startCache();
  const kept = await kit.put([KEYS[0], KEYS[1]], "one");
  for (const key of [KEYS[0], KEYS[1]]) {
    const found = await kit.cache.find(key);
    assert.deepEqual(found, kept);
    assert.equal(new TextDecoder().decode(await kit.cache.read(found!)), "one");
  }
  assert.equal(await kit.cache.find(KEYS[2]), undefined);
});

test("BuildCache gives no artifact that was damaged, nor one that is gone", async () => {
  await using kit = await startCache();
  const kept = await kit.put([KEYS[0]], "one");
  await writeFile(join(kit.home.path, "artifacts", kept.record.digest), "two");
  assert.equal(await kit.cache.read(kept), undefined);
  assert.deepEqual(await kit.list("artifacts"), []);
  assert.equal(await kit.cache.read(kept), undefined);
});

test("BuildCache takes a record that is not its own for none", async () => {
  await using kit = await startCache();
  await kit.put([KEYS[0]], "one");
  for (const text of ["", "{", "null", '{"format":9}', '{"format":1,"record":{"digest":"../../x"}}']) {
    await writeFile(join(kit.home.path, "builds", `${KEYS[0]}.json`), text);
    assert.equal(await kit.open().find(KEYS[0]), undefined, text);
  }
});

test("BuildCache removes what was used longest ago, with its artifact, and keeps what others share", async () => {
  await using kit = await startCache(30_000);
  const old = new Date(Date.now() - 3_600_000);
  const age = (key: string) => utimes(join(kit.home.path, "builds", `${key}.json`), old, old);
  const first = await kit.put([KEYS[0]], "1".repeat(14_000));
  await kit.put([KEYS[1]], "2".repeat(14_000));
  await age(KEYS[0]);
  await age(KEYS[1]);
  // a use makes it young
  await kit.open().find(KEYS[0]);
  const third = await kit.put([KEYS[2]], "3".repeat(14_000));
  assert.deepEqual(await kit.list("builds"), [`${KEYS[0]}.json`, `${KEYS[2]}.json`]);
  assert.deepEqual(await kit.list("artifacts"), [first.record.digest, third.record.digest].sort());

  await kit.put([KEYS[1]], "3".repeat(14_000));
  await age(KEYS[0]);
  await age(KEYS[2]);
  await kit.put(["d".repeat(64)], "4".repeat(14_000));
  assert.deepEqual((await kit.list("artifacts")).includes(third.record.digest), true);
});

test("BuildCache that cannot write tells the log, and fails nothing", async () => {
  await using kit = await startCache();
  await writeFile(join(kit.home.path, "artifacts"), "a file");
  await kit.put([KEYS[0]], "one");
  assert.match(JSON.stringify(kit.log.entries), /Cannot write the cache of builds/);
});
