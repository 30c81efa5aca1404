/**
 * The parts of a skill's metadata that are more than a text: groups, policy, dependencies on the outside, prompts.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import { listField, objectField, textField, textsField, withoutEmpty } from "./json_fields.ts";

/** Tools of one skill that are switched on and off together. */
export interface SkillGroup {
  readonly name: string;
  readonly description: string;
  /** Names of its tools as the group says; a tool belongs to the group that it names itself. */
  readonly tools: readonly string[];
  /** Whether it is on when the skill is loaded. */
  readonly defaultActive: boolean;
}

/** Who may use a skill. */
export interface SkillPolicy {
  /** Whether a model may use the skill unasked; absent where the skill does not say, which means yes. */
  readonly allowImplicitInvocation?: boolean;
  /** Products that the skill is for; empty means all. */
  readonly products: readonly string[];
}

/** The kinds of {@linkcode ExternalDependency}. */
export const EXTERNAL_DEPENDENCY_TYPES = ["mcp", "env_var", "bin"] as const;

/** Something outside of all skills that a skill needs. */
export interface ExternalDependency {
  readonly type: typeof EXTERNAL_DEPENDENCY_TYPES[number];
  /** Name of the server, the variable or the program. */
  readonly value: string;
  readonly description?: string;
  readonly transport?: string;
  readonly command?: string;
  readonly url?: string;
}

/** An argument of a {@linkcode PromptDeclaration}. */
export interface PromptArgumentDeclaration {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** A prompt that a skill declares. */
export interface PromptDeclaration {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly PromptArgumentDeclaration[];
  /** Its text, with `{{name}}` where an argument goes. */
  readonly template: string;
}

/** Gives a group as JSON. */
export function groupToJson({ name, description, tools, defaultActive }: SkillGroup): JsonObject {
  return { name, ...withoutEmpty({ description, tools, default_active: defaultActive }) };
}

/** Makes groups of what {@linkcode groupToJson} gave. */
export function groupsFromJson(json: JsonObject, key: string): SkillGroup[] {
  return listField(json, key).filter(isObject).map((it) => ({
    name: textField(it, "name"),
    description: textField(it, "description"),
    tools: textsField(it, "tools"),
    defaultActive: it["default_active"] === true,
  }));
}

/** Gives a policy as JSON; empty for one that says nothing. */
export function policyToJson({ allowImplicitInvocation, products }: SkillPolicy): JsonObject {
  return {
    ...(allowImplicitInvocation !== undefined && { allow_implicit_invocation: allowImplicitInvocation }),
    ...withoutEmpty({ products }),
  };
}

/** Makes a policy of what {@linkcode policyToJson} gave. */
export function policyFromJson(json: JsonObject, key: string): SkillPolicy {
  const policy = objectField(json, key) ?? {};
  const allow = policy["allow_implicit_invocation"];
  return {
    ...(typeof allow === "boolean" && { allowImplicitInvocation: allow }),
    products: textsField(policy, "products"),
  };
}

/** Makes dependencies of their JSON, which is what they are. */
export function externalDependenciesFromJson(json: JsonObject, key: string): ExternalDependency[] {
  return listField(json, key).filter(isObject).map((it) => it as unknown as ExternalDependency);
}

/** Gives a prompt as JSON. */
export function promptToJson({ name, description, arguments: args, template }: PromptDeclaration): JsonObject {
  return { name, ...withoutEmpty({ description, arguments: args }), template };
}

/** Makes prompts of what {@linkcode promptToJson} gave. */
export function promptsFromJson(json: JsonObject, key: string): PromptDeclaration[] {
  return listField(json, key).filter(isObject).map((it) => ({
    name: textField(it, "name"),
    description: textField(it, "description"),
    arguments: listField(it, "arguments").filter(isObject).map((argument) => ({
      name: textField(argument, "name"),
      description: textField(argument, "description"),
      required: argument["required"] === true,
    })),
    template: textField(it, "template"),
  }));
}
