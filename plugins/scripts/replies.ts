/**
 * What requests are answered with: the outcome, or what failed, as the revision of the protocol has it.
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
import { REQUESTS } from "./messages.ts";
import { OutputTooLong } from "./output_lines.ts";
import { InvalidParams } from "./params.ts";

/** Code of a request that failed for no reason that JSON-RPC or MCP has a code for. */
const REQUEST_FAILED = -32000;

/** What JSON-RPC says of a failure. */
interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Serves a request; gives an object with `result` or with `error`. */
export async function replyTo(method: string, params: JsonObject, host: MessageHost): Promise<JsonObject> {
  const request = REQUESTS.get(method);
  let isKnown = true;
  const reply = await attempt(async () => {
    const served = request === undefined ? host.serve?.(method, params) : request(params, host);
    isKnown = served !== undefined;
    return await served;
  }, host);
  return isKnown ? reply : { error: { code: ErrorCode.methodNotFound, message: `Method not found: ${method}` } };
}

/**
 * Serves anything; gives an object with `result` or with `error`.
 *
 * @throws {OutputTooLong} when a chunk is one too many.
 */
export async function attempt(
  serve: () => Promise<JsonObject | void>,
  { protocol }: Pick<MessageHost, "protocol">,
): Promise<JsonObject> {
  try {
    return { result: await serve() ?? {} };
  } catch (error) {
    if (error instanceof OutputTooLong) throw error;
    return protocol >= 2 ? { error: toRpcError(error) } : { result: { error: messageOf(error) } };
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
