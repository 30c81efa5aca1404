/**
 * The fields of `SkillMetadata`, and how they are read back from JSON.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import { type NextTools, nextToolsFromJson, ToolDeclaration, type ToolDeclarationFields } from "./declaration.ts";
import { listField, objectField, textField, textsField } from "./json_fields.ts";
import {
  externalDependenciesFromJson,
  type ExternalDependency,
  groupsFromJson,
  policyFromJson,
  type PromptDeclaration,
  promptsFromJson,
  type SkillGroup,
  type SkillPolicy,
} from "./metadata_parts.ts";

/** The application that a skill is for when it does not say. */
export const DEFAULT_DCC = "python";
/** The version of a skill that does not say. */
export const DEFAULT_VERSION = "1.0.0";

/** What a `SkillMetadata` is made of; all but the name has a default. */
export interface SkillMetadataFields {
  readonly name: string;
  readonly description?: string;
  /** Names of tools, or what they are declared with. */
  readonly tools?: readonly (string | ToolDeclaration | ToolDeclarationFields)[];
  readonly dcc?: string;
  readonly tags?: readonly string[];
  readonly searchHint?: string;
  readonly searchAliases?: readonly string[];
  readonly scripts?: readonly string[];
  readonly skillPath?: string;
  readonly version?: string;
  readonly depends?: readonly string[];
  readonly metadataFiles?: readonly string[];
  readonly license?: string;
  readonly compatibility?: string;
  readonly allowedTools?: readonly string[];
  readonly groups?: readonly SkillGroup[];
  readonly prompts?: readonly PromptDeclaration[];
  readonly policy?: SkillPolicy;
  readonly externalDeps?: readonly ExternalDependency[];
  readonly nextTools?: NextTools | undefined;
  readonly legacyExtensionFields?: readonly string[];
  readonly frontmatter?: JsonObject;
  readonly metadata?: JsonObject;
  readonly whenToUse?: string;
  readonly argumentHint?: string;
  readonly argumentNames?: readonly string[];
  readonly disableModelInvocation?: boolean;
  readonly userInvocable?: boolean;
  readonly lines?: Readonly<Record<string, number>>;
}

/**
 * Reads the fields of what `SkillMetadata.toJSON()` gave.
 *
 * @throws {SkillValueError} when a tool is not as {@linkcode ToolDeclaration} wants it.
 */
export function fieldsFromJson(json: JsonObject): SkillMetadataFields {
  const nextTools = objectField(json, "next_tools");
  const metadata = objectField(json, "metadata");
  return {
    name: json["name"] as string,
    description: textField(json, "description"),
    searchHint: textField(json, "search_hint"),
    searchAliases: textsField(json, "search_aliases"),
    tools: listField(json, "tools").filter(isObject).map(ToolDeclaration.fromJSON),
    dcc: textField(json, "dcc", DEFAULT_DCC),
    tags: textsField(json, "tags"),
    scripts: textsField(json, "scripts"),
    skillPath: textField(json, "skill_path"),
    version: textField(json, "version", DEFAULT_VERSION),
    depends: textsField(json, "depends"),
    metadataFiles: textsField(json, "metadata_files"),
    license: textField(json, "license"),
    compatibility: textField(json, "compatibility"),
    allowedTools: textsField(json, "allowed_tools"),
    groups: groupsFromJson(json, "groups"),
    prompts: promptsFromJson(json, "prompts"),
    policy: policyFromJson(json, "policy"),
    externalDeps: externalDependenciesFromJson(json, "external_deps"),
    nextTools: nextTools && nextToolsFromJson(nextTools),
    legacyExtensionFields: textsField(json, "legacy_extension_fields"),
    frontmatter: objectField(json, "frontmatter") ?? {},
    ...(metadata !== undefined && { metadata }),
    whenToUse: textField(json, "when_to_use"),
    argumentHint: textField(json, "argument_hint"),
    argumentNames: textsField(json, "argument_names"),
    disableModelInvocation: json["disable_model_invocation"] === true,
    userInvocable: json["user_invocable"] !== false,
    lines: (objectField(json, "lines") ?? {}) as Readonly<Record<string, number>>,
  };
}
