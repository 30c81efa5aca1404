import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Operation, ScanOptions } from "../../../plugins/store/contract.ts";
import { EmbeddedStore } from "../../../plugins/store/embedded_store.ts";
import { MemoryEngine } from "../../../plugins/store/memory.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { type Random, randomFrom } from "../../kernel/random.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { ENGINES, openStore } from "./homes.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const STEPS = 1500;
const KEYS = ["a", "a/1", "a/2", "a/\u{1f600}", "a/\ufffd", "b", "é"];
const PREFIXES = ["", "a", "a/", "é", "z"];

type Step = (store: EmbeddedStore) => Promise<unknown>;

/** Chooses an operation; on stores in equal states it answers the same. */
function randomStep(random: Random, known: readonly number[]): Step {
  const key = random.pick(KEYS);
  const name = random.pick(["n", "m/1", "m/2"]);
  const ttl = () => random.chance(0.3) ? { ttlMs: random.between(1, 30) } : {};
  const version = () => random.chance(0.5) ? 0 : random.pick(known);
  const value = random.between(0, 99);
  const operation = (): Operation => {
    const target = { key: random.pick(KEYS), ...(random.chance(0.3) ? { ifVersion: version() } : {}) };
    if (random.chance(0.2)) return { type: "check", ifVersion: 0, ...target };
    return random.chance(0.3) ? { type: "delete", ...target } : { type: "set", value, ...target, ...ttl() };
  };
  const scan: ScanOptions = {
    prefix: random.pick(PREFIXES),
    reverse: random.chance(0.5),
    limit: random.between(1, 4),
    ...(random.chance(0.3) ? { after: random.pick(KEYS) } : {}),
    ...(random.chance(0.3) ? { before: random.pick(KEYS) } : {}),
    ...(random.chance(0.3) ? { cursor: random.pick(KEYS) } : {}),
  };
  const prefix = random.pick(PREFIXES.slice(2));
  const options = ttl();
  const condition = { ifVersion: version() };
  const operations = Array.from({ length: random.between(0, 4) }, operation);
  const steps: readonly Step[] = [
    (store) => store.namespace(name).set(key, value, options),
    (store) => store.namespace(name).set(key, "x".repeat(value), options),
    (store) => store.namespace(name, { quota: { entries: 3, bytes: 90 } }).set(key, "x".repeat(value)),
    (store) => store.namespace(name).get(key),
    (store) => store.namespace(name).delete(key),
    (store) => store.namespace(name).delete(key, condition),
    (store) => store.namespace(name).compareAndSet(key, value, { ...condition, ...options }),
    (store) => store.namespace(name).increment(key, value - 50, options),
    (store) => store.namespace(name).batch(operations),
    (store) => store.namespace(name).scan(scan),
    (store) => store.namespace(name).keys(scan),
    (store) => store.namespace(name).usage(),
    (store) => store.namespace(name).deletePrefix(prefix),
    (store) => store.namespaces({ prefix: scan.prefix === "a" ? "m" : "", limit: 2 }),
    (store) => store.purge(1000),
  ];
  return random.pick(steps);
}

async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe("engines of the store", () => {
  for (const sql of ENGINES) {
    test(`memory and ${sql.engine} answer the same (seed ${SEED})`, async () => {
      const random = randomFrom(SEED);
      let now = 1_000_000;
      await using folder = await temporaryFolder();
      await using onDisk = openStore(folder.path, { sql, now: () => now });
      const inMemory = new EmbeddedStore(new MemoryEngine(), { log: fakeLog(), now: () => now });
      const known = [1];
      for (let i = 0; i < STEPS; i++) {
        now += random.between(0, 5);
        const step = randomStep(random, known);
        const [expected, found] = [await outcome(step(inMemory)), await outcome(step(onDisk.store))];
        assert.deepEqual(found, expected, `step ${i}`);
        if (typeof found === "number" && found > 0) known.push(found);
      }
      await inMemory.close();
    });
  }
});
