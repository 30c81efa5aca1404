/**
 * Examples of a tool, run and judged: each is a call, and says what becomes of it.
 *
 * @module
 */
import {
  type Call,
  compileSchema,
  formatIssues,
  isKernelError,
  isObject,
  type Issue,
  isToolError,
  type JsonObject,
  textOf,
  ToolError,
  type ToolResult,
  valueOf,
} from "../../kernel/mod.ts";
import type { ToolExample } from "./contract.ts";
import { findDifferences, showValue } from "./differences.ts";
import { NO_OUTPUT } from "./result.ts";

/** Longest value in a report, in characters of JSON; of a longer one its beginning is given as text. */
const LONGEST_VALUE = 10_000;
const LONGEST_SHOWN = 500;

/** What a call gave: a value, or the message of its failure. */
export type Found = { readonly result: unknown } | { readonly error: string };

/** What became of one example. */
export interface CheckedExample {
  readonly description?: string;
  readonly arguments: JsonObject;
  readonly passed: boolean;
  /** `result`, `result_schema` or `error` of the example; empty where any success will do. */
  readonly expected: Pick<ToolExample, "result" | "result_schema" | "error">;
  readonly found: Found;
  /** What differs, where it does. */
  readonly diff?: string;
  readonly duration_ms: number;
}

/** What became of the examples of a tool. */
export interface ExampleReport {
  readonly passed: number;
  readonly failed: number;
  readonly examples: readonly CheckedExample[];
}

/** How examples are run. */
export interface CheckOptions {
  readonly call: Call;
  /** Calls the tool; what it throws as a `ToolError` is a failed call. */
  readonly run: (args: JsonObject, call: Call) => Promise<ToolResult>;
  /** Ends each call after this many milliseconds; by default only the tool's own limit does. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs examples, one after the other, and reports progress after each.
 *
 * @throws {ToolError} when the call is cancelled.
 */
export async function checkExamples(examples: readonly ToolExample[], options: CheckOptions): Promise<ExampleReport> {
  const { call } = options;
  const checked: CheckedExample[] = [];
  for (const [i, example] of examples.entries()) {
    call.signal.throwIfAborted();
    checked.push(await checkExample(example, options));
    await call.progress(i + 1, examples.length, titleOf(example, i));
  }
  call.signal.throwIfAborted();
  const passed = checked.filter((it) => it.passed).length;
  return { passed, failed: checked.length - passed, examples: checked };
}

async function checkExample(example: ToolExample, options: CheckOptions): Promise<CheckedExample> {
  const { description, arguments: args, result, result_schema: schema, error } = example;
  const since = performance.now();
  const answer = await runExample(args, options);
  const duration = Math.round(performance.now() - since);
  const diff = answer.isError ? judgeFailure(textOf(answer), example) : await judgeValue(answer, example);
  return {
    ...(description !== undefined && { description }),
    arguments: args,
    passed: diff === undefined,
    expected: {
      ...(result !== undefined && { result }),
      ...(schema !== undefined && { result_schema: schema }),
      ...(error !== undefined && { error }),
    },
    found: answer.isError
      ? { error: clip(textOf(answer), LONGEST_VALUE) }
      : { result: shorten(readValue(answer, result)) },
    ...(diff !== undefined && { diff }),
    duration_ms: duration,
  };
}

/** Runs one example, under its time limit. Its progress is its own; that of the examples is reported here. */
async function runExample(args: JsonObject, { run, call, timeoutMs }: CheckOptions): Promise<ToolResult> {
  const limit = new AbortController();
  const timer = timeoutMs === undefined
    ? undefined
    : setTimeout(() => limit.abort(new ToolError(`Did not answer within ${timeoutMs} ms`)), timeoutMs);
  const signal = AbortSignal.any([call.signal, limit.signal]);
  try {
    return await run(args, call.derive({ signal, progress: () => Promise.resolve() }));
  } catch (thrown) {
    if (!isToolError(thrown)) throw thrown;
    return { content: [{ type: "text", text: thrown.message }], isError: true };
  } finally {
    clearTimeout(timer);
  }
}

/** Says why a failure is not what was expected; `undefined` when it is. */
function judgeFailure(message: string, { error }: ToolExample): string | undefined {
  if (error === true || error !== undefined && message.includes(error)) return undefined;
  return error === undefined ? "expected a result, found an error" : `expected an error with ${JSON.stringify(error)}`;
}

/** Says why a value is not what was expected; `undefined` when it is. */
async function judgeValue(answer: ToolResult, example: ToolExample): Promise<string | undefined> {
  const { result, result_schema: schema, error } = example;
  if (error !== undefined) return "expected an error, found a result";
  const value = readValue(answer, result);
  const issues = [
    ...(result === undefined ? [] : findDifferences(result, value)),
    ...(schema === undefined ? [] : await findIssues(schema, value)),
  ];
  return issues.length === 0 ? undefined : formatIssues(issues);
}

async function findIssues(schema: JsonObject, value: unknown): Promise<readonly Issue[]> {
  try {
    const parsed = await compileSchema(schema, { what: '"result_schema"', direction: "output" }).parse(value);
    return parsed.ok ? [] : parsed.issues;
  } catch (thrown) {
    if (!isKernelError(thrown)) throw thrown;
    return [{ path: [], message: thrown.message }];
  }
}

/** Gives the value of a result; where a text is expected, its text, even if that could be read as JSON. */
function readValue(answer: ToolResult, expected: unknown): unknown {
  if (answer.structuredContent !== undefined) return answer.structuredContent;
  if (expected === null && textOf(answer) === NO_OUTPUT) return null;
  return typeof expected === "string" ? textOf(answer) : valueOf(answer);
}

function shorten(value: unknown): unknown {
  const shown = showValue(value, LONGEST_VALUE);
  return shown.length > LONGEST_VALUE ? shown : value;
}

function clip(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

function titleOf({ description }: ToolExample, i: number): string {
  return description === undefined ? `Example ${i + 1}` : `Example ${i + 1}: ${description}`;
}

/** Writes a report for a model: one line an example, and of those that failed what was expected and found. */
export function reportText(what: string, { passed, failed, examples }: ExampleReport): string {
  const all = passed + failed;
  const head = failed === 0
    ? `${all === 1 ? "The example" : `All ${all} examples`} of ${what} passed.`
    : `${failed} of ${all} examples of ${what} failed.`;
  return [head, "", ...examples.flatMap(exampleLines)].join("\n");
}

function exampleLines(example: CheckedExample, i: number): string[] {
  const { passed, arguments: args, expected, found, diff } = example;
  const line = `- ${passed ? "passed" : "**failed**"}: ${titleOf(example, i)}`;
  if (passed) return [line];
  const shown = (value: unknown) => showValue(value, LONGEST_SHOWN);
  return [
    line,
    `  - arguments: ${shown(args)}`,
    `  - expected: ${Object.keys(expected).length === 0 ? "any result" : shown(expected)}`,
    `  - found: ${"error" in found ? `error: ${indent(clip(found.error, LONGEST_SHOWN))}` : shown(found.result)}`,
    `  - difference: ${diff}`,
  ];
}

// what belongs to an entry of a list is indented
function indent(text: string): string {
  return text.replaceAll("\n", "\n    ");
}

/** Reads the examples that a manifest holds; one whose arguments are no object is none. */
export function examplesOf(manifest: { readonly examples?: unknown } | undefined): readonly ToolExample[] {
  const { examples } = manifest ?? {};
  return Array.isArray(examples) ? examples.filter((it) => isObject(it) && isObject(it["arguments"])) : [];
}
