/**
 * A client over the pipes of a process: lines as they are.
 *
 * @module
 */
import assert from "node:assert/strict";
import { initialize, type Message, modern } from "../support/raw.ts";
import type { Holdings } from "./plugin.ts";
import type { Server } from "./served_program.ts";

const WAIT_MS = 15_000;

/** Reads what a server writes from its first line on, and declines whatever it asks. */
export class LineClient {
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  /** What came since the last `take`. */
  #messages: Message[] = [];
  #rest = "";
  #lastId = 0;
  /** What was wrong with a line. */
  #failure: unknown;

  readonly #keepsAll: boolean;

  /** @param options `keepsAll`: whether what is no answer to a request is kept as well. */
  constructor(server: Server, { keepsAll = true }: { readonly keepsAll?: boolean } = {}) {
    this.#server = server;
    this.#keepsAll = keepsAll;
    server.child.stdout!.setEncoding("utf8").on("data", (chunk: string) => this.#take(chunk));
  }

  /** Reads no more, until `resume`. */
  pause(): void {
    this.#server.child.stdout!.pause();
  }

  resume(): void {
    this.#server.child.stdout!.resume();
  }

  /** Everything that came since the last `take`. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** Gives what came, and forgets it. */
  take(): Message[] {
    const taken = this.#messages;
    this.#messages = [];
    return taken;
  }

  /** Writes bytes, or a message as a line. */
  write(line: Uint8Array | object): void {
    this.#server.child.stdin!.write(line instanceof Uint8Array ? line : `${JSON.stringify(line)}\n`);
  }

  /** Waits until a condition on what came holds; tells whether it does. Throws when a line is no message. */
  async wait(condition: (messages: readonly Message[]) => boolean, ms = WAIT_MS): Promise<boolean> {
    const end = Date.now() + ms;
    while (!condition(this.#messages)) {
      if (this.#failure !== undefined) throw this.#failure;
      const left = end - Date.now();
      if (left <= 0 || !this.#server.isAlive()) return false;
      await new Promise<void>((resolve) => {
        const done = () => (clearTimeout(timer), this.#waiting.delete(done), resolve());
        const timer = setTimeout(done, left);
        this.#waiting.add(done);
      });
    }
    return true;
  }

  /** Sends a request, and gives its answer. */
  async request(method: string, params: object = {}): Promise<Message> {
    return await this.answer(this.start(method, params));
  }

  /** Sends a request, and gives its id. */
  start(method: string, params: object = {}): string {
    const id = `good ${++this.#lastId}`;
    this.write({ jsonrpc: "2.0", id, method, params });
    return id;
  }

  /** Sends a request of revision 2026-07-28, and gives its answer. */
  async requestModern(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Message> {
    const id = `good ${++this.#lastId}`;
    this.write({ ...modern(method, params).body, id });
    return await this.answer(id);
  }

  /** Waits for the answer to an id, and takes it. */
  async answer(id: unknown): Promise<Message> {
    const find = () => this.#messages.find((it) => it.id === id && it.method === undefined);
    await this.wait(() => find() !== undefined);
    const answer = find();
    if (answer === undefined) throw new Error(`Expected an answer to ${id}; the log: ${this.#server.stderr()}`);
    this.#messages.splice(this.#messages.indexOf(answer), 1);
    return answer;
  }

  /** Goes through the handshake of the revisions before 2026-07-28. */
  async open(version = "2025-11-25", capabilities = {}): Promise<void> {
    this.write({ ...initialize(version, capabilities), id: "open" });
    assert.equal((await this.answer("open")).result?.protocolVersion, version);
    this.write({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  #take(chunk: string): void {
    const lines = chunk.split("\n");
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop()!;
    try {
      for (const line of lines) this.#takeLine(line);
    } catch (thrown) {
      this.#failure ??= thrown;
    }
    for (const wake of [...this.#waiting]) wake();
  }

  #takeLine(line: string): void {
    const value: unknown = JSON.parse(line);
    for (const message of (Array.isArray(value) ? value : [value]) as Message[]) {
      assert.equal(message.jsonrpc, "2.0", line);
      if (message.method !== undefined && message.id !== undefined) this.#decline(message);
      else if (this.#keepsAll || message.id !== undefined) this.#messages.push(message);
    }
  }

  #decline({ id, method }: Message): void {
    const result = method === "ping" ? {} : method === "elicitation/create" ? { action: "decline" } : undefined;
    const error = { code: -32601, message: "Not here" };
    this.write({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result }) });
  }
}

/** Fails unless a client whose connection is open is served as if nothing had happened. */
export async function assertLineServed(client: LineClient, era: "2025" | "2026"): Promise<void> {
  const call = { name: "echo", arguments: { value: "still here" } };
  const { result } = era === "2025"
    ? await client.request("tools/call", call)
    : await client.requestModern("tools/call", call);
  assert.deepEqual(result?.structuredContent, { value: "still here" });
}

/** Asks a server over stdio what it holds. */
export async function lineHoldings(client: LineClient, era: "2025" | "2026"): Promise<Holdings> {
  const call = { name: "holdings", arguments: {} };
  const { result } = era === "2025"
    ? await client.request("tools/call", call)
    : await client.requestModern("tools/call", call);
  return result.structuredContent;
}
