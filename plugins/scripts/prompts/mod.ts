/**
 * The prompts of the plugin: they ask the model to write or to improve a script tool, and give the call of
 * `register_script` that does it, ready to be sent and to be changed.
 *
 * @module
 */
import type { Catalog, PluginContext, Toolbox } from "../../../kernel/mod.ts";
import type { Dependencies } from "../../dependencies/contract.ts";
import type { ToolLibrary } from "../../library/contract.ts";
import { registerApiTool } from "./api_tool.ts";
import { registerImproveTool } from "./improve_tool.ts";
import { registerPythonTool } from "./python_tool.ts";

/** What the prompts need. */
export interface PromptsContext {
  readonly prompt: PluginContext["prompt"];
  readonly library: ToolLibrary;
  readonly toolbox: Toolbox;
  readonly catalog: Catalog;
  /** Checks packages; without it no tool can have any. */
  readonly dependencies: Dependencies | undefined;
}

/** Registers `create_python_tool`, `create_api_tool` and `improve_tool`. */
export function registerPrompts(context: PromptsContext): void {
  registerPythonTool(context);
  registerApiTool(context);
  registerImproveTool(context);
}
