/**
 * A server over stdio that is asked more than once.
 *
 * @module
 */
import { createInterface, type Interface } from "node:readline";
import { type Child, type Command, end, start } from "./processes.ts";
import { INITIALIZE, INITIALIZED, type Operation } from "./requests.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How much of what a server says last is kept for errors. */
const KEPT_OUTPUT = 4_096;

/** A server over stdio, initialized. */
export class StdioSession implements AsyncDisposable {
  /** Of the server's process. */
  readonly pid: number;
  readonly #child: Child;
  readonly #reader: Interface;
  readonly #waiting = new Map<number, Waiting>();
  #said = "";
  #lastId = INITIALIZE.id;

  private constructor(command: Command) {
    this.#child = start(command);
    this.pid = this.#child.pid ?? NaN;
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-KEPT_OUTPUT);
    });
    this.#child.once("error", ({ message }) => this.#failAll(message));
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#reader.on("line", (line) => this.#take(line)).once("close", () => this.#failAll("it has ended"));
  }

  /**
   * Starts a server.
   *
   * @throws {Error} when it ends, or refuses to be initialized.
   */
  static async open(command: Command): Promise<StdioSession> {
    const session = new StdioSession(command);
    try {
      await session.#ask(INITIALIZE);
      session.#write(INITIALIZED);
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Calls a tool.
   *
   * @returns its structured content.
   * @throws {Error} when the call fails.
   */
  async call(name: string, args: object): Promise<unknown> {
    const params = { name, arguments: args };
    const result = await this.#ask({ id: ++this.#lastId, method: "tools/call", params });
    const { isError, structuredContent, content } = result as Record<string, unknown>;
    if (isError === true) throw new Error(`Cannot call "${name}": ${JSON.stringify(content)}\n${this.#said}`);
    return structuredContent;
  }

  #ask(operation: Operation): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(operation.id, { resolve, reject });
      this.#write(operation);
    });
  }

  #write(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  #take(line: string): void {
    const { id, result, error } = JSON.parse(line);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(`Cannot ask the server: ${JSON.stringify(error)}`));
  }

  #failAll(reason: string): void {
    const error = new Error(`Cannot ask "${this.#child.spawnargs.join(" ")}": ${reason}\n${this.#said}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, { byStdin: true });
    this.#reader.close();
  }
}
