import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { createWorkers } from "../../../kernel/platform/workers.ts";
import { CompileFailure, type Diagnostic, type Source } from "../../../plugins/wasm/build/compiler.ts";
import { WatCompiler } from "../../../plugins/wasm/build/wat.ts";
import { readPackageManifest } from "../../../scripts/lib/repository.ts";
import { exportsOf } from "./wat_text.ts";

const workers = createWorkers();
after(() => workers.close());

function sourceOf(code: string, more: Partial<Source> = {}): Source {
  return { name: "sample", language: "wat", code, files: {}, dependencies: [], ...more };
}

async function compile(code: string, signal = new AbortController().signal): Promise<Uint8Array<ArrayBuffer>> {
  const { artifact } = await new WatCompiler({ workers }).compile(sourceOf(code), { signal, report: () => {} });
  assert.equal(artifact.kind, "module");
  return artifact.bytes as Uint8Array<ArrayBuffer>;
}

async function diagnose(code: string): Promise<readonly Diagnostic[]> {
  const error = await compile(code).then(() => assert.fail("expected it not to compile"), (it) => it);
  assert.ok(error instanceof CompileFailure, `${error}`);
  return error.diagnostics;
}

function program(body: string): string {
  return `(module (memory (export "memory") 1)\n${body}\n(func (export "_start")))`;
}

test("WatCompiler assembles text, with names, and as UTF-8", async () => {
  const bytes = await compile(
    program('(data (i32.const 8) "é😀") (func $length (export "length") (result i32) i32.const 6)'),
  );
  const { memory, length } = await exportsOf(bytes);
  assert.equal(new TextDecoder().decode(new Uint8Array(memory!.buffer, 8, length!())), "é😀");
  assert.ok(WebAssembly.Module.customSections(await WebAssembly.compile(bytes), "name").length === 1);
});

test("WatCompiler takes what newer revisions of WebAssembly have", async () => {
  await compile(program(`
    (table 2 externref) (tag $e (param i32))
    (func (param i32) (result i32 i32) (local.get 0) (local.get 0))
    (func (param i32) (result i32) (i32.extend8_s (i32.trunc_sat_f32_s (f32.const 1))))
    (func (result v128) (i8x16.splat (i32.const 1)))
    (func $tail (return_call $tail))
    (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (drop (i32.atomic.load (i32.const 0))))
    (func (try (do (throw $e (i32.const 1))) (catch $e drop)))`));
});

test("WatCompiler tells all that is wrong, by line and column", async () => {
  const parsed = await diagnose("(module\n  (func (i32.const 1 i32.add)\n  (foo)\n)");
  assert.deepEqual(parsed.slice(0, 2), [
    { severity: "error", file: "src.wat", line: 2, column: 22, message: "unexpected token i32.add, expected )." },
    { severity: "error", file: "src.wat", line: 3, column: 4, message: "unexpected token foo." },
  ]);
  const validated = await diagnose("(module\n(func (result i32) nop)\n(func call 77))");
  assert.deepEqual(validated.map(({ line, message }) => [line, message]), [
    [2, "type mismatch in implicit return, expected [i32] but got []"],
    [3, "function variable out of range: 77 (max 2)"],
  ]);
});

test("WatCompiler says of what is nested too deeply that it is", async () => {
  const depth = 100_000;
  const [said] = await diagnose(program(`(func ${"(block ".repeat(depth)}${")".repeat(depth)})`));
  assert.match(said!.message, /^the text is nested too deeply, or too long for wabt/);
});

test("WatCompiler refuses what could not run, and says why", async () => {
  const cases: readonly (readonly [code: string, expected: RegExp])[] = [
    ["(module)", /it exports no function "_start"/],
    ['(module (func (export "_start")))', /it exports no memory "memory"/],
    [
      program("").replace("(memory", '(import "env" "print" (func)) (memory'),
      /imports what nothing provides: "env.print"/,
    ],
    [program("").replace('"memory") 1', '"memory") i64 1'), /with 64 bits/],
  ];
  for (const [code, expected] of cases) {
    await assert.rejects(compile(code), (error) => isToolError(error) && expected.test(error.message), code);
  }
});

test("WatCompiler.check refuses packages, files and texts that are too long", () => {
  const compiler = new WatCompiler({ workers });
  compiler.check(sourceOf("(module)"));
  assert.throws(() => compiler.check(sourceOf("", { dependencies: ["serde"] })), /leave "dependencies" out/);
  assert.throws(() => compiler.check(sourceOf("", { files: { "a.wat": "" } })), /leave "files" out/);
  assert.throws(() => compiler.check(sourceOf(" ".repeat(5_000_000))), /has 5000000 characters; expected at most/);
});

test("WatCompiler ends its worker when it is cancelled, late, or done", async () => {
  const started: Promise<unknown>[] = [];
  const watched = {
    ...workers,
    start: (...args: Parameters<typeof workers.start>) => {
      const worker = workers.start(...args);
      started.push(worker.ended);
      return worker;
    },
  };
  const run = (signal: AbortSignal, timeoutMs?: number) =>
    new WatCompiler({ workers: watched, ...(timeoutMs !== undefined && { timeoutMs }) })
      .compile(sourceOf(program("(func)".repeat(100_000))), { signal, report: () => {} });
  const reason = new Error("cancelled");
  await assert.rejects(run(AbortSignal.abort(reason)), reason);
  assert.equal(started.length, 0);
  const controller = new AbortController();
  const cancelled = run(controller.signal);
  controller.abort(reason);
  await assert.rejects(cancelled, reason);
  await assert.rejects(run(new AbortController().signal, 1), /"wabt [\d.]+" was ended: it took longer than 0.001 s/);
  await run(new AbortController().signal);
  await Promise.all(started);
  assert.equal(started.length, 3);
});

test("WatCompiler.find tells the version that is installed", async () => {
  const { title } = await new WatCompiler({ workers }).find();
  assert.equal(title, `wabt ${readPackageManifest().dependencies?.["wabt"]}`);
});
