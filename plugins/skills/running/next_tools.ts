/**
 * What a result says of the tools that may be worth calling next.
 *
 * @module
 */
import type { ToolResult } from "../../../kernel/mod.ts";
import { actionName } from "../catalog/naming.ts";
import type { NextTools } from "../format/declaration.ts";

/** Key of `_meta`. */
const NEXT_TOOLS = "dcc.next_tools";

/** What may come next after a tool. */
export interface FollowedTool {
  /** The skill's name in the catalog. */
  readonly skillName: string;
  readonly nextTools: NextTools | undefined;
  /** Tells whether there is a tool of a name. */
  hasTool(name: string): boolean;
}

/**
 * Adds `_meta["dcc.next_tools"]`: `on_success` or `on_failure`, by what came of the call, with the names by which the
 * tools can be called. A skill may name its own tools as it declares them; what does not exist is left out.
 */
export function withNextTools(result: ToolResult, { skillName, nextTools, hasTool }: FollowedTool): ToolResult {
  const hasFailed = result.isError === true;
  const named = (hasFailed ? nextTools?.onFailure : nextTools?.onSuccess) ?? [];
  const names = named.flatMap((it) =>
    [ownName(skillName, it), it].find((name) => name !== undefined && hasTool(name)) ?? []
  );
  if (names.length === 0) return result;
  const next = { [hasFailed ? "on_failure" : "on_success"]: [...new Set(names)] };
  return { ...result, _meta: { ...result._meta, [NEXT_TOOLS]: next } };
}

function ownName(skill: string, tool: string): string | undefined {
  try {
    return actionName(skill, tool);
  } catch {
    return undefined;
  }
}
