/**
 * Archives of tools: the same files give the same bytes, on every machine and at every time.
 *
 * @module
 */
import { gzipSync, type Zippable, zipSync } from "fflate";
import { packTar } from "modern-tar";
import type { ArchiveFormat } from "./formats.ts";

/** One file of an archive. */
export interface PackedFile {
  /** Parts are joined by `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isExecutable: boolean;
}

const UNIX = 3;
const ORDINARY_FILE = 0o100000;

/** Packs files. */
export async function packFiles(files: readonly PackedFile[], format: ArchiveFormat): Promise<Uint8Array> {
  const sorted = [...files].sort((a, b) => a.path < b.path ? -1 : 1);
  if (format === "zip") return packZip(sorted);
  const tar = await packTar(sorted.map(({ path, bytes, isExecutable }) => ({
    header: { name: path, size: bytes.length, type: "file", mode: modeOf(isExecutable), mtime: new Date(0) },
    body: bytes,
  })));
  // the engine of the runtime packs in ways of its own
  return format === "tar" ? tar : gzipSync(tar, { level: 9, mtime: 0 });
}

function packZip(files: readonly PackedFile[]): Uint8Array {
  // zip has local times and none before 1980
  const mtime = new Date(1980, 0, 1);
  const entries: Zippable = {};
  for (const { path, bytes, isExecutable } of files) {
    const attrs = ((ORDINARY_FILE | modeOf(isExecutable)) << 16) >>> 0;
    entries[path] = [bytes, { level: 9, mtime, os: UNIX, attrs }];
  }
  return zipSync(entries);
}

function modeOf(isExecutable: boolean): number {
  return isExecutable ? 0o755 : 0o644;
}
