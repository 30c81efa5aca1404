/**
 * Where in its files a skill says something.
 *
 * @module
 */
import type { SkillMetadata } from "../format/metadata.ts";

/** The file that makes a folder a skill. */
export const SKILL_FILE = "SKILL.md";

/** A place in the files of a skill. */
export interface Place {
  /** Relative to the skill. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
}

/** Finds a key of the front matter, however deep it stands, by the first of some names that it has; `_` counts as `-`. */
export function placeOf({ lines }: SkillMetadata, keys: readonly string[]): Place {
  // lines are known by key paths such as `metadata.dcc-mcp.products`
  const found = Object.entries(lines).find(([path]) => {
    const written = path.replaceAll("_", "-");
    return keys.some((key) => written === key || written.endsWith(`.${key}`));
  });
  return { file: SKILL_FILE, ...(found && { line: found[1] }) };
}
