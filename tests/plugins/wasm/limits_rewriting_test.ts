import assert from "node:assert/strict";
import { test } from "node:test";
import { limitMemory } from "../../../plugins/wasm/binary/limit_memory.ts";
import { readModule } from "../../../plugins/wasm/binary/outline.ts";
import { readSections, SectionId } from "../../../plugins/wasm/binary/sections.ts";
import { assemble, exportsOf, SAMPLE, SAMPLE_IMPORTS } from "./wat_text.ts";

const PAGE = 65_536;
const MIB = 1_048_576;

const GROWING = `(module (memory (export "memory") 2)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;

test("limitMemory: memory.grow gives -1 beyond the limit, and the memory before it", async () => {
  const { grow, memory } = await exportsOf(limitMemory(await assemble(GROWING), 5 * PAGE + 1));
  assert.equal(grow!(3), 2);
  assert.equal(grow!(1), -1);
  assert.equal(memory!.buffer.byteLength, 5 * PAGE);
  assert.throws(() => memory!.grow(1), RangeError);
});

test("limitMemory keeps a smaller maximum, and gives a module within the limits back as it is", async () => {
  const bytes = await assemble('(module (memory (export "memory") 1 3) (table 2 5 funcref))');
  assert.equal(limitMemory(bytes, 16 * MIB), bytes);
  const empty = await assemble("(module)");
  assert.equal(limitMemory(empty, MIB), empty);
  assert.equal(readModule(limitMemory(bytes, 2 * PAGE)).memories[0]!.maximum, 2);
});

test("limitMemory changes nothing but the limits", async () => {
  const bytes = await assemble(SAMPLE);
  const limited = limitMemory(bytes, MIB);
  const contents = (module: Uint8Array) =>
    readSections(module)
      .filter(({ id }) => id !== SectionId.memory && id !== SectionId.table)
      .map(({ start, to }) => module.subarray(start, to));
  assert.deepEqual(contents(limited), contents(bytes));
  assert.ok(readSections(limited).some(({ name }) => name === "name"));
  const { memories, tables } = readModule(limited);
  assert.deepEqual([memories[0]!.minimum, memories[0]!.maximum], [1, 16]);
  assert.deepEqual([tables[0]!.minimum, tables[0]!.maximum], [4, 1_000_000]);
  for (const n of [0, 1, 7]) {
    const [before, after] = [await exportsOf(bytes, SAMPLE_IMPORTS), await exportsOf(limited, SAMPLE_IMPORTS)];
    assert.equal(after["run"]!(n), before["run"]!(n));
  }
});

test("limitMemory bounds tables, all of them together", async () => {
  const text = (tables: string) =>
    assemble(`(module ${tables}
      (func (export "grow") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0))))`);
  const one = await exportsOf(limitMemory(await text("(table 1 funcref)"), MIB));
  assert.equal(one["grow"]!(1_000_000), -1);
  assert.equal(one["grow"]!(999_999), 1);
  const two = limitMemory(await text("(table 1 funcref) (table 2 600000 externref)"), MIB);
  assert.deepEqual(readModule(two).tables.map(({ maximum }) => maximum), [500_000, 500_000]);
  assert.equal((await exportsOf(two))["grow"]!(500_000), -1);
  const large = await text("(table 1000001 funcref)");
  assert.throws(
    () => limitMemory(large, MIB),
    /Cannot bound the tables of the module: one starts with 1000001 elements; expected at most 1000000/,
  );
});

test("limitMemory refuses what it cannot bound, and says what to do", async () => {
  const cases: readonly (readonly [text: string, expected: RegExp])[] = [
    [
      "(module (memory 320))",
      /Cannot give the module 1 MiB of memory: it starts with 320 pages of 64 KiB, which is 20 MiB; grant .*"memory_mb"/,
    ],
    [
      '(module (import "env" "memory" (memory 1)))',
      /it imports the memory "env.memory"; expected it to define its own/,
    ],
    ['(module (import "env" "t" (table 1 funcref)))', /it imports the table "env.t"/],
    ["(module (memory 1 2 shared))", /it shares memory between threads/],
    ["(module (memory i64 1))", /with 64 bits; compile it for wasm32/],
    ["(module (memory 1) (memory 1))", /it defines 2 memories; expected at most one/],
  ];
  for (const [text, expected] of cases) {
    const bytes = await assemble(text);
    assert.throws(() => limitMemory(bytes, MIB), { name: "ToolError", message: expected });
  }
});

test("limitMemory takes a limit of more than 32 bits address", async () => {
  const { memory } = await exportsOf(limitMemory(await assemble(GROWING), Infinity));
  assert.equal(memory!.buffer.byteLength, 2 * PAGE);
});
