/**
 * Random operations on the tool `memory`, compared with what a simple model says that they do.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import { type Json, LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import { announceSeed, check, FUZZ_RUNS } from "../../proof/settings.ts";
import { type Answered, answered, startMemory } from "./kit.ts";

const MAX_ENTRIES = 6;

interface ModelEntry {
  value: Json;
  version: number;
  hasEnd: boolean;
}
type ModelMemory = Map<string, ModelEntry>;
type Ask = (args: Record<string, unknown>) => Promise<Answered>;
/** Does one thing to memory and model, and fails where they differ. */
type Step = (ask: Ask, model: ModelMemory) => Promise<void>;

const key = fc.constantFrom("a", "a/1", "a/2", "b", "ü", "😀", "__proto__");
const member = fc.oneof(fc.constant(null), fc.integer(), fc.jsonValue({ maxDepth: 2 }), fc.constant({ x: null, y: 1 }));
const object = fc.dictionary(fc.constantFrom("x", "y", "__proto__"), member, {
  maxKeys: 3,
}) as fc.Arbitrary<
  Record<string, Json>
>;
const value = fc.oneof(object, fc.integer(), fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<Json>;
const ttl = fc.constantFrom(undefined, 0, 3600);
const wanted = fc.constantFrom("any", "any", "present", "absent", "other");

/** What a JSON text keeps of a value: no `-0`. */
function plain<T>(json: T): T {
  return JSON.parse(JSON.stringify(json));
}

function versionFor(which: string, entry: ModelEntry | undefined): number | undefined {
  if (which === "any") return undefined;
  if (which === "absent") return 0;
  return which === "present" ? entry?.version ?? 0 : (entry?.version ?? 0) + 1_000_000;
}

function isHeld(ifVersion: number | undefined, entry: ModelEntry | undefined): boolean {
  return ifVersion === undefined || ifVersion === (entry?.version ?? 0);
}

function isObject(json: unknown): json is Record<string, Json> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function merge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const members = Object.entries(isObject(target) ? target : {}).filter(([name]) => !Object.hasOwn(patch, name));
  const old = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, change] of Object.entries(patch)) {
    if (change !== null) members.push([name, merge(old.get(name) as Json | undefined, change)]);
  }
  return Object.fromEntries(members);
}

interface Write {
  readonly key: string;
  readonly value: Json;
  readonly ttl?: number | undefined;
  readonly which: string;
}

/** Several writes in one call, as a step of their own; one alone is done by `store` or `update`. */
function writing(kind: "store" | "update", writes: readonly Write[], isBulk: boolean): Step {
  return async (ask, model) => {
    const sent = writes.map((it) => {
      const ifVersion = versionFor(it.which, model.get(it.key));
      return { key: it.key, value: it.value, ttl: it.ttl, ...(ifVersion !== undefined && { if_version: ifVersion }) };
    });
    const answer = await ask(isBulk ? { action: `bulk_${kind}`, entries: sent } : { action: kind, ...sent[0] });
    const conflict = sent.find((it) => !isHeld(it.if_version, model.get(it.key)));
    const misfit = kind === "update" &&
      sent.some((it) => !isObject(it.value) || !isObject(model.get(it.key)?.value ?? (model.has(it.key) ? null : {})));
    const added = sent.filter((it) => !model.has(it.key)).length;
    const isOver = added > 0 && model.size + added > MAX_ENTRIES;
    const isTwice = new Set(sent.map((it) => it.key)).size < sent.length;
    assert.equal(answer.isError, isTwice || misfit || conflict !== undefined || isOver, answer.text);
    if (answer.isError) return;
    const versions: { version: number }[] = isBulk ? answer.data.entries : [answer.data];
    for (const [place, it] of sent.entries()) {
      const before = model.get(it.key);
      model.set(it.key, {
        value: plain(kind === "store" ? it.value : merge(before?.value, it.value)),
        version: versions[place]!.version,
        hasEnd: it.ttl === undefined ? kind === "update" && (before?.hasEnd ?? false) : it.ttl > 0,
      });
    }
  };
}

function incrementing(key: string, by: number): Step {
  return async (ask, model) => {
    const { isError, text, data } = await ask({ action: "increment", key, by });
    const before = model.get(key);
    const isNumber = Number.isSafeInteger(before === undefined ? 0 : before.value);
    assert.equal(isError, !isNumber || before === undefined && model.size === MAX_ENTRIES, text);
    if (isError) return;
    const sum = (before?.value as number ?? 0) + by;
    assert.equal(data.value, sum);
    const { version } = (await ask({ action: "get", key })).data;
    model.set(key, { value: sum, version, hasEnd: before?.hasEnd ?? false });
  };
}

