/**
 * Examples of tools, and how tools that make tools take them.
 *
 * @module
 */
import * as v from "valibot";
import type { JsonObject } from "../../kernel/mod.ts";

/**
 * A call that shows how a tool is used, and that can be tested. Without `result`, `result_schema` and `error` it has to
 * succeed, whatever it gives.
 */
export interface ToolExample {
  readonly description?: string | undefined;
  readonly arguments: JsonObject;
  /** What the call gives, compared deeply. */
  readonly result?: unknown;
  /** JSON Schema of what the call gives. */
  readonly result_schema?: JsonObject | undefined;
  /** The call fails: in any way (`true`), or with a message that holds this text. */
  readonly error?: true | string | undefined;
}

const MOST = 100;
const SIDES = '"error" stands beside neither "result" nor "result_schema"';

const Json = v.record(v.string(), v.unknown());

const Example = v.pipe(
  v.strictObject({
    description: v.optional(v.string()),
    arguments: Json,
    result: v.optional(v.unknown()),
    result_schema: v.optional(Json),
    error: v.optional(v.pipe(
      v.union([v.literal(true), v.pipe(v.string(), v.minLength(1))]),
      v.description("Part of the message"),
    )),
  }),
  v.check(
    ({ error, result, result_schema: schema }) => error === undefined || result === undefined && schema === undefined,
    SIDES,
  ),
);

/** Schema of a parameter `examples`, 100 at most. */
export const ExamplesInput: v.GenericSchema<ToolExample[]> = v.pipe(v.array(Example), v.maxLength(MOST));
