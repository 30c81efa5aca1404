import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { memoryFiles } from "../../../kernel/testing.ts";
import type { Compiled, Source } from "../../../plugins/wasm/build/compiler.ts";
import { FinishedModuleCompiler, readModuleFile } from "../../../plugins/wasm/build/finished_module.ts";
import { ALLOWED_IMPORTS, checkImports } from "../../../plugins/wasm/build/module_checks.ts";
import { RunImports } from "../../../plugins/wasm/worker/run_imports.ts";
import { assemble } from "./wat_text.ts";

const OPTIONS = { signal: new AbortController().signal, report: () => {} };
const COMPONENT = Buffer.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00);

function sourceOf(code: string, more: Partial<Source> = {}): Source {
  return { name: "sample", language: "wasm", code, files: {}, dependencies: [], ...more };
}

function take(code: string, compiler = new FinishedModuleCompiler()): Promise<Compiled> {
  return compiler.compile(sourceOf(code), OPTIONS);
}

async function base64(text: string): Promise<string> {
  return Buffer.from(await assemble(text)).toString("base64");
}

function program(more: string): string {
  return `(module ${more} (memory (export "memory") 1) (func (export "_start")))`;
}

async function refusalOf(code: string): Promise<string> {
  const error = await take(code).then(() => assert.fail("expected a refusal"), (it) => it);
  assert.ok(isToolError(error), `${error}`);
  return error.message;
}

test("FinishedModuleCompiler takes Base64 of every form", async () => {
  // bytes for which both alphabets differ
  const bytes = Buffer.from(await assemble(program('(data (i32.const 0) "\\fb\\ff\\fe\\fb\\ff\\fe")')));
  const standard = bytes.toString("base64");
  const address = bytes.toString("base64url");
  assert.notEqual(standard.replace(/=+$/, ""), address);
  const forms = [
    ...[standard, address, `\n  ${standard.replace(/.{20}/g, "$&\r\n")}\n`],
    ...[`data:application/wasm;base64,${standard}`, `data:application/octet-stream;charset=x;base64,${standard}`],
  ];
  for (const form of forms) {
    const { artifact, warnings } = await take(form);
    assert.equal(artifact.kind, "module");
    assert.deepEqual(Buffer.from(artifact.bytes), bytes);
    assert.deepEqual(warnings, []);
  }
});

test("FinishedModuleCompiler tells what is no module", async () => {
  const cases: readonly (readonly [code: string, expected: RegExp])[] = [
    [
      "fn main() { println() }",
      /"code" is no module as Base64: it begins with "fn main\(\) \{ println\("; expected Base64/,
    ],
    ["./tool.wasm", /or the path of a "\.wasm" file/],
    ["", /it begins with nothing/],
    [Buffer.from("console.log(1)").toString("base64"), /it begins with 0x63 0x6f/],
    [Buffer.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99, 0).toString("base64"), /section 99 is unknown/],
    [(await base64(program(""))).slice(0, 40), /Cannot read the module: /],
    [await base64(program("(func (result i32) (nop))")), /the WebAssembly engine of this server refuses it: Compiling/],
  ];
  for (const [code, expected] of cases) assert.match(await refusalOf(code), expected);
});

test("FinishedModuleCompiler takes what WASI preview 1 and Collet have, and nothing else", async () => {
  await take(
    await base64(program(`(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
      (import "collet" "request" (func (param i32 i32) (result i32))) (import "collet" "reply" (func (param i32)))`)),
  );
  const cases: readonly (readonly [imports: string, expected: RegExp])[] = [
    ['(import "wasi_unstable" "fd_write" (func))', /"wasi_unstable.fd_write"; it was made for WASI before preview 1/],
    ['(import "env" "abort" (func)) (import "env" "abort" (func))', /provides: "env.abort"; a function was declared/],
    ['(import "env" "memory" (memory 1))', /memory "env.memory"; its memory has to be its own/],
    ['(import "wasi_snapshot_preview1" "sock_open" (func))', /WASI preview 1 has no such function/],
    ['(import "collet" "fetch" (func))', /"collet" has the functions "request" and "reply"/],
    ['(import "wbg" "__wbindgen_throw" (func))', /made for browsers by wasm-bindgen/],
    ['(import "gojs" "runtime.ticks" (func))', /GOOS=wasip1/],
    ['(import "wasi:cli/run@0.2.0" "run" (func))', /inside of a component/],
    ['(import "toString" "constructor" (func))', /provides: "toString.constructor"; a tool imports functions of/],
    ['(import "wasi_snapshot_preview1" "fd_read" (global i32))', /provides: global "wasi_snapshot_preview1.fd_read"/],
  ];
  for (const [imports, expected] of cases) assert.match(await refusalOf(await base64(program(imports))), expected);
});

