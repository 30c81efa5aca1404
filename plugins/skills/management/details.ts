/**
 * `get`: a skill with its files, its scripts and the names of its variables.
 *
 * @module
 */
import { type Folder, type JsonObject, messageOf } from "../../../kernel/mod.ts";
import { SKILL_FILES } from "../discovery/rules.ts";
import { openSkillEnv } from "../env/env_file.ts";
import { ENV_FILE } from "../env/env_names.ts";
import { parseSkill } from "../format/parse.ts";
import { visible } from "../format/quoting.ts";
import { fileType, hasInlineMetadata, isScriptFile, isTextAsked } from "./file_types.ts";
import { type WalkedFile, walkFiles } from "./file_walk.ts";
import { type Answer, type Request, requireName } from "./request.ts";
import type { SkillPlace, SkillPlaces } from "./skill_places.ts";

/** Files of one page, when no limit is given. */
const SHOWN = 200;
/** Most bytes of a file that is read. */
const MOST_BYTES = 1_000_000;
/** Files that are in memory at once. */
const READ_TOGETHER = 16;
/** Most folders that are named as left out. */
const MOST_LEFT_OUT = 50;

/** What is told of one file. */
interface FileFacts {
  readonly path: string;
  readonly size: number | undefined;
  readonly modified: string | undefined;
  readonly type: string;
  readonly isLink: boolean;
  readonly isExecutable: boolean;
  /** Absent for what is no script of Python. */
  readonly hasUvDeps: boolean | undefined;
}

/** Tells all about a skill. */
export async function getSkill(request: Request, { places }: { readonly places: SkillPlaces }): Promise<Answer> {
  const place = await places.find(requireName(request));
  const { name, folder } = place;
  const { offset, limit } = request;
  const walk = await walkFiles(folder);
  const end = offset + (limit ?? SHOWN);
  const files = await readFacts(folder, walk.files.slice(offset, end));
  const next = end < walk.files.length ? end : undefined;
  const description = await describe(place);
  const content = request.include_content ? await readContent(folder) : undefined;
  const env = await readEnv(folder);
  const scripts = files.filter(({ isExecutable }) => isExecutable);
  const leftOut = walk.leftOut.slice(0, MOST_LEFT_OUT);
  const text = [
    `Skill: ${name}\nDescription: ${description || "N/A"}\n`,
    ...(content === undefined ? [] : [`=== SKILL.md Content ===\n${content}\n`]),
    [`Files (${walk.files.length}):`, ...files.map((file) => fileLine(name, file))].join("\n"),
    ...(next === undefined ? [] : [`Shown: ${offset + 1} to ${end}; the next ones with offset ${next}`]),
    ...(walk.isCut ? ["There are more files than are looked at"] : []),
    ...(leftOut.length === 0 ? [] : [`Folders that are not listed: ${leftOut.map(visible).join(", ")}`]),
    ...(scripts.length === 0
      ? []
      : ["", `Scripts (${scripts.length}):`, ...scripts.map((script) => scriptLine(name, script))]),
    "\nEnvironment Variables:",
    ...(env.names.length === 0 ? ["  (none)"] : env.names.map((it) => `  - ${it}`)),
    ...(env.problem === undefined ? [] : [`  ${env.problem}`]),
    `\n.env file exists: ${env.exists ? "Yes" : "No"}\n`,
  ].join("\n");
  return {
    text,
    data: {
      ...{ name, path: place.path, description, is_writable: place.isWritable },
      ...(place.skill && { scope: place.skill.found.scope }),
      ...(content !== undefined && { content }),
      ...{ files: files.map(factsJson), total: walk.files.length, offset, left_out: leftOut, is_cut: walk.isCut },
      ...(next !== undefined && { next_offset: next }),
      ...{ scripts: scripts.map(({ path }) => path), env_vars: env.names, has_env_file: env.exists },
    },
  };
}

async function describe({ skill, folder }: SkillPlace): Promise<string> {
  // the files may be newer than what the catalog knows
  return ((await parseSkill(folder)).metadata ?? skill?.metadata)?.description ?? "";
}

/** Reads the file that makes the folder a skill; says so in its place where it cannot be shown. */
async function readContent(folder: Folder): Promise<string | undefined> {
  for (const name of SKILL_FILES) {
    try {
      if (await folder.stat(name) === undefined) continue;
      const [bytes] = await folder.readMany([name], { mostBytes: MOST_BYTES });
      if (bytes !== undefined) return new TextDecoder().decode(bytes);
      // says why it cannot be read, if it cannot
      await folder.readBytes(name);
      return `(it has more than ${MOST_BYTES / 1_000_000} MB)`;
    } catch (thrown) {
      return `(${messageOf(thrown)})`;
    }
  }
  return undefined;
}

async function readFacts(folder: Folder, files: readonly WalkedFile[]): Promise<FileFacts[]> {
  const facts: FileFacts[] = [];
  for (let at = 0; at < files.length; at += READ_TOGETHER) {
    const some = files.slice(at, at + READ_TOGETHER);
    const asked = some.filter(({ path, isLink }) => !isLink && isTextAsked(path)).map(({ path }) => path);
    const read = await folder.readMany(asked, { mostBytes: MOST_BYTES });
    const texts = new Map(asked.map((path, index) => [path, new TextDecoder().decode(read[index])]));
    facts.push(...some.map((file) => factsOf(file, texts.get(file.path) ?? "")));
  }
  return facts;
}

function factsOf({ path, isLink, stat }: WalkedFile, text: string): FileFacts {
  const type = fileType(path);
  const isExecutable = !isLink && stat !== undefined && isScriptFile(path, { stat, text });
  return {
    ...{ path, isLink, type, isExecutable },
    size: isLink ? undefined : stat?.size,
    modified: isLink ? undefined : stat?.modified.toISOString(),
    hasUvDeps: isExecutable && type === "python" ? hasInlineMetadata(text) : undefined,
  };
}

async function readEnv(
  folder: Folder,
): Promise<{ readonly names: readonly string[]; readonly exists: boolean; readonly problem?: string }> {
  try {
    const names = (await openSkillEnv(folder)).keys();
    const kind = (await folder.stat(ENV_FILE))?.kind;
    return { names, exists: kind !== undefined && kind !== "folder" };
  } catch (thrown) {
    return { names: [], exists: true, problem: `(${messageOf(thrown)})` };
  }
}

function fileLine(skill: string, { path, size, modified, isLink, isExecutable, hasUvDeps }: FileFacts): string {
  const date = modified === undefined ? "" : `, modified: ${modified.slice(0, 10)}`;
  const known = isLink ? "link" : `${size ?? "?"} bytes${date}`;
  const deps = hasUvDeps === undefined ? "" : ` [uv deps: ${hasUvDeps ? "yes" : "no"}]`;
  return `  - ${skill}:${visible(path)} (${known})${isExecutable ? " [executable]" : ""}${deps}`;
}

function scriptLine(skill: string, { path, type, hasUvDeps }: FileFacts): string {
  return `  - ${skill}:${visible(path)} (${type})${hasUvDeps === true ? " [has uv dependencies]" : ""}`;
}

function factsJson({ path, size, modified, type, isLink, isExecutable, hasUvDeps }: FileFacts): JsonObject {
  return {
    path,
    ...(size !== undefined && { size }),
    ...(modified !== undefined && { modified }),
    type,
    ...(isLink && { is_link: true }),
    is_executable: isExecutable,
    ...(hasUvDeps !== undefined && { has_uv_deps: hasUvDeps }),
  };
}
