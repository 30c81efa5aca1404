/**
 * Scripts whose output is captured: what they print and how they end, by whatever starts them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CapturedResult } from "../../../../plugins/scripts/contract.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import { until, withTimeEnough } from "../../../support/wait.ts";
import { assertNoProcess, processesWith, waitForFile } from "../kit.ts";
import { startCaptured } from "./kit.ts";

/** What a script leaves that prints nothing and ends by itself. */
const NOTHING: CapturedResult = {
  stdout: "",
  stderr: "",
  isStdoutCut: false,
  isStderrCut: false,
  exitCode: 0,
  signal: undefined,
  isTimedOut: false,
  overLimit: undefined,
};

describe("a script that is captured", { timeout: 120_000 }, () => {
  test("gives both streams apart, its exit code, and what it was given on stdin and as words", async () => {
    await using kit = await startCaptured();
    await kit.write("a.sh", 'cat; printf "%s|" "$@"; echo oops >&2; exit 3');
    assert.deepEqual(await kit.run("a.sh", { input: "in ", words: ["-a", "b c", "", "$(id)"] }), {
      ...NOTHING,
      stdout: "in -a|b c||$(id)|",
      stderr: "oops\n",
      exitCode: 3,
    });
    assert.deepEqual(await kit.run("a.sh", { words: ["-x"] }), {
      ...NOTHING,
      stdout: "-x|",
      stderr: "oops\n",
      exitCode: 3,
    });
  });

  test("is run by an interpreter that waited as it is by one that is started", async () => {
    await using kit = await startCaptured({ isWarm: true });
    await kit.write(
      "a.py",
      "import sys\nprint(sys.argv[1:], sys.stdin.read())\nprint('e', file=sys.stderr)\nsys.exit(4)",
    );
    await kit.write("b.js", "console.log(process.argv.slice(2), 'x'); console.error('e'); process.exitCode = 4;");
    for (const [file, stdout] of [["a.py", "['w'] in\n"], ["b.js", "[ 'w' ] x\n"]] as const) {
      for (let i = 0; i < 2; i++) {
        const result = await kit.run(file, { words: ["w"], input: "in" });
        assert.deepEqual(result, { ...NOTHING, stdout, stderr: "e\n", exitCode: 4 });
        await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
      }
    }
  });

  test("is cut at what is kept of each stream, read to its end, and not ended for it", async () => {
    await using kit = await startCaptured();
    await kit.write(
      "a.py",
      "import sys\nfor i in range(2000):\n  print('x' * 9999)\n  sys.stderr.write('y' * 9999 + '\\n')\nprint('z')",
    );
    const { stdout, stderr, ...rest } = await kit.run("a.py");
    assert.deepEqual(rest, {
      ...{ exitCode: 0, signal: undefined, isTimedOut: false, overLimit: undefined },
      ...{ isStdoutCut: true, isStderrCut: true },
    });
    assert.equal(stdout, `${"x".repeat(9999)}\n`.repeat(10));
    assert.equal(stderr, `${"y".repeat(9999)}\n`.repeat(10));
    await kit.write("b.py", "import sys\nprint('😀' * 3, end='')\nprint('abc', end='', file=sys.stderr)");
    const { stdout: half, stderr: all, isStdoutCut, isStderrCut } = await kit.run("b.py", { mostOutput: 3 });
    assert.deepEqual([half, all, isStdoutCut, isStderrCut], ["😀", "abc", true, false]);
  });

  test("tells what it prints as it comes, and what is no UTF-8 by a sign for it", async () => {
    await using kit = await startCaptured();
    await kit.write(
      "a.sh",
      "printf 'one'; while [ ! -e \"$GO\" ]; do sleep 0.05; done; printf '\\377two'; printf e >&2",
    );
    const heard: string[] = [];
    const go = `${kit.home}/go`;
    const running = kit.run("a.sh", {
      env: { GO: go },
      mostOutput: 4,
      onOutput: (stream, text) => heard.push(`${stream}:${text}`),
    });
    await until(() => heard.length > 0, "what is printed first");
    assert.deepEqual(heard, ["stdout:one"]);
    await kit.write("../go", "go");
    const { stdout, isStdoutCut } = await running;
    assert.deepEqual([stdout, isStdoutCut], ["one\uFFFD", true]);
    assert.deepEqual(heard.slice(1).sort(), ["stderr:e", "stdout:\uFFFDtwo"]);
  });

  test("is ended with all that it started when its time is over, and gives what it printed until then", async () => {
    await using kit = await startCaptured();
    const mark = `collet-captured-${crypto.randomUUID()}`;
    await kit.write("a.sh", `echo before; (exec -a ${mark} sleep 600) & trap 'echo bye; exit 5' TERM; wait`);
    const result = await withTimeEnough(
      (seconds) => kit.run("a.sh", { timeoutMs: 700 * seconds }),
      (it) => it.stdout.startsWith("before"),
    );
    const { stdout, ...rest } = result;
    assert.match(stdout, /^before\n(?:bye\n)?$/);
    assert.deepEqual({ ...rest, stdout: "" }, { ...NOTHING, exitCode: undefined, isTimedOut: true });
    assert.deepEqual(await processesWith(mark), []);
  });

  test("is ended with all that it started when the call is cancelled", async () => {
    await using kit = await startCaptured();
    const mark = `collet-captured-${crypto.randomUUID()}`;
    await kit.write("a.sh", `(exec -a ${mark} sleep 600) & echo $! > "$OUT"; wait`);
    const cancelling = new AbortController();
    const running = kit.run("a.sh", { env: { OUT: `${kit.home}/pid` } }, { signal: cancelling.signal });
    const cancelled = assert.rejects(running, /Cancelled: enough/);
    await waitForFile(`${kit.home}/pid`);
    cancelling.abort(new Error("enough"));
    await cancelled;
    await assertNoProcess(mark);
  });

  test("does not wait for what it leaves behind, be its output still open", async () => {
    await using kit = await startCaptured();
    const mark = `collet-captured-${crypto.randomUUID()}`;
    await kit.write("a.sh", `(exec -a ${mark} sleep 600) & echo done`);
    assert.deepEqual(await kit.run("a.sh", { timeoutMs: 30_000 }), { ...NOTHING, stdout: "done\n" });
    await assertNoProcess(mark);
  });

  test("says by which signal or limit it was ended", async () => {
    await using kit = await startCaptured();
    await kit.write("a.sh", "kill -KILL $$");
    assert.deepEqual(await kit.run("a.sh"), { ...NOTHING, exitCode: undefined, signal: "SIGKILL" });
    await kit.write("b.sh", "while :; do :; done");
    const { overLimit, isTimedOut } = await kit.run("b.sh", { limits: { cpuSeconds: 1 } });
    assert.deepEqual([overLimit, isTimedOut], ["cpu", false]);
  });

  test("shows neither the values of its run nor secrets, be they cut across pieces", async () => {
    const value = "value-of-the-run-1";
    for (const plugins of [[], [secrets]]) {
      await using kit = await startCaptured({ plugins });
      await kit.write("a.sh", 'printf %s "${TOKEN%-1}"; sleep 0.2; echo "-1 $SHORT"; echo "$TOKEN" | base64 >&2');
      const heard: string[] = [];
      const env = { TOKEN: value, SHORT: "abc" };
      const { stdout, stderr } = await kit.run("a.sh", {
        env,
        redacted: env,
        onOutput: (_, text) => heard.push(text),
      });
      assert.equal(stdout, "[TOKEN] abc\n");
      assert.match(stderr, /^\[TOKEN\]/);
      assert.doesNotMatch(heard.join(""), /value-of/);
      assert.equal(heard.join("").length, stdout.length + stderr.length);
    }
  });
});