test("checkImports lists ten of many", () => {
  const imports = Array.from({ length: 40 }, (_, i) => ({ module: "env", name: `f${i}`, kind: "function" as const }));
  assert.throws(() => checkImports({ imports }), /"env.f9" and 30 more; /);
  checkImports({ imports: [] });
});

test("ALLOWED_IMPORTS are 46 functions of WASI preview 1 and two of Collet, all of which are there", () => {
  const provided = new RunImports().imports;
  assert.deepEqual(Object.entries(ALLOWED_IMPORTS).map(([module, { size }]) => [module, size]), [
    ["wasi_snapshot_preview1", 46],
    ["collet", 2],
  ]);
  for (const [module, names] of Object.entries(ALLOWED_IMPORTS)) {
    for (const name of names) assert.equal(typeof provided[module]?.[name], "function", `${module}.${name}`);
  }
});

test("FinishedModuleCompiler refuses libraries, and programs without memory", async () => {
  const library = '(module (memory (export "memory") 1) (func (export "_initialize")))';
  assert.match(
    await refusalOf(await base64(library)),
    /it is a library: .* compile it as a program with a main function/,
  );
  assert.match(await refusalOf(await base64('(module (memory (export "memory") 1))')), /exports no function "_start"/);
  assert.match(await refusalOf(await base64('(module (func (export "_start")))')), /exports no memory "memory"/);
  assert.match(
    await refusalOf(await base64('(module (memory 1) (func (export "memory")) (func (export "_start")))')),
    /exports no memory "memory"/,
  );
  await take(await base64(program('(func (export "_initialize"))')));
});

test("FinishedModuleCompiler gives components to who takes them", async () => {
  assert.match(await refusalOf(COMPONENT.toString("base64")), /component of WASI preview 2, .*\(wasm32-wasip1\)/);
  const compiled: Compiled = { artifact: { kind: "component", bytes: COMPONENT }, warnings: [] };
  const given: Uint8Array[] = [];
  const compiler = new FinishedModuleCompiler({
    component: (bytes) => {
      given.push(bytes);
      return Promise.resolve(compiled);
    },
  });
  assert.equal(await take(COMPONENT.toString("base64"), compiler), compiled);
  assert.deepEqual(given.map((it) => Buffer.from(it)), [COMPONENT]);
});

test("FinishedModuleCompiler.check refuses packages and files", () => {
  const compiler = new FinishedModuleCompiler();
  compiler.check(sourceOf("AGFzbQEAAAA="));
  assert.throws(() => compiler.check(sourceOf("", { dependencies: ["serde"] })), /has no "dependencies"/);
  assert.throws(() => compiler.check(sourceOf("", { files: { "a.rs": "" } })), /has no "files"/);
});

test("readModuleFile reads regular files alone", async () => {
  const files = memoryFiles({ "tool.wasm": "bytes", "folder/a.txt": "" });
  assert.deepEqual(await readModuleFile(files, "tool.wasm"), new TextEncoder().encode("bytes"));
  await assert.rejects(readModuleFile(files, "none.wasm"), /there is no file ".*\/none.wasm"/);
  await assert.rejects(readModuleFile(files, "folder"), /is a folder; expected a "\.wasm" file/);
});
