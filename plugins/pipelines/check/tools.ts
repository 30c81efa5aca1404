/**
 * What the checks know of tools.
 *
 * @module
 */
import type { JsonSchema } from "../../../kernel/mod.ts";

/** A tool that a step may call. */
export interface KnownTool {
  /** `undefined` where it is not known what it takes. */
  readonly inputSchema?: JsonSchema | undefined;
  /** Of its structured result. */
  readonly outputSchema?: JsonSchema | undefined;
}

/** The tools that steps may call. */
export interface KnownTools {
  /** Finds a tool by name. */
  get(name: string): KnownTool | undefined;
  /** Lists their names, for those that are near a misspelt one. */
  names(): Iterable<string>;
  /** Gives the steps of a pipeline, as its manifest has them; `undefined` for another tool. */
  stepsOf(name: string): unknown;
}
