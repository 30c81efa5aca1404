/**
 * {@linkcode SkillMetadata}: what the files of a skill say about it.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import { requireName } from "./checked_fields.ts";
import { type NextTools, nextToolsToJson, ToolDeclaration, type ToolDeclarationFields } from "./declaration.ts";
import { OPENCLAW_SECTIONS } from "./dialects.ts";
import { splitWords } from "./fields.ts";
import { isSameJson, listField, objectField, textField, withoutEmpty } from "./json_fields.ts";
import { DEFAULT_DCC, DEFAULT_VERSION, fieldsFromJson, type SkillMetadataFields } from "./metadata_fields.ts";
import {
  type ExternalDependency,
  groupToJson,
  policyToJson,
  type PromptDeclaration,
  promptToJson,
  type SkillGroup,
  type SkillPolicy,
} from "./metadata_parts.ts";
import { compatibilityFaults, descriptionFaults, nameFaults } from "./standard_rules.ts";

export type { SkillMetadataFields };

/**
 * What the files of a skill say about it: the fields of Agent Skills, Claude Code, OpenClaw and dcc-mcp together. Every
 * field can be written.
 *
 * @example Make one, write it down, and read it back
 * ```ts
 * import { SkillMetadata } from "collet/skills";
 *
 * const skill = new SkillMetadata({ name: "maya-geometry", dcc: "maya", tools: ["create_sphere"] });
 * if (String(skill) !== "maya-geometry v1.0.0 (maya)") throw new Error("unexpected");
 * if (!skill.equals(SkillMetadata.fromJSON(skill.toJSON()))) throw new Error("unexpected");
 * ```
 */
export class SkillMetadata {
  name: string;
  description: string;
  tools: ToolDeclaration[];
  /** The application that it is for. */
  dcc: string;
  tags: string[];
  /** Words to find it by. */
  searchHint: string;
  searchAliases: string[];
  /** Absolute paths of the scripts in `scripts/`, sorted. */
  scripts: string[];
  /** Absolute path of its folder. */
  skillPath: string;
  version: string;
  /** Names of skills that it needs. */
  depends: string[];
  /** Absolute paths of the `.md` files in `metadata/`, sorted. */
  metadataFiles: string[];
  license: string;
  compatibility: string;
  /** Tools that it may use, as it names them, such as `Bash(git:*)`. */
  allowedTools: string[];
  groups: SkillGroup[];
  prompts: PromptDeclaration[];
  policy: SkillPolicy;
  externalDeps: ExternalDependency[];
  /** Tools that may be worth calling after any of its tools. */
  nextTools: NextTools | undefined;
  /** Keys of dcc-mcp that stand at the top of the front matter, where they once belonged. */
  legacyExtensionFields: string[];
  /** The whole front matter, typed as YAML 1.2 types it (core schema). */
  frontmatter: JsonObject;
  /** The mapping `metadata`: what stands in it directly is text, as Agent Skills want it, whatever it looks like. */
  metadata: JsonObject;
  /** Claude Code: says when to use it, beside the description. */
  whenToUse: string;
  /** Claude Code: shown to a person who types its name. */
  argumentHint: string;
  /** Claude Code: names of its arguments, in order. */
  argumentNames: string[];
  /** Claude Code: whether only a person may use it. */
  disableModelInvocation: boolean;
  /** Claude Code: whether a person may use it by name. */
  userInvocable: boolean;
  /** Lines of `SKILL.md`, from 1, by key path, such as `name`, `metadata.openclaw.requires.env`, `metadata.dcc-mcp.tools`. */
  lines: Readonly<Record<string, number>>;

  /** @throws {TypeError} without a name that is a text. */
  constructor(fields: SkillMetadataFields) {
    this.name = requireName(fields?.name, "make skill metadata");
    this.description = fields.description ?? "";
    this.tools = (fields.tools ?? []).map(toDeclaration);
    this.dcc = fields.dcc ?? DEFAULT_DCC;
    this.tags = [...fields.tags ?? []];
    this.searchHint = fields.searchHint ?? "";
    this.searchAliases = [...fields.searchAliases ?? []];
    this.scripts = [...fields.scripts ?? []];
    this.skillPath = fields.skillPath ?? "";
    this.version = fields.version ?? DEFAULT_VERSION;
    this.depends = [...fields.depends ?? []];
    this.metadataFiles = [...fields.metadataFiles ?? []];
    this.license = fields.license ?? "";
    this.compatibility = fields.compatibility ?? "";
    this.allowedTools = [...fields.allowedTools ?? []];
    this.groups = [...fields.groups ?? []];
    this.prompts = [...fields.prompts ?? []];
    this.policy = fields.policy ?? { products: [] };
    this.externalDeps = [...fields.externalDeps ?? []];
    this.nextTools = fields.nextTools;
    this.legacyExtensionFields = [...fields.legacyExtensionFields ?? []];
    this.frontmatter = fields.frontmatter ?? {};
    this.metadata = fields.metadata ?? objectField(this.frontmatter, "metadata") ?? {};
    this.whenToUse = fields.whenToUse ?? "";
    this.argumentHint = fields.argumentHint ?? "";
    this.argumentNames = [...fields.argumentNames ?? []];
    this.disableModelInvocation = fields.disableModelInvocation ?? false;
    this.userInvocable = fields.userInvocable ?? true;
    this.lines = fields.lines ?? {};
  }

  /** Names of its tools, in the order of their declaration. */
  get toolNames(): string[] {
    return this.tools.map((tool) => tool.name);
  }

  /** Gives the section of OpenClaw, under whichever of its names comes first. */
  openclawMetadata(): JsonObject | undefined {
    return OPENCLAW_SECTIONS.map((name) => objectField(this.metadata, name)).find((it) => it !== undefined);
  }

