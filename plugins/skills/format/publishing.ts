/**
 * What keeps a skill from being published by the protocol's skills extension (SEP-2640): its front matter is passed on as
 * it is written, and hosts refuse a whole list for one entry that breaks a rule of Agent Skills.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import { inQuotes } from "./quoting.ts";
import { compatibilityFaults, descriptionFaults } from "./standard_rules.ts";

/** Why a skill is not published. */
export interface PublishingObstacle {
  readonly message: string;
  readonly remedy: string;
  /** Path of the key that it is about, such as `metadata.dcc-mcp`. */
  readonly key: string;
}

/** Names of the Agent Skills specification, as the skills extension wants them. */
const NAME_REGEXP = /^(?!.*--)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** Gives the first reason for which a skill is not published; `undefined` when it is. */
export function findPublishingObstacle(
  { name, frontmatter }: { readonly name: string; readonly frontmatter: JsonObject },
): PublishingObstacle | undefined {
  const { description, compatibility, metadata = {} } = frontmatter;
  if (!NAME_REGEXP.test(name) || frontmatter["name"] !== name) {
    const remedy = "Write a name of a to z, digits and single hyphens";
    return obstacle("name", { what: "its name is none that clients take", remedy });
  }
  if (!isText(description) || descriptionFaults(description).length > 0) {
    const what = "its description is missing, no text, or too long";
    return obstacle("description", { what, remedy: 'Write a text of 1,024 characters at most as "description"' });
  }
  if (compatibility !== undefined && (!isText(compatibility) || compatibilityFaults(compatibility).length > 0)) {
    const what = "its compatibility note is empty, no text, or too long";
    return obstacle("compatibility", { what, remedy: "Write a text of 500 characters at most, or leave it out" });
  }
  return findInMetadata(metadata);
}

function findInMetadata(metadata: unknown): PublishingObstacle | undefined {
  if (!isObject(metadata)) {
    return obstacle("metadata", { what: '"metadata" is no mapping', remedy: "Write one key and text a line" });
  }
  const [key, value] = Object.entries(metadata).find(([, it]) => typeof it !== "string") ?? [];
  if (key === undefined) return undefined;
  const remedy = isObject(value)
    ? `Write its keys flat, each with a text: ${key}.KEY: "…"`
    : Array.isArray(value)
    ? "Write a text with commas between the items"
    : "Put the value in quotes";
  return obstacle(`metadata.${key}`, { what: `${inQuotes(key)} under "metadata" is no text`, remedy });
}

function obstacle(key: string, { what, remedy }: { readonly what: string; readonly remedy: string }) {
  return { key, remedy, message: `The skills extension of the protocol does not publish the skill: ${what}` };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
