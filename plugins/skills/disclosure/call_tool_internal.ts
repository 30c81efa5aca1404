/**
 * The tool `call_tool_internal`, which skillz has beside `call_tool`.
 *
 * @module
 */
import { type PluginContext, relay, type Toolbox, toolResult } from "../../../kernel/mod.ts";

const NAME = "call_tool";

/** Registers an alias of `call_tool`, where there is that tool. */
export function registerCallToolInternal(
  { tool, toolbox }: { readonly tool: PluginContext["tool"]; readonly toolbox: Toolbox },
): void {
  const original = toolbox.get(NAME);
  if (original === undefined) return;
  tool({
    name: "call_tool_internal",
    description: `Call a tool by its name: the same as ${NAME}.`,
    input: original.inputSchema,
    ...(original.annotations !== undefined && { annotations: original.annotations }),
    run: async (args, call) => toolResult(await toolbox.call(NAME, args, relay(call, NAME))),
  });
}
