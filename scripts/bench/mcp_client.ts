/**
 * The SDK's client of a server, as the benchmark uses it: calls that fail end the run.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { ROOT } from "../lib/repository.ts";
import { HOST } from "./http_connection.ts";
import { childEnvironment, type Command } from "./processes.ts";
import type { ListedTool } from "./requests.ts";
import type { Server } from "./subjects.ts";

/** A client that is connected. */
export class McpClient implements AsyncDisposable {
  readonly #client: Client;
  /** Of the server that it started; `undefined` over HTTP. */
  readonly pid: number | undefined;

  private constructor(client: Client, pid?: number) {
    this.#client = client;
    this.pid = pid;
  }

  /** Connects a client to a server over HTTP. */
  static async open({ port }: Pick<Server, "port">): Promise<McpClient> {
    const client = newClient();
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://${HOST}:${port}/mcp`)));
    return new McpClient(client);
  }

  /** Starts a server, and connects a client to it over stdio. The server ends with the client. */
  static async start([command, ...args]: Command): Promise<McpClient> {
    const client = newClient();
    const transport = new StdioClientTransport({
      ...{ command, args, cwd: ROOT, env: childEnvironment() },
      stderr: "ignore",
    });
    await client.connect(transport);
    return new McpClient(client, transport.pid ?? undefined);
  }

  /** Gives the list of tools, as clients hand it to a model. */
  async listTools(): Promise<readonly ListedTool[]> {
    return (await this.#client.listTools()).tools as readonly ListedTool[];
  }

  /**
   * Calls a tool.
   *
   * @returns the texts of its answer, and its structured content.
   * @throws {Error} when the call fails.
   */
  async call(name: string, args: object): Promise<{ readonly text: string; readonly structured: unknown }> {
    const { content, isError, structuredContent } = await this.#client.callTool(
      { name, arguments: { ...args } },
      { timeout: 120_000 },
    );
    const text = content.map((it) => it.type === "text" ? it.text : JSON.stringify(it)).join("\n");
    if (isError === true) throw new Error(`Cannot call "${name}": ${text}`);
    return { text, structured: structuredContent };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function newClient(): Client {
  return new Client({ name: "bench", version: "1.0.0" });
}
