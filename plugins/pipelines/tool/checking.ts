/**
 * Checks pipelines for the tool `pipeline`, and says what is wrong with them.
 *
 * @module
 */
import { compileSchema, isObject, type JsonObject, type JsonSchema, messageOf } from "../../../kernel/mod.ts";
import { checkPipeline, type PipelineChecked, type PipelineDraft } from "../check/check.ts";
import { knownTools, type ToolSources } from "../known_tools.ts";
import { formatProblem, type Problem } from "../problems.ts";

/** Levels of arguments whose keys are looked at. */
const MOST_LEVELS = 20;

/** A pipeline to check, and arguments to check it with. */
export interface CheckRequest extends PipelineDraft {
  readonly arguments?: JsonObject | undefined;
}

/** Checks a pipeline, and its arguments where they are given. */
export async function check(request: CheckRequest, sources: ToolSources): Promise<PipelineChecked> {
  const { inputSchema, arguments: args } = request;
  const tools = knownTools(sources);
  const checked = await checkPipeline(request, tools);
  if (args === undefined) return checked;
  // what the steps read has to be among the arguments, be it required or not
  const given = await checkPipeline({ ...request, inputSchema: closedSchemaOf(args) }, tools);
  const known = new Set(checked.problems.map(formatProblem));
  const missing = given.problems.filter((it) => !known.has(formatProblem(it)) && it.message.includes("$input"));
  const problems = [...checked.problems, ...await checkArguments(args, inputSchema), ...missing];
  return { ...checked, problems, isSound: problems.every((it) => it.severity !== "error") };
}

async function checkArguments(args: JsonObject, schema: JsonSchema | undefined): Promise<readonly Problem[]> {
  if (schema === undefined) return [];
  const fix = "give other arguments, or change input_schema";
  try {
    const parsed = await compileSchema(schema, { what: "input_schema" }).parse(args);
    if (parsed.ok) return [];
    return parsed.issues.map(({ path, message }) => ({
      path: ["arguments", ...path],
      severity: "error",
      message,
      fix,
    }));
  } catch (error) {
    return [{ path: ["input_schema"], severity: "error", message: messageOf(error), fix: "write a valid JSON Schema" }];
  }
}

/** Describes arguments by the keys that they have, and says that there are no others. */
function closedSchemaOf(value: unknown, level = 0): JsonSchema {
  if (!isObject(value) || level === MOST_LEVELS) return {};
  const properties = Object.entries(value).map(([key, item]) => [key, closedSchemaOf(item, level + 1)]);
  return { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
}

/** Writes problems as a list, errors first. */
export function problemsText(problems: readonly Problem[]): string {
  const of = (severity: Problem["severity"]) =>
    problems.filter((it) => it.severity === severity).map((it) => `- ${formatProblem(it)}`);
  const [errors, warnings] = [of("error"), of("warning")];
  return [...errors, ...(warnings.length > 0 ? ["Warnings:", ...warnings] : [])].join("\n");
}

/** Gives problems as they stand in structured content. */
export function problemsData(problems: readonly Problem[]): readonly JsonObject[] {
  return problems.map(({ path, severity, message, fix }) => ({ path: [...path], severity, message, fix }));
}
