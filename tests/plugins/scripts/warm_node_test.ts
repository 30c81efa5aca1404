import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { findNode, NODE_VERSIONS } from "../../../scripts/lib/nodes.ts";
import { assertSame, startWarmKit, type WarmScript } from "./warm_kit.ts";

/** What scripts may notice of how they were started, by file. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "request.js": "process.stdin.once('data', (d) => { console.log(JSON.parse(d)); process.exit(); });",
  "facts.cjs": `console.log(require.main === module, module.children.length, module.parent, module.paths, __filename);
console.log(process.argv, process.execArgv, Object.keys(require.cache), Object.entries(process.env).sort(), process.cwd());
console.log(require("node:module").runMain.name, process.mainModule === module, new Error("here").stack, process.eventNames());
console.log(Object.keys(globalThis), require("node:module").globalPaths.length, process.exitCode, process.uptime() > 0);`,
  "facts.mjs":
    `console.log(import.meta.url, import.meta.main, import.meta.dirname, process.argv, process.execArgv, process.mainModule);
console.log(Object.entries(process.env).sort(), new Error("here").stack);`,
  "thrown.js": "function f() { throw new Error('é'); }\nf();",
  "thrown.mjs": "import 'node:fs';\nfunction f() { throw new TypeError('é'); }\nf();",
  "late.js": "setTimeout(() => { throw new Error('late'); }, 1);",
  "caught.js":
    "process.on('uncaughtException', (e) => console.log(e.stack));\nsetTimeout(() => { throw new Error('late'); }, 1);",
  "syntax.js": "let a = ;",
  "syntax.mjs": "let a = ;",
  "detected.js": "import { readFileSync } from 'node:fs';\nconsole.log(typeof readFileSync, typeof require);",
  "awaited.mjs": "console.log(await new Promise((resolve) => setTimeout(resolve, 20, 7)));",
  "never.mjs": "await new Promise(() => {});",
  "rejected.js": "Promise.reject(new Error('no'));",
  "rejected.mjs": "Promise.reject(3);",
  "status.js": "process.exit(3);",
  "status.mjs": "process.exitCode = 4; console.error('words');",
  "missing.js": "require('./none');",
  "missing.mjs": "import './none.mjs';",
  "package.mjs": "import 'no-such-package';",
  "beside.js": "console.log(require('./beside.cjs').name); import('./beside.mjs').then(console.log);",
  "beside.mjs": "import { name } from './beside.mjs';\nimport other from './beside.cjs';\nconsole.log(name, other);",
  "bytes.js": "console.log(require('node:fs').readFileSync(0).length);",
  "chunks.js": "let n = 0;\nprocess.stdin.on('data', (d) => n += d.length).on('end', () => console.log(n));",
  "lines.js": "require('node:readline').createInterface({ input: process.stdin }).on('line', (l) => console.log(l));",
  "forked.js": `if (process.argv[2] === "child") process.send(process.execArgv);
else require("node:child_process").fork(__filename, ["child"]).on("message", (m) => console.log(m));`,
  "worker.js": `const { isMainThread, parentPort, Worker } = require("node:worker_threads");
if (isMainThread) new Worker(__filename).on("message", (m) => console.log(m));
else parentPort.postMessage([Object.keys(require.cache), process.argv]);`,
  "thread.js":
    "const t = require('node:worker_threads');\nif (t.isMainThread) new t.Worker(__filename); else throw new Error('in a thread');",
  "signal.js": "process.kill(process.pid, 'SIGTERM');\nsetTimeout(() => {}, 1000);",
  "order.js":
    "process.nextTick(console.log, 1); queueMicrotask(() => console.log(2)); setTimeout(console.log, 0, 3); console.log(0);",
  "zone.js": "console.log(new Date(0).getHours(), process.env.TZ);",
  "typed.ts": "const x: number = 5;\nconsole.log(x);",
  "strict.js":
    "console.log(this === module.exports, typeof arguments, (function () { return this === globalThis; })());",
};
const FILES = { "beside.cjs": "exports.name = __filename;", "beside.mjs": "export const name = import.meta.url;" };
/** Reading all of stdin is told from reading a line. */
const LONG = /^(?:bytes|chunks)\./;

async function nodes(): Promise<readonly string[]> {
  const found = await Promise.all(NODE_VERSIONS.map(findNode));
  return found.flatMap((it) => "binary" in it ? [it.binary] : []);
}

function script(program: string, name: string, code: string, more: Partial<WarmScript> = {}): WarmScript {
  return {
    language: "node",
    program,
    name: name.startsWith("beside") ? `uses_${name}` : name,
    code,
    argv: ["a", "b c"],
    env: { TZ: "Asia/Tokyo", SECRET: "é" },
    files: FILES,
    stdin: LONG.test(name) ? new Uint8Array(10_000_000).fill(97) : '{"a":1}\nrest\n',
    ...more,
  };
}

describe("a warm Node", () => {
  test("a script does in it what it does in a cold one", async (t) => {
    const programs = await nodes();
    if (programs.length === 0) return t.skip("there is no Node");
    await using kit = await startWarmKit();
    for (const program of programs) {
      for (const [name, code] of Object.entries(SCRIPTS)) await assertSame(kit, script(program, name, code));
    }
  });

  test("NODE_PATH finds packages, and a hook by NODE_OPTIONS finds them for import", async (t) => {
    const programs = await nodes();
    if (programs.length === 0) return t.skip("there is no Node");
    await using kit = await startWarmKit();
    const hook = pathToFileURL("plugins/scripts/author_modules/node_hook.mjs").href;
    const env = { NODE_PATH: `${kit.path}/tool/lib/node_modules`, NODE_OPTIONS: `--import=${hook}` };
    const files = {
      "lib/node_modules/extra/index.mjs": "export const name = 'extra';",
      "lib/node_modules/extra/index.cjs": "exports.name = 'extra';",
      "lib/node_modules/extra/package.json":
        '{"name":"extra","exports":{"import":"./index.mjs","require":"./index.cjs"}}',
    };
    const scripts = {
      "import.mjs":
        "import { name } from 'extra';\nconsole.log(name, process.env.NODE_OPTIONS, process.env.COLLET_IMPORT);",
      "require.cjs": "console.log(require('extra').name, require.main === module);",
      "dynamic.cjs": "import('extra').then(({ name }) => console.log(name, Object.keys(require.cache)));",
    };
    for (const program of programs) {
      for (const [name, code] of Object.entries(scripts)) {
        const { stdout } = await assertSame(kit, script(program, name, code, { env, files }));
        assert.match(stdout, /^extra/);
      }
    }
  });

  test("it ends quietly when no script comes", async (t) => {
    const [program] = await nodes();
    if (program === undefined) return t.skip("there is no Node");
    await using kit = await startWarmKit();
    for (const text of ["", "COLLET 0000"]) {
      const { child } = await kit.wait(script(program, "none.js", ""));
      let stderr = "";
      child.stderr.on("data", (piece) => stderr += piece);
      child.stdin.end(text);
      assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
      assert.equal(stderr, "");
    }
  });
});
