/**
 * JSON over two byte streams, one value a line.
 *
 * @module
 */
import { type Encoded, EncodedParts } from "../http_answer.ts";
import { Buffer } from "node:buffer";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { ErrorCode } from "../errors.ts";
import { MAX_MESSAGE_BYTES } from "./body.ts";
import { MAX_UNREAD_BYTES } from "./event_stream.ts";
import { encodeError, parseJson, type RpcError } from "./messages.ts";

/** Where lines come from and go to. */
export interface LineOptions {
  /** stdin by default. */
  readonly input?: Readable;
  /** stdout by default. Whoever serves a process reserves it first, so that nothing else reaches it. */
  readonly output?: Pick<Writable, "write" | "once" | "off">;
  /** Largest message in bytes; 16 MiB by default. */
  readonly maxMessageBytes?: number;
}

const SENT: Promise<void> = Promise.resolve();
const LINE_FEED = 0x0a;

/** Lines in, lines out. A line that is no JSON gets an error and does no harm to the next. */
export class Lines {
  /** Resolves when the other side has closed its end, or this one was closed. */
  readonly closed: Promise<void>;
  readonly #receive: (value: unknown) => void;
  readonly #input: Readable;
  readonly #output: Pick<Writable, "write" | "once" | "off">;
  readonly #limit: number;
  #resolveClosed!: () => void;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #isSkipping = false;
  #isClosed = false;
  /** What the client has not read yet, and who waits for that. */
  #unread: { bytes: number; readonly drained: Promise<void>; end(): void } | undefined;

  constructor(options: LineOptions, receive: (value: unknown) => void) {
    this.#receive = receive;
    this.#input = options.input ?? process.stdin;
    this.#output = options.output ?? process.stdout;
    this.#limit = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
  }

  /** Begins to read. */
  start(): void {
    this.#input.on("data", this.#onData);
    this.#input.once("end", this.#onEnd);
    this.#input.once("close", this.#onEnd);
    this.#input.once("error", this.#onEnd);
    // a client that has gone breaks the pipe; the end of input follows
    this.#output.once("error", this.#onEnd);
  }

  /** Sends a line; resolves when there is room for more, so a client that reads slowly slows whoever sends. */
  send(json: Encoded): Promise<void> {
    if (this.#isClosed) return SENT;
    const line = typeof json === "string" ? `${json}\n` : lineOf(json);
    if (this.#output.write(line)) return SENT;
    this.#unread ??= this.#awaitDrain();
    this.#unread.bytes += line.length;
    // a client that reads none of its answers is not read either
    if (this.#unread.bytes > MAX_UNREAD_BYTES) this.#input.pause();
    return this.#unread.drained;
  }

  /** Sends a line that a client which reads nothing may miss. */
  notify(json: string): Promise<void> {
    if (this.#unread !== undefined && this.#unread.bytes > MAX_UNREAD_BYTES) return this.#unread.drained;
    return this.send(json);
  }

  /** Reads and sends nothing more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#input.off("data", this.#onData);
    this.#input.pause();
    this.#unread?.end();
    this.#resolveClosed();
  }

  readonly #onEnd = (): void => this.close();

  readonly #onData = (chunk: Buffer | string): void => {
    let rest = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
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
    const pieces = this.#line;
    const isTooLong = this.#isSkipping;
    this.#line = [];
    this.#lineBytes = 0;
    this.#isSkipping = false;
    if (isTooLong) {
      const message = `Invalid Request: a message has at most ${this.#limit} bytes`;
      return this.#refuse({ code: ErrorCode.invalidRequest, message });
    }
    const line = (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)).toString("utf8").trim();
    if (line === "") return;
    const parsed = parseJson(line, "line");
    if (parsed.ok) this.#receive(parsed.value);
    else this.#refuse(parsed.error);
  }

  #refuse(error: RpcError): void {
    void this.send(encodeError(undefined, error));
  }

  #awaitDrain() {
    let end!: () => void;
    const drained = new Promise<void>((resolve) => end = resolve);
    this.#output.once("drain", () => {
      this.#unread = undefined;
      if (!this.#isClosed) this.#input.resume();
      end();
    });
    return { bytes: 0, drained, end };
  }
}

function lineOf(json: Uint8Array | EncodedParts): Buffer {
  const pieces = json instanceof EncodedParts ? [Buffer.from(json.head), json.kept, Buffer.from(json.tail)] : [json];
  return Buffer.concat([...pieces, Buffer.of(LINE_FEED)]);
}
