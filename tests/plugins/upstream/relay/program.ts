/**
 * The real program in front of real servers, and real clients of it.
 *
 * @module
 */
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { JsonObject } from "../../../../kernel/mod.ts";
import type { TestEra } from "../../../../kernel/testing.ts";
import { makeFolder, startProgram } from "../../../command_line/program.ts";
import { inRepository } from "../../../support/root.ts";
import { until } from "../../../support/wait.ts";

/** The reference server, as `mcpServers` name it. */
export const EVERYTHING = {
  command: "node",
  args: [inRepository("node_modules", "@modelcontextprotocol", "server-everything", "dist", "index.js")],
};

/** A client, and what it is called. */
export interface ClientWish {
  readonly name: string;
  readonly era: TestEra;
  readonly capabilities?: NonNullable<ClientOptions["capabilities"]>;
  /** Runs before the client connects: the place for its handlers. */
  readonly prepare?: (client: Client) => void;
}

/** The running program. */
export interface Program extends AsyncDisposable {
  /** Where its MCP endpoint is. */
  readonly url: string;
  /** Connects a client, which is closed with the program. */
  connect(wish: ClientWish): Promise<Client>;
  stderr(): string;
}

/** Starts the program over HTTP with other servers. */
export async function startWith(mcpServers: Readonly<Record<string, JsonObject>>): Promise<Program> {
  const home = await makeFolder();
  await home.write("collet.json", JSON.stringify({ mcpServers }));
  const running = await startProgram(["--transport", "http", "--port", "0", "--no-token"], { home: home.path });
  const [, url = ""] = await running.seen("stderr", /^listening on (\S+)$/m);
  const clients: Client[] = [];
  const endpoint = new URL("/mcp", url);
  return {
    url: endpoint.href,
    stderr: running.stderr,
    async connect(wish) {
      const client = clientOf(wish);
      await client.connect(new StreamableHTTPClientTransport(endpoint));
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      running.signal("SIGTERM");
      await running.ended;
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Connects a client to the reference server itself, to compare with. */
export async function connectDirectly(wish: ClientWish): Promise<Client> {
  const client = clientOf(wish);
  await client.connect(new StdioClientTransport({ ...EVERYTHING, stderr: "ignore" }));
  return client;
}

/** Waits until a client is listed a tool: servers are started in the background, so that nobody waits for them. */
export async function untilListed(client: Client, name: string): Promise<void> {
  await until(async () => (await client.listTools()).tools.some((it) => it.name === name), `tool "${name}"`);
}

/** Lets a client answer all questions with its own name. */
export function answering(name: string): (client: Client) => void {
  return (client) => {
    client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name } }));
    client.setRequestHandler("sampling/createMessage", () => ({
      role: "assistant",
      model: name,
      content: { type: "text", text: `sampled by ${name}` },
    }));
    client.setRequestHandler("roots/list", () => ({ roots: [{ uri: `file:///${name}` }] }));
  };
}

/** What a client that answers all questions says that it can. */
export const ALL_CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

function clientOf({ name, era, capabilities = {}, prepare }: ClientWish): Client {
  const client = new Client({ name, version: "1.0.0" }, {
    capabilities,
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
  });
  prepare?.(client);
  return client;
}