  /** OpenClaw: names of environment variables that must be set. */
  requiredEnvVars(): string[] {
    return wordsOf(this.#requires(), "env");
  }

  /** OpenClaw: programs that must all be there. */
  requiredBins(): string[] {
    return wordsOf(this.#requires(), "bins");
  }

  /** OpenClaw: programs of which one must be there. */
  anyBins(): string[] {
    return wordsOf(this.#requires(), "anyBins");
  }

  /** OpenClaw: the variable that holds its main credential. */
  primaryEnv(): string | undefined {
    return this.#openclawText("primaryEnv");
  }

  /** OpenClaw: an emoji to show beside its name. */
  emoji(): string | undefined {
    return this.#openclawText("emoji");
  }

  /** OpenClaw: the address of its page, in its section or at the top of the front matter. */
  homepage(): string | undefined {
    return this.#openclawText("homepage") ?? (textField(this.frontmatter, "homepage") || undefined);
  }

  /** OpenClaw: whether it is always active. */
  alwaysActive(): boolean {
    return String(this.openclawMetadata()?.["always"]) === "true";
  }

  /** OpenClaw: operating systems that it runs on, such as `darwin`, `linux`, `win32`; empty means all. */
  osRestrictions(): string[] {
    return wordsOf(this.openclawMetadata() ?? {}, "os");
  }

  /** Gives what `metadata` holds directly as text. */
  flatMetadata(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.metadata).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  }

  /** Gives what its tools require of their application, sorted, each once. */
  requiredCapabilities(): string[] {
    return [...new Set(this.tools.flatMap((tool) => tool.requiredCapabilities))].filter((it) => it !== "").sort();
  }

  /** Tells whether a model may use it unasked. */
  isImplicitInvocationAllowed(): boolean {
    return this.policy.allowImplicitInvocation !== false && !this.disableModelInvocation;
  }

  /** Tells whether it is for a product; letter case does not count, and a skill that names none is for all. */
  matchesProduct(product: string): boolean {
    const { products } = this.policy;
    return products.length === 0 || products.some((it) => it.toLowerCase() === product.toLowerCase());
  }

  /** Tells whether no key of dcc-mcp stands at the top of the front matter. */
  isSpecCompliant(): boolean {
    return this.legacyExtensionFields.length === 0;
  }

  /** Checks name, description and compatibility by the rules of Agent Skills; gives a message for each one broken. */
  validate(): string[] {
    const faults = [
      ...nameFaults(this.name),
      ...descriptionFaults(this.description),
      ...compatibilityFaults(this.compatibility),
    ];
    return faults.map((fault) => fault.message);
  }

  /** Tells whether other metadata say the same. */
  equals(other: SkillMetadata): boolean {
    return isSameJson(this.toJSON(), other.toJSON());
  }

  /** Gives all fields as JSON, keys in snake_case; beyond the common ones only those that say something. */
  toJSON(): JsonObject {
    return {
      name: this.name,
      description: this.description,
      search_hint: this.searchHint,
      tools: this.tools.map((tool) => tool.toJSON()),
      dcc: this.dcc,
      tags: this.tags,
      scripts: this.scripts,
      skill_path: this.skillPath,
      version: this.version,
      depends: this.depends,
      metadata_files: this.metadataFiles,
      ...withoutEmpty({
        search_aliases: this.searchAliases,
        license: this.license,
        compatibility: this.compatibility,
        allowed_tools: this.allowedTools,
        groups: this.groups.map(groupToJson),
        prompts: this.prompts.map(promptToJson),
        policy: policyToJson(this.policy),
        external_deps: this.externalDeps,
        next_tools: this.nextTools && nextToolsToJson(this.nextTools),
        legacy_extension_fields: this.legacyExtensionFields,
        frontmatter: this.frontmatter,
        when_to_use: this.whenToUse,
        argument_hint: this.argumentHint,
        argument_names: this.argumentNames,
        disable_model_invocation: this.disableModelInvocation,
        lines: this.lines,
      }),
      ...(!this.userInvocable && { user_invocable: false }),
      // mostly the very object of the front matter, which need not be written twice
      ...(!isSameJson(this.metadata, objectField(this.frontmatter, "metadata") ?? {}) && { metadata: this.metadata }),
    };
  }

  /**
   * Makes metadata of what {@linkcode SkillMetadata.toJSON} gave.
   *
   * @throws {TypeError} without a name.
   * @throws {SkillValueError} when a tool is not as {@linkcode ToolDeclaration} wants it.
   */
  static fromJSON(json: JsonObject): SkillMetadata {
    return new SkillMetadata(fieldsFromJson(json));
  }

  /** Gives `name vVersion (dcc)`. */
  toString(): string {
    return `${this.name} v${this.version} (${this.dcc})`;
  }

  #requires(): JsonObject {
    return objectField(this.openclawMetadata() ?? {}, "requires") ?? {};
  }

  #openclawText(key: string): string | undefined {
    return textField(this.openclawMetadata() ?? {}, key) || undefined;
  }
}

/** Gives the texts of a list, or of a text with commas. */
function wordsOf(json: JsonObject, key: string): string[] {
  const value = json[key];
  if (typeof value === "string") return splitWords(value, ",");
  return listField(json, key).filter((it) => typeof it === "string" || typeof it === "number").map(String);
}

function toDeclaration(tool: string | ToolDeclaration | ToolDeclarationFields): ToolDeclaration {
  if (tool instanceof ToolDeclaration) return tool;
  return new ToolDeclaration(typeof tool === "string" ? { name: tool } : tool);
}
