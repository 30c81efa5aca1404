/**
 * Steps of pipelines: on the wire, where the fields `name tool args continue_on_error condition` are those of skillz,
 * and as the engine runs them.
 *
 * A step is one flat object. Exactly one of six fields says what it does: `tool`, `steps`, `parallel`, `for_each`,
 * `switch`, `wait_for_input`; the others say when and how. A pipeline that another one runs is a tool like any other.
 *
 * The schema of a step is listed without recursion, since clients of several models refuse schemas that refer to
 * themselves: steps within steps are objects there, and `readSteps` applies the same schema to them.
 *
 * @module
 */
import * as v from "valibot";
import type { JsonObject } from "../../kernel/mod.ts";
import { described } from "../library/contract.ts";
import type { Path } from "./problems.ts";

/** The longest that a step may take, wait between attempts or be kept, in milliseconds: one day. */
const MAX_MS = 86_400_000;
/** Most items of a `for_each` that run at the same time. */
const MAX_CONCURRENCY = 32;
/** Most attempts of a step, the first included. */
const MAX_ATTEMPTS = 20;
/** Most steps of a pipeline, those within steps included. */
export const MAX_STEPS = 1_000;
/** Most levels of steps within steps. */
export const MAX_LEVELS = 10;

/** Names that references read and no step may have: the arguments of the pipeline, and what ran before. */
export const RESERVED_NAMES: readonly string[] = ["input", "prev"];
/** The name under which the steps of `on_error` read what went wrong: `{message, step}`. */
export const ERROR_NAME = "error";
/** What an item of `for_each` is called without `as`. */
export const DEFAULT_ITEM_NAME = "item";

/** Gives the name under which the steps of a `for_each` read the number of their item, from 0. */
export function indexNameOf(itemName: string): string {
  return `${itemName}_index`;
}

// ---- on the wire ----

const Whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const Milliseconds = (text: string) => described(Whole(1, MAX_MS), text);
const Text = v.pipe(v.string(), v.minLength(1));
const Json = v.record(v.string(), v.unknown());
const Steps = (text: string) => described(v.array(Json), text);

const ForEach = v.strictObject({
  items: described(v.unknown(), 'A reference to a list, such as "$prev.files", or a list'),
  as: v.optional(
    described(v.string(), "Name of the item: its steps read $item, and its number from 0 as $item_index"),
    DEFAULT_ITEM_NAME,
  ),
  concurrency: v.optional(described(Whole(1, MAX_CONCURRENCY), "Items that run at the same time"), 1),
  steps: Steps("Steps to run for each item"),
});

const Case = v.strictObject({
  condition: v.optional(described(v.string(), "As of a step; leave it out in the last case for all else")),
  steps: Steps("Steps to run when it holds"),
});

const WaitForInput = v.strictObject({
  message: described(Text, "What to ask, with references if need be"),
  schema: v.optional(described(
    Json,
    "JSON Schema of the answer: an object of texts, numbers, booleans and enums; without it the person accepts or declines",
  )),
});

const Retry = v.strictObject({
  max_attempts: v.optional(described(Whole(1, MAX_ATTEMPTS), "Attempts in all, the first included"), 3),
  delay_ms: v.optional(described(Whole(0, MAX_MS), "Wait before the second attempt"), 1_000),
  backoff_rate: v.optional(
    described(v.pipe(v.number(), v.minValue(1), v.maxValue(10)), "Each further wait is this many times longer"),
    2,
  ),
  max_delay_ms: v.optional(described(Whole(0, MAX_MS), "Longest wait"), 60_000),
});

const Cache = v.strictObject({
  ttl_ms: Milliseconds("How long the result is reused for calls with the same arguments"),
});

const STEP_ENTRIES = {
  name: v.optional(described(v.string(), "Later steps read the result as $name")),
  tool: v.optional(described(Text, "Tool or pipeline to call")),
  args: v.optional(described(
    Json,
    'Arguments of the tool. "$input.city", "$prev" and "$name.list[0].id" alone give the value itself, inside a longer ' +
      "text its text; $$ is a dollar sign",
  )),
  condition: v.optional(described(v.string(), 'Skip the step unless this holds, such as "$check.count > 0"')),
  continue_on_error: v.optional(
    described(v.boolean(), "Go on when the step fails, with null as its result"),
    false,
  ),
  steps: v.optional(Steps("Instead of tool: steps to run in turn, as one step")),
  parallel: v.optional(Steps("Instead of tool: steps to run at the same time; the result is the list of theirs")),
  for_each: v.optional(described(
    ForEach,
    "Instead of tool: run steps for each item of a list; the result is the list of what the last of them gave, in order",
  )),
  switch: v.optional(described(
    v.array(Case),
    "Instead of tool: run the steps of the first case whose condition holds",
  )),
  wait_for_input: v.optional(described(WaitForInput, "Instead of tool: ask the user; the result is the answer")),
  retry: v.optional(described(Retry, "Try again when the step fails; {} for the defaults")),
  timeout_ms: v.optional(Milliseconds("Longest time of one attempt")),
  cache: v.optional(described(Cache, "Reuse the result of a tool")),
  output: v.optional(described(
    v.unknown(),
    'What the step gives instead of its result, any JSON with references; $prev is the result: {"id": "$prev.items[0].id"}',
  )),
  on_error: v.optional(Steps(
    "Steps to run when the step fails; they read $error.message, the last one gives the result, and the pipeline goes on",
  )),
};

