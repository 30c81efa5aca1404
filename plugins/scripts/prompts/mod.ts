/**
 * The prompts of the plugin: they ask the model to write or to improve a script tool, and give the call of
 * `register_script` that does it, ready to be sent and to be changed.
 *
 * @module
 */
import { registerApiTool } from "./api_tool.ts";
import { registerImproveTool } from "./improve_tool.ts";
import type { PromptsContext } from "./parts.ts";
import { registerPythonTool } from "./python_tool.ts";

/** Registers `create_python_tool`, `create_api_tool` and `improve_tool`. */
export function registerPrompts(context: PromptsContext): void {
  registerPythonTool(context);
  registerApiTool(context);
  registerImproveTool(context);
}