function deleting(key: string, which: string): Step {
  return async (ask, model) => {
    const before = model.get(key);
    const ifVersion = versionFor(which, before);
    const { isError, text, data } = await ask({ action: "delete", key, if_version: ifVersion });
    assert.equal(isError, !isHeld(ifVersion, before), text);
    if (isError) return;
    assert.equal(data.deleted, before === undefined ? 0 : 1);
    model.delete(key);
  };
}

function clearing(prefix: string): Step {
  return async (ask, model) => {
    const keys = [...model.keys()].filter((it) => it.startsWith(prefix));
    assert.equal((await ask({ action: "clear", prefix })).data.deleted, keys.length);
    for (const it of keys) model.delete(it);
  };
}

function importing(writes: readonly Write[], overwrite: boolean): Step {
  return async (ask, model) => {
    const entries = writes.map(({ key, value }) => ({ key, value }));
    const { isError, text, data } = await ask({ action: "import", document: { entries }, overwrite });
    const added = entries.filter((it) => !model.has(it.key));
    const isTwice = new Set(entries.map((it) => it.key)).size < entries.length;
    assert.equal(isError, isTwice || added.length > 0 && model.size + added.length > MAX_ENTRIES, text);
    if (isError) return;
    const written = overwrite ? entries : added;
    assert.deepEqual([data.imported, data.kept.length], [written.length, entries.length - written.length]);
    for (const it of written) {
      const { version } = (await ask({ action: "get", key: it.key })).data;
      model.set(it.key, { value: plain(it.value), version, hasEnd: false });
    }
  };
}

// by code point, the order of the store
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => {
  const [left, right] = [Array.from(a), Array.from(b)].map((it) => it.map((char) => char.codePointAt(0)!));
  for (let i = 0; i < Math.min(left!.length, right!.length); i++) {
    if (left![i] !== right![i]) return left![i]! - right![i]!;
  }
  return left!.length - right!.length;
};

function reading(prefix: string, limit: number): Step {
  return async (ask, model) => {
    const expected = [...model].filter(([key]) => key.startsWith(prefix)).sort(byKey);
    const found: { key: string; value: Json; version: number; expires_at?: string }[] = [];
    let cursor: string | undefined;
    do {
      const { data } = await ask({ action: "entries", prefix, limit, cursor });
      found.push(...data.entries);
      cursor = data.cursor;
    } while (cursor !== undefined);
    assert.deepEqual(
      found.map((it) => [it.key, { value: it.value, version: it.version, hasEnd: it.expires_at !== undefined }]),
      expected,
    );
    assert.deepEqual((await ask({ action: "list", prefix })).data.keys, expected.map(([key]) => key));
    assert.equal((await ask({ action: "stats" })).data.tool.entries, model.size);
  };
}

const write: fc.Arbitrary<Write> = fc.record({ key, value, ttl, which: wanted });
const writes = fc.array(write, { maxLength: 4 });
const prefix = fc.constantFrom("", "a", "a/", "b", "zz");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: write.map((it) => writing("store", [it], false)) },
  {
    weight: 3,
    arbitrary: fc.tuple(write, object).map(([it, patch]) => writing("update", [{ ...it, value: patch }], false)),
  },
  { weight: 1, arbitrary: write.map((it) => writing("update", [it], false)) },
  { weight: 2, arbitrary: writes.map((it) => writing("store", it, true)) },
  { weight: 2, arbitrary: writes.map((it) => writing("update", it, true)) },
  { weight: 2, arbitrary: fc.tuple(key, fc.integer({ min: -9, max: 9 })).map(([it, by]) => incrementing(it, by)) },
  { weight: 3, arbitrary: fc.tuple(key, wanted).map(([it, which]) => deleting(it, which)) },
  { weight: 1, arbitrary: prefix.map(clearing) },
  { weight: 1, arbitrary: fc.tuple(writes, fc.boolean()).map(([it, overwrite]) => importing(it, overwrite)) },
  { weight: 2, arbitrary: fc.tuple(prefix, fc.integer({ min: 1, max: 4 })).map(([it, limit]) => reading(it, limit)) },
);

test("memory does what a simple model of it does", async () => {
  announceSeed("memory against its model");
  await using kit = await startMemory({ max_entries: MAX_ENTRIES });
  let run = 0;
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.boolean(), step), { minLength: 5, maxLength: 60, size: "max" }),
    async (steps) => {
      run++;
      const models: ModelMemory[] = [new Map(), new Map()];
      const askOf = (place: number): Ask => async (args) => {
        const given = plain({ tool_name: `run${run}/${place}`, ...args });
        return answered(await kit.kernel.call("memory", given, { principal: LOCAL_PRINCIPAL }));
      };
      for (const [isSecond, take] of steps) await take(askOf(Number(isSecond)), models[Number(isSecond)]!);
      for (const place of [0, 1]) {
        await reading("", 3)(askOf(place), models[place]!);
        await askOf(place)({ action: "clear" });
      }
    },
  );
  await check(property, FUZZ_RUNS / 2);
});
