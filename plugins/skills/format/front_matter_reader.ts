/**
 * Reads the front matter of a skill, in any dialect, as forgivingly as is safe.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { Findings } from "./diagnostics.ts";
import {
  collectClaudeFields,
  collectExtensions,
  type Extensions,
  legacyKeysOf,
  linesOf,
  OPENCLAW_SECTIONS,
  reportUnknownKeys,
} from "./dialects.ts";
import { readExternalDependencies } from "./external_dependencies.ts";
import { type Field, FieldMap, fieldOf, readFlag, readMap, readText, readTexts, splitWords } from "./fields.ts";
import { firstParagraph } from "./first_paragraph.ts";
import { SkillMetadata } from "./metadata.ts";
import { DEFAULT_DCC, DEFAULT_VERSION } from "./metadata_fields.ts";
import type { SkillPolicy } from "./metadata_parts.ts";
import { inQuotes } from "./quoting.ts";
import {
  compatibilityFaults,
  descriptionFaults,
  type Fault,
  LONGEST_DESCRIPTION,
  nameFaults,
  normalizeName,
} from "./standard_rules.ts";
import { readNextTools } from "./tool_reader.ts";
import { mapToJson, type YamlMap } from "./yaml_tree.ts";

/** What the front matter is read with. */
export interface FrontMatterContext {
  /** Name of the skill's folder. */
  readonly folderName: string;
  readonly body: string;
  readonly findings: Findings;
}

/** What the front matter says. */
export interface ReadFrontMatter {
  /** Without what stands in other files; absent when the skill cannot be used. */
  readonly metadata: SkillMetadata | undefined;
  /** Fields of dcc-mcp; those that name other files are still to be read. */
  readonly extensions: Extensions;
}

/** Reads the front matter. */
export function readFrontMatter(root: YamlMap, context: FrontMatterContext): ReadFrontMatter {
  const { findings } = context;
  const top = FieldMap.of({ name: "", value: root, line: undefined, findings })!;
  const section = readMap(top.get("metadata"));
  const extensions = collectExtensions(root, { metadata: section, findings });
  reportUnknownKeys(root, findings);
  reportOpenclaw(section, findings);
  const name = readSkillName(top, context);
  const description = readDescription(top, { ...context, isToolSkill: extensions.size > 0 });
  const compatibility = readText(top.get("compatibility")) ?? "";
  report(compatibilityFaults(compatibility), top.get("compatibility"));
  if (name === undefined || description === undefined) return { metadata: undefined, extensions };
  const metadata = new SkillMetadata({
    name,
    description,
    compatibility,
    license: readText(top.get("license")) ?? "",
    allowedTools: readAllowedTools(top.get("allowed-tools")),
    legacyExtensionFields: legacyKeysOf(root),
    frontmatter: mapToJson(root),
    lines: linesOf(root),
  });
  if (section !== undefined) metadata.metadata = withTexts(section, metadata.metadata);
  readClaudeFields(metadata, collectClaudeFields(top, { metadata: section, findings }));
  readExtensions(metadata, extensions);
  return { metadata, extensions };
}

