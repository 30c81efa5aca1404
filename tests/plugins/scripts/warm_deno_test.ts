import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inRepository } from "../../../scripts/lib/repository.ts";
import { assertSame, startWarmKit, type WarmKit, type WarmScript } from "./warm_kit.ts";

const DENO = inRepository("node_modules", ".bin", "deno");

/** What scripts may notice of how they were started, by file. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "request.ts": `const t: number = 1;
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  console.log(t, text);
  break;
}`,
  "facts.ts": `console.log(import.meta.main, import.meta.url, Deno.args, Deno.mainModule, import.meta.dirname);
console.log(Object.keys(globalThis), new Error("here").stack);`,
  "permissions.ts": `const names = ["read", "write", "env", "net", "run", "sys", "ffi"] as const;
for (const name of names) console.log(name, Deno.permissions.querySync({ name }).state);
for (const name of ["read", "write"] as const) {
  console.log(Deno.permissions.querySync({ name, path: import.meta.dirname! }).state);
}
console.log(Deno.permissions.querySync({ name: "env", variable: "SECRET" }).state, Deno.env.get("SECRET"));
try { Deno.writeTextFileSync(import.meta.dirname + "/x", ""); } catch (error) { console.log(String(error)); }
try { Deno.env.get("HOME"); } catch (error) { console.log(String(error)); }`,
  "thrown.ts": "function f(): never { throw new Error('é'); }\nf();",
  "late.ts":
    "setTimeout(() => { throw new Error('late'); }, 1);\naddEventListener('unload', () => console.log('unload'));",
  "rejected.ts": "Promise.reject(new Error('no'));",
  "syntax.ts": "let a = ;",
  "status.ts": "Deno.exit(3);",
  "awaited.ts": "console.log(await new Promise<number>((resolve) => setTimeout(() => resolve(7), 20)));",
  "never.ts": "await new Promise(() => {});",
  "beside.ts": "import { name } from './other.ts';\nconsole.log(name);",
  "missing.ts": "import './none.ts';",
  "typed.ts": "enum E { A }\nconst a: string = 5 as never;\nconsole.log(a, E.A);",
  "plain.js": "console.log('js');",
  "plain.mjs": "console.log('mjs');",
  "plain.cjs": "console.log(require.main === module);",
  "node.ts":
    "import fs from 'node:fs';\nimport process from 'node:process';\nconsole.log(process.argv.slice(2), typeof fs);",
  "bytes.ts": "console.log((await new Response(Deno.stdin.readable).bytes()).length);",
  "sync.ts": "const bytes = new Uint8Array(4);\nconsole.log(Deno.stdin.readSync(bytes), bytes);",
  "worker.ts": `declare const WorkerGlobalScope: unknown;
if (typeof WorkerGlobalScope === "undefined") {
  new Worker(import.meta.url, { type: "module" }).onmessage = ({ data }) => { console.log(data); Deno.exit(); };
} else postMessage("in a thread");`,
};

function args(kit: WarmKit, more: readonly string[] = []): readonly string[] {
  return ["run", "--no-prompt", `--allow-read=${join(kit.path, "tool")}`, ...more];
}

function script(name: string, code: string, more: Partial<WarmScript> = {}): WarmScript {
  return {
    language: "deno",
    program: DENO,
    name,
    code,
    argv: ["a", "b c"],
    env: { SECRET: "é", OTHER: "x" },
    files: { "other.ts": "export const name: string = import.meta.url;" },
    stdin: name.startsWith("bytes") ? new Uint8Array(10_000_000).fill(97) : '{"a":1}\nrest\n',
    ...more,
  };
}

describe("a warm Deno", { skip: existsSync(DENO) ? false : "there is no Deno" }, () => {
  test("a script does in it what it does in a cold one", async () => {
    await using kit = await startWarmKit();
    for (const [name, code] of Object.entries(SCRIPTS)) {
      await assertSame(kit, script(name, code, { args: args(kit, ["--allow-env=SECRET"]) }));
    }
  });

  test("what it may change beside its own folder is the same", async () => {
    await using kit = await startWarmKit();
    const code = `const home = import.meta.dirname + "/../home";
for (const folder of [home, import.meta.dirname!, "/"]) {
  console.log(Deno.permissions.querySync({ name: "write", path: folder }).state);
}`;
    for (const allowed of [[`--allow-write=${join(kit.path, "home")}`], ["--allow-write"], ["-A"]]) {
      const words = allowed[0] === "-A" ? ["run", "-A"] : args(kit, allowed);
      await assertSame(kit, script("write.ts", code, { args: words }));
    }
  });

  test("it ends quietly when no script comes", async () => {
    await using kit = await startWarmKit();
    for (const text of ["", "COLLET 0000"]) {
      const { child } = await kit.wait(script("none.ts", "", { args: args(kit) }));
      let stderr = "";
      child.stderr.on("data", (piece) => stderr += piece);
      child.stdin.end(text);
      assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
      assert.equal(stderr, "");
    }
  });
});
