import assert from "node:assert/strict";
import { test } from "node:test";
import { limitMemory } from "../../../plugins/wasm/binary/limit_memory.ts";
import { meter, type MeterOptions } from "../../../plugins/wasm/binary/meter.ts";
import { FUEL_EXPORT, SPENT_EXPORT } from "../../../plugins/wasm/binary/meter_exports.ts";
import { readModule } from "../../../plugins/wasm/binary/outline.ts";
import { joinBytes, nameOf, u32 } from "../../../plugins/wasm/binary/writer.ts";
import { assemble, exportsOf, SAMPLE, SAMPLE_IMPORTS } from "./wat_text.ts";

const PLENTY = 1n << 60n;

/** Runs the export `run` with some fuel, and gives what it returned and what it spent. */
async function spend(
  text: string,
  fuel = PLENTY,
  options: MeterOptions = {},
): Promise<{ value: unknown; spent: bigint }> {
  const exports = await exportsOf(meter(limitMemory(await assemble(text), 1 << 20), options));
  const left = exports[FUEL_EXPORT]!;
  left.value = fuel;
  const value = exports["run"]!();
  return { value, spent: fuel - BigInt(left.value) };
}

test("meter: a module behaves as before", async () => {
  const bytes = await assemble(SAMPLE);
  const metered = meter(bytes);
  assert.ok(WebAssembly.validate(metered));
  for (const n of [0, 1, 7]) {
    const [before, after] = [await exportsOf(bytes, SAMPLE_IMPORTS), await exportsOf(metered, SAMPLE_IMPORTS)];
    assert.deepEqual(Object.keys(after), [...Object.keys(before), FUEL_EXPORT]);
    assert.equal(after["run"]!(n), before["run"]!(n));
    const memoryOf = (exports: typeof after) => new Uint8Array(exports["memory"]!.buffer, 0, 1_000);
    assert.deepEqual(memoryOf(after), memoryOf(before));
    assert.ok(after[FUEL_EXPORT]!.value < 10_000_000n);
  }
});

test("meter: a module with nothing in it, and one with neither globals nor exports", async () => {
  for (const text of ["(module)", "(module (func) (memory 1))"]) {
    const exports = await exportsOf(meter(await assemble(text)));
    assert.equal(exports[FUEL_EXPORT]!.value, 10_000_000n);
  }
});

/** What never ends, by name; each is the body of a function `$run` of this module. */
const ENDLESS: Readonly<Record<string, string>> = {
  "a loop": "(loop (br 0))",
  "a loop that asks": "(loop (br_if 0 (i32.const 1)))",
  "a loop by a table": "(loop $l (br_table $l $l (i32.const 9)))",
  "a loop from within blocks": "(loop $l (block (block (if (i32.const 1) (then (br $l))))))",
  "the inner of two loops": "(loop $l (loop $m (br $m)) (br $l))",
  "the outer of two loops": "(loop $l (loop $m (br $l)))",
  "recursion with a loop": "(loop (call $run))",
  "tail calls": "(return_call $run)",
  "tail calls by a table": "(return_call_indirect (i32.const 0))",
  "exceptions": "(loop $l (try (do (throw $e)) (catch $e (br $l))))",
  "long code": `(loop $l ${"(drop (i32.add (i32.const 1) (i32.const 2)))".repeat(100)} (br $l))`,
  "filling": "(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l))",
  "growing": "(loop $l (drop (memory.grow (i32.const 0))) (br $l))",
  "filling a table": "(loop $l (table.fill 1 (i32.const 0) (ref.null func) (i32.const 1000)) (br $l))",
};

function moduleOf(body: string): string {
  return `(module (memory 1) (table funcref (elem $run)) (table 1000 funcref) (tag $e) (func $run (export "run") ${body}))`;
}

for (const [name, body] of Object.entries(ENDLESS)) {
  test(`meter: ${name} traps once its fuel is used up`, async () => {
    const exports = await exportsOf(meter(await assemble(moduleOf(body))));
    const fuel = exports[FUEL_EXPORT]!;
    fuel.value = 5_000n;
    assert.throws(() => exports["run"]!(), { name: "RuntimeError", message: /unreachable/ });
    // not much later than that either: one piece of this code costs no more than a fill of 64 KiB
    assert.ok(fuel.value < 0n && fuel.value > -10_000n, `${fuel.value}`);
  });
}

test("meter: recursion traps by fuel before the stack is used up", async () => {
  const exports = await exportsOf(meter(await assemble(moduleOf("(call $run)"))));
  exports[FUEL_EXPORT]!.value = 500n;
  assert.throws(() => exports["run"]!(), /unreachable/);
});

test("meter: a start function is paid from what is there at first", async () => {
  const endless = await assemble("(module (func $begin (loop (br 0))) (start $begin))");
  await assert.rejects(WebAssembly.instantiate(meter(endless, { initialFuel: 1_000n })), /unreachable/);
  await assert.rejects(WebAssembly.instantiate(meter(endless)), /unreachable/);
});

test("meter: what is paid is no less than what runs, and grows with it", async () => {
  const turns = (count: number) =>
    moduleOf(`(local $i i32) (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const ${count}))))`);
  const [few, many] = [(await spend(turns(10))).spent, (await spend(turns(1_010))).spent];
  // eight instructions a turn
  assert.ok(many - few >= 8_000n && many - few <= 12_000n, `${few} ${many}`);
  const straight = moduleOf("(drop (i32.const 1))".repeat(500));
  const { spent } = await spend(straight);
  assert.ok(spent >= 1_000n && spent <= 1_010n, `${spent}`);
});

