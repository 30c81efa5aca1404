/**
 * The checks of tools, their scripts and dependencies that only matter when a skill is published. Source: the validator
 * of dcc-mcp-core.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import type { ToolDeclaration } from "./declaration.ts";
import { DEPENDS_FILE } from "./depends.ts";
import { type Diagnostic, Findings } from "./diagnostics.ts";
import { itemsOf } from "./fields.ts";
import type { SkillMetadata } from "./metadata.ts";
import { inQuotes } from "./quoting.ts";
import type { SkillReading } from "./read_skill.ts";
import { extensionOf, isScript } from "./scripts.ts";
import { isContainedPath, type SkillFileReader } from "./file_reader.ts";
import type { DeclaredTool } from "./tool_reader.ts";

/** Where a finding about a declaration goes. */
interface Place {
  readonly findings: Findings;
  readonly line: number | undefined;
}

/** Checks what a skill declares beyond Agent Skills. */
export async function checkDeclarations(reading: SkillReading): Promise<Diagnostic[]> {
  const { metadata, fileName = "SKILL.md", tools, files } = reading;
  const findings = new Findings(fileName);
  if (metadata === undefined) return [];
  for (const declared of tools) {
    const place = { findings: findings.in(declared.file), line: declared.line };
    checkTool(declared.tool, metadata, place);
    await checkSource(declared.tool, files, place);
  }
  checkScripts(tools, { reading, metadata, findings });
  checkVersion(reading, findings);
  checkDepends(reading, findings);
  await checkResources(reading, findings);
  return findings.list;
}

const SNAKE_CASE_REGEXP = /^[a-z0-9_]+$/;

function checkTool(tool: ToolDeclaration, metadata: SkillMetadata, { findings, line }: Place): void {
  const name = inQuotes(tool.name);
  if (!SNAKE_CASE_REGEXP.test(tool.name)) {
    const message = `Tool ${name} is not in snake_case`;
    findings.warning({ rule: "tool-name-style", message, remedy: "Use a-z, 0-9 and _ only", line });
  }
  if (tool.description.trim() === "") {
    const remedy = 'Add a "description"';
    findings.warning({ rule: "tool-description-missing", message: `Tool ${name} has no description`, remedy, line });
  }
  if (tool.group !== "" && !metadata.groups.some((group) => group.name === tool.group)) {
    const message = `Tool ${name} belongs to group ${inQuotes(tool.group)}, which is not declared`;
    findings.error({ rule: "group-unknown", message, remedy: 'Add the group to "groups", or correct its name', line });
  }
  const { onSuccess = [], onFailure = [] } = tool.nextTools ?? {};
  // a name with "__" is that of a tool of any skill
  const unknown = [...onSuccess, ...onFailure].filter((it) => !it.includes("__") && !metadata.toolNames.includes(it));
  for (const next of unknown) {
    const message = `Tool ${name} names ${inQuotes(next)} as a next tool, which the skill does not have`;
    findings.warning({ rule: "next-tool-unknown", message, remedy: "Correct or remove the name", line });
  }
  if (takesUnboundedCode(tool)) {
    const message = `Tool ${name} takes code of any length, and no path of a file`;
    const remedy = 'Add "maxLength" to "code", or a property "file_path" or "script_path"';
    findings.warning({ rule: "tool-unbounded-code", message, remedy, line });
  }
}

const RUNS_CODE_REGEXP = /execute|eval|script|python|mel/i;

function takesUnboundedCode({ name, description, sourceFile, inputSchema }: ToolDeclaration): boolean {
  const properties = inputSchema?.["properties"];
  if (!isObject(properties) || !isObject(properties["code"])) return false;
  const { code } = properties;
  return acceptsText(code) && code["maxLength"] === undefined && !("file_path" in properties) &&
    !("script_path" in properties) && RUNS_CODE_REGEXP.test(`${name} ${description} ${sourceFile}`);
}

function acceptsText(schema: JsonObject): boolean {
  const { type, anyOf, oneOf } = schema;
  if (type === "string" || Array.isArray(type) && type.includes("string")) return true;
  return [anyOf, oneOf].some((it) => Array.isArray(it) && it.some((one) => isObject(one) && one["type"] === "string"));
}

