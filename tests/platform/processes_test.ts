import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Process } from "../../kernel/contracts.ts";
import { readStat } from "../../kernel/platform/process_identity.ts";
import { createProcesses } from "../../kernel/platform/processes.ts";
import { testProcesses } from "../../kernel/platform/suites.ts";
import { temporaryFolder } from "./temporary.ts";
import { taskCommand } from "./worker.ts";

await testProcesses("native processes:", () => {
  const processes = createProcesses();
  return { value: processes, dispose: () => processes.close() };
});

function isRunning(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && !stat.isZombie;
}

function processesNamed(word: string): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith(word);
    } catch {
      return false;
    }
  });
}

async function readLines(child: Process, count: number): Promise<number[]> {
  let text = "";
  for await (const part of child.stdout) {
    text += part;
    if (text.split("\n").length > count) break;
  }
  return text.trim().split("\n").map(Number);
}

// forks twice, with a session of its own: its parent is gone, its group and session are its own
const DAEMON = `
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setpgid(0, 0)
        print(os.getpid(), flush=True)
        CLOSE
        time.sleep(60)
    os._exit(0)
os.wait()
WAIT
`;

describe("Process trees", () => {
  test("kill() ends a daemon that forked twice into its own session", async () => {
    const script = DAEMON.replace("CLOSE", "pass").replace("WAIT", "time.sleep(60)");
    const child = await createProcesses().spawn({ program: "python3", args: ["-c", script] });
    const [daemon = 0] = await readLines(child, 1);
    const stat = readStat(daemon);
    assert.ok(stat !== undefined && stat.group !== child.pid && stat.session !== child.pid, "is no daemon");
    await child.kill();
    assert.equal(isRunning(daemon), false);
    assert.equal(isRunning(child.pid), false);
  });

  test("kill() ends what is forked, unmarked and into sessions of its own, while the tree is being killed", async () => {
    const word = `forked-${crypto.randomUUID()}`;
    const script = `
import os, time
print("forking", flush=True)
for _ in range(400):
    if os.fork() == 0:
        os.setsid()
        os.execve("/bin/sleep", ["${word}", "30"], {})
    time.sleep(0.001)
time.sleep(30)
`;
    for (let round = 0; round < 4; round++) {
      const child = await createProcesses().spawn({ program: "python3", args: ["-c", script] });
      for await (const _ of child.stdout) break;
      await sleep(20 + 40 * round);
      await child.kill(0);
      const left = processesNamed(word);
      for (const pid of left) process.kill(pid, "SIGKILL");
      assert.deepEqual(left, []);
    }
  });

  test("run() ends a daemon that outlives its parent, with or without its output open", async () => {
    for (const close of ["pass", "[os.close(n) for n in range(3)]"]) {
      const script = DAEMON.replace("CLOSE", close).replace("WAIT", "pass");
      const result = await createProcesses().run({ program: "python3", args: ["-c", script], timeoutMs: 30_000 });
      assert.deepEqual([result.code, result.ended, result.stderr], [0, undefined, ""]);
      const daemon = Number(result.stdout);
      assert.ok(daemon > 1);
      assert.equal(isRunning(daemon), false);
    }
  });

  test("a time limit ends a tree that ignores TERM in every generation", async () => {
    const script = "trap '' TERM; sh -c 'trap \"\" TERM; setsid sh -c \"echo \\$\\$; exec sleep 60\" & wait' & wait";
    const result = await createProcesses().run({ program: "sh", args: ["-c", script], timeoutMs: 500 });
    assert.equal(result.ended, "timeout");
    assert.ok(Number(result.stdout) > 1);
    assert.equal(isRunning(Number(result.stdout)), false);
  });

  test("close() ends every tree and refuses new ones", async () => {
    const processes = createProcesses();
    const children = await Promise.all([1, 2, 3].map(() => processes.spawn({ program: "sleep", args: ["60"] })));
    await processes.close();
    for (const child of children) {
      assert.equal(isRunning(child.pid), false);
      assert.equal((await child.exited).signal, "SIGTERM");
    }
    await assert.rejects(processes.spawn({ program: "sleep", args: ["60"] }), { code: "PROCESS_UNSTARTED" });
  });

  test("the exit of this process ends them", async () => {
    await using folder = await temporaryFolder();
    // started without Processes, which would itself end what the other process leaves
    const { program, args, env } = taskCommand("leave", folder.path);
    const options = { env: { PATH: process.env["PATH"] ?? "", ...env }, encoding: "utf8", timeout: 30_000 } as const;
    const result = spawnSync(program, args ?? [], options);
    const [privateFolder = "", ...lines] = result.stdout.split("\n");
    const pids = lines.map(Number);
    assert.equal(pids.length, 4, result.stdout + result.stderr);
    for (let round = 0; round < 50 && pids.some(isRunning); round++) await sleep(20);
    assert.deepEqual(pids.filter(isRunning), []);
    assert.match(privateFolder, /collet-/);
    assert.equal(existsSync(privateFolder), false);
  });
});

describe("Processes", () => {
  test("run() hides every other variable of the server", async () => {
    process.env["COLLET_TEST_SECRET"] = "hidden";
    try {
      const { stdout } = await createProcesses().run({ program: "env" });
      assert.ok(!stdout.includes("hidden"));
      assert.match(stdout, /^LANG=/m);
    } finally {
      delete process.env["COLLET_TEST_SECRET"];
    }
  });

  test("a reader who never reads keeps neither the child's end nor memory waiting", async () => {
    const child = await createProcesses().spawn({ program: "yes" });
    const before = process.memoryUsage().rss;
    await sleep(700);
    assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024);
    await child.kill();
    assert.equal((await child.exited).signal, "SIGTERM");
  });

  test("spawn() removes its private folder also when the tree is killed", async () => {
    const child = await createProcesses().spawn({ program: "sh", args: ["-c", "touch a; pwd; sleep 60"] });
    let folder = "";
    for await (const part of child.stdout) if ((folder += part).endsWith("\n")) break;
    assert.ok(existsSync(folder.trim()));
    await child.kill();
    assert.equal(existsSync(folder.trim()), false);
  });
});
