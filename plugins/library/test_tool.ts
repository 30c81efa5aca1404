/**
 * The tool `test_tool`: runs the examples of a tool and reports which of them hold.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  didYouMean,
  type JsonObject,
  type PluginContext,
  rankCompletions,
  type Toolbox,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../kernel/mod.ts";
import { ExamplesInput, type ToolExample, type ToolLibrary } from "./contract.ts";
import { checkExamples, examplesOf, reportText } from "./examples.ts";

const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** What the tool needs. */
export interface TestToolContext {
  readonly tool: PluginContext["tool"];
  readonly library: ToolLibrary & { refresh(): Promise<void> };
  readonly toolbox: Toolbox;
}

const Input = v.strictObject({
  tool_name: v.pipe(v.string(), v.description("Any tool; those made at run time may have examples of their own")),
  version: v.optional(v.pipe(v.string(), v.description("Of a tool made at run time; the current one by default"))),
  examples: v.optional(v.pipe(ExamplesInput, v.description("Run in place of the tool's own examples"))),
  timeout_ms: v.optional(v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.maxValue(LONGEST_TIMEOUT_MS),
    v.description("Ends each call; by default only the tool's own limit does"),
  )),
});

const Json = v.record(v.string(), v.unknown());

const Output = v.object({
  tool: v.string(),
  version: v.optional(v.string()),
  passed: v.number(),
  failed: v.number(),
  examples: v.array(v.object({
    description: v.optional(v.string()),
    arguments: Json,
    passed: v.boolean(),
    expected: Json,
    found: Json,
    diff: v.optional(v.string()),
    duration_ms: v.number(),
  })),
});

const DESCRIPTION =
  "Run the examples of a tool, one after the other, and report which of them hold. They are calls like " +
  "any other: what the tool writes, sends or remembers is written, sent and remembered. Without `result`, " +
  "`result_schema` or `error` an example has to succeed.";

/** Registers the tool. */
export function registerTestTool({ tool, library, toolbox }: TestToolContext): void {
  tool({
    name: "test_tool",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Test a tool", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    complete: (argument, value) =>
      argument === "tool_name" ? rankCompletions(value, toolbox.list().map((it) => it.name)) : [],
    run: async ({ tool_name: name, version, examples: given, timeout_ms: timeoutMs }, call) => {
      await assertTestable(name, { library, toolbox });
      const tested = await subjectOf(name, { version, library, toolbox });
      const examples = given ?? tested.examples;
      const report = await checkExamples(examples, { call, timeoutMs, run: tested.run });
      return toolResult({
        content: [{
          type: "text",
          text: examples.length === 0
            ? `Tool "${name}" has no examples; give "examples" here, or register it with some`
            : reportText(tested.what, report),
        }],
        structuredContent: { tool: name, ...(tested.version && { version: tested.version }), ...report },
        ...((examples.length === 0 || report.failed > 0) && { isError: true }),
      });
    },
  });
}

async function assertTestable(name: string, { library, toolbox }: Omit<TestToolContext, "tool">): Promise<void> {
  // somebody may have mended the tool, or its examples, on disk
  await library.refresh();
  if (toolbox.get(name) !== undefined) return;
  const stored = library.get(name);
  if (stored !== undefined) throw new ToolError(`Cannot test "${name}": the tool is ${stored.state}: ${stored.reason}`);
  const names = toolbox.list().map((it) => it.name);
  throw new ToolError(`Cannot test "${name}": there is no tool of that name${didYouMean(name, names)}`);
}

interface Subject {
  /** Names it in the report. */
  readonly what: string;
  readonly version: string | undefined;
  /** Those of the tool itself. */
  readonly examples: readonly ToolExample[];
  readonly run: (args: JsonObject, call: Call) => Promise<ToolResult>;
}

async function subjectOf(
  name: string,
  { version, library, toolbox }: Omit<TestToolContext, "tool"> & { readonly version: string | undefined },
): Promise<Subject> {
  const manifest = library.get(name)?.manifest;
  if (version === undefined) {
    const run = (args: JsonObject, call: Call) => toolbox.call(name, args, call);
    return { what: `"${name}"`, version: manifest?.version, examples: examplesOf(manifest), run };
  }
  const what = `"${name}" ${version}`;
  if (manifest === undefined) throw new ToolError(`Cannot test ${what}: only tools made at run time have versions`);
  const entries = await library.versions(name);
  const entry = entries.find((it) => it.version === version);
  if (entry === undefined) {
    throw new ToolError(`Cannot test ${what}: there are versions ${entries.map((it) => it.version).join(", ")}`);
  }
  const run = (args: JsonObject, call: Call) => library.callVersion(name, version, { args, call });
  return { what, version, examples: examplesOf(entry.manifest), run };
}
