/**
 * Compiles a tool by a Clang that is itself WebAssembly, in a child that ends. It sees the files that it is given, and
 * those of its own libraries.
 *
 * `node program.mjs TOOLCHAIN`, with `job.json`: `{"files", "commands"}`, the files as a tree, each command as
 * `{"args", "output"}`. It writes what the last of them makes, and `result.json`: `{"output", "code"}`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

// what runs once is not worth being optimized: that takes longer than it saves, and twice the memory
setFlagsFromString("--liftoff-only");

const [, , toolchain] = process.argv;
const { files, commands } = JSON.parse(readFileSync("job.json", "utf8"));
const { runClang, Exit } = await import(
  pathToFileURL(join(toolchain, "node_modules/@yowasp/clang/gen/bundle.js")).href
);

let output = "";
let code = 0;
const decoder = new TextDecoder();
const listen = (bytes) => void (output += bytes === null ? "" : decoder.decode(bytes, { stream: true }));
try {
  let tree = files;
  for (const { args, output: name } of commands) {
    const made = await runClang([...args, "-o", name], tree, {
      stdout: listen,
      stderr: listen,
      fetchProgress: () => {},
    });
    tree = { ...tree, [name]: made[name] };
  }
  const { output: name } = commands.at(-1);
  writeFileSync(name, tree[name]);
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  code = error.code;
}
writeFileSync("result.json", JSON.stringify({ output, code }));
