/**
 * Request bodies, read within a limit, and the JSON-RPC errors that HTTP answers with.
 *
 * @module
 */

/** Largest message by default: 16 MiB. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024;

/** A JSON body, or the response that says why there is none. */
export type JsonBody = { readonly ok: true; readonly value: unknown } | {
  readonly ok: false;
  readonly response: Response;
};

/** Reads a JSON body of at most `limit` bytes. */
export async function readJsonBody(request: Request, limit: number): Promise<JsonBody> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return refuse(415, -32000, `Unsupported Media Type: expected application/json, found ${type ?? "none"}`);
  }
  const bytes = await readBytes(request, limit).catch(() => undefined);
  if (bytes === undefined) return refuse(400, -32700, "Parse error: the body could not be read");
  if (bytes === TOO_LARGE) return refuse(413, -32000, `Content Too Large: a message has at most ${limit} bytes`);
  try {
    return { ok: true, value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return refuse(400, -32700, "Parse error: the body is not valid JSON");
  }
}

const TOO_LARGE = Symbol("too large");

async function readBytes(request: Request, limit: number): Promise<Uint8Array | typeof TOO_LARGE> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return TOO_LARGE;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (const reader = request.body?.getReader(); reader !== undefined;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel().catch(() => {});
      return TOO_LARGE;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function refuse(status: number, code: number, message: string): JsonBody {
  return { ok: false, response: errorResponse({ status, code, message }) };
}

/** What an error response says. */
export interface ErrorResponse {
  readonly status: number;
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  /** Id of the request, when it could be read. */
  readonly id?: unknown;
  readonly data?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with a JSON-RPC error. */
export function errorResponse({ status, code, message, id, data, headers }: ErrorResponse): Response {
  const hasId = typeof id === "string" || typeof id === "number";
  return Response.json(
    { jsonrpc: "2.0", ...(hasId && { id }), error: { code, message, ...(data !== undefined && { data }) } },
    { status, headers: { ...headers } },
  );
}
