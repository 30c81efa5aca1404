/**
 * Puts a backup in the place of what the home holds: unpacked beside it first, then swapped by renaming.
 *
 * @module
 */
import { isKernelError, KernelError, messageOf } from "../../kernel/mod.ts";
import { type ArchiveEntry, unpackArchive } from "./archive.ts";
import { BACKUP_FORMAT, type BackupSource, MANIFEST_NAME } from "./backup.ts";
import { listPlaces, locate, type Place, STATE_NAME } from "./places.ts";
import { timestamp } from "./time.ts";

/** What a restore did. */
export interface RestoreReport {
  /** Absolute path of the archive. */
  readonly file: string;
  /** How many files it put in place, the state among them. */
  readonly files: number;
  /** What was there before, under its new name: absolute paths. */
  readonly kept: readonly string[];
}

/** Names beside a place while it is restored, and after. */
interface Swap extends Place {
  readonly staged: string;
  readonly replaced: string;
}

/**
 * Restores a backup. What the backup does not hold is no more afterwards; what was there is kept under another name.
 *
 * @param file Absolute path.
 * @throws {KernelError} `STATE_UNREADABLE` when the file is no backup or damaged, `STATE_NEWER` when a later version
 * wrote it, `PATH_ESCAPED` when a name in it leads elsewhere, `HOME_UNUSABLE` when a server uses the home. Nothing is
 * changed then.
 */
export async function restoreBackup(file: string, source: BackupSource): Promise<RestoreReport> {
  const from = locate(source.files, file);
  const packed = await from.folder.readBytes(from.path);
  if (packed === undefined) throw new KernelError("OPTION_INVALID", `Cannot restore "${file}": no such file`);
  const stamp = timestamp();
  const state: Place = { name: STATE_NAME, kind: "file", folder: source.files, path: STATE_NAME };
  const swaps = [state, ...listPlaces(source.files, source.environment)].map((place): Swap => ({
    ...place,
    staged: `${place.path}.restoring-${stamp}`,
    replaced: `${place.path}.replaced-${stamp}`,
  }));
  try {
    const files = await explainDamage(file, async () => {
      const count = await stage(packed, swaps);
      await source.engine.checkFile(await source.files.resolve(`${STATE_NAME}.restoring-${stamp}`), { shown: file });
      return count;
    });
    const kept = await source.engine.offline(() => swapAll(swaps));
    return { file, files, kept };
  } finally {
    for (const { folder, staged } of swaps) await folder.remove(staged);
  }
}

async function stage(packed: Uint8Array, swaps: readonly Swap[]): Promise<number> {
  const seen = new Set<string>();
  let files = 0;
  for await (const entry of unpackArchive(packed)) {
    if (seen.size === 0) checkManifest(entry);
    else files += await stageEntry(entry, swaps);
    if (seen.has(entry.path)) throw new Error(`"${entry.path}" is in it twice`);
    seen.add(entry.path);
  }
  if (!seen.has(STATE_NAME)) throw new Error(`"${STATE_NAME}" is not in it`);
  return files;
}

async function stageEntry({ path, kind, bytes }: ArchiveEntry, swaps: readonly Swap[]): Promise<number> {
  const [name = "", ...rest] = path.split("/");
  const swap = swaps.find((swap) => swap.name === name);
  if (swap === undefined) throw new Error(`"${path}" does not belong in a backup`);
  const isWhole = rest.length === 0;
  if (swap.kind === "file" ? !isWhole || kind !== "file" : isWhole && kind !== "folder") {
    throw new Error(`"${path}" is a ${kind} where there should be none`);
  }
  // the folder refuses what would lead out of it
  const folder = isWhole ? swap.folder : swap.folder.at(swap.staged);
  const target = isWhole ? swap.staged : rest.join("/");
  if (kind === "folder") await folder.makeFolder(target);
  else await folder.writeAtomic(target, bytes);
  return kind === "file" ? 1 : 0;
}

function checkManifest({ path, bytes }: ArchiveEntry): void {
  if (path !== MANIFEST_NAME) throw new Error(`it does not begin with "${MANIFEST_NAME}"`);
  const { format } = JSON.parse(new TextDecoder().decode(bytes)) as { format?: unknown };
  if (typeof format !== "number" || format < 1) throw new Error(`"${MANIFEST_NAME}" has no format`);
  if (format > BACKUP_FORMAT) {
    throw new KernelError(
      "STATE_NEWER",
      `Cannot restore a backup of format ${format}: this version of Collet knows formats up to ${BACKUP_FORMAT}`,
      { fix: "Restore it with the version of Collet that wrote it, or a later one" },
    );
  }
}

// all moves, or none: a failure moves everything back
async function swapAll(swaps: readonly Swap[]): Promise<readonly string[]> {
  const undo: (() => Promise<void>)[] = [];
  const kept: string[] = [];
  const move = async ({ folder }: Place, from: string, to: string) => {
    if (await folder.stat(from) === undefined) return false;
    await folder.move(from, to);
    undo.push(() => folder.move(to, from));
    return true;
  };
  try {
    for (const swap of swaps) {
      if (await move(swap, swap.path, swap.replaced)) kept.push(`${swap.folder.path}/${swap.replaced}`);
      // SQLite's files beside the state are part of it
      for (const end of swap.name === STATE_NAME ? ["-wal", "-shm", "-journal"] : []) {
        await move(swap, swap.path + end, swap.replaced + end);
      }
      await move(swap, swap.staged, swap.path);
    }
    return kept;
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function explainDamage<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isKernelError(error)) throw error;
    throw new KernelError("STATE_UNREADABLE", `Cannot restore "${file}": ${messageOf(error)}`, {
      cause: error,
      fix: 'Give a file that "collet backup FILE" wrote',
    });
  }
}
