import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command, Process } from "../../kernel/contracts.ts";
import { findHolders } from "../../kernel/platform/cgroups.ts";
import { readStat } from "../../kernel/platform/process_identity.ts";
import { createProcesses } from "../../kernel/platform/processes.ts";
import { taskCommand } from "./worker.ts";

const MEGABYTE = 1024 * 1024;
/** Touches memory without end; the first page of each megabyte is enough to show, all of them to be ended for. */
const MEMORY_BOMB = "kept = []\nwhile True: kept.append(bytearray(b'x') * (1 << 20))";

const processes = createProcesses();

function python(script: string): Command {
  return { program: "python3", args: ["-c", script] };
}

async function readLine(child: Process): Promise<string> {
  let text = "";
  for await (const part of child.stdout) if ((text += part).includes("\n")) break;
  return text.slice(0, text.indexOf("\n"));
}

async function hasControlGroups(t: TestContext): Promise<boolean> {
  const { memory, processes: count } = await processes.enforcement();
  if (memory === "cgroup" && count === "cgroup") return true;
  t.skip("no control groups can be made here");
  return false;
}

/** Gives the folders in which groups are made. */
async function groupParents(): Promise<readonly string[]> {
  return Object.values(await findHolders()).map(({ path }) => path);
}

async function ownGroups(): Promise<readonly string[]> {
  const names = (await groupParents()).flatMap((parent) => readdirSync(parent));
  return names.filter((name) => name.startsWith(`collet-${process.pid}-`));
}

/** Gives what runs a command in a sandbox, or skips the test. */
async function bubblewrap(t: TestContext, args: readonly string[]): Promise<string | undefined> {
  const program = await processes.which("bwrap");
  const tried = program === undefined
    ? undefined
    : await processes.run({ program, args: [...args, "true"], isWrapper: true });
  if (tried?.code === 0) return program;
  t.skip(tried === undefined ? "bwrap is not installed" : `bwrap does not start: ${tried.stderr}`);
  return undefined;
}

describe("Control groups", () => {
  test("a memory bomb is ended by its group", async (t) => {
    if (!await hasControlGroups(t)) return;
    const result = await processes.run({ ...python(MEMORY_BOMB), memoryBytes: 100 * MEGABYTE });
    assert.deepEqual([result.code, result.signal, result.ended], [undefined, "SIGKILL", "memory"]);
  });

  test("a memory bomb below a process that reports it is told as memory", async (t) => {
    if (!await hasControlGroups(t)) return;
    const args = ["-c", 'python3 -c "$1" || exit 3', "sh", MEMORY_BOMB];
    assert.equal((await processes.run({ program: "sh", args, memoryBytes: 100 * MEGABYTE })).ended, "memory");
  });

  test("a memory bomb ends a tree that would wait for it", async (t) => {
    if (!await hasControlGroups(t)) return;
    const args = ["-c", 'python3 -c "$1"; sleep 60', "sh", MEMORY_BOMB];
    const started = performance.now();
    assert.equal((await processes.run({ program: "sh", args, memoryBytes: 100 * MEGABYTE })).ended, "memory");
    assert.ok(performance.now() - started < 30_000);
  });

  test("a fork bomb is bounded and ended", async (t) => {
    if (!await hasControlGroups(t)) return;
    const script = "import os, sys, time\nfor n in range(100000):\n" +
      "    try:\n        if os.fork() == 0: time.sleep(60)\n    except OSError: print(n); sys.exit(3)";
    const result = await processes.run({ ...python(script), processes: 1 });
    assert.equal(result.ended, "processes");
    // nothing is printed when the watch came first
    assert.ok(Number(result.stdout) < 1000, result.stdout);
    const bomb = "bomb() { bomb | bomb & }; bomb; sleep 60";
    assert.equal((await processes.run({ program: "sh", args: ["-c", bomb], processes: 20 })).ended, "processes");
  });

  test("a tree that keeps to its limits is left alone, threads and all", async (t) => {
    if (!await hasControlGroups(t)) return;
    const script = "import threading, time\n" +
      "for n in range(15): threading.Thread(target=time.sleep, args=(1,)).start()\nprint('done')";
    // what stands for Python in PATH may be a small script, with programs of its own
    const result = await processes.run({ ...python(script), processes: 6, memoryBytes: 200 * MEGABYTE });
    assert.deepEqual([result.code, result.ended, result.stdout], [0, undefined, "done\n"]);
  });

  test("a daemon without environment, parent and session of the tree is ended with it", async (t) => {
    if (!await hasControlGroups(t)) return;
    const daemon = "import os, time\n[os.close(n) for n in range(3)]\ntime.sleep(60)";
    const script = "import os, sys\nif os.fork() == 0:\n    os.setsid()\n" +
      "    if os.fork() == 0:\n        print(os.getpid(), flush=True)\n" +
      `        os.execve(sys.executable, ["python3", "-c", ${JSON.stringify(daemon)}], {})\n    os._exit(0)\nos.wait()`;
    const result = await processes.run({ ...python(script), memoryBytes: 200 * MEGABYTE });
    assert.equal(result.code, 0, result.stderr);
    const pid = Number(result.stdout);
    assert.ok(pid > 1, result.stdout);
    const stat = readStat(pid);
    assert.ok(stat === undefined || stat.isZombie);
  });

  test("no group is left behind, however a tree ended", async (t) => {
    if (!await hasControlGroups(t)) return;
    const limits = { memoryBytes: 100 * MEGABYTE, processes: 10 };
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 10 }, async (_, index) => {
        if (index < 8) return await processes.run({ program: "true", ...limits });
        const child = await processes.spawn({ program: "sh", args: ["-c", "sleep 60 & sleep 60"], ...limits });
        await child.kill(index === 8 ? 0 : undefined);
      }));
    }
    await assert.rejects(processes.spawn({ program: "true", args: ["nul\0character"], ...limits }));
    assert.deepEqual(await ownGroups(), []);
  });

  test("groups that a dead server left are removed at the first use, others stay", async (t) => {
    if (!await hasControlGroups(t)) return;
    const gone = spawnSync("true").pid;
    const [dead, alive, foreign] = [`collet-${gone}-0000`, `collet-${process.pid}-0000`, `not-collet-${gone}-0000`];
    const parents = await groupParents();
    const made = parents.flatMap((parent) => [dead, alive, foreign].map((name) => join(parent, name)));
    for (const path of made) mkdirSync(path);
    try {
      const { program, args = [], env } = taskCommand("limits", "");
      const result = spawnSync(program, args, { env: { PATH: process.env["PATH"] ?? "", ...env }, encoding: "utf8" });
      assert.equal(result.status, 0, result.stderr);
      for (const parent of parents) {
        assert.equal(existsSync(join(parent, dead)), false);
        assert.equal(existsSync(join(parent, alive)), true);
        assert.equal(existsSync(join(parent, foreign)), true);
      }
    } finally {
      for (const path of made) if (existsSync(path)) rmdirSync(path);
    }
  });
});

