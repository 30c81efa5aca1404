/**
 * The tool `add_skill_repo`.
 *
 * @module
 */
import * as v from "valibot";
import { type Lazy, type PluginContext, type ToolResult, toolResult } from "../../kernel/mod.ts";
import type { Operations } from "./operations.ts";
import type { Report } from "./reports.ts";

/** What the tools need. */
export interface RepoTools {
  readonly tool: PluginContext["tool"];
  readonly operations: Lazy<Operations>;
}

const DESCRIPTION =
  `Add a git repository of skills: folders with a SKILL.md at its root, below skills/, or deeper. Its \
skills can be searched, read and loaded at once; their scripts run only after a person allowed them.

Example: {"url": "https://github.com/owner/repository", "branch": "main"}`;

/** Registers the tool. */
export function registerAddSkillRepo({ tool, operations }: RepoTools): void {
  tool({
    name: "add_skill_repo",
    description: DESCRIPTION,
    input: v.strictObject({
      url: v.pipe(
        v.string(),
        v.trim(),
        v.minLength(1),
        v.description("Address of the repository: https://…, ssh://…, user@host:path, or an absolute path"),
      ),
      branch: v.optional(v.pipe(v.string(), v.minLength(1), v.description("Branch or tag; the default one otherwise"))),
    }),
    annotations: {
      title: "Add skill repository",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: true,
    },
    run: async (request, call) => resultOf(await (await operations.get()).add(request, call)),
  });
}

/** Answers with a report. */
export function resultOf({ lines, data, isError = false }: Report): ToolResult {
  return toolResult({
    content: [{ type: "text", text: lines.join("\n") }],
    structuredContent: data,
    ...(isError && { isError }),
  });
}