test("meter: what is not reached costs little when it is long", async () => {
  const long = "(drop (i32.const 1))".repeat(500);
  const { spent } = await spend(moduleOf(`(if (i32.const 0) (then ${long}))`));
  assert.ok(spent < 20n, `${spent}`);
});

test("meter: bulk instructions pay for what they move, and do as before", async () => {
  const fill = (bytes: number) =>
    `(module (memory 1) (func (export "run") (result i32)
      (memory.fill (i32.const 0) (i32.const 1) (i32.const ${bytes})) (i32.load8_u (i32.const 100))))`;
  const [small, large] = [await spend(fill(10)), await spend(fill(65_536))];
  assert.deepEqual([small.value, large.value], [0, 1]);
  assert.equal(large.spent - small.spent, 4_096n);
  await assert.rejects(spend(fill(65_536), 1_000n), /unreachable/);
  await assert.rejects(spend(fill(65_537)), /out of bounds/);
});

/** Gives a function of WebAssembly, as a table takes it, that calls one of ours. */
async function wrap(hook: () => void): Promise<unknown> {
  const wrapper = await assemble('(module (import "host" "hook" (func $hook)) (export "hook" (func $hook)))');
  return (await exportsOf(wrapper, { host: { hook } }))["hook"];
}

test("meter: a run goes on when its fuel is set anew, and ends when it is not", async () => {
  const count = `(module (func (export "run") (result i32) (local $i i32)
    (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))
    (local.get $i)))`;
  const exports = await exportsOf(meter(await assemble(count), { isRefilled: true }));
  const fuel = exports[FUEL_EXPORT]!;
  const table = exports[SPENT_EXPORT] as unknown as WebAssembly.Table;
  let refills = 0;
  table.set(0, await wrap(() => void (refills += 1, fuel.value = 1_000n)));
  fuel.value = 1_000n;
  assert.equal(exports["run"]!(), 1_000);
  assert.ok(refills >= 7 && refills <= 12, `${refills}`);
  table.set(0, await wrap(() => {}));
  fuel.value = 1_000n;
  assert.throws(() => exports["run"]!(), /unreachable/);
  table.set(0, null);
  fuel.value = 1_000n;
  assert.throws(() => exports["run"]!(), { name: "RuntimeError" });
});

test("meter: a module that catches everything is ended all the same", async () => {
  const stubborn = moduleOf(
    "(loop $l (try (do (loop $m (try (do (loop (br 0))) (catch_all)) (br $m))) (catch_all)) (br $l))",
  );
  const exports = await exportsOf(meter(await assemble(stubborn), { isRefilled: true }));
  const table = exports[SPENT_EXPORT] as unknown as WebAssembly.Table;
  let asked = 0;
  // the first two times it throws, which is caught, then it gives nothing
  table.set(
    0,
    await wrap(() => {
      asked += 1;
      if (asked <= 2) throw new Error("the end");
    }),
  );
  exports[FUEL_EXPORT]!.value = 1_000n;
  assert.throws(() => exports["run"]!(), { name: "RuntimeError", message: /unreachable/ });
  assert.equal(asked, 3);
});

test("meter: a trap names the function that it came from", async () => {
  const text =
    '(module (func $outer (export "run") (call $inner)) (func $inner (drop (i32.div_u (i32.const 1) (i32.const 0)))))';
  const error = await spend(text).then(() => assert.fail("expected a trap"), (it: Error) => it);
  assert.match(error.stack ?? "", /inner[^]*outer/);
});

test("meter: types of groups count each", async (t) => {
  // (rec (struct) (func)) and (func), of which the last is the type of the only function
  const types = [2, 0x4e, 2, 0x5f, 0, 0x60, 0, 0, 0x60, 0, 1, 0x7f];
  const code = [1, 4, 0, 0x41, 42, 0x0b];
  const sections = [[1, types], [3, [1, 2]], [7, [1, ...nameOf("run"), 0, 0]], [10, code]] as const;
  const bytes = joinBytes([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...sections.flatMap(([id, content]) => [[id], u32(content.length), content]),
  ]);
  if (!WebAssembly.validate(bytes)) return t.skip("this runtime has no types of GC");
  const exports = await exportsOf(meter(bytes));
  assert.equal(exports["run"]!(), 42);
});

test("meter refuses what it cannot count", async () => {
  const cases: readonly (readonly [text: string, expected: RegExp])[] = [
    [`(module (func (export "${FUEL_EXPORT}")))`, /it exports "collet_fuel" already/],
    [`(module (func (export "${SPENT_EXPORT}")))`, /it exports "collet_spent" already/],
    // it would set the fuel
    ["(module (func (i64.const 9) (global.set 0)))", /Cannot meter the module: it is not valid/],
  ];
  for (const [text, expected] of cases) {
    const bytes = await assemble(text);
    assert.throws(() => meter(bytes), { name: "ToolError", message: expected });
  }
  const wide = await assemble("(module (memory i64 1))");
  assert.throws(() => meter(wide), /with 64 bits|is not valid/);
});

test("meter adds a fuel that the module itself has no number for", async () => {
  const outline = readModule(meter(await assemble(SAMPLE)));
  assert.deepEqual(outline.exports.at(-1), { name: FUEL_EXPORT, kind: "global", index: 1 });
  assert.equal(outline.globals, 2);
});
