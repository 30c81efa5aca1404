/**
 * What a skill has that runs, and how two states of it differ, as a person reads it before deciding.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import { unifiedDiff } from "../library/contract.ts";
import { isEnvFile } from "../skills/contract.ts";
import { plainText } from "../trust/contract.ts";
import type { Surface, SurfaceFile } from "./surface.ts";

/** One state of a skill. */
export interface SkillState {
  readonly surface: Surface;
  /** Holds its files. */
  readonly folder: Folder;
}

/** A file that differs. */
export interface FileDifference {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** Whether it is a document, which nothing runs. */
  readonly isDocument: boolean;
  /** Hunks of a unified diff, where both are short texts, and none holds secrets. */
  readonly diff?: string;
}

/** What is in one list and not in the other. */
export interface ListDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** How two states of a skill differ. */
export interface SkillDifference {
  /** Those that run first. */
  readonly files: readonly FileDifference[];
  readonly grants: ListDifference;
  readonly tools: ListDifference;
  readonly packages: ListDifference;
}

/** Most files whose texts are compared, and what is larger than a text to read, in bytes. */
const MOST_COMPARED = 50;
const LARGEST_TEXT = 128 * 1024;
/** Most files, names and lines of a diff that are shown of one skill. */
const MOST_FILES = 30;
const MOST_NAMES = 20;
const MOST_LINES = 60;
const LONGEST_LINE = 200;

/** Compares two states of a skill; without the first, all of it is new. */
export async function compareSkills(before: SkillState | undefined, after: SkillState): Promise<SkillDifference> {
  const lists = (key: "grants" | "tools" | "packages"): ListDifference => {
    const [old, now] = [before?.surface[key] ?? [], after.surface[key]];
    return { added: now.filter((it) => !old.includes(it)), removed: old.filter((it) => !now.includes(it)) };
  };
  const files: FileDifference[] = [];
  for (const found of compareFiles(before?.surface, after.surface)) {
    const isShown = found.change === "changed" && files.length < MOST_COMPARED && !isEnvFile(found.path);
    const diff = before !== undefined && isShown ? await diffOf(found.path, { before, after }) : undefined;
    files.push(diff === undefined ? found : { ...found, diff });
  }
  return { files, grants: lists("grants"), tools: lists("tools"), packages: lists("packages") };
}

function compareFiles(before: Surface | undefined, after: Surface): readonly FileDifference[] {
  const old = byPath(before);
  const now = byPath(after);
  const documents = new Set([...before?.documents ?? [], ...after.documents].map(({ path }) => path));
  for (const { path } of [...before?.files ?? [], ...after.files]) documents.delete(path);
  const found: FileDifference[] = [];
  for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [a, b] = [old.get(path), now.get(path)];
    if (a?.digest === b?.digest && a?.isExecutable === b?.isExecutable) continue;
    const change = a === undefined ? "added" : b === undefined ? "removed" : "changed";
    found.push({ path, change, isDocument: documents.has(path) });
  }
  return found.sort((a, b) => Number(a.isDocument) - Number(b.isDocument));
}

function byPath(surface: Surface | undefined): ReadonlyMap<string, SurfaceFile> {
  return new Map([...surface?.files ?? [], ...surface?.documents ?? []].map((it) => [it.path, it]));
}

async function diffOf(
  path: string,
  { before, after }: { readonly before: SkillState; readonly after: SkillState },
): Promise<string | undefined> {
  const [a, b] = await Promise.all([before, after].map(({ folder }) => readShort(folder, path)));
  return a === undefined || b === undefined ? undefined : unifiedDiff(a, b);
}

/** Reads a file that is a short text. */
async function readShort(folder: Folder, path: string): Promise<string | undefined> {
  const stat = await folder.stat(path);
  if (stat === undefined || stat.size > LARGEST_TEXT) return undefined;
  try {
    const bytes = await folder.readBytes(path);
    const text = bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text?.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Says what a skill has that runs: lines to be read by a person. */
export function describeSurface({ files, grants, tools, packages }: Surface): readonly string[] {
  const names = files.map(({ path, size }) => `${path} (${size} bytes)`);
  return [
    ...listed("files that can run, or are read by what runs", names),
    ...listed("tools", tools),
    ...listed("asks for", grants),
    ...listed("installs packages", packages),
  ];
}

/** Says how two states differ: lines to be read by a person. */
export function describeDifference(
  { files, grants, tools, packages }: SkillDifference,
  { mostLines = MOST_LINES }: { readonly mostLines?: number } = {},
): readonly string[] {
  const lines = [
    ...listed("now asks for", grants.added),
    ...listed("no longer asks for", grants.removed),
    ...listed("now installs packages", packages.added),
    ...listed("no longer installs packages", packages.removed),
    ...listed("new tools", tools.added),
    ...listed("tools that are gone", tools.removed),
  ];
  let left = mostLines;
  for (const { path, change, isDocument, diff } of files.slice(0, MOST_FILES)) {
    lines.push(`${change}: ${shown(path)}${isDocument ? " (a document)" : ""}`);
    const text = diff === undefined || diff === "" ? [] : diff.split("\n");
    lines.push(...text.slice(0, left).map((line) => `  ${shown(line)}`));
    if (text.length > left) lines.push(`  … ${text.length - left} more lines`);
    left = Math.max(0, left - text.length);
  }
  if (files.length > MOST_FILES) lines.push(`… and ${files.length - MOST_FILES} more files`);
  return lines;
}

function listed(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > MOST_NAMES ? `, … and ${names.length - MOST_NAMES} more` : "";
  return [`${what}: ${names.slice(0, MOST_NAMES).map(shown).join(", ")}${more}`];
}

function shown(text: string): string {
  return plainText(text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text);
}
