/**
 * Open files of a worker.
 *
 * @module
 */
import { type BigIntStats, closeSync, fstatSync, fsyncSync, ftruncateSync, futimesSync } from "node:fs";
import { readSync, writeSync } from "node:fs";
import type { SyncFile, SyncStat, SyncTimes } from "../workers.ts";
import { attempt, FileFailure } from "./worker_files_failure.ts";

const LAST_POSITION = BigInt(Number.MAX_SAFE_INTEGER);

/** How a file was opened. */
export interface FileAccess {
  /** Path that the worker gave, for errors. */
  readonly shown: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly isAppending: boolean;
  /** Whether the folder was opened for writing, so that times may be set. */
  readonly isInWritable: boolean;
}

/** A file by its descriptor. */
export class NativeFile implements SyncFile {
  readonly #access: FileAccess;
  #descriptor: number | undefined;

  constructor(descriptor: number, access: FileAccess) {
    this.#descriptor = descriptor;
    this.#access = access;
  }

  read(into: Uint8Array, position: bigint): number {
    return this.#do("read", (descriptor) => {
      if (!this.#access.canRead) throw this.#failure("EBADF", "read");
      if (position < 0n) throw this.#failure("EINVAL", "read");
      return position > LAST_POSITION ? 0 : readSync(descriptor, into, 0, into.length, Number(position));
    });
  }

  write(bytes: Uint8Array, position: bigint): number {
    return this.#do("write", (descriptor) => {
      if (!this.#access.canWrite) throw this.#failure("EBADF", "write");
      const where = this.#access.isAppending ? null : this.#toSize(position, "write");
      return writeSync(descriptor, bytes, 0, bytes.length, where);
    });
  }

  stat(): SyncStat {
    return this.#do("look at", (descriptor) => toSyncStat(fstatSync(descriptor, { bigint: true })));
  }

  truncate(size: bigint): void {
    this.#do("set the size of", (descriptor) => {
      if (!this.#access.canWrite) throw this.#failure("EINVAL", "set the size of");
      ftruncateSync(descriptor, this.#toSize(size, "set the size of"));
    });
  }

  setTimes(times: SyncTimes): void {
    this.#do("set the times of", (descriptor) => {
      if (!this.#access.isInWritable) throw this.#failure("EROFS", "set the times of");
      const { accessed, modified } = completeTimes(times, () => fstatSync(descriptor, { bigint: true }));
      futimesSync(descriptor, accessed, modified);
    });
  }

  sync(): void {
    this.#do("sync", (descriptor) => fsyncSync(descriptor));
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  // the number of a closed descriptor may be that of another file by now
  #do<T>(verb: string, run: (descriptor: number) => T): T {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw this.#failure("EBADF", verb);
    return attempt(`${verb} "${this.#access.shown}"`, () => run(descriptor));
  }

  #failure(code: string, verb: string): FileFailure {
    return new FileFailure(code, `${verb} "${this.#access.shown}"`);
  }

  #toSize(size: bigint, verb: string): number {
    if (size < 0n) throw this.#failure("EINVAL", verb);
    if (size > LAST_POSITION) throw this.#failure("EFBIG", verb);
    return Number(size);
  }
}

/** Gives what is known of a file or folder as the contract has it. */
export function toSyncStat(stat: BigIntStats): SyncStat {
  return {
    kind: kindOf(stat),
    size: stat.size,
    device: stat.dev,
    inode: stat.ino,
    links: stat.nlink,
    accessed: stat.atimeNs,
    modified: stat.mtimeNs,
    changed: stat.ctimeNs,
  };
}

function kindOf(stat: BigIntStats): SyncStat["kind"] {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "folder";
  return stat.isSymbolicLink() ? "link" : "other";
}

/**
 * Gives both times in seconds, as `node:fs` takes them: those that are left out as they are.
 *
 * @throws {FileFailure} `EINVAL` for times before 1970, which Node takes for now.
 */
export function completeTimes(
  { accessed, modified }: SyncTimes,
  stat: () => BigIntStats,
): { readonly accessed: number; readonly modified: number } {
  const current = accessed === undefined || modified === undefined ? stat() : undefined;
  return {
    accessed: toSeconds(accessed ?? current!.atimeNs),
    modified: toSeconds(modified ?? current!.mtimeNs),
  };
}

// the runtimes keep microseconds at most, and cut off what is behind them
function toSeconds(nanoseconds: bigint): number {
  if (nanoseconds < 0n) throw new FileFailure("EINVAL", "set a time before 1970");
  const microseconds = Number(nanoseconds / 1000n);
  const seconds = microseconds / 1e6;
  return Math.floor(seconds * 1e6) < microseconds ? seconds + 3e-7 : seconds;
}