/** A step on the wire. */
export const StepInput: v.StrictObjectSchema<typeof STEP_ENTRIES, undefined> = v.strictObject(STEP_ENTRIES);

/** A step on the wire, read. */
export type StepFields = v.InferOutput<typeof StepInput>;

/** The fields of a step. */
export const STEP_FIELDS: readonly string[] = Object.keys(STEP_ENTRIES);

/** The fields of which a step has exactly one. */
export const STEP_KINDS = ["tool", "steps", "parallel", "for_each", "switch", "wait_for_input"] as const;
/** What a step does. */
export type StepKind = typeof STEP_KINDS[number];

/** Fields that mean something to some kinds of steps only. */
export const FIELDS_OF_KINDS: Readonly<Record<string, readonly StepKind[]>> = {
  args: ["tool"],
  cache: ["tool"],
  retry: ["tool", "steps", "parallel", "for_each", "switch"],
};

// ---- as the engine runs them ----

/** What every step has. */
export interface StepBase {
  /** Where it stands in its definition, which is also what it is called where it has no name. */
  readonly path: Path;
  readonly name: string | undefined;
  readonly condition: string | undefined;
  readonly continueOnError: boolean;
  readonly retry: RetryPolicy | undefined;
  /** Of one attempt, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** What it gives instead of its result; `undefined` for the result itself. */
  readonly output: unknown;
  readonly onError: readonly Step[] | undefined;
}

/** Calls a tool. */
export interface ToolStep extends StepBase {
  readonly kind: "tool";
  readonly tool: string;
  readonly args: JsonObject;
  /** How long a result is reused, in milliseconds. */
  readonly cacheMs: number | undefined;
}

/** Runs steps in turn, and gives what the last one gave. */
export interface GroupStep extends StepBase {
  readonly kind: "steps";
  readonly steps: readonly Step[];
}

/** Runs steps at the same time, and gives the list of what they gave. */
export interface ParallelStep extends StepBase {
  readonly kind: "parallel";
  readonly steps: readonly Step[];
}

/** Runs steps for each item, and gives the list of what the last of them gave. */
export interface ForEachStep extends StepBase {
  readonly kind: "for_each";
  /** A list, or a text that is one reference. */
  readonly items: unknown;
  readonly itemName: string;
  readonly concurrency: number;
  readonly steps: readonly Step[];
}

/** Runs the steps of the first case whose condition holds, and gives what the last of them gave; `null` without one. */
export interface SwitchStep extends StepBase {
  readonly kind: "switch";
  readonly cases: readonly SwitchCase[];
}

/** One way that a switch may go. */
export interface SwitchCase {
  /** `undefined` holds always. */
  readonly condition: string | undefined;
  readonly steps: readonly Step[];
}

/** Asks the user, and gives the answer. */
export interface InputStep extends StepBase {
  readonly kind: "wait_for_input";
  readonly message: string;
  readonly schema: JsonObject | undefined;
}

/** A step. */
export type Step = ToolStep | GroupStep | ParallelStep | ForEachStep | SwitchStep | InputStep;

/** When a failed step is tried again. */
export interface RetryPolicy {
  /** The first attempt included. */
  readonly maxAttempts: number;
  /** Before the second attempt, in milliseconds. */
  readonly delayMs: number;
  /** Each further wait is this many times longer. */
  readonly backoffRate: number;
  readonly maxDelayMs: number;
}

/** A list of steps within a step, and the key path to it. */
export interface NestedSteps {
  /** From the step, such as `["for_each", "steps"]`. */
  readonly at: Path;
  readonly steps: readonly Step[];
}

/** Gives the lists of steps within a step, those for errors last. */
export function nestedSteps(step: Step): readonly NestedSteps[] {
  const onError = step.onError === undefined ? [] : [{ at: ["on_error"], steps: step.onError }];
  return [...bodiesOf(step), ...onError];
}

function bodiesOf(step: Step): readonly NestedSteps[] {
  switch (step.kind) {
    case "steps":
    case "parallel":
      return [{ at: [step.kind], steps: step.steps }];
    case "for_each":
      return [{ at: ["for_each", "steps"], steps: step.steps }];
    case "switch":
      return step.cases.map(({ steps }, index) => ({ at: ["switch", index, "steps"], steps }));
    default:
      return [];
  }
}
