/**
 * The parameters of the tool `pipeline`.
 *
 * @module
 */
import * as v from "valibot";
import { compileSchema, type StandardSchema } from "../../../kernel/mod.ts";
import { described, TOOL_PARAMETERS } from "../../library/contract.ts";
import { StepInput } from "../definition.ts";
import { RUN_STATUSES } from "../runs/record.ts";

/** What the tool can do. */
export const ACTIONS = ["create", "list", "get", "delete", "run", "validate", "runs", "cancel", "resume"] as const;
/** One of them. */
export type Action = typeof ACTIONS[number];

/** Most runs of one answer. */
const MOST_RUNS = 100;

const Json = v.record(v.string(), v.unknown());

const entries = <S extends v.GenericSchema>(steps: S) => ({
  action: v.pipe(
    v.picklist(ACTIONS),
    v.description("create, list, get, delete, run, validate: pipelines; runs, cancel, resume: what was run"),
  ),
  name: v.optional(described(v.string(), "Of the pipeline; required but for list, runs, cancel and resume")),
  description: v.optional(described(v.string(), "create: what it does and when to use it; its tools by default")),
  steps: v.optional(steps),
  output: v.optional(described(
    v.unknown(),
    'create: what it gives in place of the result of its last step, any JSON with references: {"id": "$made.id"}',
  )),
  input_schema: v.optional(described(Json, "create: JSON Schema of its arguments, which steps read as $input")),
  output_schema: v.optional(described(Json, "create: JSON Schema of its result, which is then checked")),
  annotations: TOOL_PARAMETERS.annotations,
  tags: TOOL_PARAMETERS.tags,
  overwrite: v.optional(
    described(v.boolean(), "create: replace a pipeline of that name; the version before is kept"),
    false,
  ),
  tag: v.optional(described(v.string(), "list: only those with this tag")),
  arguments: v.optional(described(Json, "run: the arguments; validate: arguments to check as well")),
  version: v.optional(described(v.string(), "run, get: an older version")),
  run_id: v.optional(described(v.string(), "cancel, resume: the run; runs: that one in detail")),
  redo: v.optional(
    described(
      v.boolean(),
      "resume: run steps again that were in flight when the server ended, though they may have taken effect",
    ),
    false,
  ),
  status: v.optional(described(v.picklist(RUN_STATUSES), "runs: only those in this state")),
  limit: v.optional(
    described(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_RUNS)), "runs: how many, newest first"),
    20,
  ),
  cursor: v.optional(described(v.string(), "runs: goes on where the answer with this cursor ended")),
});

const Accepted = v.strictObject(entries(v.unknown()));

/** What the tool was given. */
export type PipelineRequest = v.InferOutput<typeof Accepted>;

const Listed = v.strictObject(entries(described(v.array(StepInput), "create, validate: the steps, run in turn")));

/** The parameters: what is wrong with steps is told by the checks, all of it at once, and so they are taken as they come. */
export const PipelineInput: StandardSchema<v.InferInput<typeof Accepted>, PipelineRequest> = {
  "~standard": {
    version: 1,
    vendor: "collet",
    validate: (value) => Accepted["~standard"].validate(value) as never,
    jsonSchema: { input: listed, output: listed },
  },
};

function listed(): Record<string, unknown> {
  return { ...compileSchema(Listed, { what: 'input of tool "pipeline"' }).jsonSchema };
}
