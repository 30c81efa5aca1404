/**
 * What the memory of an instance is set back to.
 *
 * @module
 */

const PAGE_BYTES = 65_536;

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A copy of all that is in a memory. */
export class MemoryImage {
  readonly #memory: WebAssembly.Memory;
  readonly #size: number;
  /** All that is not zero, in its order. */
  readonly #pieces: readonly Piece[];

  /** Copies a memory. */
  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#size = memory.buffer.byteLength;
    this.#pieces = piecesOf(memory.buffer);
  }

  /** Whether the memory has grown since, which cannot be undone. */
  get isOutgrown(): boolean {
    return this.#memory.buffer.byteLength !== this.#size;
  }

  /** Sets every byte of the memory back to what it was. */
  restore(): void {
    const all = new Uint8Array(this.#memory.buffer);
    let end = 0;
    for (const { at, bytes } of this.#pieces) {
      all.fill(0, end, at).set(bytes, at);
      end = at + bytes.length;
    }
    all.fill(0, end);
  }
}

function piecesOf(buffer: ArrayBuffer): readonly Piece[] {
  const pieces: Piece[] = [];
  let begin: number | undefined;
  for (let at = 0; at <= buffer.byteLength; at += PAGE_BYTES) {
    const isUsed = at < buffer.byteLength && hasContent(new Uint32Array(buffer, at, PAGE_BYTES / 4));
    if (isUsed) begin ??= at;
    else if (begin !== undefined) {
      pieces.push({ at: begin, bytes: new Uint8Array(buffer.slice(begin, at)) });
      begin = undefined;
    }
  }
  return pieces;
}

function hasContent(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return true;
  return false;
}