// what would be taken for a path, for the name of another skill with its scope, or for a bundle, and what cannot be seen
const UNUSABLE_NAME_REGEXP = /^[.@]|[/\\:\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const LONGEST_USABLE_NAME = 256;

function isUsableName(name: string): boolean {
  return name !== "" && name.length <= LONGEST_USABLE_NAME && !UNUSABLE_NAME_REGEXP.test(name);
}

/** Reads the name, in whose place that of the folder stands where it must. */
function readSkillName(top: FieldMap, { folderName, findings }: FrontMatterContext): string | undefined {
  const field = top.get("name");
  const name = normalizeName(readText(field) ?? "");
  const folder = normalizeName(folderName);
  if (isUsableName(name)) {
    report(nameFaults(name), field);
    if (name === folder) return name;
    const message = `The name ${inQuotes(name)} is not that of the folder, ${inQuotes(folderName)}`;
    findings.warning({ rule: "name-mismatch", message, remedy: "Rename one of them", line: field?.line });
    return name;
  }
  const isMissing = name === "";
  const what = isMissing ? "There is no name" : `The name ${inQuotes(name)} cannot be used`;
  const rule = isMissing ? "name-missing" : "name-unusable";
  const remedy = 'Give it a "name" of lower case letters, digits and hyphens';
  if (!isUsableName(folder)) {
    const message = `${what}, nor can that of the folder, ${inQuotes(folderName)}`;
    findings.error({ rule, message, remedy, line: field?.line });
    return undefined;
  }
  findings.warning({ rule, message: `${what}; that of the folder stands in its place`, remedy, line: field?.line });
  return folder;
}

/** Reads the description, in whose place the first paragraph of the body stands where it must. */
function readDescription(
  top: FieldMap,
  { body, findings, isToolSkill }: FrontMatterContext & { readonly isToolSkill: boolean },
): string | undefined {
  const field = top.get("description");
  const description = (readText(field) ?? "").trim();
  if (description !== "") {
    report(descriptionFaults(description), field);
    return description;
  }
  const remedy = 'Add a "description" that says what the skill does and when to use it';
  const finding = { rule: "description-missing", remedy, line: field?.line };
  const paragraph = firstParagraph(body, LONGEST_DESCRIPTION);
  if (paragraph !== "") {
    findings.warning({ ...finding, message: "There is no description; the first paragraph stands in its place" });
    return paragraph;
  }
  if (isToolSkill) {
    findings.warning({ ...finding, message: "There is no description" });
    return "";
  }
  findings.error({ ...finding, message: "There is no description, and no text to take one from" });
  return undefined;
}

function report(faults: readonly Fault[], field: Field | undefined): void {
  for (const fault of faults) field?.findings.warning({ ...fault, line: field.line });
}

/** Reads names of tools: a list, or a text with spaces or commas between them, but for those in parentheses. */
function readAllowedTools(field: Field | undefined): string[] {
  return field?.value.kind === "scalar" ? splitTools(field.value.text) : readTexts(field);
}

function splitTools(text: string): string[] {
  const tools: string[] = [];
  let [tool, depth] = ["", 0];
  for (const character of `${text} `) {
    if (depth === 0 && /[\s,]/.test(character)) {
      if (tool !== "") tools.push(tool);
      tool = "";
      continue;
    }
    if (character === "(") depth++;
    if (character === ")" && depth > 0) depth--;
    tool += character;
  }
  return tool === "" ? tools : [...tools, tool.trimEnd()];
}

function readClaudeFields(metadata: SkillMetadata, fields: Extensions): void {
  const names = fields.get("arguments");
  metadata.whenToUse = readText(fields.get("when-to-use")) ?? "";
  metadata.argumentHint = readHint(fields.get("argument-hint"));
  metadata.argumentNames = names?.value.kind === "scalar"
    ? splitWords(names.value.text.replaceAll(",", " "), " ")
    : readTexts(names);
  metadata.disableModelInvocation = readFlag(fields.get("disable-model-invocation")) ?? false;
  metadata.userInvocable = readFlag(fields.get("user-invocable")) ?? true;
}

/** Reads a hint; `[file]` without quotes is a list to YAML, and a text to all others. */
function readHint(field: Field | undefined): string {
  if (field?.value.kind === "list") return `[${readTexts(field).join(", ")}]`;
  return readText(field) ?? "";
}

function readExtensions(metadata: SkillMetadata, extensions: Extensions): void {
  metadata.dcc = readText(extensions.get("dcc")) ?? DEFAULT_DCC;
  metadata.version = readText(extensions.get("version")) ?? DEFAULT_VERSION;
  metadata.tags = readTexts(extensions.get("tags"));
  metadata.searchHint = readText(extensions.get("search-hint")) ?? "";
  metadata.searchAliases = readTexts(extensions.get("search-aliases"));
  metadata.depends = [...new Set(readTexts(extensions.get("depends")).map(normalizeName))].filter((it) => it !== "");
  metadata.policy = readPolicy(extensions);
  metadata.externalDeps = readExternalDependencies(extensions.get("external-deps"));
  metadata.nextTools = readNextTools(extensions.get("next-tools"));
}

function readPolicy(extensions: Extensions): SkillPolicy {
  const field = extensions.get("policy");
  const policy = readMap(field) && FieldMap.of(field!);
  const allow = readFlag(extensions.get("allow-implicit-invocation") ?? policy?.get("allow-implicit-invocation"));
  return {
    ...(allow !== undefined && { allowImplicitInvocation: allow }),
    products: readTexts(extensions.get("products") ?? policy?.get("products")),
  };
}

/** Gives `metadata` with text for each scalar that stands in it directly. */
function withTexts(section: YamlMap, json: JsonObject): JsonObject {
  const entries = [...section.entries];
  if (entries.every(([key, { value }]) => value.kind !== "scalar" || json[key] === value.text)) return json;
  return Object.fromEntries(
    entries.map(([key, { value }]) => [key, value.kind === "scalar" ? value.text : json[key]]),
  );
}

/** Adds findings for what OpenClaw's section has in a form that nobody reads. */
function reportOpenclaw(metadata: YamlMap | undefined, findings: Findings): void {
  for (const name of metadata === undefined ? [] : OPENCLAW_SECTIONS) {
    const field = fieldOf(metadata!, name, { prefix: "metadata.", findings });
    const section = readMap(field) && FieldMap.of(field!);
    readTexts(section?.get("os"));
    readFlag(section?.get("always"));
    const requires = section?.get("requires");
    const required = readMap(requires) && FieldMap.of(requires!);
    for (const key of ["env", "bins", "any-bins", "config"]) readTexts(required?.get(key));
  }
}
