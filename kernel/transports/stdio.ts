/**
 * MCP over stdin and stdout: one JSON message a line.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import {
  type JSONRPCMessage,
  type MessageExtraInfo,
  parseJSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import { serveStdio as serveConnection } from "@modelcontextprotocol/server/stdio";
import { createCall, LOCAL_PRINCIPAL } from "../call.ts";
import { ErrorCode } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";
import { MAX_MESSAGE_BYTES } from "./body.ts";
import { MAX_UNREAD_BYTES } from "./event_stream.ts";
import { subscribeListed } from "./listening.ts";
import { Parking, type ParkingOptions } from "./parking.ts";
import { createServerFactory, type ServerInfo } from "./server.ts";

/** What the connection can be told. */
export interface StdioOptions {
  /** stdin by default. */
  readonly input?: Readable;
  /** stdout by default. Whoever serves a process reserves it first, so that nothing else reaches it. */
  readonly output?: Pick<Writable, "write" | "once" | "off">;
  /** Largest message in bytes; 16 MiB by default. */
  readonly maxMessageBytes?: number;
  readonly parking?: ParkingOptions;
}

/** A served connection. */
export interface StdioConnection {
  /** Resolves when the client has closed its end, or the connection was closed here. */
  readonly closed: Promise<void>;
  /** Ends the connection: calls are cancelled. */
  close(): Promise<void>;
}

/** Serves one connection over stdin and stdout. */
export function serveStdio(kernel: Kernel, info: ServerInfo, options: StdioOptions = {}): StdioConnection {
  const parking = new Parking(options.parking);
  const transport = new LineTransport(kernel, options);
  const closed = new Promise<void>((resolve) => transport.onEnd = resolve);
  const factory = createServerFactory(kernel, info, {
    principal: () => LOCAL_PRINCIPAL,
    parking,
    isConnection: () => true,
  });
  const handle = serveConnection(factory, {
    transport,
    onerror: (error) => kernel.log.debug(`stdio: ${error.message}`),
  });
  return {
    closed,
    async close() {
      parking.close();
      await handle.close();
      await transport.close();
    },
  };
}

/** Lines in, lines out. A line that is no message gets an error and does no harm to the next. */
class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;
  /** Runs once, when the connection has ended from either side. */
  onEnd: () => void = () => {};
  readonly #kernel: Kernel;
  readonly #input: Readable;
  readonly #output: Pick<Writable, "write" | "once" | "off">;
  readonly #limit: number;
  readonly #listening = new Map<unknown, Disposer>();
  #line: Buffer[] = [];
  #lineBytes = 0;
  #isSkipping = false;
  #isClosed = false;
  /** What the client has not read yet, and who waits for that. */
  #unread: { bytes: number; readonly drained: Promise<void>; end(): void } | undefined;

  constructor(kernel: Kernel, options: StdioOptions) {
    this.#kernel = kernel;
    this.#input = options.input ?? process.stdin;
    this.#output = options.output ?? process.stdout;
    this.#limit = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  }

  start(): Promise<void> {
    this.#input.on("data", this.#onData);
    this.#input.once("end", this.#onEndOfInput);
    this.#input.once("close", this.#onEndOfInput);
    this.#input.once("error", this.#onEndOfInput);
    // a client that has gone breaks the pipe; the end of input follows
    this.#output.once("error", this.#onEndOfInput);
    return Promise.resolve();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if ("id" in message && ("result" in message || "error" in message)) await this.#endListening(message.id);
    await this.#write(message);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#input.off("data", this.#onData);
    this.#input.pause();
    this.#unread?.end();
    for (const id of [...this.#listening.keys()]) await this.#endListening(id);
    this.onclose?.();
    this.onEnd();
  }

  readonly #onEndOfInput = (): void => void this.close();

  readonly #onData = (chunk: Buffer | string): void => {
    let rest = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      this.#append(rest.subarray(0, end));
      this.#endLine();
      rest = rest.subarray(end + 1);
    }
    this.#append(rest);
  };

  #append(piece: Buffer): void {
    this.#lineBytes += piece.length;
    if (this.#lineBytes > this.#limit) {
      this.#isSkipping = true;
      this.#line = [];
    } else if (piece.length > 0) {
      this.#line.push(piece);
    }
  }

  #endLine(): void {
    const line = Buffer.concat(this.#line).toString("utf8").trim();
    const isTooLong = this.#isSkipping;
    this.#line = [];
    this.#lineBytes = 0;
    this.#isSkipping = false;
    if (isTooLong) {
      this.#refuse(ErrorCode.invalidRequest, `Invalid Request: a message has at most ${this.#limit} bytes`);
    } else if (line !== "") this.#receive(line);
  }

  #receive(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return this.#refuse(ErrorCode.parseError, "Parse error: the line is not valid JSON");
    }
    // batches are of revision 2025-03-26; each message is answered by itself, and an empty one is none
    for (const item of Array.isArray(value) && value.length > 0 ? value : [value]) {
      try {
        this.#deliver(parseJSONRPCMessage(item));
      } catch {
        this.#refuse(ErrorCode.invalidRequest, "Invalid Request: not a JSON-RPC message", idOf(item));
      }
    }
  }

  #deliver(message: JSONRPCMessage): void {
    if ("method" in message && "id" in message) {
      const dispose = subscribeListed(this.#kernel, message, createCall({ principal: LOCAL_PRINCIPAL }));
      if (dispose !== undefined) {
        void this.#endListening(message.id);
        this.#listening.set(message.id, dispose);
      }
    } else if ("method" in message && message.method === "notifications/cancelled") {
      void this.#endListening(message.params?.["requestId"]);
    }
    this.onmessage?.(message);
  }

  async #endListening(id: unknown): Promise<void> {
    const dispose = this.#listening.get(id);
    this.#listening.delete(id);
    await dispose?.();
  }

  #refuse(code: number, message: string, id?: unknown): void {
    const hasId = typeof id === "string" || typeof id === "number";
    void this.#write({ jsonrpc: "2.0", ...(hasId && { id }), error: { code, message } }).catch(() => {});
  }

  #write(message: object): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    // a client that reads nothing misses notifications, and no answer
    if (this.#unread !== undefined && this.#unread.bytes > MAX_UNREAD_BYTES && !("id" in message)) {
      return this.#unread.drained;
    }
    const line = `${JSON.stringify(message)}\n`;
    if (this.#output.write(line)) return Promise.resolve();
    this.#unread ??= this.#awaitDrain();
    this.#unread.bytes += line.length;
    // a client that reads slowly slows whoever sends
    return this.#unread.drained;
  }

  #awaitDrain() {
    let end!: () => void;
    const drained = new Promise<void>((resolve) => end = resolve);
    this.#output.once("drain", () => {
      this.#unread = undefined;
      end();
    });
    return { bytes: 0, drained, end };
  }
}

function idOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? (value as { id?: unknown }).id : undefined;
}
