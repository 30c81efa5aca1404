/**
 * Parameters that tools which make tools have in common.
 *
 * @module
 */
import * as v from "valibot";
import type { JsonObject } from "../../kernel/mod.ts";
import { ExamplesInput, type ToolExample } from "./example_input.ts";

const JsonSchema = v.record(v.string(), v.unknown());
const Texts = v.array(v.string());

/** A parameter that may be left out. */
type Optional<T> = v.OptionalSchema<v.GenericSchema<T>, undefined>;

/** Adds what a parameter means to its schema. */
export function described<S extends v.GenericSchema>(
  schema: S,
  text: string,
): v.SchemaWithPipe<readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]> {
  return v.pipe(schema, v.description(text));
}

/** Schemas of parameters, by name. */
export interface ToolParameters {
  readonly name: v.GenericSchema<string>;
  readonly description: v.GenericSchema<string>;
  readonly input_schema: Optional<JsonObject>;
  readonly output_schema: Optional<JsonObject>;
  readonly annotations: Optional<JsonObject>;
  readonly tags: Optional<string[]>;
  readonly examples: Optional<ToolExample[]>;
  readonly verify: v.OptionalSchema<v.GenericSchema<boolean>, false>;
}

/** What every tool has, whatever its kind. */
export const TOOL_PARAMETERS: ToolParameters = {
  name: described(v.string(), "1 to 64 of A-Z a-z 0-9 _ -"),
  description: described(v.string(), "What the tool does and when to use it"),
  input_schema: v.optional(described(JsonSchema, "JSON Schema of the arguments, an object")),
  output_schema: v.optional(described(JsonSchema, "JSON Schema of the result, which is then checked")),
  annotations: v.optional(described(
    v.strictObject({
      title: v.optional(v.string()),
      readOnlyHint: v.optional(v.boolean()),
      destructiveHint: v.optional(v.boolean()),
      idempotentHint: v.optional(v.boolean()),
      openWorldHint: v.optional(v.boolean()),
    }),
    "Hints for clients",
  )),
  tags: v.optional(described(Texts, "Words to find it by")),
  examples: v.optional(described(ExamplesInput, "Calls, and what they give; test_tool runs them")),
  verify: v.optional(
    described(v.boolean(), "Make the tool only if its examples pass"),
    false,
  ),
};
