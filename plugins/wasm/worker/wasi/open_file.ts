/**
 * An open file.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import type { SyncFile, SyncStat } from "../../../../kernel/mod.ts";
import { Descriptor, type ReadAnswer, type Readiness, type WriteAnswer } from "./descriptor.ts";
import { WasiFailure } from "./errno.ts";
import { FileStatus } from "./file_status.ts";
import { readTimes } from "./times.ts";

/** Rights that a file can have: all but those of folders and sockets. */
const FILE_RIGHTS = BigInt(
  wasi.RIGHTS_FD_DATASYNC | wasi.RIGHTS_FD_READ | wasi.RIGHTS_FD_SEEK | wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
    wasi.RIGHTS_FD_SYNC | wasi.RIGHTS_FD_TELL | wasi.RIGHTS_FD_WRITE | wasi.RIGHTS_FD_ADVISE | wasi.RIGHTS_FD_ALLOCATE |
    wasi.RIGHTS_FD_FILESTAT_GET | wasi.RIGHTS_FD_FILESTAT_SET_SIZE | wasi.RIGHTS_FD_FILESTAT_SET_TIMES |
    wasi.RIGHTS_POLL_FD_READWRITE,
);

/** Most bytes that one read takes from a file; more comes with the next. */
const LARGEST_READ = 16 * 1024 * 1024;

/** Largest size of a file; JavaScript counts no further. */
const LARGEST_SIZE = BigInt(Number.MAX_SAFE_INTEGER);

/** What fits in 64 bits with a sign. */
const LARGEST_OFFSET = 2n ** 63n - 1n;

/** An open file of a granted folder. */
export class OpenFile extends Descriptor {
  readonly #reopen: (isAppending: boolean) => SyncFile;
  #file: SyncFile;
  #position = 0n;

  /**
   * @param reopen Opens the file, so that every write goes to its end or not; called once more when that changes.
   */
  constructor(
    reopen: (isAppending: boolean) => SyncFile,
    options: { readonly flags: number; readonly rights: bigint },
  ) {
    super({ fileType: wasi.FILETYPE_REGULAR_FILE, flags: options.flags, rights: options.rights & FILE_RIGHTS });
    this.#reopen = reopen;
    this.#file = reopen(this.#isAppending);
  }

  override fd_read(size: number): ReadAnswer {
    const answer = this.fd_pread(size, this.#position);
    this.#position += BigInt(answer.data.length);
    return answer;
  }

  override fd_pread(size: number, offset: bigint): ReadAnswer {
    this.demand(wasi.RIGHTS_FD_READ);
    const data = new Uint8Array(Math.min(size, LARGEST_READ));
    const count = offset > LARGEST_SIZE ? 0 : this.#file.read(data, offset);
    return { ret: wasi.ERRNO_SUCCESS, data: data.subarray(0, count) };
  }

  override fd_write(bytes: Uint8Array): WriteAnswer {
    const answer = this.fd_pwrite(bytes, this.#position);
    this.#position = this.#isAppending ? this.#file.stat().size : this.#position + BigInt(answer.nwritten);
    return answer;
  }

  override fd_pwrite(bytes: Uint8Array, offset: bigint): WriteAnswer {
    this.demand(wasi.RIGHTS_FD_WRITE);
    checkSize(offset + BigInt(bytes.length));
    const nwritten = this.#file.write(bytes, offset);
    if ((this.flags & (wasi.FDFLAGS_SYNC | wasi.FDFLAGS_DSYNC)) !== 0) this.#file.sync();
    return { ret: wasi.ERRNO_SUCCESS, nwritten };
  }

  override fd_seek(offset: bigint, whence: number): { ret: number; offset: bigint } {
    const position = this.#baseOf(whence) + BigInt.asIntN(64, offset);
    if (position < 0n || position > LARGEST_OFFSET) throw new WasiFailure("INVAL");
    this.#position = position;
    return { ret: wasi.ERRNO_SUCCESS, offset: position };
  }

  override fd_tell(): { ret: number; offset: bigint } {
    return { ret: wasi.ERRNO_SUCCESS, offset: this.#position };
  }

  override fd_allocate(offset: bigint, length: bigint): number {
    if (length === 0n) throw new WasiFailure("INVAL");
    this.demand(wasi.RIGHTS_FD_WRITE);
    const size = offset + length;
    return size > this.#file.stat().size ? this.#resize(size) : wasi.ERRNO_SUCCESS;
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new FileStatus(this.#file.stat()) };
  }

  override fd_filestat_set_size(size: bigint): number {
    this.demand(wasi.RIGHTS_FD_WRITE);
    return this.#resize(size);
  }

  override fd_filestat_set_times(accessed: bigint, modified: bigint, flags: number): number {
    this.#file.setTimes(readTimes(accessed, modified, flags));
    return wasi.ERRNO_SUCCESS;
  }

  protected override applyFlags(flags: number): void {
    const isAppending = isAppend(flags);
    if (isAppending === this.#isAppending) return;
    const file = this.#reopen(isAppending);
    if (!isSame(file.stat(), this.#file.stat())) {
      file.close();
      throw new WasiFailure("STALE");
    }
    this.#file.close();
    this.#file = file;
  }

  override fd_sync(): number {
    this.#file.sync();
    return wasi.ERRNO_SUCCESS;
  }

  override fd_close(): number {
    this.#file.close();
    return wasi.ERRNO_SUCCESS;
  }

  override advise(): void {}

  override readiness(): Readiness {
    const left = this.#file.stat().size - this.#position;
    return { bytes: left > 0n ? left : 0n, isEnd: false };
  }

  get #isAppending(): boolean {
    return isAppend(this.flags);
  }

  #baseOf(whence: number): bigint {
    switch (whence) {
      case wasi.WHENCE_SET:
        return 0n;
      case wasi.WHENCE_CUR:
        return this.#position;
      case wasi.WHENCE_END:
        return this.#file.stat().size;
      default:
        throw new WasiFailure("INVAL");
    }
  }

  #resize(size: bigint): number {
    checkSize(size);
    this.#file.truncate(size);
    return wasi.ERRNO_SUCCESS;
  }
}

function isAppend(flags: number): boolean {
  return (flags & wasi.FDFLAGS_APPEND) !== 0;
}

function isSame(one: SyncStat, other: SyncStat): boolean {
  return one.inode === other.inode && one.device === other.device;
}

function checkSize(size: bigint): void {
  if (size > LARGEST_SIZE) throw new WasiFailure("FBIG");
}
