/**
 * The three streams that every run has.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import { Descriptor, type ReadAnswer, type Readiness, type WriteAnswer } from "./descriptor.ts";
import { WasiFailure } from "./errno.ts";

const READ_RIGHTS = BigInt(
  wasi.RIGHTS_FD_READ | wasi.RIGHTS_FD_FILESTAT_GET | wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
    wasi.RIGHTS_POLL_FD_READWRITE,
);
const WRITE_RIGHTS = BigInt(
  wasi.RIGHTS_FD_WRITE | wasi.RIGHTS_FD_FILESTAT_GET | wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
    wasi.RIGHTS_POLL_FD_READWRITE,
);

const encoder = new TextEncoder();

/** A descriptor without positions. */
abstract class Stream extends Descriptor {
  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, this.fileType, 0n) };
  }

  override fd_seek(): never {
    throw new WasiFailure("SPIPE");
  }

  override fd_tell(): never {
    throw new WasiFailure("SPIPE");
  }

  override fd_pread(): never {
    throw new WasiFailure("SPIPE");
  }

  override fd_pwrite(): never {
    throw new WasiFailure("SPIPE");
  }

  override fd_allocate(): never {
    throw new WasiFailure("SPIPE");
  }

  override fd_filestat_set_size(): never {
    throw new WasiFailure("INVAL");
  }

  override advise(): never {
    throw new WasiFailure("SPIPE");
  }
}

/** What a module reads from stdin. */
export class InputStream extends Stream {
  #left: Uint8Array;
  readonly #more: () => string | undefined;
  #isEnd = false;

  /**
   * @param first What is there at the start.
   * @param more Waits for more; `undefined` at the end.
   */
  constructor(first: string, more: () => string | undefined) {
    super({ fileType: wasi.FILETYPE_UNKNOWN, rights: READ_RIGHTS });
    this.#left = encoder.encode(first);
    this.#more = more;
  }

  override get wouldWait(): boolean {
    return this.#left.length === 0 && !this.#isEnd;
  }

  override fd_read(size: number): ReadAnswer {
    this.demand(wasi.RIGHTS_FD_READ);
    while (size > 0 && this.wouldWait) this.#wait();
    const data = this.#left.subarray(0, size);
    this.#left = this.#left.subarray(data.length);
    return { ret: wasi.ERRNO_SUCCESS, data };
  }

  override fd_write(): never {
    throw new WasiFailure("BADF");
  }

  override readiness(): Readiness {
    return { bytes: BigInt(this.#left.length), isEnd: this.#isEnd };
  }

  #wait(): void {
    const text = this.#more();
    if (text === undefined) this.#isEnd = true;
    else this.#left = encoder.encode(text);
  }
}

/** What a module writes to, and nobody reads back. */
export class OutputStream extends Stream {
  readonly #take: (bytes: Uint8Array) => void;

  /**
   * @param take Takes what is written; the bytes are those of the module, to be copied or used at once.
   * @param options `isTerminal`: whether C libraries shall send each line when it is written.
   */
  constructor(take: (bytes: Uint8Array) => void, options: { readonly isTerminal?: boolean } = {}) {
    super({
      fileType: options.isTerminal === true ? wasi.FILETYPE_CHARACTER_DEVICE : wasi.FILETYPE_UNKNOWN,
      rights: WRITE_RIGHTS,
    });
    this.#take = take;
  }

  override fd_write(bytes: Uint8Array): WriteAnswer {
    this.demand(wasi.RIGHTS_FD_WRITE);
    this.#take(bytes);
    return { ret: wasi.ERRNO_SUCCESS, nwritten: bytes.length };
  }

  override fd_read(): never {
    throw new WasiFailure("BADF");
  }

  override readiness(): Readiness {
    return { bytes: 0n, isEnd: false };
  }
}
