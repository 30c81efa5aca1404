/**
 * Writes results as JSON or MessagePack, and reads them.
 *
 * Both are a map with string keys `success`, `message`, `prompt`, `error` and `context`, as serde writes such a struct:
 * optional members that are `null` are left out. MessagePack is that of
 * https://github.com/msgpack/msgpack/blob/master/spec.md.
 *
 * @module
 */
import { decode, encode } from "@msgpack/msgpack";
import { messageOf } from "../../../kernel/mod.ts";
import { SkillValueError } from "../catalog/errors.ts";
import { isPlainObject, toPlain } from "./plain.ts";
import { ToolResult } from "./tool_result.ts";
import { validateActionResult } from "./validate.ts";

/** Formats in which results are written. */
export const SerializeFormat: {
  /** UTF-8 JSON text. */
  readonly Json: "SerializeFormat.Json";
  /** Binary MessagePack. */
  readonly MsgPack: "SerializeFormat.MsgPack";
} = Object.freeze({ Json: "SerializeFormat.Json", MsgPack: "SerializeFormat.MsgPack" });

/** One of {@linkcode SerializeFormat}. */
export type SerializeFormat = (typeof SerializeFormat)[keyof typeof SerializeFormat];

/** Writes a result as JSON text. */
export function serializeResult(result: ToolResult, format?: typeof SerializeFormat.Json): string;
/** Writes a result as MessagePack. */
export function serializeResult(result: ToolResult, format: typeof SerializeFormat.MsgPack): Uint8Array;
/** Writes a result in the format given. */
export function serializeResult(result: ToolResult, format?: SerializeFormat): string | Uint8Array;
/**
 * Writes a result.
 *
 * @param result The result.
 * @param format JSON by default.
 * @returns text of JSON, bytes of MessagePack.
 * @throws {TypeError} when it is no {@linkcode ToolResult}, or the format none of the two.
 * @throws {SkillValueError} when its context cannot be carried, which holds for both formats alike.
 *
 * @example To MessagePack and back
 * ```ts
 * import { deserializeResult, SerializeFormat, serializeResult, successResult } from "collet/skills";
 *
 * const bytes = serializeResult(successResult("done", { frame_count: 240 }), SerializeFormat.MsgPack);
 * const { context } = deserializeResult(bytes, SerializeFormat.MsgPack);
 * if (context["frame_count"] !== 240) throw new Error("unexpected");
 * ```
 */
export function serializeResult(
  result: ToolResult,
  format: SerializeFormat = SerializeFormat.Json,
): string | Uint8Array {
  if (!(result instanceof ToolResult)) {
    throw new TypeError("Cannot serialise the result: it is no ToolResult; make one of it by validateActionResult");
  }
  requireFormat(format);
  const { context, ...members } = result.toJSON();
  const plain = { ...members, context: toPlain(context, "context") };
  return format === SerializeFormat.Json ? JSON.stringify(plain) : encode(plain, { maxDepth: Infinity });
}

/**
 * Reads a result.
 *
 * @param data Text or bytes of JSON, or bytes of MessagePack.
 * @param format What it was written in; JSON by default.
 * @returns the result; members that are missing have their defaults, and those of other names go to its context.
 * @throws {TypeError} when the data are neither text nor bytes, or the format is none of the two.
 * @throws {SkillValueError} when they are corrupt, empty, of the other format, or no result.
 */
export function deserializeResult(
  data: string | Uint8Array,
  format: SerializeFormat = SerializeFormat.Json,
): ToolResult {
  if (typeof data !== "string" && !(data instanceof Uint8Array)) {
    throw new TypeError("Cannot read the result: the data are neither a string nor a Uint8Array");
  }
  requireFormat(format);
  const value = parse(data, format);
  if (!isPlainObject(value)) throw unreadable(format, "it holds no object");
  try {
    return validateActionResult(value);
  } catch (error) {
    throw unreadable(format, messageOf(error), error);
  }
}

function parse(data: string | Uint8Array, format: SerializeFormat): unknown {
  try {
    if (format === SerializeFormat.MsgPack) {
      if (typeof data === "string") throw new TypeError("it is text");
      return decode(data);
    }
    return JSON.parse(typeof data === "string" ? data : new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch (error) {
    throw unreadable(format, messageOf(error), error);
  }
}

function requireFormat(format: SerializeFormat): void {
  if (Object.values(SerializeFormat).includes(format)) return;
  throw new TypeError(
    `Cannot use the format "${format}": it is neither SerializeFormat.Json nor SerializeFormat.MsgPack`,
  );
}

function unreadable(format: SerializeFormat, reason: string, cause?: unknown): SkillValueError {
  const name = format === SerializeFormat.Json ? "JSON" : "MessagePack";
  return new SkillValueError("DATA_INVALID", `Cannot read the result from ${name}: ${reason}`, { cause });
}
