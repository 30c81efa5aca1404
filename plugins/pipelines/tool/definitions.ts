/**
 * The actions of the tool `pipeline` on pipelines: create, list, get, delete, validate.
 *
 * @module
 */
import {
  type Call,
  isToolError,
  type JsonObject,
  type JsonSchema,
  type Toolbox,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";
import { codeBlock, jsonBlock, type ManifestDraft, type SavedTool, type ToolLibrary } from "../../library/contract.ts";
import { calledTools } from "../check/circles.ts";
import { drawSteps } from "../mermaid.ts";
import type { Problem } from "../problems.ts";
import { findPipeline, isPipeline, KIND, pipelineOf, type StoredPipeline } from "../stored.ts";
import type { ToolSources } from "../known_tools.ts";
import { check, problemsData, problemsText } from "./checking.ts";
import type { PipelineRequest } from "./input.ts";

/** What the actions work with. */
export interface DefinitionContext extends ToolSources {
  readonly toolbox: Toolbox;
  readonly library: ToolLibrary;
}

/** Checks a pipeline, and saves it as a tool. */
export async function createPipeline(
  request: PipelineRequest,
  call: Call,
  { library, toolbox }: DefinitionContext,
): Promise<ToolResult> {
  const name = nameOf(request, "create");
  const { steps, output, overwrite } = request;
  const fail = (why: string, data?: JsonObject) =>
    new ToolError(`Cannot create pipeline "${name}": ${why}`, data === undefined ? {} : { data });
  // skillz wanted none
  const description = request.description?.trim() || describeSteps(steps);
  const draft = draftOf({ ...request, name, description });
  const stored = library.get(name);
  if (overwrite && stored?.manifest !== undefined && !isPipeline(stored)) {
    throw fail(
      `"${name}" is a tool of the kind ${stored.manifest.tool_type}, which no pipeline replaces; choose another name`,
    );
  }
  const { problems } = await check({ name, steps, output, inputSchema: request.input_schema }, { library, toolbox });
  const refused = await refusalOf(draft, { library, overwrite });
  const errors = problems.filter((it) => it.severity === "error").length + refused.length;
  if (errors > 0) {
    const lines = [...refused.map((it) => `- ${it}`), ...(problems.length > 0 ? [problemsText(problems)] : [])];
    const text = `${errors === 1 ? "there is a problem" : `there are ${errors} problems`}:\n${lines.join("\n")}`;
    throw fail(errors === 1 && refused.length === 1 && problems.length === 0 ? refused[0]! : text, {
      problems: [...refused.map((message) => ({ severity: "error", message })), ...problemsData(problems)],
    });
  }
  const saved = await library.save(draft, {}, { overwrite, call });
  return createdResult(saved, problems);
}

function describeSteps(steps: unknown): string {
  const tools = [...calledTools(steps)];
  return tools.length === 0 ? "A pipeline" : `Calls ${tools.join(", ")}`;
}

/** Tells why the library would not take a tool, so that it is told along with what is wrong with the steps. */
async function refusalOf(
  draft: ManifestDraft,
  { library, overwrite }: { readonly library: ToolLibrary; readonly overwrite: boolean },
): Promise<readonly string[]> {
  try {
    await library.check(draft, { overwrite });
    return [];
  } catch (error) {
    // what cannot be done is said already
    if (isToolError(error)) return [error.message.replace(/^Cannot save tool ".*?": /, "")];
    throw error;
  }
}

function draftOf(request: PipelineRequest & { readonly name: string; readonly description: string }): ManifestDraft {
  const { name, description, steps, output, input_schema, output_schema, annotations, tags } = request;
  const draft = {
    name,
    description,
    tool_type: KIND,
    input_schema: input_schema ?? { type: "object" },
    output_schema,
    annotations,
    pipeline_steps: steps,
    pipeline_output: output,
    tags,
  };
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  ) as unknown as ManifestDraft;
}

function createdResult({ manifest, replaced, path }: SavedTool, problems: readonly Problem[]): ToolResult {
  const { name, version, pipeline_steps: steps = [] } = manifest;
  const headline = replaced === undefined
    ? `Created pipeline "${name}" ${version} with ${countSteps(steps.length)}.`
    : `Updated pipeline "${name}" to ${version} with ${countSteps(steps.length)}; version ${replaced} is kept.`;
  const warned = problems.length === 0 ? "" : `\n${problemsText(problems)}\n`;
  const text = `${headline}
${warned}
Call it as \`${name}\`, or with \`call_tool\`: \`{"tool_name": "${name}", "arguments": {…}}\`; its arguments are $input. \
\`pipeline\` with \`{"action": "run", "name": "${name}", "arguments": {…}}\` tells of each step.`;
  return answer(text, {
    name,
    version,
    ...(replaced !== undefined && { replaced }),
    path,
    steps: steps.length,
    warnings: problemsData(problems),
  });
}

