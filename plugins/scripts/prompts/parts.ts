/**
 * What the prompts need.
 *
 * @module
 */
import type { Catalog, PluginContext, Toolbox } from "../../../kernel/mod.ts";
import type { Dependencies } from "../../dependencies/contract.ts";
import type { ToolLibrary } from "../../library/contract.ts";

/** What the prompts need. */
export interface PromptsContext {
  readonly prompt: PluginContext["prompt"];
  readonly library: ToolLibrary;
  readonly toolbox: Toolbox;
  readonly catalog: Catalog;
  /** Checks packages; without it no tool can have any. */
  readonly dependencies: Dependencies | undefined;
  /** Whether something decides on grants; without it a tool that asks for any is refused. */
  readonly hasGrants: boolean;
}

/** Tells of a tool that is replaced how to build on it. */
export const IMPROVE_ADVICE = "; to build on it, use the prompt `improve_tool` instead";