describe("A machine without control groups", () => {
  test("limits are held by a watch and by limits of data", async (t) => {
    const hidden = ["--dev-bind", "/", "/", "--tmpfs", "/sys/fs/cgroup", "--"];
    const program = await bubblewrap(t, hidden);
    if (program === undefined) return;
    const task = taskCommand("limits", "");
    const args = [...hidden, task.program, ...task.args ?? []];
    const result = spawnSync(program, args, {
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", ...task.env },
      encoding: "utf8",
    });
    assert.equal(result.status, 0, result.stderr);
    assert.deepEqual(JSON.parse(result.stdout), {
      enforcement: { memory: "watch", processes: "watch" },
      memory: "memory",
      data: String((200 * MEGABYTE + 2 ** 30) / 1024),
      processes: "processes",
    });
  });
});

describe("Wrappers", () => {
  const SANDBOX = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "--die-with-parent"];

  for (const limits of [{}, { memoryBytes: 500 * MEGABYTE, processes: 20 }]) {
    const title = Object.keys(limits).length === 0 ? "" : ", in a control group";
    test(`kill() sends TERM to what a wrapper runs, which can clean up${title}`, async (t) => {
      const program = await bubblewrap(t, SANDBOX);
      if (program === undefined) return;
      const script = "trap 'echo cleaned; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
      const args = [...SANDBOX, "sh", "-c", script];
      const child = await processes.spawn({ program, args, isWrapper: true, ...limits });
      assert.equal(await readLine(child), "ready");
      await child.kill(20_000);
      assert.deepEqual(await child.exited, { code: 7, signal: undefined, ended: undefined });
      let rest = "";
      for await (const part of child.stdout) rest += part;
      assert.equal(rest, "cleaned\n");
    });

    test(`kill() ends a wrapper whose program ignores TERM${title}`, async (t) => {
      const program = await bubblewrap(t, SANDBOX);
      if (program === undefined) return;
      const args = [...SANDBOX, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"];
      const child = await processes.spawn({ program, args, isWrapper: true, ...limits });
      assert.equal(await readLine(child), "ready");
      await child.kill(200);
      assert.equal((await child.exited).signal, "SIGKILL");
      await sleep(50);
      assert.equal(readStat(child.pid), undefined);
    });
  }

  test("limits hold inside a wrapper, and are told", async (t) => {
    const program = await bubblewrap(t, SANDBOX);
    if (program === undefined) return;
    const command = (script: string): Command => ({
      program,
      args: [...SANDBOX, "python3", "-c", script],
      isWrapper: true,
      processes: 20,
      memoryBytes: 100 * MEGABYTE,
      cpuSeconds: 1,
      timeoutMs: 60_000,
    });
    assert.equal((await processes.run(command(MEMORY_BOMB))).ended, "memory");
    const spinning = await processes.run(command("while True: pass"));
    assert.deepEqual([spinning.signal, spinning.ended], ["SIGXCPU", "cpu"]);
    const forking = { ...command("import os\nwhile True: os.fork()"), memoryBytes: 4096 * MEGABYTE };
    assert.equal((await processes.run(forking)).ended, "processes");
    assert.equal((await processes.run(command("print('fine')"))).stdout, "fine\n");
  });
});
