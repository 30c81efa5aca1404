/**
 * The program that runs code, in all Pythons of this machine that it is for.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { FILES as PROGRAMS } from "../../../../plugins/code/python/program.ts";
import { PROGRAM_FILE } from "../../../../plugins/code/python/places.ts";
import { FILES as MODULES } from "../../../../plugins/scripts/author_modules/files.ts";
import { temporaryHome } from "../../library/kit.ts";

const NAMES = [
  "python3",
  "python3.8",
  "python3.9",
  "python3.10",
  "python3.11",
  "python3.12",
  "python3.13",
  "python3.14",
];
const GRAMMAR = `import ast, json, sys
for path, text in json.load(sys.stdin).items():
    ast.parse(text, path, feature_version=(3, 8))`;
const CODE = `from __future__ import annotations
import asyncio
async def ask(i):
    return await echo.aio(i=i)
found: list = await asyncio.gather(*[ask(i) for i in range(3)])
if found:
    return [found, echo({"a": 1}), "found" in locals()]`;

/** Runs code with one tool, which gives back its arguments. */
async function converse(python: string, folder: string, code: string): Promise<unknown> {
  const env = { ...process.env, PYTHONPATH: join(folder, "python"), PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(python, [join(folder, PROGRAM_FILE)], { env, stdio: ["pipe", "pipe", "inherit"] });
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const args = { code, tools: [{ name: "echo", identifier: "echo" }], session: {}, most_bytes: 100_000 };
  say({ id: 1, method: "execute", params: { arguments: args } });
  let text = "";
  for await (const piece of child.stdout) {
    const lines = `${text}${piece}`.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const { id, params, result, error } = JSON.parse(line);
      if (params === undefined) return result ?? error;
      say({ id, result: { output: params.arguments } });
    }
  }
  throw new Error("There was no answer");
}

describe("the program that runs Python code", { timeout: 120_000 }, () => {
  const found = NAMES.filter((name) =>
    spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0
  );

  test("is written in the grammar of Python 3.8", () => {
    const { status, stderr } = spawnSync("python3", ["-c", GRAMMAR], { input: JSON.stringify(PROGRAMS) });
    assert.equal(status, 0, String(stderr));
  });

  for (const python of found) {
    test(`runs in ${python}`, async () => {
      await using home = await temporaryHome();
      for (const [path, content] of Object.entries({ ...MODULES, ...PROGRAMS })) {
        await mkdir(dirname(join(home.path, path)), { recursive: true });
        await writeFile(join(home.path, path), content);
      }
      assert.deepEqual(await converse(python, home.path, CODE), {
        value: [[{ i: 0 }, { i: 1 }, { i: 2 }], { a: 1 }, true],
        session: {},
      });
      const failed = await converse(python, home.path, "def f():\n    1 / 0\n\nf()");
      assert.match(
        JSON.stringify(failed),
        /line 4, in <module>.*line 2, in f.*ZeroDivisionError: division by zero"\}\}$/,
      );
    });
  }
});
