/**
 * The tools that a skill has: what it declares, or one per script where it declares none, each with its name, its script
 * and its schemas checked. One that cannot be used is a finding, and costs the others nothing.
 *
 * @module
 */
import {
  compileSchema,
  type Folder,
  isKernelError,
  type JsonObject,
  messageOf,
  type ToolAnnotations,
} from "../../../kernel/mod.ts";
import type { FoundSkill } from "../discovery/found.ts";
import { ToolDeclaration } from "../format/declaration.ts";
import { type Diagnostic, Findings } from "../format/diagnostics.ts";
import { actionName, underscored } from "./naming.ts";
import { placeOf, SKILL_FILE } from "./places.ts";
import type { RegisteredTool } from "./registry.ts";

/** What a skill's tools are made from. */
export interface SkillToolsOptions {
  /** The skill's name in the catalog. */
  readonly skillName: string;
  /** The skill's folder. */
  readonly folder: Folder;
}

/** The tools of one skill, ready to be registered. */
export interface SkillTools {
  readonly tools: readonly RegisteredTool[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes the tools of a skill, in the order of their declaration and all enabled. */
export async function makeSkillTools(found: FoundSkill, options: SkillToolsOptions): Promise<SkillTools> {
  const { metadata } = found;
  const findings = new Findings(SKILL_FILE);
  const { line } = placeOf(metadata, ["tools"]);
  const scripts = metadata.scripts.flatMap((path) => pathBelow(found.path, path) ?? []);
  const declarations = metadata.tools.length > 0 ? metadata.tools : scripts.map(declareScript);
  const tools = new Map<string, RegisteredTool>();
  for (const declaration of declarations) {
    const name = nameOf(declaration, { found, taken: tools, findings });
    if (name === undefined || !hasUsableSchemas(declaration, findings)) continue;
    const sourceFile = await resolveScript(declaration, { ...options, found, scripts, findings });
    if (sourceFile === undefined) continue;
    tools.set(name, {
      name,
      description: declaration.description || `[${metadata.name}] ${metadata.description}`.trim(),
      category: metadata.tags[0] ?? "",
      tags: metadata.tags,
      dcc: metadata.dcc,
      version: metadata.version,
      inputSchema: (declaration.inputSchema ?? { type: "object" }) as JsonObject,
      ...(declaration.outputSchema && { outputSchema: declaration.outputSchema as JsonObject }),
      sourceFile,
      skillName: options.skillName,
      group: declaration.group,
      enabled: true,
      requiredCapabilities: declaration.requiredCapabilities,
      execution: declaration.execution,
      ...(declaration.timeoutHintSecs !== undefined && { timeoutHintSecs: declaration.timeoutHintSecs }),
      threadAffinity: declaration.threadAffinity,
      annotations: annotationsOf(declaration),
      ...(declaration.nextTools && { nextTools: declaration.nextTools }),
      declaration,
    });
  }
  const diagnostics = findings.list.map((it) => line === undefined ? it : { ...it, line });
  return { tools: [...tools.values()], diagnostics };
}

function declareScript(path: string): ToolDeclaration {
  return new ToolDeclaration({ name: stemOf(path), sourceFile: path });
}

function nameOf(
  { name }: ToolDeclaration,
  { found, taken, findings }: {
    readonly found: FoundSkill;
    readonly taken: ReadonlyMap<string, unknown>;
    readonly findings: Findings;
  },
): string | undefined {
  try {
    const composed = actionName(found.metadata.name, name);
    if (!taken.has(composed)) return composed;
    const message = `Cannot register tool "${name}": the skill has another of the name "${composed}"`;
    findings.error({ rule: "tool-name-duplicate", message, remedy: "Rename one of them" });
  } catch (thrown) {
    const remedy = "Rename the tool";
    findings.error({ rule: "tool-name-invalid", message: messageOf(thrown), remedy });
  }
  return undefined;
}

function hasUsableSchemas({ name, inputSchema, outputSchema }: ToolDeclaration, findings: Findings): boolean {
  try {
    checkSchema(inputSchema, { what: `input of tool "${name}"`, direction: "input" });
    checkSchema(outputSchema, { what: `output of tool "${name}"`, direction: "output" });
    return true;
  } catch (thrown) {
    const remedy = isKernelError(thrown) && thrown.fix !== undefined ? thrown.fix : "Mend the schema";
    findings.error({ rule: "tool-schema-invalid", message: messageOf(thrown), remedy });
    return false;
  }
}

function checkSchema(
  schema: unknown,
  options: { readonly what: string; readonly direction: "input" | "output" },
): void {
  if (schema === undefined || schema === null) return;
  // what says that it carries a validator is no JSON
  if (Object.hasOwn(schema, "~standard")) throw new Error(`Cannot use ${options.what}: "~standard" is no keyword`);
  void compileSchema(schema as JsonObject, options).jsonSchema;
}

/**
 * Finds the script of a tool: the one it names, else that of its name, else the only one.
 *
 * @returns its absolute path; an empty text when it has none; `undefined` when it names one that cannot be used.
 */
async function resolveScript(
  declaration: ToolDeclaration,
  { found, folder, scripts, findings }: {
    readonly found: FoundSkill;
    readonly folder: Folder;
    readonly scripts: readonly string[];
    readonly findings: Findings;
  },
): Promise<string | undefined> {
  const named = declaration.sourceFile;
  const path = named === ""
    ? matchScript(declaration.name, found.metadata.name, scripts)
    : pathBelow(found.path, named) ?? named;
  if (path === undefined) return "";
  try {
    const script = await folder.resolve(path.replace(/^\.\//, ""));
    const stat = await folder.stat(pathBelow(folder.path, script) ?? "");
    if (stat?.kind === "file") return script;
    const message = `Cannot register tool "${declaration.name}": there is no file "${path}"`;
    findings.error({ rule: "source-file-missing", message, remedy: 'Add the script, or mend "source_file"' });
  } catch (thrown) {
    const message = `Cannot register tool "${declaration.name}": its script is not in the skill: ${messageOf(thrown)}`;
    findings.error({ rule: "source-file-escapes", message, remedy: "Name a file of the skill, relative to it" });
  }
  return undefined;
}

function matchScript(tool: string, skill: string, scripts: readonly string[]): string | undefined {
  const wanted = normalized(tool);
  const prefix = `${normalized(skill)}__`;
  const own = wanted.startsWith(prefix) ? wanted.slice(prefix.length) : wanted;
  return scripts.find((path) => [wanted, own].includes(normalized(stemOf(path)))) ??
    (scripts.length === 1 ? scripts[0] : undefined);
}

function normalized(name: string): string {
  return underscored(name.toLowerCase());
}

function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

/** Gives a path relative to a folder that it lies in, with `/` between parts. */
function pathBelow(folder: string, path: string): string | undefined {
  const separator = folder.includes("\\") ? "\\" : "/";
  const root = folder.endsWith(separator) ? folder : folder + separator;
  return path.startsWith(root) ? path.slice(root.length).replaceAll(separator, "/") : undefined;
}

// a hint that the skill writes counts more than the flags, of which only one that is set says something
function annotationsOf({ readOnly, destructive, idempotent, annotations }: ToolDeclaration): ToolAnnotations {
  return {
    ...(readOnly && { readOnlyHint: true, destructiveHint: false }),
    ...(destructive && { destructiveHint: true }),
    ...(idempotent && { idempotentHint: true }),
    ...annotations,
  };
}
