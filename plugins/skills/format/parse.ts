/**
 * Reads a skill for those who use it: leniently, with a diagnostic for whatever is not as it should be.
 *
 * @module
 */
import type { Folder } from "../../../kernel/mod.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { SkillMetadata } from "./metadata.ts";
import { type ReadOptions, readSkill } from "./read_skill.ts";

/** What the files of a skill say. */
export interface ParsedSkill {
  /** Absent when the skill cannot be used; the diagnostics say why. */
  readonly metadata?: SkillMetadata;
  /** What follows the front matter. */
  readonly body: string;
  readonly diagnostics: readonly Diagnostic[];
  /** What was read, relative to the skill: SKILL.md, sidecars and the folders of patterns, metadata/depends.md. */
  readonly sources: readonly string[];
}

/**
 * Reads a skill.
 *
 * @param folder Opened at the skill. Nothing outside of it is read, whatever its files say.
 * @returns What they say; never rejects for what they hold.
 * @throws {Error} when the folder itself cannot be listed.
 */
export async function parseSkill(folder: Folder, options: ReadOptions = {}): Promise<ParsedSkill> {
  const { metadata, body, diagnostics, files } = await readSkill(folder, options);
  return { ...(metadata !== undefined && { metadata }), body, diagnostics, sources: [...files.sources] };
}
