/**
 * Pipelines as the library keeps them: tools of the kind `pipeline`, whose manifest has their steps.
 *
 * @module
 */
import { didYouMean, type JsonObject, type JsonSchema, ToolError } from "../../kernel/mod.ts";
import type { Manifest, StoredTool, ToolLibrary } from "../library/contract.ts";

/** The `tool_type` of manifests of pipelines. */
export const KIND = "pipeline";

/** A pipeline, as its manifest has it. */
export interface StoredPipeline {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** On the wire. */
  readonly steps: readonly unknown[];
  /** What the pipeline gives in place of the result of its last step; `undefined` for that. */
  readonly output: unknown;
  readonly inputSchema: JsonSchema | undefined;
  readonly outputSchema: JsonSchema | undefined;
  readonly annotations: JsonObject | undefined;
}

/** Reads a manifest of a pipeline. */
export function pipelineOf(manifest: Manifest): StoredPipeline {
  const { name, version, description, tags = [], pipeline_steps: steps = [], annotations } = manifest;
  return {
    name,
    version,
    description,
    tags,
    steps,
    output: manifest["pipeline_output"] ?? undefined,
    inputSchema: manifest.input_schema as JsonSchema | undefined,
    outputSchema: manifest.output_schema as JsonSchema | undefined,
    annotations: annotations as JsonObject | undefined,
  };
}

/** Whether a tool is a pipeline, whatever its state. */
export function isPipeline({ manifest }: StoredTool): boolean {
  return manifest?.tool_type === KIND;
}

/**
 * Finds a pipeline by name.
 *
 * @param options.verb What was to be done, such as `run`.
 * @throws {ToolError} when there is none, with near names, or when it is another tool.
 */
export async function findPipeline(
  name: string,
  { library, verb }: { readonly library: ToolLibrary; readonly verb: string },
): Promise<StoredPipeline> {
  // what another server made meanwhile is found by looking at the disk
  const stored = library.get(name) ?? (await library.list()).find((it) => it.name === name);
  if (stored?.manifest !== undefined && isPipeline(stored)) return pipelineOf(stored.manifest);
  throw new ToolError(`Cannot ${verb} "${name}": ${await whyNone(name, { library, stored })}`);
}

async function whyNone(
  name: string,
  { library, stored }: { readonly library: ToolLibrary; readonly stored: StoredTool | undefined },
): Promise<string> {
  if (stored?.manifest !== undefined) return `it is a tool of the kind ${stored.manifest.tool_type}, not a pipeline`;
  if (stored !== undefined) return stored.reason ?? "its manifest cannot be read";
  const names = (await library.list()).filter(isPipeline).map((it) => it.name);
  return `there is no pipeline of that name${didYouMean(name, names) || "; the action list shows those there are"}`;
}
