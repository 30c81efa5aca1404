/**
 * Writes the values that the binary format of WebAssembly is made of.
 *
 * @module
 */

/** Writes an unsigned integer of 32 bits as LEB128, as short as it goes. */
export function u32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 0x80;
    rest = Math.floor(rest / 0x80);
    bytes.push(rest === 0 ? byte : byte | 0x80);
  } while (rest > 0);
  return bytes;
}

/** Writes a signed integer of 64 bits as LEB128, as short as it goes. */
export function i64(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asIntN(64, value);;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const isLast = rest === ((byte & 0x40) === 0 ? 0n : -1n);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}

/** Writes a name. */
export function nameOf(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...u32(bytes.length), ...bytes];
}

/** Joins pieces. */
export function joinBytes(pieces: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
