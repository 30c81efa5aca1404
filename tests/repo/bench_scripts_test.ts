import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CpuAccount } from "../../scripts/bench/cpu_account.ts";
import { isAlive, readHoldings, readTree, settle } from "../../scripts/bench/process_tree.ts";
import { HAS_USAGE, parseStat } from "../../scripts/bench/process_usage.ts";
import { SCRATCH_FOLDER } from "../../scripts/bench/scratch.ts";
import { whyNoScripts } from "../../scripts/bench/scripts/mod.ts";
import { scriptSection } from "../../scripts/bench/scripts/report.ts";
import { ScriptServer } from "../../scripts/bench/scripts/server.ts";
import { COLD_TOOL, toolName } from "../../scripts/bench/scripts/tools.ts";
import { summarize } from "../../scripts/bench/statistics.ts";
import type { Runtime } from "../../scripts/bench/subjects.ts";

const DENO: Runtime = { name: "deno", version: "", binary: "Deno" in globalThis ? process.execPath : "deno" };

/** A shell, what it says first, and how it is sent an empty line. */
interface Shell extends AsyncDisposable {
  readonly pid: number;
  readonly said: Promise<string>;
  go(): void;
}

/** Starts a shell, which ends when its stdin is closed. */
function startShell(code: string): Shell {
  const child = spawn("sh", ["-c", code], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  return {
    pid: child.pid ?? NaN,
    said: once(lines, "line").then(([line]) => String(line)),
    go: () => void child.stdin.write("\n"),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

test("parseStat() reads a process whatever its name", () => {
  const line = "42 (a) R (b) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 9 9 20 0 1 0 5 6 7 8";
  assert.deepEqual(parseStat(line), { pid: 42, parent: 7, state: "S", cpuSeconds: 2 });
});

describe("a process tree", { skip: HAS_USAGE ? false : "there is no /proc here" }, () => {
  test("has all descendants, of whatever generation", async () => {
    await using shell = startShell("sh -c 'sleep 60 & echo $!; read -r x; kill $!; wait'; :");
    const grandchild = Number(await shell.said);
    const { root, descendants } = readTree(shell.pid);
    assert.equal(root.pid, shell.pid);
    assert.ok(descendants.some(({ pid }) => pid === grandchild), JSON.stringify(descendants));
    assert.ok(descendants.every(({ pid }) => pid !== process.pid));
    assert.equal(readHoldings(shell.pid, []).processes, descendants.length);
    assert.equal(isAlive(grandchild), true);
  });

  test("is settled once nothing in it computes", async () => {
    await using shell = startShell("sh -c 'i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; echo $i'; read -r x");
    let isDone = false;
    void shell.said.then(() => isDone = true);
    await settle(shell.pid);
    // what was written may still be on its way here
    for (let i = 0; i < 100 && !isDone; i++) await sleep(10);
    assert.equal(isDone, true);
    assert.deepEqual(readTree(shell.pid).descendants, []);
  });

  test("of a process that has ended cannot be read", async () => {
    const shell = startShell("echo $$");
    await shell.said;
    await shell[Symbol.asyncDispose]();
    assert.throws(() => readTree(shell.pid), /it has ended/);
    assert.equal(isAlive(shell.pid), false);
  });
});

test("CpuAccount counts what nobody waited for", async (t: TestContext) => {
  const burn = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; echo $i";
  const shell = startShell(`read -r x; sh -c '(${burn}) & kill -9 $$'; read -r x`);
  await using account = new CpuAccount(shell.pid);
  await using _ = shell;
  if (Number.isNaN(account.seconds)) return t.skip("no control group can be made here");
  const before = account.seconds;
  shell.go();
  assert.equal(await shell.said, "400000");
  const used = account.seconds - before;
  assert.ok(used > 0.02, `${used} s`);
});

describe("a server with script tools", () => {
  after(() => rm(SCRATCH_FOLDER, { recursive: true, force: true }));

  test("times calls and starts, and refuses wrong answers", { timeout: 120_000 }, async (t: TestContext) => {
    const reason = await whyNoScripts();
    if (reason !== undefined) return t.skip(reason);
    const server = await ScriptServer.open(DENO, { tools: [COLD_TOOL], warm: { total: 0 } });
    try {
      const name = toolName(COLD_TOOL, "spawned");
      const timed = await server.timeCalls({ name, lanes: 2, until: { count: 5 } });
      assert.deepEqual([timed.made, timed.calls], [5, 5]);
      assert.ok(timed.p50Ms > 0 && timed.p50Ms <= timed.p95Ms && timed.p95Ms <= timed.ms, JSON.stringify(timed));
      const led = await server.timeCalls({ name, lanes: 1, leadMs: 300, until: { ms: 600 } });
      assert.ok(led.calls > 0 && led.calls < led.made, JSON.stringify(led));
      assert.ok(await server.timeEndToEnd(name) > 0);
      assert.ok(await server.timeStart({ program: "/bin/sh", args: ["-c", ":"] }) > 0);
      await assert.rejects(server.timeStart({ program: "/bin/sh", args: ["-c", "exit 3"] }), /it exited with 3/);
      const wrong = server.timeCalls({ name: "list_tools", lanes: 1, until: { count: 1 } });
      await assert.rejects(wrong, /Wrong answer of \\?"list_tools\\?" to 0/);
      await settle(server.pid);
      assert.equal(readHoldings(server.pid, []).processes, 0);
    } finally {
      await server[Symbol.asyncDispose]();
    }
    assert.equal(isAlive(server.pid), false);
  });

  test("says why it cannot be started", { timeout: 60_000 }, async () => {
    const runtime: Runtime = { ...DENO, binary: "no-such-runtime" };
    await assert.rejects(ScriptServer.open(runtime, { tools: [] }), /Cannot ask "no-such-runtime .*ENOENT/);
  });
});

test("the report has a row for each way, and how many processors that took", () => {
  const one = (value: number) => summarize([value]);
  const inside = { spawned: one(50), pooled: one(5), persistent: one(0.5) };
  const atRest = {
    calls: 10,
    holdings: { processes: 1, descriptors: 2, mounts: 3, groups: 4, entries: 5 },
    resident: 6 * 1024 * 1024,
  };
  const text = scriptSection({
    latency: [{
      ...{ title: "Python", inside, inRow: inside, endToEnd: inside },
      gain: { pooled: one(10), persistent: one(100), persistentInRow: one(200) },
    }],
    load: [{
      sustained: [{
        ...{ title: "Python", way: "pooled", lanes: 16 },
        ...{ perSecond: one(40), p50Ms: one(1), p95Ms: one(2), cpuMs: one(45) },
      }],
      bursts: [{ title: "Python", way: "pooled", calls: 64, ms: one(900) }],
    }],
    sandbox: [{ command: "sh -c :", confined: one(12), off: one(4), added: one(8) }],
    leftovers: { first: atRest, last: atRest, outliving: 0, left: one(0), growth: one(1), seconds: 1 },
    missing: ["Ruby"],
  }).join("\n");
  for (
    const row of [
      "| Python | spawned | 50 |  | 50 |  | 50 |",
      "| Python | pooled | 5 | 10 |  |  | 5 |",
      "| Python | persistent | 0.500 | 100 | 0.500 | 200 | 0.500 |",
      "| Python | pooled | 16 | 40 | 1 | 2 | 45 | 1.80 |",
      "| Python | pooled | 64 | 900 |",
      "| `sh -c :` | 12 | 4 | 8 |",
      "| 10 | 1 | 2 | 3 | 4 | 5 | 6 |",
      "Not measured, since it is not installed: Ruby.",
    ]
  ) assert.ok(text.includes(row), `${row} is not in:\n${text}`);
});
