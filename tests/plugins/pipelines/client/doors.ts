/**
 * Clients of pipelines: over stdio to a process of their own, and over HTTP to a port of this one.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { createApp } from "../../../../kernel/transports/mod.ts";
import { listen } from "../../../support/listen.ts";
import { type TemporaryHome, temporaryHome } from "../../library/kit.ts";
import { callsOf, startOnHome } from "./kernel.ts";

export type Era = "2025" | "2026";
export type Door = "stdio" | "http";

/** A client that is connected. */
export interface Connection extends AsyncDisposable {
  readonly client: Client;
  /** Ends the server without a chance to say so; over stdio. */
  kill(): Promise<void>;
}

/** Connects a client over a door to a server on a home. */
export async function connect(
  home: string,
  { door, era, prepare }: { readonly door: Door; readonly era: Era; readonly prepare?: (client: Client) => void },
): Promise<Connection> {
  const client = new Client({ name: "doors", version: "1.0.0" }, {
    capabilities: { elicitation: {} },
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  prepare?.(client);
  return door === "stdio" ? await overStdio(client, home) : await overHttp(client, home);
}

async function overStdio(client: Client, home: string): Promise<Connection> {
  const path = fileURLToPath(new URL("./server.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...flags, path, home],
    stderr: "inherit",
  });
  await client.connect(transport);
  return {
    client,
    async kill() {
      process.kill(transport.pid!, "SIGKILL");
      await client.close();
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function overHttp(client: Client, home: string): Promise<Connection> {
  const kernel = await startOnHome(home, fakeLog());
  const app = createApp(kernel, { name: "pipelines", version: "1.0.0" });
  const server = await listen(app);
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", server.url)));
  return {
    client,
    kill: () => Promise.reject(new Error("a server of this process is not killed")),
    async [Symbol.asyncDispose]() {
      await client.close();
      await app.close();
      await server.close();
      await kernel.stop();
    },
  };
}

/** Registers a test for each door and era. */
export function forEachDoor(
  title: string,
  run: (home: TemporaryHome, field: { readonly door: Door; readonly era: Era }) => Promise<void>,
): void {
  for (const [door, era] of [["stdio", "2025"], ["stdio", "2026"], ["http", "2025"], ["http", "2026"]] as const) {
    test(`${title} (${door}, ${era})`, async () => {
      await using home = await temporaryHome();
      await run(home, { door, era });
    });
  }
}

/** Calls the tool `pipeline`, and gives its structured content. */
export async function pipeline(client: Client, args: JsonObject): Promise<Record<string, unknown>> {
  const { structuredContent } = await client.callTool({ name: "pipeline", arguments: { ...args } });
  return structuredContent as Record<string, unknown>;
}

/** Makes a pipeline. */
export async function create(client: Client, name: string, steps: readonly unknown[]): Promise<void> {
  const made = await client.callTool({ name: "pipeline", arguments: { action: "create", name, steps } });
  assert.notEqual(made.isError, true, JSON.stringify(made));
}

/** Gives the calls of tools so far. */
export async function readCalls(home: TemporaryHome): Promise<readonly string[]> {
  const text = await readFile(callsOf(home.path), "utf8").catch(() => "");
  return text.split("\n").filter((it) => it !== "");
}
