/**
 * WASM tools where there are neither processes nor threads.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { toBase64 } from "../../../kernel/mod.ts";
import { Kernel } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { fakeLog, type FileTree } from "../../../kernel/testing.ts";
import library from "../../../plugins/library/mod.ts";
import wasm from "../../../plugins/wasm/mod.ts";
import { dataOf, ECHO, fail, startWasm, succeed, type WasmKit } from "./kit.ts";

const DOUBLE = "export default ({ n }: { n: number }) => ({ double: 2 * n });";
const LOOP = `(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))`;

async function filesOf(kit: WasmKit, names: readonly string[]): Promise<FileTree> {
  const files: Record<string, string | Uint8Array> = {};
  for (const name of names) {
    const folder = join(kit.home, "tools", name);
    for (const file of await readdir(folder)) files[`tools/${name}/${file}`] = await readFile(join(folder, file));
  }
  return files;
}

async function startEdge(files: FileTree = {}) {
  const kernel = new Kernel({ log: fakeLog(), exposeErrors: true }).use(createEdgePlatform({ files })).use(library)
    .use(wasm);
  await kernel.start();
  return { call: (name: string, args = {}) => kernel.call(name, args), [Symbol.asyncDispose]: () => kernel.stop() };
}

test("an edge runtime runs modules and bundles that were built elsewhere, and ends what runs too long", async () => {
  await using kit = await startWasm();
  await kit.build({ name: "echo", code: ECHO });
  await kit.build({ name: "double", code: DOUBLE });
  await kit.build({ name: "loop", code: LOOP, timeout_ms: 200 });
  await using edge = await startEdge(await filesOf(kit, ["echo", "double", "loop"]));
  assert.deepEqual((await edge.call("echo", { text: "ü" })).structuredContent, { text: "ü" });
  assert.deepEqual((await edge.call("double", { n: 4 })).structuredContent, { double: 8 });
  assert.match(fail(await edge.call("loop")), /time limit/);
});

test("an edge runtime takes finished modules, and says of source that nothing compiles it there", async () => {
  await using kit = await startWasm();
  await kit.build({ name: "echo", code: ECHO });
  const module = toBase64(await readFile(join(kit.home, "tools/echo/echo.wasm")));
  await using edge = await startEdge();
  const build = (code: string) => edge.call("build_tool", { name: "tool", description: "Tool", code, overwrite: true });
  succeed(await build(module));
  assert.deepEqual((await edge.call("tool", { a: 1 })).structuredContent, { a: 1 });
  for (const [language, code] of [["rust", "fn main() {}"], ["typescript", DOUBLE], ["wat", ECHO]] as const) {
    const refused = await build(code);
    const missing = `Cannot build "tool" from ${language}: this server runs where no program can be started`;
    assert.ok(fail(refused).startsWith(missing), fail(refused));
    assert.deepEqual(dataOf(refused)["available"], ["wasm"]);
  }
});
