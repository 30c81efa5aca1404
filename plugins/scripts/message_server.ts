/**
 * Serves the messages of one run: looks them up, answers those that have an id, and says what failed as the revision of
 * the protocol has it.
 *
 * @module
 */
import {
  ErrorCode,
  isProtocolError,
  isToolError,
  type JsonObject,
  messageOf,
  type ProtocolError,
} from "../../kernel/mod.ts";
import type { MessageHost } from "./message_host.ts";
import { NOTICES, REQUESTS } from "./messages.ts";
import { type MessageId, type MessageLine, OutputTooLong } from "./output_lines.ts";
import { InvalidParams, isJsonObject } from "./params.ts";

/** Most requests of a script that are served at once; it waits with the next one. */
const MOST_REQUESTS = 64;
/** Most characters of replies that wait to be read; a script that reads none waits with the next message. */
const MOST_UNREAD = 4 * 1024 * 1024;
/** Code of a request that failed for no reason that JSON-RPC or MCP has a code for. */
const REQUEST_FAILED = -32000;

/** Takes a line, without its end, to the script. */
type Write = (line: string) => Promise<void>;

/** What JSON-RPC says of a failure. */
interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Serves what one script sends. */
export class MessageServer {
  readonly #host: MessageHost;
  readonly #write: Write;
  #serving = 0;
  #unread = 0;
  /** Goes on with the message that waits, when there may be room for it. */
  #wake: (() => void) | undefined;

  constructor(host: MessageHost, write: Write) {
    this.#host = host;
    this.#write = write;
  }

  /**
   * Takes a message; resolves when the script may send the next one, which may be before it is answered.
   *
   * @throws {OutputTooLong} when a chunk is one too many.
   */
  async serve({ method, params, id }: MessageLine): Promise<void> {
    const given = isJsonObject(params) ? params : {};
    const notice = NOTICES.get(method);
    if (notice !== undefined) {
      // one after the other, as they were written
      const reply = await this.#attempt(async () => void await notice(given, this.#host));
      if (id !== undefined) this.#reply(id, reply);
    } else if (id !== undefined) {
      // to answer without an id would not reach whoever asked
      this.#serving++;
      void this.#answer(method, given).then((reply) => {
        this.#serving--;
        this.#reply(id, reply);
        this.#wake?.();
      });
    }
    await this.#room();
  }

  /** Answers a request of which not even the id can be read. */
  async refuse(reason: string): Promise<void> {
    this.#reply(null, { error: { code: ErrorCode.invalidRequest, message: `Invalid request: ${reason}` } });
    await this.#room();
  }

  async #answer(method: string, params: JsonObject): Promise<JsonObject> {
    const request = REQUESTS.get(method);
    if (request === undefined) {
      return { error: { code: ErrorCode.methodNotFound, message: `Method not found: ${method}` } };
    }
    return await this.#attempt(async () => await request(params, this.#host));
  }

  async #attempt(serve: () => Promise<JsonObject | void>): Promise<JsonObject> {
    try {
      return { result: await serve() ?? {} };
    } catch (error) {
      if (error instanceof OutputTooLong) throw error;
      return this.#host.protocol >= 2 ? { error: toRpcError(error) } : { result: { error: messageOf(error) } };
    }
  }

  #reply(id: MessageId, reply: JsonObject): void {
    const line = encodeReply(id, reply);
    this.#unread += line.length;
    void this.#write(line).then(() => {
      this.#unread -= line.length;
      this.#wake?.();
    });
  }

  async #room(): Promise<void> {
    while (this.#serving >= MOST_REQUESTS || this.#unread > MOST_UNREAD) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** Writes a reply; values that are no JSON, as a tool of a careless plugin may give them, are a failure as well. */
function encodeReply(id: MessageId, reply: JsonObject): string {
  const head = `{"jsonrpc":"2.0","id":${typeof id === "bigint" ? id : JSON.stringify(id)}`;
  try {
    return `${head},${JSON.stringify(reply).slice(1)}`;
  } catch (error) {
    const message = `The answer is no JSON: ${messageOf(error)}`;
    return `${head},${JSON.stringify({ error: { code: ErrorCode.internalError, message } }).slice(1)}`;
  }
}

function toRpcError(thrown: unknown): RpcError {
  const message = messageOf(thrown);
  if (thrown instanceof InvalidParams) return { code: ErrorCode.invalidParams, message };
  const protocol = protocolErrorOf(thrown);
  const data = isToolError(thrown) && thrown.data !== undefined ? thrown.data : protocol?.data;
  return { code: protocol?.code ?? REQUEST_FAILED, message, ...(data !== undefined && { data }) };
}

/** Finds the error of the protocol that a failure is, or was made of. */
function protocolErrorOf(thrown: unknown): ProtocolError | undefined {
  if (isProtocolError(thrown)) return thrown;
  return isToolError(thrown) && isProtocolError(thrown.cause) ? thrown.cause : undefined;
}
