/**
 * Skills to read, in memory and on disk.
 *
 * @module
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Folder } from "../../../../kernel/mod.ts";
import { createFiles } from "../../../../kernel/platform/files.ts";
import { memoryFiles } from "../../../../kernel/testing.ts";
import type { Diagnostic } from "../../../../plugins/skills/format/diagnostics.ts";
import type { SkillMetadata } from "../../../../plugins/skills/format/metadata.ts";
import { type ParsedSkill, parseSkill } from "../../../../plugins/skills/format/parse.ts";

/** Files of one skill, by their paths. */
export type SkillTree = Readonly<Record<string, string | Uint8Array>>;

/** Makes a skill in memory. */
export function skillIn(files: SkillTree, name = "my-skill"): Folder {
  const tree = Object.fromEntries(Object.entries(files).map(([path, data]) => [`${name}/${path}`, data]));
  return memoryFiles(tree).at(name);
}

/** Reads a skill in memory. */
export async function parseFiles(files: SkillTree, name?: string): Promise<ParsedSkill> {
  return await parseSkill(skillIn(files, name));
}

/** Reads a skill whose SKILL.md has this front matter. */
export async function parseFields(fields: string, files: SkillTree = {}): Promise<ParsedSkill> {
  return await parseFiles({ "SKILL.md": `---\n${fields}\n---\n`, ...files });
}

/** Gives the metadata of a skill that can be used. */
export function metadataOf({ metadata, diagnostics }: ParsedSkill): SkillMetadata {
  if (metadata === undefined) throw new Error(`The skill cannot be used: ${JSON.stringify(diagnostics)}`);
  return metadata;
}

/** Gives what was found as `severity file:line rule`, without what is only good to know. */
export function shortly(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.filter(({ severity }) => severity !== "info").map(short);
}

/** Gives one finding as `severity file:line rule`. */
export function short({ severity, file, line, rule }: Diagnostic): string {
  return `${severity} ${file}${line === undefined ? "" : `:${line}`} ${rule}`;
}

/** A folder on disk. */
export interface DiskSkill extends AsyncDisposable {
  /** The folder around the skill, for what must not be reached. */
  readonly outside: string;
  readonly folder: Folder;
}

/** Makes a skill on disk; `links` are symbolic links by their paths, which lead to paths below the folder around it. */
export async function skillOnDisk(files: SkillTree, links: Readonly<Record<string, string>> = {}): Promise<DiskSkill> {
  const outside = await mkdtemp(join(tmpdir(), "collet-format-"));
  const root = join(outside, "my-skill");
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), data);
  }
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(join(outside, target), join(root, path));
  }
  return {
    outside,
    folder: createFiles(outside).open(root),
    [Symbol.asyncDispose]: () => rm(outside, { recursive: true, force: true }),
  };
}
