/**
 * Servers that share a home: in this process, and in others that can be killed.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createSql } from "../../../kernel/platform/sqlite.ts";
import { soon, until } from "../../support/wait.ts";
import { ENGINES, openStore } from "../store/homes.ts";
import { askText, startServer, type TaskServer, type TestTool } from "./kit.ts";

/** Short, so that the death of a server shows soon. */
export const LEASE_MS = 600;

const WORKER = fileURLToPath(new URL("./server_worker.ts", import.meta.url));

/** The tools of every server on the home; `say` hears what happens in them. */
export function sharedTools(
  { holds, say }: { readonly holds: boolean; say(line: string): void },
): Record<string, TestTool> {
  const hold = (name: string, signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      signal.addEventListener("abort", () => {
        say(`aborted ${name}: ${(signal.reason as Error).message}`);
        reject(signal.reason);
      });
    });
  return {
    wait: { execution: "async", run: (_, call) => hold("wait", call.signal) },
    count: {
      execution: "async",
      annotations: { idempotentHint: true },
      run(_, call) {
        say(`count for ${call.principal?.id}`);
        return holds ? hold("count", call.signal) : "counted";
      },
    },
    ask: { execution: "async", run: (_, call) => askText(call, "Name?", "name") },
    ask_again: {
      execution: "async",
      annotations: { readOnlyHint: true },
      run: (_, call) => askText(call, "Name?", "name"),
    },
  };
}

/** A server in this process over the state of a folder. */
export interface HomeServer extends AsyncDisposable {
  readonly server: TaskServer;
  readonly said: string[];
}

/** Starts a server over the state of a folder. */
export async function startOn(folder: string, { holds = false } = {}): Promise<HomeServer> {
  const said: string[] = [];
  const opened = openStore(folder, { sql: ENGINES[0]! });
  const server = await startServer({
    store: opened.store,
    config: { lease_ms: LEASE_MS },
    tools: sharedTools({ holds, say: (line) => said.push(line) }),
  });
  return {
    server,
    said,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** A server in a process of its own. */
export interface OtherServer {
  readonly said: readonly string[];
  /** Calls a tool in it; gives the id of the task. */
  begin(tool: string): Promise<string>;
  /** Ends it without a chance to say so. */
  kill(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** Starts a server in a process of its own over the state of a folder. */
export function startOther(folder: string): OtherServer {
  const before = "Deno" in globalThis ? ["run", "-A", "--quiet", "--no-check"] : [];
  const args = [...before, WORKER, folder, ENGINES[0]!.engine];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  const said = linesOf(child);
  return {
    said,
    async begin(tool) {
      const isAnswer = (line: string) => line.startsWith(`task ${tool} `);
      const before = said.filter(isAnswer).length;
      child.stdin.write(`${tool}\n`);
      await until(() => said.filter(isAnswer).length > before, `a task of ${tool}`);
      return said.filter(isAnswer).at(-1)!.split(" ")[2]!;
    },
    async kill() {
      child.kill("SIGKILL");
      await soon(closed);
    },
    async stop() {
      child.stdin.end();
      await soon(closed);
    },
  };
}

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  });
  return lines;
}

/** Opens the state of a folder with the engine of that name. */
export function openState(folder: string, engine: string): ReturnType<typeof openStore> {
  return openStore(folder, { sql: createSql({ engine: engine as "node:sqlite" | "libsql" }) });
}
