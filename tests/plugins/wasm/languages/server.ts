/**
 * The program as a process of either runtime, with real clients: over stdin and stdout, and over HTTP.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { tmpdir } from "node:os";
import process from "node:process";
import type { ToolResult } from "../../../../kernel/mod.ts";
import { findNode } from "../../../../scripts/lib/nodes.ts";
import { run } from "../../../../scripts/lib/run.ts";
import { bundledPath, cleanEnvironment, IS_DENO, startProgram } from "../../../command_line/program.ts";
import { inRepository } from "../../../support/root.ts";

/** What a program runs on. */
export type RuntimeName = "deno" | "node";

/** The runtime that the tests run on, and the other one. */
export const [OWN, OTHER]: readonly [RuntimeName, RuntimeName] = IS_DENO ? ["deno", "node"] : ["node", "deno"];

/** Time limit of a request, in milliseconds: a compiler may have to be fetched. */
const REQUEST_MS = 600_000;
const OLDEST_NODE = 20;

/** What a client was told during a call. */
export interface Told {
  readonly logs: { readonly level: string; readonly data: unknown }[];
  readonly progress: { readonly progress: number; readonly total?: number | undefined }[];
}

/** A server with one client. */
export interface LanguageServer extends AsyncDisposable {
  call(name: string, args?: object): Promise<ToolResult>;
  /** Calls, and gives what was told until the answer as well. */
  listen(name: string, args?: object): Promise<Told & { readonly result: ToolResult }>;
}

/** A home that was prepared for servers. */
export interface ServedHome {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Gives the words that start the program on a runtime, or why it cannot be started. */
export async function wordsFor(runtime: RuntimeName): Promise<readonly string[] | { readonly missing: string }> {
  const program = runtime === OWN ? { binary: process.execPath } : await findRuntime(runtime);
  if ("missing" in program) return program;
  return runtime === "deno"
    ? [program.binary, "run", "-A", "--no-check", "--config", inRepository("deno.json"), inRepository("mod.ts")]
    : [program.binary, await bundledPath()];
}

async function findRuntime(runtime: RuntimeName): Promise<{ readonly binary: string } | { readonly missing: string }> {
  if (runtime === "deno") {
    const { code } = await run(["deno", "--version"], { timeoutMs: 60_000 }).catch(() => ({ code: -1 }));
    return code === 0 ? { binary: "deno" } : { missing: "there is no Deno on the path" };
  }
  const found = await findNode("path");
  if ("missing" in found) return found;
  const { output } = await run([found.binary, "--version"], { timeoutMs: 60_000 });
  const major = Number(/^v(\d+)/m.exec(output)?.[1] ?? 0);
  return major >= OLDEST_NODE ? found : { missing: `Node ${major} on the path is older than ${OLDEST_NODE}` };
}

/** Starts the program over stdin and stdout, and a client of it. */
export async function openStdio([command = "", ...args]: readonly string[], home: ServedHome): Promise<LanguageServer> {
  const transport = new StdioClientTransport({
    command,
    args: [...args, "--log-level", "warn"],
    cwd: tmpdir(),
    env: { ...cleanEnvironment(), ...home.env, COLLET_HOME: home.path },
    stderr: "inherit",
  });
  return await connect(transport, { era: "2025", end: () => Promise.resolve() });
}

/** Starts the program over HTTP, and a client of it. */
export async function openHttp(words: readonly string[], { path: home, env }: ServedHome): Promise<LanguageServer> {
  const program = await startProgram(["--transport", "http", "--port", "0", "--no-token"], { home, env, words });
  try {
    const [, url = ""] = await program.seen("stderr", /^listening on (http:\S+)$/m);
    const transport = new StreamableHTTPClientTransport(new URL("/mcp", url));
    return await connect(transport, { era: "2026", end: async () => await program[Symbol.asyncDispose]() });
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

async function connect(
  transport: StdioClientTransport | StreamableHTTPClientTransport,
  { era, end }: { readonly era: "2025" | "2026"; readonly end: () => Promise<void> },
): Promise<LanguageServer> {
  const client = new Client({ name: "languages", version: "1.0.0" }, {
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  let told: Told = { logs: [], progress: [] };
  client.setNotificationHandler("notifications/message", ({ params }) => void told.logs.push(params));
  // the client's own handler drops what comes together with the answer
  client.setNotificationHandler("notifications/progress", ({ params }) => void told.progress.push(params));
  await client.connect(transport);
  const call = async (name: string, args: object, more: object = {}) => {
    const params = { name, arguments: args as Record<string, unknown>, ...more };
    return await client.callTool(params, { timeout: REQUEST_MS }) as unknown as ToolResult;
  };
  return {
    call: (name, args = {}) => call(name, args),
    async listen(name, args = {}) {
      told = { logs: [], progress: [] };
      const result = await call(name, args, { _meta: { progressToken: "told" } });
      return { ...told, result };
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await end();
    },
  };
}
