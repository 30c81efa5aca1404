/**
 * The SDK's client of a server, as the benchmark uses it: calls that fail end the run.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { HOST } from "./http_connection.ts";
import type { ListedTool } from "./requests.ts";
import type { Server } from "./subjects.ts";

/** A client that is connected over HTTP. */
export class McpClient implements AsyncDisposable {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Connects a client to a server. */
  static async open({ port }: Server): Promise<McpClient> {
    const client = new Client({ name: "bench", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://${HOST}:${port}/mcp`)));
    return new McpClient(client);
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
