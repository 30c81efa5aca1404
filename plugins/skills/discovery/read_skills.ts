/**
 * Reads skills, many at a time.
 *
 * @module
 */
import { type Folder, type FolderEntry, messageOf } from "../../../kernel/mod.ts";
import { ENV_FILE } from "../env/env_names.ts";
import { withoutSecrets } from "../env/guarded_folder.ts";
import { parseSkill } from "../format/parse.ts";
import { fingerprintAt, type ListedSkill } from "./looks.ts";
import { type Ahead, ObservedFolder } from "./observed_folder.ts";
import { SkillRecord } from "./record.ts";
import { joinReal } from "./real_paths.ts";
import { pathIn, READ_FOLDERS, SKILL_FILES } from "./rules.ts";

const YAML_REGEXP = /\.ya?ml$/i;
const MOST_SIDECARS = 8;

/** Reads some skills, whose folders were listed just now. Those that are gone meanwhile are left out. */
export async function readSkills(root: Folder, skills: readonly ListedSkill[]): Promise<readonly SkillRecord[]> {
  const files = await readAhead(skills, filesAhead, (paths) => root.readMany(paths));
  const lists = await readAhead(skills, foldersAhead, (paths) => root.listMany(paths));
  const read = skills.map((it, index) => {
    for (const { path, bytes, entries } of it.entries) {
      if (bytes !== undefined) files[index]!.set(path, bytes);
      if (entries !== undefined) lists[index]!.set(path, entries);
    }
    return readOne(root, it, { files: files[index]!, lists: lists[index]! });
  });
  return (await Promise.all(read)).filter((it) => it !== undefined);
}

/** Reads for each skill what `namesOf` names, all in one go; what cannot be had is left out. */
async function readAhead<T>(
  skills: readonly ListedSkill[],
  namesOf: (entries: readonly FolderEntry[]) => readonly string[],
  read: (paths: readonly string[]) => Promise<readonly (T | undefined)[]>,
): Promise<readonly Map<string, T>[]> {
  const wanted = skills.map(({ entries }) => namesOf(entries));
  const paths = wanted.flatMap((names, index) => names.map((name) => pathIn(skills[index]!.path, name)));
  const contents = paths.length === 0 ? [] : await read(paths);
  let next = 0;
  return wanted.map((names) => {
    const found = new Map<string, T>();
    for (const name of names) {
      const content = contents[next++];
      if (content !== undefined) found.set(name, content);
    }
    return found;
  });
}

/** Names the files that a reader will nearly always want, of those that were not read yet. */
function filesAhead(entries: readonly FolderEntry[]): readonly string[] {
  const unread = entries.filter(({ kind, bytes }) => kind === "file" && bytes === undefined).map(({ path }) => path);
  const sidecars = unread.filter((name) => YAML_REGEXP.test(name)).slice(0, MOST_SIDECARS);
  return [...unread.filter((name) => SKILL_FILES.includes(name)), ...sidecars];
}

function foldersAhead(entries: readonly FolderEntry[]): readonly string[] {
  const unread = entries.filter(({ kind, entries }) => kind === "folder" && entries === undefined);
  return unread.filter(({ path }) => READ_FOLDERS.includes(path)).map(({ path }) => path);
}

async function readOne(
  root: Folder,
  { path, entries }: ListedSkill,
  ready: Omit<Ahead, "entries">,
): Promise<SkillRecord | undefined> {
  const open = () => withoutSecrets(root.at(path));
  const ahead = { entries, ...ready, files: withoutSecondNames(ready.files, entries) };
  const folder = ObservedFolder.of(joinReal(root.path, path), { ahead, open });
  try {
    const { metadata, diagnostics } = await parseSkill(folder, { entries });
    if (metadata === undefined && await isGone(root, path)) return undefined;
    return new SkillRecord({ path, looks: folder.looks, diagnostics, metadata });
  } catch (thrown) {
    if (await isGone(root, path)) return undefined;
    const diagnostics = [{
      severity: "error",
      file: SKILL_FILES[0]!,
      rule: "unreadable",
      message: `Cannot read the skill: ${messageOf(thrown)}`,
    }] as const;
    return new SkillRecord({ path, looks: folder.looks, diagnostics, metadata: undefined });
  }
}

/** Leaves out the files that are the skill's secrets by another name, for the folder to refuse. */
function withoutSecondNames(files: Ahead["files"], entries: readonly FolderEntry[]): Ahead["files"] {
  const secret = entries.find(({ path, kind }) => path === ENV_FILE && kind === "file")?.stat?.fingerprint;
  if (secret === undefined) return files;
  const second = new Set(entries.filter(({ stat }) => stat?.fingerprint === secret).map(({ path }) => path));
  return new Map([...files].filter(([path]) => !second.has(path)));
}

async function isGone(root: Folder, path: string): Promise<boolean> {
  const found = await Promise.all(SKILL_FILES.map((name) => fingerprintAt(root, pathIn(path, name))));
  return found.every((fingerprint) => fingerprint === "");
}
