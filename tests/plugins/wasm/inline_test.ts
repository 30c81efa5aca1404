import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { type CallPatch, createCall, Kernel } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import type { FileTree } from "../../../kernel/testing.ts";
import library from "../../../plugins/library/mod.ts";
import wasm from "../../../plugins/wasm/mod.ts";
import { ROOT } from "../../../scripts/lib/repository.ts";
import { dataOf, fail } from "./kit.ts";
import { adder, ASK, ECHO, LOOP, moduleText, printing } from "./run_kit.ts";
import { assemble } from "./wat_text.ts";

/** The files of a tool, as they lie in a home. */
async function toolFiles(
  name: string,
  code: { readonly wat: string } | { readonly js: string },
  more: object = {},
): Promise<FileTree> {
  const entry = "wat" in code ? `${name}.wasm` : `${name}.js`;
  const content = "wat" in code ? await assemble(code.wat) : `var __collet_bundle = { default: ${code.js} };`;
  const manifest = {
    name,
    version: "1.0.0",
    description: `Tool ${name}`,
    tool_type: "wasm",
    entry_file: entry,
    format: 1,
  };
  return {
    [`tools/${name}/manifest.json`]: JSON.stringify({ ...manifest, ...more }),
    [`tools/${name}/${entry}`]: content,
  };
}

async function startEdge(...tools: readonly Promise<FileTree>[]) {
  const files = Object.assign({}, ...await Promise.all(tools));
  const kernel = new Kernel({ exposeErrors: true }).use(createEdgePlatform({ files })).use(library).use(wasm).use(
    adder,
  );
  await kernel.start();
  return {
    call: (name: string, args: object = {}, call: CallPatch = {}) => kernel.call(name, args, createCall(call)),
    [Symbol.asyncDispose]: () => kernel.stop(),
  };
}

test("a module without threads takes its arguments, logs, fails, and is ended when it works too long", async () => {
  const short = { grants: { timeout_ms: 200 } };
  await using edge = await startEdge(
    toolFiles("echo", { wat: ECHO }),
    toolFiles("exit", { wat: printing([[2, "why\n"]], "(call $exit (i32.const 2))") }),
    toolFiles("loop", { wat: LOOP }, short),
  );
  const logs: string[] = [];
  assert.deepEqual((await edge.call("echo", { text: "ü" })).structuredContent, { text: "ü" });
  const failed = await edge.call("exit", {}, { log: (_, message) => void logs.push(message) });
  assert.equal(fail(failed), 'Tool "exit" failed with exit code 2\nstderr:\nwhy');
  assert.deepEqual(logs, ["why"]);
  assert.match(fail(await edge.call("loop")), /^Tool "loop" did not answer within its time limit \(200 ms\)/);
  assert.equal(dataOf(await edge.call("echo", { n: 1 }))["n"], 1);
});

test("a module without threads is ended that does its work by long calls", async () => {
  const short = { grants: { timeout_ms: 200 } };
  // each call takes long, and the module itself does next to nothing
  const random = `(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 256)
    (func (export "_start")
      (loop $more (drop (call $random (i32.const 0) (i32.const 16777216))) (br $more))))`;
  await using edge = await startEdge(toolFiles("random", { wat: random }, short), toolFiles("echo", { wat: ECHO }));
  assert.match(fail(await edge.call("random")), /^Tool "random" did not answer within its time limit \(200 ms\)/);
  assert.equal(dataOf(await edge.call("echo", { n: 1 }))["n"], 1);
});

test("a module without threads works as long as its time limit allows", async () => {
  // some 3,000,000,000 units of fuel
  const work = `(local.set $n (i32.const 300000000))
    (loop $more (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $print (i32.const 1) (i32.const 4096) (i32.const 4))`;
  await using edge = await startEdge(
    toolFiles("work", { wat: moduleText(work, ["done"]) }, { grants: { timeout_ms: 60_000 } }),
  );
  assert.deepEqual((await edge.call("work")).content, [{ type: "text", text: "done" }]);
});

test("a module without threads reports, and is told that it gets no replies", async () => {
  await using edge = await startEdge(toolFiles("ask", { wat: ASK }));
  const logs: string[] = [];
  const call: CallPatch = { log: (_, message) => void logs.push(message) };
  assert.deepEqual((await edge.call("ask", { method: "log", params: { message: "here" } }, call)).structuredContent, {
    result: {},
  });
  assert.deepEqual(logs, ["here"]);
  const { error } = dataOf(await edge.call("ask", { method: "tools/call", params: { name: "add" } }));
  assert.match((error as { readonly message: string }).message, /^Cannot send "tools\/call": .*without threads$/);
});

test("a bundle without threads calls tools, and is ended when it never answers", async () => {
  const short = { grants: { timeout_ms: 300 } };
  await using edge = await startEdge(
    toolFiles("add_one", { js: 'async ({ a }, ctx) => (await ctx.callTool("add", { a, b: 1 }))' }),
    toolFiles("spin", { js: "() => { for (;;); }" }, short),
  );
  assert.deepEqual((await edge.call("add_one", { a: 4 })).structuredContent, { sum: 5 });
  assert.match(fail(await edge.call("spin")), /within its time limit \(300 ms\)/);
});

test("without threads a module that speaks the script protocol is refused", async () => {
  await using edge = await startEdge(toolFiles("speaker", { wat: moduleText("") }, { protocol: 1 }));
  assert.match(fail(await edge.call("speaker")), /^Cannot run "speaker": it speaks the script protocol over stdin/);
});

/** What runs in the bundle: a kernel of its own, with tools out of files. */
const PROGRAM = `
  import { createEdgePlatform, Kernel } from "./kernel/edge.ts";
  import library from "./plugins/library/mod.ts";
  import wasm from "./plugins/wasm/mod.ts";
  export async function run(files, calls) {
    const kernel = await new Kernel().use(createEdgePlatform({ files })).use(library).use(wasm).start();
    const results = [];
    for (const [name, args] of calls) results.push(await kernel.call(name, args));
    await kernel.stop();
    return results;
  }`;

/** What a bare runtime has none of. */
const ABSENT = ["process", "Deno", "Buffer", "require", "global", "module", "setImmediate"];

test("a bundle of the edge kernel without modules of Node runs a module and a bundle", async () => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: PROGRAM, resolveDir: ROOT, loader: "ts" },
    ...{ bundle: true, format: "iife", globalName: "edge", platform: "neutral", target: "es2022" },
    ...{ mainFields: ["module", "main"], conditions: ["import"], external: ["node:*"] },
    ...{ write: false, metafile: true, logLevel: "error", logOverride: { "empty-import-meta": "silent" } },
  });
  const imports = Object.values(metafile.outputs).flatMap((it) => it.imports.map(({ path }) => path));
  assert.deepEqual(imports, []);
  const start = new Function(...ABSENT, `${outputFiles[0]!.text}\nreturn edge;`);
  const edge = start() as { run(files: FileTree, calls: readonly unknown[]): Promise<readonly unknown[]> };
  const files = {
    ...await toolFiles("echo", { wat: ECHO }),
    ...await toolFiles("twice", { js: "({ n }) => ({ n: 2 * n })" }),
  };
  const results = await edge.run(files, [["echo", { text: "ü" }], ["twice", { n: 4 }]]);
  assert.deepEqual(results.map((it) => dataOf(it as never)), [{ text: "ü" }, { n: 8 }]);
});
