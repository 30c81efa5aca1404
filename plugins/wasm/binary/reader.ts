/**
 * Reads the values that the binary format of WebAssembly is made of, from bytes that nobody has checked.
 *
 * Source: WebAssembly Core Specification, chapter "Binary Format", section "Values".
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** Bytes of the longest LEB128 of 32 and of 64 bits. */
const LONGEST_32 = 5;
const LONGEST_64 = 10;

/** Makes the error of bytes that are no module. */
export function malformed(detail: string, at: number): ToolError {
  return new ToolError(`Cannot read the module: ${detail} at byte ${at}`);
}

/** Writes a number as the specification does: `0x0a`. */
export function hexOf(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Reads values one after the other, none of them beyond the end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Where the next value begins. */
  position: number;
  /** Where reading ends. */
  readonly end: number;

  /** @param part Bounds of what is read; all of it by default. */
  constructor(
    bytes: Uint8Array,
    { from = 0, to = bytes.length }: { readonly from?: number; readonly to?: number } = {},
  ) {
    this.bytes = bytes;
    this.position = from;
    this.end = to;
  }

  /** Tells whether nothing is left. */
  get isAtEnd(): boolean {
    return this.position === this.end;
  }

  /** Reads one byte. @throws {ToolError} at the end. */
  byte(): number {
    if (this.position >= this.end) throw malformed("unexpected end", this.position);
    return this.bytes[this.position++]!;
  }

  /** Looks at the next byte; `undefined` at the end. */
  peek(): number | undefined {
    return this.position < this.end ? this.bytes[this.position] : undefined;
  }

  /** Passes over a number of bytes. @throws {ToolError} when there are fewer. */
  skip(length: number): void {
    if (length > this.end - this.position) throw malformed("unexpected end", this.end);
    this.position += length;
  }

  /** Reads an unsigned integer of 32 bits. @throws {ToolError} when it is longer. */
  u32(): number {
    let value = 0;
    const start = this.position;
    for (let index = 0; index < LONGEST_32; index += 1) {
      const byte = this.byte();
      // the last byte has four bits of the value, and nothing follows it
      if (index === LONGEST_32 - 1 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw malformed("an integer has more than 32 bits", start);
  }

  /** Reads an unsigned integer of 64 bits, as the nearest number. @throws {ToolError} when it is longer. */
  u64(): number {
    let value = 0;
    const start = this.position;
    for (let index = 0; index < LONGEST_64; index += 1) {
      const byte = this.byte();
      if (index === LONGEST_64 - 1 && byte > 0x01) break;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw malformed("an integer has more than 64 bits", start);
  }

  /** Passes over an integer of at most 64 bits, signed or not. @throws {ToolError} when it is longer. */
  skipInteger(): void {
    const start = this.position;
    for (let index = 0; index < LONGEST_64; index += 1) {
      if (this.byte() < 0x80) return;
    }
    throw malformed("an integer has more than 64 bits", start);
  }

  /** Reads how many entries follow, each of at least one byte. @throws {ToolError} when there cannot be so many. */
  count(): number {
    const start = this.position;
    const count = this.u32();
    if (count > this.end - this.position) throw malformed(`${count} entries are more than there are bytes`, start);
    return count;
  }

  /** Reads a name. @throws {ToolError} when it is no UTF-8. */
  name(): string {
    const length = this.count();
    const start = this.position;
    this.skip(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        this.bytes.subarray(start, this.position),
      );
    } catch {
      throw malformed("a name is no UTF-8", start);
    }
  }
}
