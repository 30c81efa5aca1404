/**
 * What differs between two versions of a tool: its files, and what its manifest says.
 *
 * @module
 */
import { type Folder, sha256 } from "../../kernel/mod.ts";
import { canonicalJson } from "./canonical_json.ts";
import type { Manifest } from "./contract.ts";
import { listCode } from "./digest.ts";
import { MANIFEST_FILE } from "./layout.ts";
import { unifiedDiff } from "./text_diff.ts";

/** Larger files are compared as a whole; in bytes. */
const LARGEST_TEXT = 256 * 1024;
/** Most characters of all diffs together. */
const MOST_TEXT = 100_000;
/** Most files that are named. */
const MOST_FILES = 200;
/** Longest value of a manifest that is shown as it is; in characters of JSON. */
const LONGEST_VALUE = 2_000;

/** Fields that differ between any two versions, and say nothing of the tool. */
const OF_SAVING: readonly string[] = [
  "version",
  "created_at",
  "updated_at",
  "digest",
  "rolled_back_from",
  "edited_from",
];

/** One version, to be compared. */
export interface ComparedVersion {
  readonly version: string;
  readonly folder: Folder;
  /** `undefined` when it cannot be read. */
  readonly manifest: Manifest | undefined;
}

/** Size and content of a file. */
export interface FileFacts {
  readonly bytes: number;
  /** SHA-256, in hex. */
  readonly digest: string;
}

/** A file that differs. */
export interface FileChange {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** Hunks of a unified diff; `undefined` where a side is no text, or too long, or no room was left. */
  readonly diff?: string;
  readonly before?: FileFacts;
  readonly after?: FileFacts;
}

/** A field of the manifest that differs; a value that is too long is given as the beginning of its JSON text. */
export interface FieldChange {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What differs between two versions. */
export interface VersionDiff {
  readonly files: readonly FileChange[];
  readonly manifest: readonly FieldChange[];
  /** Whether there is more than could be shown. */
  readonly isTruncated: boolean;
}

/** Compares two versions. */
export async function diffVersions(before: ComparedVersion, after: ComparedVersion): Promise<VersionDiff> {
  const [left, right] = await Promise.all([codePaths(before.folder), codePaths(after.folder)]);
  const paths = [...new Set([...left, ...right])].sort();
  const files: FileChange[] = [];
  let room = MOST_TEXT;
  let isTruncated = false;
  for (const path of paths) {
    const change = await compareFile(path, { before: before.folder, after: after.folder });
    if (change === undefined) continue;
    if (files.length === MOST_FILES) {
      isTruncated = true;
      break;
    }
    const { diff = "", ...facts } = change;
    isTruncated ||= diff.length > room;
    files.push(diff.length > room ? facts : change);
    if (diff.length <= room) room -= diff.length;
  }
  return { files, manifest: compareManifests(before.manifest, after.manifest), isTruncated };
}

async function codePaths(folder: Folder): Promise<string[]> {
  return (await listCode(folder)).map(({ path }) => path).filter((path) => path !== MANIFEST_FILE);
}

async function compareFile(
  path: string,
  { before, after }: { readonly before: Folder; readonly after: Folder },
): Promise<FileChange | undefined> {
  const [left, right] = await Promise.all([before.readBytes(path), after.readBytes(path)]);
  const [old, now] = [textOf(left), textOf(right)];
  if (left !== undefined && right !== undefined && areEqual(left, right)) return undefined;
  const change = left === undefined ? "added" : right === undefined ? "removed" : "changed";
  return {
    path,
    change,
    ...(old !== undefined && now !== undefined && { diff: unifiedDiff(old, now) }),
    ...(left !== undefined && { before: { bytes: left.length, digest: await sha256(left) } }),
    ...(right !== undefined && { after: { bytes: right.length, digest: await sha256(right) } }),
  };
}

/** Decodes a file that is text and not too long; one that is absent is empty. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return "";
  if (bytes.length > LARGEST_TEXT || bytes.includes(0)) return undefined;
  try {
    // a mark of the byte order is part of the file
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

function compareManifests(before: Manifest | undefined, after: Manifest | undefined): FieldChange[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...fields].filter((field) => !OF_SAVING.includes(field)).sort().flatMap((field) => {
    const [left, right] = [before?.[field], after?.[field]];
    if (canonicalJson(left) === canonicalJson(right)) return [];
    return [{
      field,
      ...(left !== undefined && { before: shown(left) }),
      ...(right !== undefined && { after: shown(right) }),
    }];
  });
}

function shown(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? value : `${text.slice(0, LONGEST_VALUE)}…`;
}

/** Writes a diff that `patch -p1` understands, but for files that are no text. */
export function diffText({ files, manifest, isTruncated }: VersionDiff, from: string, to: string): string {
  const parts = files.map((file) => fileText(file, from, to));
  if (manifest.length > 0) {
    const lines = manifest.map(({ field, before, after }) => `- ${field}: ${inline(before)} -> ${inline(after)}`);
    parts.push(`Manifest:\n\n${lines.join("\n")}`);
  }
  if (parts.length === 0) return `Versions ${from} and ${to} are equal.`;
  if (isTruncated) parts.push("There is more than is shown here.");
  return parts.join("\n\n");
}

function fileText({ path, change, diff, before, after }: FileChange, from: string, to: string): string {
  if (diff === undefined) {
    const facts = [before, after].map((it) => it === undefined ? "none" : `${it.bytes} bytes, SHA-256 ${it.digest}`);
    return `${path} was ${change}: ${facts.join(" -> ")}`;
  }
  const old = change === "added" ? "/dev/null" : `${from}/${path}`;
  const now = change === "removed" ? "/dev/null" : `${to}/${path}`;
  const hunks = diff === "" ? "" : `\n${diff}`;
  // a fence that nothing in the diff closes
  const fence = "`".repeat(Math.max(3, 1 + longestRun(diff)));
  return `${fence}diff\n--- ${old}\n+++ ${now}${hunks}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function inline(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value);
}
