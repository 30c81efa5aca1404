/**
 * Assembles modules for tests.
 *
 * @module
 */
import wabt from "wabt";

const FEATURES = {
  exceptions: true,
  extended_const: true,
  memory64: true,
  multi_memory: true,
  tail_call: true,
  threads: true,
};
const ready = (wabt as unknown as () => ReturnType<typeof wabt>)();

/** Assembles WebAssembly text, with names; what is not valid is assembled all the same. */
export async function assemble(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const module = (await ready).parseWat("test.wat", new TextEncoder().encode(text).slice(), FEATURES);
  try {
    return module.toBinary({ write_debug_names: true }).buffer.slice();
  } finally {
    module.destroy();
  }
}

/** Gives the exports of a fresh instance. */
export async function exportsOf(
  bytes: Uint8Array<ArrayBuffer>,
  imports: WebAssembly.Imports = {},
): Promise<Readonly<Record<string, CallableFunction & WebAssembly.Global & WebAssembly.Memory>>> {
  const { instance } = await WebAssembly.instantiate(bytes, imports);
  return instance.exports as Readonly<Record<string, never>>;
}

/** A module that uses a bit of everything; `run` computes from its argument, and `text` names a place in memory. */
export const SAMPLE = `(module
  (type $pair (func (param i32 i32) (result i32 i32)))
  (import "host" "twice" (func $twice (param i32) (result i32)))
  (memory (export "memory") 1)
  (table $fns 4 funcref)
  (global $count (mut i32) (i32.const 0))
  (tag $odd (param i32))
  (export "run" (func $run))
  (start $begin)
  (elem (table $fns) (i32.const 0) func $twice $plus)
  (elem $more func $plus $twice)
  (data (i32.const 16) "a text")
  (data $bytes "more text")
  (func $begin (global.set $count (i32.const 5)))
  (func $plus (param i32) (result i32) (i32.add (local.get 0) (global.get $count)))
  (func $swap (type $pair) (local.get 1) (local.get 0))
  (func $down (param i32 i64) (result i64)
    (if (result i64) (i32.eqz (local.get 0))
      (then (local.get 1))
      (else (return_call $down (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))))
  (func $caught (param i32) (result i32)
    (try (result i32)
      (do (throw $odd (local.get 0)))
      (catch $odd (i32.const 1) (i32.add))
      (catch_all (i32.const -1))))
  (func $run (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $v v128)
    (memory.fill (i32.const 100) (i32.const 7) (i32.const 50))
    (memory.copy (i32.const 200) (i32.const 100) (i32.const 50))
    (memory.init $bytes (i32.const 300) (i32.const 0) (i32.const 9))
    (table.init $fns $more (i32.const 2) (i32.const 0) (i32.const 2))
    (data.drop $bytes)
    (elem.drop $more)
    (loop $again
      (block $skip
        (br_if $skip (i32.and (local.get $i) (i32.const 1)))
        (local.set $sum (i32.add (local.get $sum)
          (call_indirect $fns (param i32) (result i32) (local.get $i) (i32.rem_u (local.get $i) (i32.const 4))))))
      (block $out
        (loop $inner
          (local.set $sum (i32.add (local.get $sum) (call $swap (i32.const 1) (i32.const 2)) (i32.sub)))
          (br_table $inner $out (i32.const 9))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (local.set $v (i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0
      (v128.load offset=200 (i32.const 0)) (v128.const i32x4 1 2 3 4)))
    (local.set $sum (i32.add (local.get $sum) (i32x4.extract_lane 2 (local.get $v))))
    (local.set $sum (i32.add (local.get $sum) (i32.wrap_i64 (call $down (i32.const 20) (i64.const 1)))))
    (local.set $sum (i32.add (local.get $sum) (call $caught (local.get $n))))
    (drop (i32.atomic.rmw.add (i32.const 400) (i32.const 3)))
    (i32.add (local.get $sum) (i32.trunc_sat_f64_s (f64.const 1e3)))))`;

/** What {@linkcode SAMPLE} imports. */
export const SAMPLE_IMPORTS: WebAssembly.Imports = { host: { twice: (value: number) => value * 2 } };
