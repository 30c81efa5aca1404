/**
 * What all open descriptors have in common: type, flags and rights.
 *
 * @module
 */
import { Fd, wasi } from "@bjorn3/browser_wasi_shim";
import { WasiFailure } from "./errno.ts";

/** What `fd_read` and `fd_pread` answer. */
export interface ReadAnswer {
  ret: number;
  data: Uint8Array;
}

/** What `fd_write` and `fd_pwrite` answer. */
export interface WriteAnswer {
  ret: number;
  nwritten: number;
}

/** What can be read without waiting. */
export interface Readiness {
  readonly bytes: bigint;
  /** Whether nothing comes after these bytes. */
  readonly isEnd: boolean;
}

/** What a descriptor is made of. */
export interface DescriptorOptions {
  readonly fileType: number;
  readonly flags?: number;
  readonly rights: bigint;
  readonly inheriting?: bigint;
}

/** Flags that can be changed after opening. */
const SETTABLE_FLAGS = wasi.FDFLAGS_APPEND | wasi.FDFLAGS_NONBLOCK;

/** Every right that WASI preview 1 has. */
export const ALL_RIGHTS: bigint = (1n << 30n) - 1n;

/**
 * An open descriptor. Its methods are those of the shim's `Fd`; they throw where they fail, and the table of calls turns
 * that into a number.
 */
export abstract class Descriptor extends Fd {
  readonly fileType: number;
  protected flags: number;
  #rights: bigint;
  #inheriting: bigint;

  constructor(options: DescriptorOptions) {
    super();
    this.fileType = options.fileType;
    this.flags = options.flags ?? 0;
    this.#rights = options.rights;
    this.#inheriting = options.inheriting ?? 0n;
  }

  /** Whether reading waits for somebody to write. */
  get wouldWait(): boolean {
    return false;
  }

  /** Refuses what is beyond the rights of this descriptor: with `BADF` reading and writing, as POSIX has it. */
  protected demand(right: number): void {
    if ((this.#rights & BigInt(right)) !== 0n) return;
    throw new WasiFailure(right === wasi.RIGHTS_FD_READ || right === wasi.RIGHTS_FD_WRITE ? "BADF" : "NOTCAPABLE");
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(this.fileType, this.flags);
    fdstat.fs_rights_base = this.#rights;
    fdstat.fs_rights_inherited = this.#inheriting;
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_fdstat_set_flags(flags: number): number {
    if (((flags ^ this.flags) & ~SETTABLE_FLAGS) !== 0) throw new WasiFailure("INVAL");
    this.applyFlags(flags);
    this.flags = flags;
    return wasi.ERRNO_SUCCESS;
  }

  override fd_fdstat_set_rights(rights: bigint, inheriting: bigint): number {
    const isMore = (rights & ~this.#rights) !== 0n || (inheriting & ~this.#inheriting) !== 0n;
    if (isMore) throw new WasiFailure("NOTCAPABLE");
    this.#rights = rights;
    this.#inheriting = inheriting;
    return wasi.ERRNO_SUCCESS;
  }

  /** Does what other flags ask for. */
  protected applyFlags(_flags: number): void {}

  override fd_prestat_get(): { ret: number; prestat: wasi.Prestat } {
    throw new WasiFailure("BADF");
  }

  override fd_readdir_single(_cookie: bigint): { ret: number; dirent: wasi.Dirent | null } {
    throw new WasiFailure("NOTDIR");
  }

  /** Takes a hint how a part will be used; there is nothing that it would change. */
  abstract advise(): void;
  /** Tells what can be read now. */
  abstract readiness(): Readiness;
}
