/**
 * Files of variables, as the real python-dotenv reads them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { EnvFile } from "../../../../plugins/skills/env/env_file.ts";
import { type TemporaryFolder, temporaryFolder } from "../../../platform/temporary.ts";
import { freshSeed, seededRandom } from "../../../support/random.ts";

const run = promisify(execFile);
const PYTHON = process.platform === "win32" ? "python" : "python3";
const READER = `
import json, sys
from dotenv import dotenv_values
folder, count = sys.argv[1], int(sys.argv[2])
print(json.dumps([list(dotenv_values(f"{folder}/{i}.env").items()) for i in range(count)]))
`;
/** Files of each test. */
const FILES = 600;
const TOKENS = [
  ...["A", "B", "C_1", "=", "=", "=", " ", "  ", "\t", "\n", "\n", "\r\n", "\r", "'", '"', "\\", "#", " #", "export "],
  ...["${A}", "${B:-x}", "${", "}", ":", "$", "x y", "value", "\\n", "\\'", '\\"', "\u00a0", "é", "\u2028", "\x1c"],
  ...["A=1\n", "B='2'\n", 'A="3\n4"\n', "# comment\n", "export B=${A}\n", "C_1 = x # y\n", "\ufeff", "\x85", "😀"],
];

let folder: TemporaryFolder;
let problem: string | undefined;

before(async () => {
  folder = await temporaryFolder();
  const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", join(folder.path, "lib"), "python-dotenv"];
  problem = await run(PYTHON, args).then(() => undefined, (error: Error) => `no python-dotenv: ${error.message}`);
});
after(() => folder[Symbol.asyncDispose]());

function isSkipped(t: TestContext): boolean {
  if (problem !== undefined) t.skip(problem);
  return problem !== undefined;
}

/** Gives what python-dotenv reads of each text, names without a value left out as their readers do. */
async function readAll(texts: readonly string[]): Promise<readonly Record<string, string>[]> {
  const files = await mkdtemp(join(folder.path, "files-"));
  await Promise.all(texts.map((text, i) => writeFile(join(files, `${i}.env`), text)));
  const env = { PYTHONPATH: join(folder.path, "lib"), PYTHONUTF8: "1", PATH: process.env["PATH"] };
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run(PYTHON, ["-c", READER, files, String(texts.length)], options);
  // pairs: the JSON.parse of some engines misreads keys that hold escapes
  const found: readonly (readonly [string, string | null])[][] = JSON.parse(stdout);
  return found.map((values) => Object.fromEntries(values.filter((it): it is [string, string] => it[1] !== null)));
}

function textOf(random: () => number, most: number): string {
  const length = Math.floor(random() * most);
  return Array.from({ length }, () => TOKENS[Math.floor(random() * TOKENS.length)]).join("");
}

describe("EnvFile beside python-dotenv", () => {
  test("EnvFile.values() reads any file as python-dotenv does", async (t) => {
    if (isSkipped(t)) return;
    const seed = freshSeed();
    const random = seededRandom(seed);
    const texts = Array.from({ length: FILES }, () => textOf(random, 30));
    const read = await readAll(texts);
    const known = { PATH: process.env["PATH"], PYTHONUTF8: "1" } as Record<string, string | undefined>;
    for (const [i, text] of texts.entries()) {
      const message = `seed ${seed}: ${JSON.stringify(text)}`;
      assert.deepEqual(EnvFile.parse(text).values((name) => known[name]), read[i], message);
      assert.equal(EnvFile.parse(text).toString(), text, message);
    }
  });

  test("EnvFile.set() writes any value such that python-dotenv reads it back, and leaves other lines alone", async (t) => {
    if (isSkipped(t)) return;
    const seed = freshSeed();
    const random = seededRandom(seed);
    const edits = Array.from({ length: FILES }, () => ({
      text: textOf(random, 20),
      values: { [random() < 0.5 ? "A" : "NEW"]: textOf(random, 8), C_1: textOf(random, 4) } as Record<string, string>,
    })).flatMap((it) => {
      const file = EnvFile.parse(it.text);
      try {
        file.set(it.values);
        return [{ ...it, written: file.toString() }];
      } catch {
        assert.equal(file.toString(), it.text, `seed ${seed}: ${JSON.stringify(it)}`);
        return [];
      }
    });
    assert.ok(edits.length > FILES / 5, `seed ${seed}: only ${edits.length} edits were taken`);
    const read = await readAll(edits.map(({ written }) => written));
    for (const [i, { text, values, written }] of edits.entries()) {
      const message = `seed ${seed}: ${JSON.stringify({ text, values, written })}`;
      for (const [key, value] of Object.entries(values)) assert.equal(read[i]?.[key], value, message);
      const removed = EnvFile.parse(written);
      const before = EnvFile.parse(text);
      assert.deepEqual([...new Set([...before.keys(), ...Object.keys(values)])].sort(), removed.keys(), message);
      removed.delete(Object.keys(values));
      before.delete(Object.keys(values));
      // what was appended may have needed the end of a line before it
      assert.ok([before.toString(), `${before}\n`, `${before}\r\n`].includes(removed.toString()), message);
    }
  });
});
