/**
 * Compiles a tool by the AssemblyScript compiler, in a child that ends. The compiler is given the files of the tool, the
 * packages that the tool depends on, and the bindings of WASI; it reads nothing else.
 *
 * `node program.mjs TOOLCHAIN [PACKAGES]`, with `job.json`: `{"entry", "files", "library", "args", "packages"}`. It
 * writes `main.wasm`, and `result.json`: `{"diagnostics", "output", "failure"}`.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

// what runs once is not worth being optimized: that takes longer than it saves, and twice the memory
setFlagsFromString("--liftoff-only");

const [, , toolchain, packages] = process.argv;
const { entry, files, library, args, packages: names } = JSON.parse(readFileSync("job.json", "utf8"));

/** Names of folders of library files, as the compiler is told them. */
const WASI = "wasi";
const LIBRARY = "library";
const WASI_FOLDER = join(toolchain, "node_modules/@assemblyscript/wasi-shim/assembly");
/** Severities, as the compiler numbers them. */
const SEVERITIES = ["note", "note", "warning", "error"];

const diagnostics = [];

function inFolder(folder, name) {
  if (name.split("/").includes("..") || !/\.(?:ts|json)$/.test(name)) return null;
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function readFile(name, base) {
  if (base === WASI) return inFolder(WASI_FOLDER, name);
  if (base === LIBRARY) return Object.hasOwn(library, name) ? library[name] : null;
  if (Object.hasOwn(files, name)) return files[name];
  return name.startsWith("node_modules/") && packages !== undefined ? inFolder(".", name) : null;
}

function listFiles(folder) {
  if (folder === WASI) return readdirSync(WASI_FOLDER).filter((name) => name.endsWith(".ts"));
  return folder === LIBRARY ? Object.keys(library) : null;
}

/** Puts packages where the compiler looks for them, and gives options that name their transforms. */
function placePackages() {
  if (packages === undefined) return [];
  // Deno takes no relative path for the folder that it copies to
  cpSync(join(packages, "node_modules"), resolve("node_modules"), { recursive: true, dereference: true });
  const require = createRequire(resolve("main.cjs"));
  const transforms = names.flatMap((name) => {
    try {
      return [require.resolve(`${name}/transform`)];
    } catch {
      return [];
    }
  });
  if (transforms.length === 0) return [];
  if (globalThis.Deno !== undefined) {
    const message = "a package brings a transform, which runs on Node alone; install Node with npm";
    diagnostics.push({ severity: "warning", message });
    return [];
  }
  // transforms import the compiler from where they lie, and have to get the one that runs
  rmSync("node_modules/assemblyscript", { recursive: true, force: true });
  symlinkSync(join(toolchain, "node_modules/assemblyscript"), "node_modules/assemblyscript");
  return transforms.flatMap((path) => ["--transform", path]);
}

function placeOf(range) {
  if (range === null) return {};
  const { source: { normalizedPath: file }, start } = range;
  if (!Object.hasOwn(files, file)) return { file };
  const before = files[file].slice(0, start).split("\n");
  return { file, line: before.length, column: before.at(-1).length + 1 };
}

function describe({ category, code, message, range }) {
  return {
    severity: SEVERITIES[category] ?? "error",
    code: `${code < 1000 ? "AS" : "TS"}${code}`,
    message,
    ...placeOf(range),
  };
}

const compiler = join(toolchain, "node_modules/assemblyscript/dist/asc.js");
const { default: asc } = await import(pathToFileURL(compiler).href);
let output = "";
const { error } = await asc.main([
  entry,
  "--outFile",
  "main.wasm",
  "--lib",
  `${WASI},${LIBRARY}`,
  ...args,
  ...placePackages(),
], {
  stdout: { write: () => {} },
  stderr: { write: (text) => void (output += text) },
  reportDiagnostic: (it) => void diagnostics.push(describe(it)),
  readFile,
  listFiles,
  writeFile: (name, content) => void (name === "main.wasm" && writeFileSync(name, content)),
});
writeFileSync("result.json", JSON.stringify({ diagnostics, output, failure: error?.message }));
