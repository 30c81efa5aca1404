/**
 * The tool `grants` and the resource `collet://grants`: what was allowed, and its end.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, rankCompletions, ToolError, toolResult } from "../../kernel/mod.ts";
import { type Ceiling, describeExcess } from "./ceiling.ts";
import type { Decision, Decisions } from "./decisions.ts";

/** Where the decisions are read. */
export const GRANTS_URI = "collet://grants";

const Allowed = v.object({
  tool: v.string(),
  digest: v.string(),
  excess: v.record(v.string(), v.unknown()),
  principal: v.nullable(v.string()),
  allowed_at: v.string(),
});

const Input = v.strictObject({
  action: v.pipe(v.picklist(["list", "revoke"]), v.description("What to do")),
  tool_name: v.optional(v.pipe(v.string(), v.description("The tool; all when listing without it"))),
  digest: v.optional(v.pipe(v.string(), v.description("Revokes what was allowed to this code alone"))),
});

/** What they need. */
export interface GrantsToolContext extends Pick<PluginContext, "tool" | "resource" | "updated"> {
  readonly decisions: Decisions;
  readonly ceiling: Ceiling;
}

/** Registers both. */
export function registerGrants({ tool, resource, updated, decisions, ceiling }: GrantsToolContext): void {
  const describe = (decision: Decision) => {
    const by = decision.principal === null ? "a caller without a name" : `"${decision.principal}"`;
    const what = describeExcess(decision.excess, ceiling).join("; ");
    return `- ${decision.tool} (${decision.digest.slice(0, 16)}) may ${what}: allowed by ${by}, ${decision.allowed_at}`;
  };
  tool({
    name: "grants",
    description: "List what tools were allowed beyond the ceiling of the server, or take it back",
    input: Input,
    output: v.object({ grants: v.array(Allowed) }),
    annotations: { title: "Grants", readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    complete: async (argument, value, { principal }) => {
      const known = await decisions.list(principal);
      if (argument === "action") return rankCompletions(value, ["list", "revoke"]);
      if (argument === "tool_name") return rankCompletions(value, [...new Set(known.map((it) => it.tool))]);
      return argument === "digest" ? rankCompletions(value, [...new Set(known.map((it) => it.digest))]) : [];
    },
    run: async ({ action, tool_name: name, digest }, { principal }) => {
      if (action === "list") {
        if (digest !== undefined) throw new ToolError('Cannot list grants: "digest" is for "revoke"');
        const grants = (await decisions.list(principal)).filter((it) => name === undefined || it.tool === name);
        return answer(grants.length === 0 ? "Nothing was allowed." : grants.map(describe).join("\n"), grants);
      }
      if (name === undefined) {
        throw new ToolError('Cannot revoke grants: "tool_name" is missing; "list" tells the tools');
      }
      const grants = await decisions.revoke({ tool: name, digest }, principal);
      if (grants.length === 0) {
        throw new ToolError(
          `Cannot revoke grants of "${name}": you have allowed it nothing; "list" tells what there is`,
        );
      }
      updated(GRANTS_URI);
      return answer(`Revoked:\n${grants.map(describe).join("\n")}`, grants);
    },
  });
  resource({
    uri: GRANTS_URI,
    name: "grants",
    title: "Grants",
    description: "What tools were allowed beyond the ceiling of the server, by whom and when",
    mimeType: "application/json",
    read: async (_, { principal }) => JSON.stringify({ grants: await decisions.list(principal) }, null, 2),
  });
}

function answer(text: string, grants: readonly Decision[]) {
  return toolResult({ content: [{ type: "text", text }], structuredContent: { grants } });
}