/** Lists pipelines, those that cannot run included. */
export async function listPipelines({ tag }: PipelineRequest, { library }: DefinitionContext): Promise<ToolResult> {
  const found = (await library.list()).filter(isPipeline)
    .map(({ manifest, state, reason }) => ({ ...pipelineOf(manifest!), state, reason }))
    .filter(({ tags }) => tag === undefined || tags.includes(tag));
  const pipelines = found.map(({ name, version, description, steps, tags, state, reason }) => ({
    name,
    version,
    description,
    steps: steps.length,
    tags,
    state,
    ...(reason !== undefined && { reason }),
  }));
  if (pipelines.length === 0) {
    const which = tag === undefined ? "" : ` with the tag "${tag}"`;
    return answer(`There are no pipelines${which} yet. Make one with the action \`create\`.`, { pipelines });
  }
  const lines = pipelines.map(({ name, description, steps, tags, state, reason }) => {
    const tagged = tags.length === 0 ? "" : ` [${tags.join(", ")}]`;
    const why = state === "ready" ? "" : ` (${state}: ${reason})`;
    return `- **${name}** (${countSteps(steps)})${tagged}: ${firstLine(description)}${why}`;
  });
  return answer(`Pipelines (${pipelines.length}):\n\n${lines.join("\n")}`, { pipelines });
}

/** Gives a pipeline as it was created, and draws it. */
export async function getPipeline(request: PipelineRequest, { library }: DefinitionContext): Promise<ToolResult> {
  const name = nameOf(request, "get");
  const found = await findVersion(name, { version: request.version, library });
  const graph = await drawSteps(found.steps);
  const { version, description, tags, steps, output, inputSchema, outputSchema, annotations } = found;
  const definition = {
    name,
    version,
    description,
    tags,
    steps,
    ...(output !== undefined && { output }),
    ...(inputSchema !== undefined && { input_schema: inputSchema }),
    ...(outputSchema !== undefined && { output_schema: outputSchema }),
    ...(annotations !== undefined && { annotations }),
  };
  const text = [
    `# ${name} ${version}`,
    description,
    jsonBlock(definition),
    codeBlock("mermaid", graph),
  ].join("\n\n");
  return answer(text, { ...definition, graph, graph_uri: `collet://pipelines/${name}/graph` });
}

async function findVersion(
  name: string,
  { version, library }: { readonly version: string | undefined; readonly library: ToolLibrary },
): Promise<StoredPipeline> {
  const current = await findPipeline(name, { library, verb: "get" });
  if (version === undefined || version === current.version) return current;
  const versions = await library.versions(name);
  const manifest = versions.find((it) => it.version === version)?.manifest;
  if (manifest !== undefined) return pipelineOf(manifest);
  throw new ToolError(
    `Cannot get "${name}": there is no version ${version}; there are ${versions.map((it) => it.version).join(", ")}`,
  );
}

/** Moves a pipeline to the trash. */
export async function deletePipeline(request: PipelineRequest, { library }: DefinitionContext): Promise<ToolResult> {
  const name = nameOf(request, "delete");
  // a pipeline whose manifest cannot be read is deleted by `delete_tool`, since nobody knows that it is one
  await findPipeline(name, { library, verb: "delete" });
  const removed = await library.remove(name);
  if (removed === undefined) throw new ToolError(`Cannot delete "${name}": it was deleted meanwhile`);
  const keptUntil = removed.keptUntil.toISOString();
  const text = `Deleted pipeline "${name}". Until ${
    keptUntil.slice(0, 10)
  } it is kept in ${library.path}/${removed.trash}`;
  return answer(text, { deleted: name, trash: removed.trash, kept_until: keptUntil });
}

/** Says what is wrong with steps, or with a pipeline that there is; nothing runs, and nothing is changed. */
export async function validatePipeline(request: PipelineRequest, context: DefinitionContext): Promise<ToolResult> {
  const { name, steps, arguments: args } = request;
  if (steps === undefined && name === undefined) {
    throw new ToolError('Cannot validate: expected "steps", or the "name" of a pipeline');
  }
  const draft = steps === undefined
    ? await findPipeline(name!, { library: context.library, verb: "validate" })
    : { steps, output: request.output, inputSchema: request.input_schema };
  const inputSchema = draft.inputSchema as JsonSchema | undefined;
  const { problems, isSound } = await check(
    { name, steps: draft.steps, output: draft.output, inputSchema, arguments: args },
    context,
  );
  const what = steps === undefined ? `Pipeline "${name}"` : "The pipeline";
  const headline = isSound ? `${what} is valid.` : `${what} is not valid:`;
  const text = problems.length === 0 ? headline : `${headline}\n${problemsText(problems)}`;
  return answer(text, { valid: isSound, problems: problemsData(problems) });
}

/**
 * Reads the name that an action needs.
 *
 * @throws {ToolError} when there is none.
 */
export function nameOf({ name }: PipelineRequest, action: string): string {
  if (name !== undefined && name !== "") return name;
  throw new ToolError(`Cannot ${action}: "name" is missing; give the name of the pipeline`);
}

/** Makes a result of text and data. */
export function answer(text: string, data: JsonObject): ToolResult {
  return toolResult({ content: [{ type: "text", text }], structuredContent: data });
}

function countSteps(count: number): string {
  return count === 1 ? "1 step" : `${count} steps`;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]!;
}
