/**
 * `execute_code`: runs code that calls tools.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, ToolError } from "../../kernel/mod.ts";
import { type CodeRuns, RUNNER } from "./code_runs.ts";
import type { CodeSettings } from "./config.ts";
import { DESCRIPTION } from "./description.ts";
import { LANGUAGE_NAMES } from "./languages.ts";
import { SESSION_NAME_REGEXP } from "./sessions.ts";

const MOST_CODE = 1_000_000;
const MOST_NAMES = 1_000;
const MOST_FILES = 100;

/** Registers the tool. */
export function registerExecuteCode(
  { tool }: Pick<PluginContext, "tool">,
  { runs, settings }: { readonly runs: CodeRuns; readonly settings: CodeSettings },
): void {
  tool({
    name: RUNNER,
    description: DESCRIPTION,
    input: inputOf(settings),
    annotations: {
      title: "Execute code",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
    },
    execution: "async",
    run: async (request, call) => {
      if (request.code.trim() === "") throw new ToolError("Cannot run the code: it is empty");
      return await runs.run(request, call);
    },
  });
}

function inputOf({ timeout_ms: usualMs, longest_ms: longestMs }: CodeSettings) {
  return v.strictObject({
    code: v.pipe(v.string(), v.maxLength(MOST_CODE)),
    language: v.optional(v.picklist(LANGUAGE_NAMES), "python"),
    tools: v.pipe(
      v.optional(v.pipe(v.array(v.string()), v.maxLength(MOST_NAMES))),
      v.description("Tools that the code may call; all by default"),
    ),
    timeout: v.pipe(
      v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(Math.max(1, longestMs / 1000)))),
      v.description(`Seconds; ${usualMs / 1000} by default`),
    ),
    check: v.pipe(
      v.optional(v.boolean(), false),
      v.description("Check types first, of TypeScript or JavaScript"),
    ),
    session: v.pipe(
      v.optional(v.pipe(v.string(), v.regex(SESSION_NAME_REGEXP))),
      v.description("Runs of one name share the object `session`"),
    ),
    files: v.pipe(
      v.optional(v.pipe(v.record(v.string(), v.string()), v.maxEntries(MOST_FILES))),
      v.description("URIs of resources by file name, read by files.readText(name)"),
    ),
  });
}
