/**
 * Backups: one file that holds the state and what is kept beside it.
 *
 * @module
 */
import { type Environment, type Files, KernelError } from "../../kernel/mod.ts";
import { type ArchiveEntry, packArchive } from "./archive.ts";
import { listPlaces, locate, type Place, STATE_NAME } from "./places.ts";
import type { SqliteEngine } from "./sqlite.ts";
import { timestamp } from "./time.ts";

/** The first entry of a backup, which tells what the rest is. */
export const MANIFEST_NAME = "collet-backup.json";
/** The format that is written, and the last one that is read. */
export const BACKUP_FORMAT = 1;

/** What backups are made of. */
export interface BackupSource {
  readonly files: Files;
  readonly environment: Environment;
  readonly engine: SqliteEngine;
}

/** What a backup holds. */
export interface BackupReport {
  /** Absolute path of the archive. */
  readonly file: string;
  /** Size of the archive. */
  readonly bytes: number;
  /** How many files it holds, the state among them. */
  readonly files: number;
  /** Symbolic links, which are left out: names in the archive. */
  readonly links: readonly string[];
}

interface Tally {
  files: number;
  readonly links: string[];
}

/**
 * Writes a backup. Servers may run meanwhile: the state is that of one moment, and every other file is whole.
 *
 * @param file Absolute path.
 * @throws {KernelError} `OPTION_INVALID` when the file exists.
 */
export async function makeBackup(file: string, source: BackupSource): Promise<BackupReport> {
  const target = locate(source.files, file);
  if (await target.folder.stat(target.path) !== undefined) {
    throw new KernelError("OPTION_INVALID", `Cannot write the backup "${file}": it exists`, {
      fix: "Give the name of a file that does not exist yet",
    });
  }
  const tally: Tally = { files: 0, links: [] };
  const packed = await packArchive(collect(source, tally));
  await target.folder.writeAtomic(target.path, packed, { mode: 0o600 });
  return { file, bytes: packed.length, ...tally };
}

async function* collect(source: BackupSource, tally: Tally): AsyncGenerator<ArchiveEntry> {
  const manifest = { format: BACKUP_FORMAT, created: new Date().toISOString() };
  yield { path: MANIFEST_NAME, kind: "file", bytes: new TextEncoder().encode(`${JSON.stringify(manifest)}\n`) };
  tally.files++;
  yield { path: STATE_NAME, kind: "file", bytes: await copyState(source) };
  for (const place of listPlaces(source.files, source.environment)) {
    for await (const entry of collectPlace(place, tally)) {
      if (entry.kind === "file") tally.files++;
      yield entry;
    }
  }
}

async function copyState({ files, engine }: BackupSource): Promise<Uint8Array> {
  const copy = `${STATE_NAME}.copy-${timestamp()}-${crypto.randomUUID()}`;
  try {
    await engine.copyTo(await files.resolve(copy));
    return await files.readBytes(copy) ?? new Uint8Array();
  } finally {
    await files.remove(copy);
  }
}

async function* collectPlace({ name, kind, folder, path }: Place, tally: Tally): AsyncGenerator<ArchiveEntry> {
  if (await folder.stat(path) === undefined) return;
  if (kind === "file") {
    const bytes = await folder.readBytes(path);
    if (bytes !== undefined) yield { path: name, kind, bytes };
    return;
  }
  const root = folder.at(path);
  yield { path: name, kind, bytes: new Uint8Array() };
  for (const entry of await root.list(".", { recursive: true })) {
    const inArchive = `${name}/${entry.path}`;
    if (entry.kind === "link") tally.links.push(inArchive);
    else {
      const bytes = entry.kind === "file" ? await root.readBytes(entry.path) : new Uint8Array();
      // a file may be gone since it was listed
      if (bytes !== undefined) yield { path: inArchive, kind: entry.kind, bytes };
    }
  }
}
