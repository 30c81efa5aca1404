/**
 * `execute_python_code`: runs Python code with what skills offer.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, toolResult } from "../../../../kernel/mod.ts";
import { toldAsError } from "../../tools/told_errors.ts";
import { CAPTURED_FIELDS, capturedOutcome, capturedText } from "../captured_text.ts";
import { DESCRIPTION } from "./description.ts";
import { PythonCode, type PythonCodeOptions, TOOL_NAME } from "./python_code.ts";

/** Most characters of code, and most references. */
const MOST_CODE = 1_000_000;
const MOST_REFERENCES = 100;

/** What the tool needs. */
export interface PythonCodeContext extends PythonCodeOptions {
  readonly tool: PluginContext["tool"];
}

/** Registers the tool. */
export function registerPythonCode({ tool, ...options }: PythonCodeContext): void {
  const python = new PythonCode(options);
  const { timeoutMs: usualMs, longestMs } = options.scripts;
  tool({
    name: TOOL_NAME,
    description: DESCRIPTION,
    input: v.strictObject({
      code: v.pipe(v.string(), v.maxLength(MOST_CODE), v.description("Python code to run")),
      skill_references: v.pipe(
        v.nullish(v.pipe(v.array(v.string()), v.maxLength(MOST_REFERENCES)), null),
        v.description('Files of skills to import from, each "skill_name:path/to/file.py"'),
      ),
      timeout: v.pipe(
        v.nullish(
          v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Math.max(1, Math.floor(longestMs / 1000)))),
          null,
        ),
        v.description(`Time limit in seconds (defaults to ${usualMs / 1000} seconds if not specified)`),
      ),
    }),
    output: v.strictObject({ ...CAPTURED_FIELDS, env_keys: v.array(v.string()) }),
    annotations: {
      title: "Execute Python code",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
    },
    run: async ({ code, skill_references: references, timeout }, call) => {
      const run = { code, references: references ?? [], timeout: timeout ?? undefined };
      const { result, timeoutMs, durationMs, variables } = await toldAsError(call, () => python.run(run, call));
      const outcome = { ...capturedOutcome(result, { durationMs }), env_keys: variables };
      const text = `Python Code Execution\n${capturedText(result, { timeoutMs })}`;
      return toolResult({
        content: [{ type: "text", text }],
        structuredContent: outcome,
        isError: !outcome.success,
      });
    },
  });
}
