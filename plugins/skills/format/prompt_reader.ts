/**
 * Reads the prompts that a skill declares, and makes prompts of its workflows.
 *
 * @module
 */
import { type Field, FieldMap, itemsOf, readFlag, readMap, readText, refuse } from "./fields.ts";
import type { PromptArgumentDeclaration, PromptDeclaration } from "./metadata_parts.ts";
import { inQuotes } from "./quoting.ts";
import type { SkillFileReader } from "./file_reader.ts";

/** What prompts are read with. */
export interface PromptContext {
  readonly files: SkillFileReader;
  /** Begins the names of prompts of workflows that have none of their own. */
  readonly skillName: string;
}

/** The fields that may say something of prompts. */
export interface PromptFields {
  /** A list of prompts, or the path or pattern of files. */
  readonly prompts: Field | undefined;
  /** The path or pattern of files with a workflow each; not looked at when there are prompts. */
  readonly workflows: Field | undefined;
}

/** Reads all prompts of a skill. */
export async function readPrompts(
  { prompts, workflows }: PromptFields,
  context: PromptContext,
): Promise<PromptDeclaration[]> {
  const field = prompts ?? workflows;
  if (field === undefined) return [];
  if (prompts?.value.kind === "list") return onlyFirst(readList(prompts), prompts);
  const found: (PromptDeclaration | undefined)[] = [];
  for (const file of await context.files.readSidecars(field)) {
    found.push(...prompts === undefined ? [promptOfWorkflow(file, undefined, context)] : await readFile(file, context));
  }
  return onlyFirst(found, field);
}

/** Leaves out what could not be read, and prompts of a name that is there already. */
function onlyFirst(found: readonly (PromptDeclaration | undefined)[], { findings, line }: Field): PromptDeclaration[] {
  const prompts = new Map<string, PromptDeclaration>();
  for (const prompt of found) {
    if (prompt === undefined) continue;
    if (prompts.has(prompt.name)) {
      const message = `Prompt ${inQuotes(prompt.name)} is there twice; the first counts`;
      findings.error({ rule: "prompt-duplicate", message, remedy: "Rename one of them", line });
    } else {
      prompts.set(prompt.name, prompt);
    }
  }
  return [...prompts.values()];
}

/** Reads a file that has `prompts`, `workflows` or both, or is one prompt, or a list of them. */
async function readFile(file: Field, context: PromptContext): Promise<(PromptDeclaration | undefined)[]> {
  if (file.value.kind === "list") return readList(file);
  const fields = FieldMap.of(file);
  if (fields === undefined) return [refuse({ ...file, name: file.findings.file }, "a mapping or a list")];
  if (!fields.has("prompts") && !fields.has("workflows")) return [readPrompt(file)];
  const found = readList(fields.get("prompts"));
  for (const item of itemsOf(fields.get("workflows"))) found.push(await readWorkflow(item, context));
  return found;
}

function readList(field: Field | undefined): (PromptDeclaration | undefined)[] {
  return itemsOf(field).map(readPrompt);
}

function readPrompt(field: Field): PromptDeclaration | undefined {
  const fields = readMap(field) && FieldMap.of(field);
  if (fields === undefined) return undefined;
  const name = readText(fields.get("name"))?.trim() ?? "";
  const template = readText(fields.get("template")) ?? readMessages(fields.get("messages"));
  if (name === "" || template === undefined) {
    const what = name === ""
      ? `${inQuotes(field.name || field.findings.file)} has no name`
      : `${inQuotes(name)} has no text`;
    const remedy = name === "" ? 'Give it a "name"' : 'Give it a "template"';
    const rule = name === "" ? "prompt-name-missing" : "prompt-template-missing";
    field.findings.error({ rule, message: `Prompt ${what}; it is left out`, remedy, line: field.line });
    return undefined;
  }
  return {
    name,
    description: readText(fields.get("description")) ?? "",
    arguments: itemsOf(fields.get("arguments")).map(readArgument).filter((it) => it !== undefined),
    template,
  };
}

/** Gives the texts of messages, one after the other. */
function readMessages(field: Field | undefined): string | undefined {
  const texts = itemsOf(field).map((item) => readText(FieldMap.of(item)?.get("content")));
  return texts.length === 0 ? undefined : texts.filter((text) => text !== undefined).join("\n\n");
}

function readArgument(field: Field): PromptArgumentDeclaration | undefined {
  const fields = FieldMap.of(field);
  const name = (fields === undefined ? readText(field) : readText(fields.get("name"))) ?? "";
  if (name === "") {
    const message = `Argument ${inQuotes(field.name)} has no name; it is left out`;
    field.findings.error({ rule: "prompt-argument", message, remedy: 'Give it a "name"', line: field.line });
    return undefined;
  }
  return {
    name,
    description: readText(fields?.get("description")) ?? "",
    required: readFlag(fields?.get("required")) ?? false,
  };
}

/** Reads the file of a workflow that a list names, and makes a prompt of it. */
async function readWorkflow(field: Field, context: PromptContext): Promise<PromptDeclaration | undefined> {
  const fields = FieldMap.of(field);
  const path = fields === undefined ? field : fields.get("file");
  if (path === undefined) return refuse(field, "a mapping with the path of a file");
  const file = await context.files.readSidecar(path);
  return file && promptOfWorkflow(file, readText(fields?.get("prompt-name")), context);
}

/** Makes a prompt that tells what a workflow is for, and which tools it calls in which order. */
function promptOfWorkflow(
  file: Field,
  name: string | undefined,
  context: PromptContext,
): PromptDeclaration | undefined {
  const fields = readMap({ ...file, name: file.findings.file }) && FieldMap.of(file);
  const workflow = readText(fields?.get("name"));
  if (fields === undefined || workflow === undefined) {
    const message = "The workflow has no name; no prompt is made of it";
    file.findings.error({ rule: "workflow-name-missing", message, remedy: 'Give it a "name"', line: file.line });
    return undefined;
  }
  const steps = itemsOf(fields.get("steps")).map((step, index) => `${index + 1}. ${describeStep(step)}`);
  const description = readText(fields.get("description"));
  return {
    name: name ?? `${context.skillName}.${workflow}`,
    description: `Follow the workflow "${workflow}"`,
    arguments: [],
    template: [
      `Follow the workflow "${workflow}"${description === undefined ? "." : `: ${description}`}`,
      "",
      "Its steps, in this order:",
      ...steps,
      "",
      "Call the tool of each step, and look at its result before the next one.",
    ].join("\n"),
  };
}

function describeStep(step: Field): string {
  const fields = FieldMap.of(step);
  if (fields === undefined) return readText(step) ?? "(a step that cannot be read)";
  const [id, tool, kind] = ["id", "tool", "kind"].map((key) => readText(fields.get(key)));
  if (tool !== undefined) return id === undefined ? tool : `${id}: ${tool}`;
  return kind === undefined ? id ?? "(a step without a name)" : `${id ?? "step"} (${kind})`;
}
