/**
 * The tool `memory`.
 *
 * @module
 */
import { type Call, type PluginContext, ToolError, type ToolResult, toolResult } from "../../kernel/mod.ts";
import { type Action, ACTIONS, type Answer, missing, stats } from "./actions.ts";
import type { Memories } from "./memories.ts";
import { type MemoryParameters, PARAMETERS } from "./parameters.ts";

const DESCRIPTION = "Remember JSON values by key, for each tool apart and for good, or for a time. " +
  "Scripts use the same memory, under their own name. " +
  'Example: `{"action": "update", "tool_name": "notes", "key": "user/ada", "value": {"city": "Bern"}}`.';

/** Registers the tool. */
export function registerMemory(
  { tool, memories }: Pick<PluginContext, "tool"> & { readonly memories: Memories },
): void {
  tool({
    name: "memory",
    description: DESCRIPTION,
    input: PARAMETERS,
    annotations: {
      title: "Memory",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false,
    },
    // no output schema: what is too long for one answer can then be shortened and linked
    run: async (parameters, call) =>
      whole(await perform(parameters as unknown as MemoryParameters, { memories, call })),
    complete: (argument, typed, call) => argument === "tool_name" ? memories.complete(typed, call.principal) : [],
  });
}

async function perform(
  parameters: MemoryParameters,
  context: { readonly memories: Memories; readonly call: Call },
): Promise<Answer> {
  const { action, tool_name: name } = parameters;
  if (action === "stats") {
    refuseOthers(parameters, []);
    return await stats(parameters, context);
  }
  const { takes, run }: Action = ACTIONS[action];
  refuseOthers(parameters, takes);
  if (name === undefined) throw missing("tool_name", action);
  const memory = context.memories.open(name, context.call.principal);
  return await run({ ...parameters, tool_name: name }, { ...context, memory });
}

const COMMON: readonly string[] = ["action", "tool_name", "key", "value"];

// to overlook `query` would make delete remove everything
function refuseOthers(parameters: MemoryParameters, takes: readonly string[]): void {
  const names = Object.keys(parameters).filter((name) => parameters[name as keyof MemoryParameters] !== undefined);
  const other = names.find((name) => !COMMON.includes(name) && !takes.includes(name));
  if (other === undefined) return;
  const known = takes.length === 0 ? "nothing" : takes.map((it) => `"${it}"`).join(", ");
  throw new ToolError(
    `Cannot do "${parameters.action}" with "${other}": beside "tool_name", "key" and "value" it takes ${known}`,
  );
}

function whole({ text, data }: Answer): ToolResult {
  return toolResult({ content: [{ type: "text", text }], structuredContent: data });
}
