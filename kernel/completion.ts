/**
 * Completion of arguments: by the handler of the item; where it has nothing to say, by what its schema enumerates.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { isObject } from "./content.ts";
import { ErrorCode, ProtocolError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { AnyPrompt, AnyResource, AnyTool, CompletionCall } from "./plugin.ts";
import type { Entry } from "./registry.ts";
import type { CompiledSchema } from "./schema.ts";

/** What an argument belongs to. */
export type CompletionRef =
  | { readonly type: "prompt"; readonly name: string }
  | { readonly type: "resource"; readonly uri: string }
  | { readonly type: "tool"; readonly name: string };

/** An argument whose value is being typed. */
export interface Typed {
  readonly argument: string;
  /** As far as it was typed. */
  readonly value: string;
  /** Values of the item's other arguments that were chosen before, by name; none by default. */
  readonly chosen?: Readonly<Record<string, string>>;
}

/** An item whose arguments can be completed. */
export interface Completable {
  /** Such as `prompt "greet"`. */
  readonly what: string;
  readonly owner: string;
  /** Gives the values that fit what was typed so far. */
  complete(typed: Typed, call: Call): Promise<readonly string[]>;
}

type Items = Pick<Kernel, "tools" | "resources" | "prompts">;

/**
 * Finds what a reference names.
 *
 * @throws {ProtocolError} when the item does not exist.
 */
export function findCompletable({ tools, resources, prompts }: Items, ref: CompletionRef): Completable {
  if (ref.type === "resource") return completable(`resource "${ref.uri}"`, resources.get(ref.uri));
  if (ref.type === "tool") {
    const tool = tools.get(ref.name);
    return completable(`tool "${ref.name}"`, tool, tool?.compiled.input);
  }
  const prompt = prompts.get(ref.name);
  return completable(`prompt "${ref.name}"`, prompt, prompt?.compiled.args);
}

function completable(
  what: string,
  entry: Entry<AnyTool> | Entry<AnyResource> | Entry<AnyPrompt> | undefined,
  schema?: CompiledSchema,
): Completable {
  if (entry === undefined) throw new ProtocolError(ErrorCode.invalidParams, `Cannot complete: unknown ${what}`);
  const { owner, definition } = entry;
  return {
    what,
    owner,
    complete: async ({ argument, value, chosen = {} }, call) => {
      // derived, since the call of others is not to be changed
      const own: CompletionCall = Object.assign(call.derive({}), { chosen });
      const values = await definition.complete?.(argument, value, own) ?? [];
      return values.length > 0 ? values : rankCompletions(value, enumeratedBy(schema, argument));
    },
  };
}

function enumeratedBy(schema: CompiledSchema | undefined, argument: string): string[] {
  const properties = schema?.jsonSchema["properties"];
  return isObject(properties) && Object.hasOwn(properties, argument) ? valuesOf(properties[argument]) : [];
}

/** Gives the values that a JSON Schema enumerates, as they are typed. */
function valuesOf(schema: unknown): string[] {
  if (!isObject(schema)) return [];
  const { enum: enumerated, const: only, type, anyOf, oneOf } = schema;
  if (Array.isArray(enumerated)) return enumerated.filter(isScalar).map(String);
  if (isScalar(only)) return [String(only)];
  if (type === "boolean") return ["true", "false"];
  return [anyOf, oneOf].flatMap((it) => Array.isArray(it) ? it.flatMap(valuesOf) : []);
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/**
 * Picks the values that fit what was typed so far, for handlers that complete: those that begin with it, then those of
 * which a later word does; upper and lower case are alike, and equal ones come first. Within that the order stays.
 *
 * @param typed What was typed; all fit the empty text.
 *
 * @example Complete a name
 * ```ts
 * import { rankCompletions } from "collet";
 *
 * const found = rankCompletions("re", ["pre", "Read", "reread", "get_report"]);
 * if (found.join() !== "reread,Read,get_report") throw new Error("unexpected");
 * ```
 */
export function rankCompletions(typed: string, values: Iterable<string>): string[] {
  const wanted = typed.toLowerCase();
  const ranks: string[][] = [[], [], []];
  for (const value of new Set(values)) {
    const lower = value.toLowerCase();
    if (value.startsWith(typed)) ranks[0]!.push(value);
    else if (lower.startsWith(wanted)) ranks[1]!.push(value);
    else if (hasWord(lower, wanted)) ranks[2]!.push(value);
  }
  return ranks.flat();
}

const WORD_REGEXP = /[\p{L}\p{N}]/u;

function hasWord(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted, 1); at > 0; at = text.indexOf(wanted, at + 1)) {
    if (!WORD_REGEXP.test(text[at - 1]!)) return true;
  }
  return false;
}
