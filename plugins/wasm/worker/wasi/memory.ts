/**
 * The memory of a module, as its WASI calls see it.
 *
 * @module
 */
import { WasiFailure } from "./errno.ts";

/**
 * Reads and writes the memory of a module. Numbers are little-endian; a `RangeError` is a pointer out of bounds.
 */
export class ModuleMemory {
  #memory: WebAssembly.Memory | undefined;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** Takes the memory that the instance exports; `undefined` forgets it. */
  attach(memory: WebAssembly.Memory | undefined): void {
    this.#memory = memory;
  }

  /**
   * Does nothing where there is a memory.
   *
   * @throws {WebAssembly.RuntimeError} before there is one: in a start function.
   */
  check(): void {
    if (this.#memory === undefined) throw new WebAssembly.RuntimeError("a WASI call was made by the start function");
  }

  /**
   * The memory as it is now; it has another buffer after it grew.
   *
   * @throws {WebAssembly.RuntimeError} as {@linkcode ModuleMemory.check} does.
   */
  get buffer(): ArrayBufferLike {
    this.check();
    return this.#memory!.buffer;
  }

  /** Bytes of it; none before there is one. */
  get size(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** The memory, for its numbers. */
  get view(): DataView {
    return new DataView(this.buffer);
  }

  /** Gives a part of memory; to be used before the module goes on. */
  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, pointer, length);
  }

  /**
   * Reads text.
   *
   * @throws {WasiFailure} `ILSEQ` when it is not UTF-8.
   */
  text(pointer: number, length: number): string {
    const bytes = this.bytes(pointer, length);
    try {
      // a decoder takes no shared memory, and a slice is not shared
      return this.#decoder.decode(bytes.slice());
    } catch {
      throw new WasiFailure("ILSEQ");
    }
  }

  /** Gives the parts of memory that a list of `iovec` names. */
  vectors(pointer: number, count: number): readonly Uint8Array[] {
    const table = new DataView(this.buffer, pointer, count * 8);
    return Array.from({ length: count }, (_, index) => {
      return this.bytes(table.getUint32(index * 8, true), table.getUint32(index * 8 + 4, true));
    });
  }

  setUint32(pointer: number, value: number): void {
    this.view.setUint32(pointer, value, true);
  }

  setUint64(pointer: number, value: bigint): void {
    this.view.setBigUint64(pointer, value, true);
  }
}
