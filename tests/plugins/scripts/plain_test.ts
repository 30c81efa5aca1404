/**
 * Scripts that speak no protocol, started cold and on interpreters that waited for them.
 */
import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createCall } from "../../../kernel/mod.ts";
import { type PlainScript, ScriptRunner } from "../../../plugins/scripts/contract.ts";
import { scriptArguments } from "../../../plugins/scripts/interpreter.ts";
import { until } from "../../support/wait.ts";
import { assertNoProcess, processesWith, type ScriptKit, startScripts } from "./kit.ts";

/** Writes files below a folder of the home, and gives a way to run the first of them. */
async function prepare(kit: ScriptKit, interpreter: string, files: Readonly<Record<string, string>>) {
  const folder = join(kit.home, "plain", crypto.randomUUID());
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const runner = kit.kernel.get(ScriptRunner)!;
  const file = join(folder, Object.keys(files)[0]!);
  const run = (more: Partial<PlainScript> = {}) =>
    runner.runPlain({ name: "plain", file, folder, interpreter, input: "", ...more }, createCall());
  return { folder, run };
}

const ECHOES = {
  python3: ["a.py", "import json, sys\nprint(json.dumps([sys.stdin.read(), *sys.argv[1:]]))"],
  node: ["a.js", "console.log(JSON.stringify([require('fs').readFileSync(0, 'utf8'), ...process.argv.slice(2)]));"],
  deno: ["a.ts", "console.log(JSON.stringify([await new Response(Deno.stdin.readable).text(), ...Deno.args]));"],
} as const;

/** Waits until an interpreter waits: nothing else of this home runs between calls. */
async function untilWarm({ home }: ScriptKit): Promise<void> {
  await until(async () => (await processesWith(home)).length > 0, "an interpreter that waits");
}

describe("a script that speaks no protocol", { timeout: 120_000 }, () => {
  for (const [interpreter, [path, code]] of Object.entries(ECHOES)) {
    test(`gets its words after its file, by ${interpreter} that is started and by one that waited`, async () => {
      await using kit = await startScripts();
      const { run } = await prepare(kit, interpreter, { [path]: code });
      for (const words of [["--a", "1"], ["--b", "-x y", ""]]) {
        const { stdout, failure } = await run({ input: "in", words });
        assert.equal(failure, undefined);
        assert.deepEqual(JSON.parse(stdout), ["in", ...words]);
        // Deno has to be started with its words
        if (interpreter !== "deno") await untilWarm(kit);
      }
    });
  }

  test("gives all that it printed, and how it failed apart", async () => {
    await using kit = await startScripts({ config: { warm: { per_key: 0 } } });
    const { run } = await prepare(kit, "sh", { "a.sh": "cat; echo; exit ${1:-0}" });
    assert.deepEqual(await run({ input: '{"jsonrpc":"2.0","id":1,"result":1}' }), {
      stdout: '{"jsonrpc":"2.0","id":1,"result":1}\n',
      failure: undefined,
    });
    const { stdout, failure } = await run({ input: "x", words: ["4"] });
    assert.equal(stdout, "x\n");
    assert.match(String(failure?.message), /^Script "plain" ended with exit code 4\nstdout:\nx$/);
  });

  test("is ended when its time is over, with what to do about it", async () => {
    await using kit = await startScripts({ config: { warm: { per_key: 0 } } });
    const mark = `collet-plain-${crypto.randomUUID()}`;
    const { run } = await prepare(kit, "bash", { "a.sh": `exec -a ${mark} sleep 600` });
    await assert.rejects(run({ timeoutMs: 100 }), /did not end .* a script that needs longer sets timeout_ms/);
    await assert.rejects(run({ timeoutMs: 100, longerBy: "says so" }), /a script that needs longer says so/);
    await assertNoProcess(mark);
  });

  test("sees its files as they are, by an interpreter that waited as well", async () => {
    await using kit = await startScripts();
    const code = `
const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
console.log(execFileSync(__dirname + "/run.sh", { encoding: "utf8" }) + readFileSync(__dirname + "/versions/1", "utf8"));`;
    const files = { "a.js": code, "run.sh": "#!/bin/sh\necho ran", "versions/1": "one" };
    const { folder, run } = await prepare(kit, "node", files);
    await chmod(join(folder, "run.sh"), 0o755);
    for (let i = 0; i < 2; i++) {
      const { stdout, failure } = await run();
      assert.deepEqual([stdout, failure], ["ran\none\n", undefined]);
      await untilWarm(kit);
    }
  });

  test("may read the whole of its folder in Deno, and not only where it lies", () => {
    const given = { file: "/s/scripts/a.ts", folder: "/s", words: [] };
    assert.deepEqual(scriptArguments({ program: "/bin/deno", args: [] }, given), [
      ...["run", "--no-prompt", "--allow-read=/s", "/s/scripts/a.ts"],
    ]);
  });
});
