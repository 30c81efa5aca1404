/**
 * What modules import from `collet`: the messages of the script protocol, as calls.
 *
 * `request(pointer, length)` takes `{"method","params"}` as JSON and gives the length of the reply, `{"result"}` or
 * `{"error":{"code","message","data"}}`; `reply(pointer)` copies that reply to memory.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import { type ModuleHost, RequestFailure } from "./hosts.ts";
import { RunAbandoned } from "./wasi/errno.ts";
import type { ModuleMemory } from "./wasi/memory.ts";

/** Messages that want no reply, in all their spellings; the same as those of the script protocol. */
export const NOTICE_METHODS: ReadonlySet<string> = new Set([
  ...["log", "logging/message", "notifications/message"],
  ...["progress", "notifications/progress", "progress/update"],
  ...["stream", "stream/chunk"],
]);

/** Most bytes of a reply. */
const LARGEST_REPLY = 16 * 1024 * 1024;

/** Codes of JSON-RPC. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;

const NO_REPLY = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What serves these calls, of one run after the other. */
export class ColletHost {
  readonly imports: WebAssembly.ModuleImports;
  #host: ModuleHost | undefined;
  #reply: Uint8Array = NO_REPLY;

  /** A pointer that is out of bounds is a trap, as it is for the module's own loads. */
  constructor(memory: ModuleMemory) {
    this.imports = {
      request: (pointer: number, length: number): number => {
        const text = decoder.decode(slice(memory, pointer, length).slice());
        if (this.#host === undefined || this.#host.isEnded()) throw new RunAbandoned();
        this.#reply = encodeReply(answer(text, this.#host));
        return this.#reply.length;
      },
      reply: (pointer: number): void => {
        slice(memory, pointer, this.#reply.length).set(this.#reply);
        this.#reply = NO_REPLY;
      },
    };
  }

  /** Begins a run. */
  open(host: ModuleHost): void {
    this.#host = host;
  }

  /** Forgets the run. */
  close(): void {
    this.#host = undefined;
    this.#reply = NO_REPLY;
  }
}

function slice(memory: ModuleMemory, pointer: number, length: number): Uint8Array {
  try {
    return memory.bytes(pointer >>> 0, length >>> 0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WebAssembly.RuntimeError("memory access out of bounds");
  }
}

function answer(text: string, host: ModuleHost): JsonObject {
  try {
    const { method, params } = readMessage(text);
    if (!NOTICE_METHODS.has(method)) return { result: host.request(method, params) ?? null };
    host.notify(method, params);
    return { result: {} };
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    return { error: { code: error.code, message: error.message, data: error.data } };
  }
}

function readMessage(text: string): { readonly method: string; readonly params: JsonObject } {
  const message = parse(text);
  const method = isJsonObject(message) ? message["method"] : undefined;
  if (!isJsonObject(message) || typeof method !== "string") {
    throw new RequestFailure(INVALID_REQUEST, 'Invalid message: expected an object with the text "method"');
  }
  const params = message["params"] ?? {};
  if (!isJsonObject(params)) throw new RequestFailure(INVALID_REQUEST, 'Invalid message: "params" is no object');
  return { method, params };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestFailure(
      PARSE_ERROR,
      `Invalid message: no JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function encodeReply(reply: JsonObject): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(JSON.stringify(reply));
  if (bytes.length <= LARGEST_REPLY) return bytes;
  const message = `Reply is too large: ${bytes.length} bytes, at most ${LARGEST_REPLY}`;
  return encodeReply({ error: { code: INTERNAL_ERROR, message } });
}
