/**
 * Lets a test start itself again as another process: the module runs a named task instead of the tests.
 *
 * Under Deno this file is started; in a bundle, the bundle is, and this module ends it before a test is registered.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Command } from "../../kernel/contracts.ts";
import { createFiles } from "../../kernel/platform/files.ts";
import { createProcesses } from "../../kernel/platform/processes.ts";

const TASK_VARIABLE = "COLLET_TEST_TASK";
const SHORT_CONTENT_LENGTH = 100_000;

/** Tasks by name; each gets the folder that the test works in. */
const TASKS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  /** Writes one file again and again, until killed. */
  async write(folder) {
    const files = createFiles(folder);
    process.stdout.write("ready\n");
    for (let round = 0;; round++) await files.writeAtomic("file", contentOf(round));
  },
  /** Adds to a counter under a lock, in a way that would lose counts without one. */
  async count(folder) {
    const files = createFiles(folder);
    for (let round = 0; round < 15; round++) {
      const release = await files.lock("counter");
      const count = Number(await files.readText("count") ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 2));
      await files.writeAtomic("count", String(count + 1));
      await release();
    }
  },
  /** Takes a lock and keeps it, until killed. */
  async hold(folder) {
    await createFiles(folder).lock("held");
    process.stdout.write("ready\n");
    setInterval(() => {}, 60_000);
  },
  /** Tells what holds limits, and what ends trees that go beyond them. */
  async limits() {
    const processes = createProcesses();
    const python = (script: string) => ({ program: "python3", args: ["-c", script] });
    const memoryBytes = 200 * 1024 * 1024;
    // slow enough to be watched
    const bomb = "import time\nkept = []\nwhile True: kept.append(bytearray(b'x') * (1 << 20)); time.sleep(0.001)";
    const memory = await processes.run({ ...python(bomb), memoryBytes });
    const data = await processes.run({ program: "sh", args: ["-c", "ulimit -d"], memoryBytes });
    const forks = "import os, time\nfor n in range(20):\n    if os.fork() == 0: time.sleep(60)\ntime.sleep(60)";
    const many = await processes.run({ ...python(forks), processes: 10 });
    process.stdout.write(JSON.stringify({
      enforcement: await processes.enforcement(),
      memory: memory.ended,
      data: data.stdout.trim(),
      processes: many.ended,
    }));
  },
  /** Starts a process with a daemon in a private folder, told first, and exits without ending them. */
  async leave() {
    const script = `pwd; sleep 60 & echo $!; setsid sh -c 'sleep 60 & echo $!; wait' & echo $!; wait`;
    const child = await createProcesses().spawn({ program: "sh", args: ["-c", script] });
    let text = "";
    for await (const part of child.stdout) if ((text += part).split("\n").length > 4) break;
    process.stdout.write(`${text}${child.pid}`, () => process.exit(0));
  },
};

/** Makes content that shows when it is torn: one letter, repeated. */
export function contentOf(round: number): string {
  return String.fromCharCode(97 + round % 26).repeat(SHORT_CONTENT_LENGTH + round % 26);
}

/** Gives the command that runs a task in a process of its own. */
export function taskCommand(task: keyof typeof TASKS, folder: string): Command {
  const file = fileURLToPath(import.meta.url);
  const args = "Deno" in globalThis ? ["run", "-A", "--quiet", "--no-check", file, folder] : [file, folder];
  return { program: process.execPath, args, cwd: process.cwd(), env: { [TASK_VARIABLE]: String(task) } };
}

const task = process.env[TASK_VARIABLE];
if (task !== undefined) {
  await TASKS[task]?.(process.argv[2] ?? "");
  // a task that waits for its end keeps the tests of a bundle from being registered
  if (task === "hold" || task === "leave") await new Promise(() => {});
  process.exit(0);
}
