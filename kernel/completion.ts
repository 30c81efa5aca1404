/**
 * Completion of arguments: by the handler of the item, else from the values its schema enumerates.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { isObject } from "./content.ts";
import { ErrorCode, ProtocolError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { AnyPrompt, AnyResource, AnyTool } from "./plugin.ts";
import type { Entry } from "./registry.ts";
import type { CompiledSchema } from "./schema.ts";

/** What an argument belongs to. */
export type CompletionRef =
  | { readonly type: "prompt"; readonly name: string }
  | { readonly type: "resource"; readonly uri: string }
  | { readonly type: "tool"; readonly name: string };

/** An item whose arguments can be completed. */
export interface Completable {
  /** Such as `prompt "greet"`. */
  readonly what: string;
  readonly owner: string;
  /** Gives the values that fit what was typed so far. */
  complete(argument: string, value: string, call: Call): Promise<readonly string[]>;
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
    complete: async (argument, value, call) =>
      await definition.complete?.(argument, value, call) ?? enumerated(schema, argument, value),
  };
}

function enumerated(schema: CompiledSchema | undefined, argument: string, value: string): readonly string[] {
  const properties = schema?.jsonSchema["properties"];
  const property = isObject(properties) && Object.hasOwn(properties, argument) ? properties[argument] : undefined;
  const values = isObject(property) && Array.isArray(property["enum"]) ? property["enum"] : [];
  return values.filter((it): it is string => typeof it === "string" && it.startsWith(value));
}