async function checkSource(tool: ToolDeclaration, files: SkillFileReader, { findings, line }: Place): Promise<void> {
  const { sourceFile } = tool;
  if (sourceFile === "") return;
  const what = `Tool ${inQuotes(tool.name)} names the script ${inQuotes(sourceFile)}`;
  if (!isContainedPath(sourceFile)) {
    const remedy = 'Write a path relative to the skill, without ".."';
    findings.error({ rule: "source-file-outside", message: `${what}, which is not within the skill`, remedy, line });
  } else if (!await files.isFile(sourceFile)) {
    const remedy = "Add the script, or correct its path";
    findings.error({ rule: "source-file-missing", message: `${what}, which does not exist`, remedy, line });
  } else if (!isScript(sourceFile)) {
    const extension = extensionOf(sourceFile);
    const why = extension === "" ? "which has no ending" : `and ".${extension}" is no ending of a script`;
    const remedy = 'Give it the ending of its language, such as ".py"';
    findings.warning({ rule: "source-file-type", message: `${what}, ${why}`, remedy, line });
  }
}

/** Checks that there is a script for each tool that names none. */
function checkScripts(
  tools: readonly DeclaredTool[],
  { reading, metadata, findings }: {
    readonly reading: SkillReading;
    readonly metadata: SkillMetadata;
    readonly findings: Findings;
  },
): void {
  const unnamed = tools.filter(({ tool }) => tool.sourceFile === "");
  if (unnamed.length === 0) return;
  if (!reading.entries.some(({ path, kind }) => path === "scripts" && kind !== "file")) {
    const line = metadata.lines["metadata.dcc-mcp.tools"] ?? metadata.lines["tools"];
    const message = 'There are tools, and no folder "scripts" with what runs them';
    if (unnamed.length < tools.length) return;
    return findings.warning({
      rule: "scripts-missing",
      message,
      remedy: 'Add it, or give tools a "source_file"',
      line,
    });
  }
  const stems = metadata.scripts.map(stemOf);
  for (const { tool, file, line } of unnamed) {
    if (stems.length === 1 || stems.includes(canonicalStem(tool.name))) continue;
    const message = `There is no script for tool ${inQuotes(tool.name)}`;
    const remedy = 'Call a script like the tool, or give the tool a "source_file"';
    findings.in(file).warning({ rule: "tool-script-missing", message, remedy, line });
  }
}

function stemOf(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return canonicalStem(name.slice(0, name.lastIndexOf(".")));
}

function canonicalStem(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

const VERSION_REGEXP = /^\d+\.\d+(?:\.\d+)*(?:[-+][0-9A-Za-z.+-]+)?$/;

function checkVersion({ metadata, extensions }: SkillReading, findings: Findings): void {
  const field = extensions?.get("version");
  if (metadata === undefined || field === undefined || VERSION_REGEXP.test(metadata.version)) return;
  const message = `The version ${inQuotes(metadata.version)} is not of the form 1.0.0`;
  findings.warning({ rule: "version-style", message, remedy: "Write it in three numbers", line: field.line });
}

/** Compares the dependencies of the front matter with those of `metadata/depends.md`. */
function checkDepends({ extensions, metadata, addedDepends, files }: SkillReading, findings: Findings): void {
  const field = extensions?.get("depends");
  const isBlank = (text: string) => text.trim() === "";
  if (
    field?.value.kind === "list" && itemsOf(field).some(({ value }) => value.kind === "scalar" && isBlank(value.text))
  ) {
    const message = "A dependency has no name";
    findings.error({ rule: "depends-empty", message, remedy: "Remove it", line: field.line });
  }
  if (addedDepends.length > 0) {
    const names = addedDepends.map(inQuotes).join(", ");
    findings.in(DEPENDS_FILE).warning({
      rule: "depends-mismatch",
      message: `${names} ${addedDepends.length === 1 ? "is" : "are"} not in "depends" of the front matter`,
      remedy: "Keep all dependencies there",
    });
  } else if (field !== undefined && metadata!.depends.length > 0 && !files.sources.has(DEPENDS_FILE)) {
    const message = `There are dependencies, and no ${DEPENDS_FILE}`;
    findings.info({ rule: "depends-file-missing", message, line: field.line });
  }
}

/** Checks that the sidecar of resources, which others read, is there. */
async function checkResources({ extensions, files }: SkillReading, findings: Findings): Promise<void> {
  const field = extensions?.get("resources");
  if (field?.value.kind !== "scalar") return;
  const path = field.value.text.trim();
  if (/[*?]/.test(path) || isContainedPath(path) && await files.isFile(path)) return;
  const message = `${inQuotes(field.name)} names the file ${inQuotes(path)}, which does not exist`;
  findings.error({ rule: "sidecar-missing", message, remedy: "Add the file, or correct its name", line: field.line });
}
