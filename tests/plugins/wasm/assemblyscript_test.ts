/**
 * AssemblyScript, compiled by its own compiler from npm and run as it is.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AssemblyScriptCompiler } from "../../../plugins/wasm/build/assemblyscript/compiler.ts";
import { MissingToolchain } from "../../../plugins/wasm/build/compiler.ts";
import { greetingOf, readmeExample } from "./native_kit.ts";
import {
  compileOptions,
  compileOrSkip,
  failureOf,
  orSkip,
  runBytes,
  sourceOf,
  startToolchains,
  type ToolchainKit,
} from "./toolchain_kit.ts";

let kit: ToolchainKit;
let compiler: AssemblyScriptCompiler;

const read = (code: string, more = {}) => sourceOf("assemblyscript", code, more);

describe("AssemblyScriptCompiler", () => {
  before(async () => {
    kit = await startToolchains();
    compiler = new AssemblyScriptCompiler(kit);
  });
  after(() => kit[Symbol.asyncDispose]());

  test("statements of the main file read stdin, argv and env, and write", async (t) => {
    const code = `import { readInput } from "./collet_tool";
const input = readInput();
console.log(process.argv.join("|"));
console.log(process.env.get("GREETING"));
process.stdout.write(input);
process.stderr.write("noted\\n");
console.error("heard");
`;
    const compiled = await compileOrSkip(t, compiler, read(code));
    if (compiled === undefined) return;
    const run = { stdin: '{"é":"漢字🎉"}', args: ['{"n":1}'], env: ["GREETING=hi"] };
    assert.deepEqual(runBytes(compiled.artifact.bytes, run), {
      code: 0,
      stdout: 'sample|{"n":1}\nhi\n{"é":"漢字🎉"}',
      stderr: "noted\nheard\n",
    });
    assert.equal(compiled.artifact.kind, "module");
    assert.equal(compiled.lock, undefined);
    const text = JSON.stringify({ a: "é".repeat(2_500_000) });
    const { stdout } = runBytes(compiled.artifact.bytes, { ...run, stdin: text });
    assert.ok(stdout.endsWith(text), "five megabytes go in and out");
    const { title, target, fetches } = await compiler.find({ language: "assemblyscript" });
    assert.deepEqual([title, target, fetches], ["AssemblyScript 0.28.20", "wasm32-wasip1", undefined]);
  });

  test("an exported entry point is called, files are imported, and what aborts says where", async (t) => {
    const code = `import { half } from "./lib/half";
export function main(): void {
  console.log(half(42).toString());
  if (process.argv.length > 1) throw new Error("there were arguments");
}
`;
    const files = { "lib/half.ts": "export function half(n: i32): i32 {\n  return n / 2;\n}\n" };
    const compiled = await compileOrSkip(t, compiler, read(code, { files }));
    if (compiled === undefined) return;
    assert.deepEqual(runBytes(compiled.artifact.bytes), { code: 0, stdout: "21\n", stderr: "" });
    assert.deepEqual(runBytes(compiled.artifact.bytes, { args: ["x"] }), {
      ...{ code: 255, stdout: "21\n" },
      stderr: "abort: there were arguments in src.as.ts(4:32)\n",
    });
  });

  test("the helper logs, tells of progress, remembers and calls tools", async (t) => {
    const code = `import { callTool, log, member, memory, progress, quote, tryRequest, unquote } from "./collet_tool";
log("a \\"word\\"\\n", "warning");
progress(1, 4, "begun");
memory.set("key", '{"n":1}', 60);
console.log(memory.get("key"));
console.log(memory.increment("count", 2).toString());
console.log(callTool("add", '{"a":1}'));
const failed = tryRequest("memory/get", '{"key":"none"}');
console.log(failed.ok.toString() + " " + failed.message);
console.log(unquote(member('{ "a" : [1, {"b":"]"}] , "c":"\\\\u00e9\\\\n\\\\"x" }', "c")) + quote("\\t\\u0001"));
`;
    const compiled = await compileOrSkip(t, compiler, read(code));
    if (compiled === undefined) return;
    const heard: unknown[] = [];
    const replies: Readonly<Record<string, unknown>> = {
      "memory/get": { result: { value: { n: 1 } } },
      "memory/increment": { result: { value: 5 } },
      "tools/call": { result: { output: "漢" } },
    };
    const reply = (message: unknown) => {
      const { method, params } = message as { readonly method: string; readonly params: { readonly key?: string } };
      heard.push([method, params]);
      return params.key === "none"
        ? { error: { code: -1, message: 'no "none"' } }
        : replies[method] ?? { result: null };
    };
    const { code: exit, stdout } = runBytes(compiled.artifact.bytes, { reply });
    assert.equal(exit, 0);
    assert.deepEqual(stdout.split("\n"), [
      ...['{"n":1}', "5.0", '"漢"', 'false no "none"', "é", '"x"\\u0009\\u0001"', ""],
    ]);
    assert.deepEqual(heard, [
      ["log", { level: "warning", message: 'a "word"\n' }],
      ["progress", { current: 1, total: 4, message: "begun" }],
      ["memory/set", { key: "key", value: { n: 1 }, ttl: 60 }],
      ["memory/get", { key: "key" }],
      ["memory/increment", { key: "count", by: 2 }],
      ["tools/call", { name: "add", arguments: { a: 1 } }],
      ["memory/get", { key: "none" }],
    ]);
  });

  test("the example of the README greets and counts", async (t) => {
    const compiled = await compileOrSkip(t, compiler, read(await readmeExample("ts ignore")));
    if (compiled !== undefined) greetingOf(compiled.artifact.bytes, "\n");
  });

  test("packages of npm are compiled in, with their transforms, and locked", async (t) => {
    const code = `import { JSON } from "json-as";
@json
class Input {
  name: string = "";
  values: f64[] = [];
}
const buffer = new ArrayBuffer(1000);
const size = process.stdin.read(buffer);
const input = JSON.parse<Input>(String.UTF8.decode(buffer.slice(0, size)));
input.values.push(3);
console.log(JSON.stringify(input));
`;
    const source = read(code, { dependencies: ["json-as@1.6.0"] });
    const compiled = await compileOrSkip(t, compiler, source);
    if (compiled === undefined) return;
    const { stdout } = runBytes(compiled.artifact.bytes, { stdin: '{"name":"Zoë","values":[1,2.5]}' });
    assert.deepEqual(JSON.parse(stdout), { name: "Zoë", values: [1, 2.5, 3] });
    assert.match(compiled.lock!, /json-as/);
    const again = await compiler.compile({ ...source, lock: compiled.lock }, compileOptions());
    assert.deepEqual(again.artifact.bytes, compiled.artifact.bytes);
  });

  test("what does not compile is told by file and line, without paths of the machine", async (t) => {
    const code = 'import { twice } from "./lib/twice";\nlet n: i32 = "text";\ntwice(n);\n';
    const files = { "lib/twice.ts": "export function twice(n: i32): i32 {\n  return unknown * n;\n}\n" };
    if (await orSkip(t, () => kit.toolchains.install("assemblyscript", compileOptions())) === undefined) return;
    const { diagnostics, output } = await failureOf(compiler, read(code, { files }));
    assert.deepEqual(
      diagnostics.map(({ severity, file, line, column, code }) => [severity, file, line, column, code]),
      [
        ["error", "src.as.ts", 2, 14, "TS2322"],
        ["error", "lib/twice.ts", 2, 10, "TS2304"],
      ],
    );
    assert.match(diagnostics[0]!.message, /is not assignable to type 'i32'/);
    assert.equal(output.includes(kit.home), false);
    const outside = await failureOf(compiler, read('import "../../../../etc/hosts";\n'));
    assert.deepEqual(outside.diagnostics.map(({ code, line }) => [code, line]), [["TS6054", 1]]);
  });

  test("words that are no packages, and files in the place of the main one, are refused", () => {
    for (const word of ["--option", "../x", "https://example.org/x.tgz", "a b"]) {
      assert.throws(() => compiler.check(read("", { dependencies: [word] })), /Cannot use package "/);
    }
    assert.throws(() => compiler.check(read("", { files: { "src.as.ts": "" } })), /the build has one by that name/);
  });

  test("a server that is offline says what installs the compiler", async () => {
    const home = await mkdtemp(join(tmpdir(), "collet-offline-"));
    try {
      await using off = await startToolchains({ home, config: { offline: true } });
      const compiling = new AssemblyScriptCompiler(off).compile(read(""), compileOptions());
      const error = await compiling.then(() => assert.fail("it compiled"), (thrown) => thrown);
      assert.ok(error instanceof MissingToolchain, String(error));
      assert.equal(error.commands[0], "collet toolchain install assemblyscript");
      assert.match(error.message, /This server is offline/);
    } finally {
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
