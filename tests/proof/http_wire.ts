/**
 * HTTP/1.1 over a socket by hand: requests that no library would send, and what comes back.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import type { Message } from "../support/raw.ts";

/** One response, or the beginning of one. */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name; repeated ones are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Whether all of the body has come. */
  readonly isWhole: boolean;
}

/** A connection to a port of this machine. */
export class RawConnection implements Disposable {
  readonly socket: Socket;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  isClosed = false;
  #chunks: Buffer[] = [];
  #received = 0;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#received += chunk.length;
      this.#wake?.();
    });
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.isClosed = true;
        this.#wake?.();
        resolve();
      };
      socket.once("end", end).once("close", end);
    });
  }

  /** Connects; nothing is sent yet. */
  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return connection;
  }

  write(bytes: Uint8Array | string): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Reads no more, until `resume`. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Number of bytes that came. */
  get received(): number {
    return this.#received;
  }

  /** What came so far. */
  responses(): RawResponse[] {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return readResponses(this.#chunks[0] ?? Buffer.alloc(0), this.isClosed);
  }

  /** Waits until a condition on what came holds, the connection is over, or the time is; tells whether it holds. */
  async wait(ms: number, condition: (responses: readonly RawResponse[]) => boolean): Promise<boolean> {
    const end = Date.now() + ms;
    while (!condition(this.responses())) {
      const left = end - Date.now();
      if (this.isClosed || left <= 0) return condition(this.responses());
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
      this.#wake = undefined;
    }
    return true;
  }

  /** Waits until nothing came for a time, or the connection is over. */
  async quiet(ms: number): Promise<void> {
    for (let before = -1; before !== this.received && !this.isClosed;) {
      before = this.received;
      await this.wait(ms, () => this.received !== before);
    }
  }

  /** Says that no more will be sent. */
  end(): void {
    this.socket.end();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A request by its parts. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** Writes a request as the bytes it is on the wire. */
export function bytesOf({ method, target, version, headers, body }: RawRequest, newline = "\r\n"): Buffer {
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`), "", ""];
  return Buffer.concat([Buffer.from(lines.join(newline), "latin1"), body]);
}

/** Makes a POST whose connection ends with its answer. */
export function postRequest(
  port: number,
  body: unknown,
  { target = "/mcp", headers = {} }: {
    readonly target?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): RawRequest {
  const bytes = typeof body === "string"
    ? Buffer.from(body)
    : body instanceof Uint8Array
    ? body
    : Buffer.from(JSON.stringify(body));
  const all = {
    host: `127.0.0.1:${port}`,
    connection: "close",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "content-length": String(bytes.length),
    ...headers,
  };
  return { method: "POST", target, version: "HTTP/1.1", headers: Object.entries(all), body: bytes };
}

/** Makes a request without a body. */
export function plainRequest(
  port: number,
  method: string,
  { target = "/mcp", headers = {} }: {
    readonly target?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): RawRequest {
  const all = { host: `127.0.0.1:${port}`, connection: "close", accept: "text/event-stream", ...headers };
  return { method, target, version: "HTTP/1.1", headers: Object.entries(all), body: new Uint8Array() };
}

/** Sends a request that is as it should be, and gives its one response. */
export async function ask(port: number, request: RawRequest, ms = 10_000): Promise<RawResponse> {
  using connection = await RawConnection.open(port);
  connection.write(bytesOf(request));
  const isAnswered = await connection.wait(ms, ([first]) => first?.isWhole === true);
  const [response] = connection.responses();
  if (isAnswered && response !== undefined) return response;
  const found = response === undefined ? "none" : `a part of one with status ${response.status}: ${response.body}`;
  const how = connection.isClosed ? "the connection ended" : `${ms} ms passed`;
  throw new Error(`Expected a response to ${request.method} ${request.target}, found ${found} when ${how}`);
}

/** Reads the messages of a response, be it JSON or an event stream. */
export function messagesIn({ headers, body }: RawResponse): Message[] {
  const type = headers.get("content-type") ?? "";
  // an answer to HEAD has the head alone
  if (body === "") return [];
  if (type.startsWith("application/json")) {
    const value = JSON.parse(body);
    return Array.isArray(value) ? value : [value];
  }
  if (!type.startsWith("text/event-stream")) return [];
  return eventsIn(body).flatMap(({ data, event }) => data === "" || event === "endpoint" ? [] : [JSON.parse(data)]);
}

/** One event of a stream. */
export interface RawEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** Reads the events of a stream that are whole. */
export function eventsIn(body: string): RawEvent[] {
  return body.split("\n\n").slice(0, -1).flatMap((block) => {
    const lines = block.split("\n").filter((line) => !line.startsWith(":"));
    if (lines.length === 0) return [];
    const field = (name: string) =>
      lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
    return [{ id: field("id")[0], event: field("event")[0], data: field("data").join("\n") }];
  });
}

function readResponses(bytes: Buffer, isClosed: boolean): RawResponse[] {
  const responses: RawResponse[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [first = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(first) ?? [];
    if (status === undefined) throw new Error(`Expected a response, found ${JSON.stringify(first.slice(0, 200))}`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
    }
    const body = readBody(bytes.subarray(end + 4), { status: Number(status), headers, isClosed });
    // an interim response announces the final one
    if (Number(status) >= 200) {
      responses.push({ status: Number(status), headers, body: body.bytes.toString("utf8"), isWhole: body.isWhole });
    }
    if (!body.isWhole) break;
    at = end + 4 + body.length;
  }
  return responses;
}

interface ReadBody {
  readonly bytes: Buffer;
  /** Bytes on the wire. */
  readonly length: number;
  readonly isWhole: boolean;
}

function readBody(
  rest: Buffer,
  { status, headers, isClosed }: {
    readonly status: number;
    readonly headers: ReadonlyMap<string, string>;
    readonly isClosed: boolean;
  },
): ReadBody {
  // what follows an answer to HEAD is the next answer
  const hasNone = status < 200 || status === 204 || status === 304 || rest.toString("latin1", 0, 7) === "HTTP/1.";
  if (hasNone) return { bytes: Buffer.alloc(0), length: 0, isWhole: true };
  if (headers.get("transfer-encoding") === "chunked") return readChunks(rest);
  const length = headers.get("content-length");
  if (length === undefined) return { bytes: rest, length: rest.length, isWhole: isClosed };
  return { bytes: rest.subarray(0, Number(length)), length: Number(length), isWhole: rest.length >= Number(length) };
}

function readChunks(rest: Buffer): ReadBody {
  const parts: Buffer[] = [];
  for (let at = 0;;) {
    const line = rest.indexOf("\r\n", at);
    const size = line < 0 ? NaN : parseInt(rest.toString("latin1", at, line), 16);
    const end = line + 2 + size;
    if (Number.isNaN(size) || rest.length < end + 2) {
      // what has come of the last chunk
      if (!Number.isNaN(size)) parts.push(rest.subarray(line + 2, end));
      return { bytes: Buffer.concat(parts), length: rest.length, isWhole: false };
    }
    if (size === 0) return { bytes: Buffer.concat(parts), length: end + 2, isWhole: true };
    parts.push(rest.subarray(line + 2, end));
    at = end + 2;
  }
}
