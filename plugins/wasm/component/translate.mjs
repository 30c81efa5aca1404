/**
 * Translates a component to JavaScript and core modules, in a child that ends.
 *
 * `node program.mjs TOOLCHAIN`, with `component.wasm`. It writes the files below `out`, and `result.json`:
 * `{"files", "imports", "exports"}`, or `{"failure"}`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

// what runs once is not worth being optimized: that takes longer than it saves, and twice the memory
setFlagsFromString("--liftoff-only");

const TRANSLATOR = "node_modules/@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.js";
const OPTIONS = {
  name: "component",
  instantiation: { tag: "sync" },
  map: [],
  noNodejsCompat: true,
  noTypescript: true,
  noComponentErrorWrapping: true,
  base64Cutoff: 0,
};

async function translate([, , toolchain]) {
  const { $init, generate } = await import(pathToFileURL(join(toolchain, TRANSLATOR)).href);
  await $init;
  const { files, imports, exports } = generate(readFileSync("component.wasm"), OPTIONS);
  mkdirSync("out", { recursive: true });
  const names = [];
  for (const [path, bytes] of files) {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.js$/, ".mjs");
    // told now, and not when it is run
    if (name.endsWith(".wasm")) new WebAssembly.Module(bytes);
    writeFileSync(join("out", name), bytes);
    names.push(name);
  }
  return { files: names, imports, exports: exports.map(([name]) => name) };
}

const result = await translate(process.argv).catch((error) => ({
  failure: error?.payload ?? error?.message ?? String(error),
  isEngineOld: error instanceof WebAssembly.CompileError,
}));
writeFileSync("result.json", JSON.stringify(result));
