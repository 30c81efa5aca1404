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
import { type MessageHost, NOTICES, REQUESTS } from "./messages.ts";
import type { MessageId, MessageLine } from "./output_lines.ts";
import { InvalidParams, isJsonObject } from "./params.ts";

/** Most requests of a script that are served at once; it waits with the next one. */
const MOST_REQUESTS = 64;
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
  readonly #serving = new Set<Promise<void>>();

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
    if (notice !== undefined) await notice(given, this.#host);
    // to answer without an id would not reach whoever asked
    if (id === undefined) return;
    if (notice !== undefined) return void this.#reply(id, { result: {} });
    const serving = this.#answer(method, given).then((reply) => this.#reply(id, reply));
    this.#serving.add(serving);
    void serving.finally(() => this.#serving.delete(serving));
    if (this.#serving.size >= MOST_REQUESTS) await Promise.race(this.#serving);
  }

  async #answer(method: string, params: JsonObject): Promise<JsonObject> {
    const request = REQUESTS.get(method);
    if (request === undefined) {
      return { error: { code: ErrorCode.methodNotFound, message: `Method not found: ${method}` } };
    }
    try {
      return { result: await request(params, this.#host) };
    } catch (error) {
      return this.#host.protocol >= 2 ? { error: toRpcError(error) } : { result: { error: messageOf(error) } };
    }
  }

  #reply(id: MessageId, reply: JsonObject): Promise<void> {
    return this.#write(encodeReply(id, reply));
  }
}

/** Writes a reply; values that are no JSON, as a tool of a careless plugin may give them, are a failure as well. */
function encodeReply(id: MessageId, reply: JsonObject): string {
  try {
    return JSON.stringify({ jsonrpc: "2.0", id, ...reply });
  } catch (error) {
    const message = `The answer is no JSON: ${messageOf(error)}`;
    return JSON.stringify({ jsonrpc: "2.0", id, error: { code: ErrorCode.internalError, message } });
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
