/**
 * `list`: the files of a skill, or of a folder in it, with their digests.
 *
 * @module
 */
import { type Folder, sha256 } from "../../../../kernel/mod.ts";
import { isAtOrBelow } from "../../discovery/rules.ts";
import { isEnvFile } from "../../env/env_names.ts";
import { type WalkedFile, walkFiles } from "../file_walk.ts";
import { normalizePath } from "./file_paths.ts";
import type { Answer, FileFacts, Request, Surroundings } from "./request.ts";

/** Files of one page, when no limit is given. */
const SHOWN = 200;
/** Most files of one page. */
const MOST_SHOWN = 1_000;
/** Files that are in memory at once. */
const READ_TOGETHER = 16;

/** Lists the files; links are told and not followed, secrets and what was installed are left out. */
export async function listFiles(request: Request, { places, mostBytes }: Surroundings): Promise<Answer> {
  const { skill_name: skill, file_path: at, offset, limit } = request;
  const { folder } = await places.find(skill);
  const below = at && at !== "." ? normalizePath(at) : ".";
  const walk = await walkFiles(folder);
  const shown = walk.files.filter(({ path }) => !isEnvFile(path) && isAtOrBelow(path, below));
  const start = offset ?? 0;
  const end = start + Math.min(limit ?? SHOWN, MOST_SHOWN);
  const files = await readFacts(folder, shown.slice(start, end), mostBytes);
  const next = end < shown.length ? end : undefined;
  const leftOut = walk.leftOut.filter((path) => !isEnvFile(path) && isAtOrBelow(path, below));
  const text = [
    `Files (${shown.length}):`,
    ...files.map((file) => `  - ${skill}:${file.path} (${factsText(file)})`),
    ...(next === undefined ? [] : [`Shown: ${start + 1} to ${end}; the next ones with offset ${next}`]),
    ...(walk.isCut ? ["There are more files than are looked at"] : []),
    ...(leftOut.length === 0 ? [] : [`Folders that are not listed: ${leftOut.slice(0, 20).join(", ")}`]),
  ];
  return {
    text: text.join("\n"),
    data: {
      ...{ files, total: shown.length, offset: start, left_out: leftOut, is_cut: walk.isCut },
      ...(next !== undefined && { next_offset: next }),
    },
  };
}

function factsText({ size, modified, is_link: isLink }: FileFacts): string {
  return isLink === true ? "symbolic link" : `${size} bytes, modified: ${modified?.slice(0, 10)}`;
}

async function readFacts(folder: Folder, files: readonly WalkedFile[], mostBytes: number): Promise<FileFacts[]> {
  const facts: FileFacts[] = [];
  for (let at = 0; at < files.length; at += READ_TOGETHER) {
    const some = files.slice(at, at + READ_TOGETHER);
    const read = await folder.readMany(some.map(({ path, isLink }) => isLink ? "." : path), { mostBytes });
    facts.push(...await Promise.all(some.map((file, index) => factsOf(file, read[index]))));
  }
  return facts;
}

async function factsOf({ path, isLink, stat }: WalkedFile, bytes: Uint8Array | undefined): Promise<FileFacts> {
  if (isLink) return { path, is_link: true };
  return {
    path,
    ...(stat && { size: stat.size, modified: stat.modified.toISOString() }),
    // what is too large to be read whole has none here
    ...(bytes && { sha256: await sha256(bytes) }),
  };
}
