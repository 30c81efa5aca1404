/**
 * The result of a skill's tool: whether it succeeded, a message for people, and data.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import { isPlainObject, type PlainObject, toPlain } from "./plain.ts";

/** A result as scripts write it: all five members are there. */
export interface ResultDict {
  readonly success: boolean;
  /** Says for people what was done, or what went wrong. */
  readonly message: string;
  /** A hint for the model's next step. */
  readonly prompt: string | null;
  /** The technical side of a failure. */
  readonly error: string | null;
  /** Data, which JSON has to be able to carry. */
  readonly context: JsonObject;
}

/** What a {@linkcode ToolResult} is made of; `success` is true, the texts and the context are empty by default. */
export type ToolResultFields = { readonly [Name in keyof ResultDict]?: ResultDict[Name] | undefined };

/** A {@linkcode ResultDict} as it is written: members that are `null` are left out. */
export interface ResultJson {
  readonly success: boolean;
  readonly message: string;
  readonly prompt?: string;
  readonly error?: string;
  readonly context: JsonObject;
}

/** How {@linkcode ToolResult.toJson} writes. */
export interface ToJsonOptions {
  /**
   * Keeps the first ten items of each array and object, and writes `"..."` for what lies deeper than three levels below
   * the context; `false` by default, since data is lost.
   */
  readonly isCompact?: boolean | undefined;
}

const MOST_ITEMS = 10;
const MOST_LEVELS = 3;

/**
 * The result of a tool. It is not changed: {@linkcode ToolResult.withError} and {@linkcode ToolResult.withContext} give
 * another one.
 *
 * @example Make a result and write it
 * ```ts
 * import { ToolResult } from "collet/skills";
 *
 * const result = new ToolResult({ message: "Rendered", context: { frames: 24 } });
 * if (result.toJson() !== '{"success":true,"message":"Rendered","context":{"frames":24}}') throw new Error();
 * ```
 */
export class ToolResult implements ResultDict {
  readonly success: boolean;
  readonly message: string;
  readonly prompt: string | null;
  readonly error: string | null;
  readonly context: JsonObject;

  /**
   * @param fields Its members.
   * @throws {TypeError} when one has the wrong type.
   */
  constructor({ success = true, message = "", prompt, error, context = {} }: ToolResultFields = {}) {
    if (typeof success !== "boolean") throw wrongType("success", success, "true or false");
    if (typeof message !== "string") throw wrongType("message", message, "a string");
    if (!isPlainObject(context)) throw wrongType("context", context, "an object");
    this.success = success;
    this.message = message;
    this.prompt = textOrNull("prompt", prompt);
    this.error = textOrNull("error", error);
    this.context = context;
  }

  /** Gives the result as a plain object with all five members. */
  toDict(): ResultDict {
    const { success, message, prompt, error, context } = this;
    return { success, message, prompt, error, context: { ...context } };
  }

  /** Gives what `JSON.stringify` writes: without members that are `null`. */
  toJSON(): ResultJson {
    const { success, message, prompt, error, context } = this;
    return { success, message, ...(prompt !== null && { prompt }), ...(error !== null && { error }), context };
  }

  /**
   * Writes the result as JSON, whole by default.
   *
   * @throws {SkillValueError} when JSON cannot carry the context.
   */
  toJson({ isCompact = false }: ToJsonOptions = {}): string {
    const { context, ...members } = this.toJSON();
    const plain = toPlain(context, "context") as PlainObject;
    return JSON.stringify({ ...members, context: isCompact ? compact(plain, MOST_LEVELS + 1) : plain });
  }

  /** Gives the same result as a failure. */
  withError(error: string): ToolResult {
    return new ToolResult({ ...this.toDict(), success: false, error });
  }

  /** Gives the same result with more data; members of the same name are replaced. */
  withContext(context: JsonObject): ToolResult {
    return new ToolResult({ ...this.toDict(), context: { ...this.context, ...context } });
  }

  /** Gives `Success: message` or `Error: error`. */
  toString(): string {
    return this.success ? `Success: ${this.message}` : `Error: ${this.error ?? this.message}`;
  }
}

function textOrNull(name: string, value: string | null | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw wrongType(name, value, "a string or null");
  return value;
}

function wrongType(name: string, found: unknown, wanted: string): TypeError {
  const kind = found === null ? "null" : Array.isArray(found) ? "an array" : `a value of type ${typeof found}`;
  return new TypeError(`Cannot make a tool result: "${name}" is ${kind}, and has to be ${wanted}`);
}

function compact(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return "...";
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => compact(item, levels - 1));
  const members = Object.entries(value).slice(0, MOST_ITEMS);
  return Object.fromEntries(members.map(([name, member]) => [name, compact(member, levels - 1)]));
}
