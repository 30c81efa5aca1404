/**
 * Lets a test of the store start itself again as another process: the module runs a named task instead of the tests.
 *
 * @module
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createSql } from "../../../kernel/platform/sqlite.ts";
import { openStore } from "./homes.ts";

const TASK_VARIABLE = "STORE_TEST_TASK";

type Task = (folder: string, engine: "node:sqlite" | "libsql") => Promise<void>;

/** Tells the parent; the system has it when this is fulfilled. */
function say(line: string): Promise<void> {
  return new Promise((resolve) => void process.stdout.write(`${line}\n`, () => resolve()));
}

const TASKS: Readonly<Record<string, Task>> = {
  /** Writes without end, and says what was acknowledged. */
  async write(folder, engine) {
    const { store } = openStore(folder, { sql: createSql({ engine }) });
    const ns = store.namespace("crash");
    let round = await ns.increment("rounds");
    for (round *= 1_000_000;; round++) {
      await ns.set(`single/${round}`, contentOf(round));
      await say(`single ${round}`);
      await ns.batch(["a", "b"].map((key) => ({ type: "set", key: `pair/${key}`, value: contentOf(round) })));
      await say(`pair ${round}`);
      await say(`count ${await ns.increment("count")}`);
      if (round % 7 === 0 && await ns.delete(`single/${round}`)) await say(`deleted ${round}`);
    }
  },
  /** Writes 500 entries and adds 500 to a counter. */
  async contend(folder, engine) {
    const { store } = openStore(folder, { sql: createSql({ engine }) });
    const ns = store.namespace("contend");
    for (let i = 0; i < 500; i++) {
      await ns.set(`${process.pid}/${i}`, i);
      await ns.increment("count");
    }
    await store.close();
    await say("done");
  },
  /** Writes a few entries for a watcher elsewhere. */
  async announce(folder, engine) {
    const { store } = openStore(folder, { sql: createSql({ engine }) });
    const ns = store.namespace("feed");
    await ns.set("a/1", 1);
    await ns.set("b/1", 1);
    await ns.set("a/2", 1);
    await ns.delete("a/1");
    await store.close();
  },
  /** Uses a store, leaves it open with a watcher and times, and ends. */
  async leave(folder, engine) {
    const { store } = openStore(folder, { sql: createSql({ engine }) });
    const ns = store.namespace("leave");
    await ns.watch("", () => {});
    await ns.set("k", 1, { ttlMs: 60_000 });
    await say("left");
  },
  /** Opens the state and keeps it open, until killed. */
  async hold(folder, engine) {
    const { store } = openStore(folder, { sql: createSql({ engine }) });
    await say("begins");
    await store.namespace("hold").set("k", 1);
    await say("ready");
    setInterval(() => {}, 60_000);
    await new Promise(() => {});
  },
};

/** Gives a value that shows which round wrote it, and that it is whole. */
export function contentOf(round: number): { round: number; text: string; end: number } {
  return { round, text: "x".repeat(100 + round % 5000), end: round };
}

/** A process that runs a task. */
export interface Worker {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Lines that it said so far. */
  readonly lines: string[];
  readonly errors: string[];
  /** Resolves with its exit code; `null` when it was killed. */
  readonly ended: Promise<number | null>;
}

/** Runs a task in a process of its own. */
export function startTask(task: keyof typeof TASKS, folder: string, engine: string): Worker {
  const file = fileURLToPath(import.meta.url);
  const args = "Deno" in globalThis ? ["run", "-A", "--quiet", "--no-check", file] : [file];
  const child = spawn(process.execPath, [...args, folder, engine], {
    env: { ...process.env, [TASK_VARIABLE]: String(task) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => void errors.push(text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, lines, errors, ended };
}

const task = process.env[TASK_VARIABLE];
if (task !== undefined) {
  const [folder = "", engine = ""] = process.argv.slice(2);
  await TASKS[task]?.(folder, engine as "node:sqlite" | "libsql");
  if (task !== "leave") process.exit(0);
  // the process is to end because nothing keeps it alive; in a bundle the tests must not be registered meanwhile
  if (!("Deno" in globalThis)) await new Promise(() => {});
}
