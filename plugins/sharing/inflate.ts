/**
 * Decompression with an end: what unpacks to more than it may is given up on the way.
 *
 * @module
 */
import { Gunzip, Inflate } from "fflate";
import { messageOf, ToolError } from "../../kernel/mod.ts";

/** How much comes in one step: deflate makes at most 1,032 bytes of one. */
const STEP = 16 * 1024;
/** The ratio says nothing of what is small. */
const FREE_BYTES = 1024 * 1024;
/** How much is unpacked before others get their turn. */
const TURN_BYTES = 4 * FREE_BYTES;

/** How something is unpacked. */
export interface InflateOptions {
  readonly format: "deflate" | "gzip";
  /** Most bytes that it may unpack to. */
  readonly maxBytes: number;
  /** How many times larger than itself it may become, beyond its first MiB. */
  readonly maxRatio: number;
  readonly signal: AbortSignal;
}

/**
 * Unpacks bytes.
 *
 * @throws {ToolError} when they are damaged, or unpack to more than they may.
 * @throws the reason of `signal` when it aborts.
 */
export async function inflate(packed: Uint8Array, options: InflateOptions): Promise<Uint8Array> {
  const { format, maxBytes, maxRatio, signal } = options;
  const parts: Uint8Array[] = [];
  let size = 0;
  const take = (part: Uint8Array) => {
    size += part.length;
    if (size > maxBytes) throw new ToolError(`unpacks to more than ${maxBytes} bytes`);
    if (size > FREE_BYTES && size > packed.length * maxRatio) {
      throw new ToolError(`unpacks to more than ${maxRatio} times its size (max_ratio)`);
    }
    parts.push(part);
  };
  const stream = format === "gzip" ? new Gunzip(take) : new Inflate(take);
  let turn = TURN_BYTES;
  for (let at = 0; at === 0 || at < packed.length; at += STEP) {
    signal.throwIfAborted();
    push(stream, packed.subarray(at, at + STEP), at + STEP >= packed.length);
    if (size < turn) continue;
    turn = size + TURN_BYTES;
    await new Promise((resolve) => setTimeout(resolve));
  }
  return join(parts, size);
}

function push(stream: Gunzip | Inflate, piece: Uint8Array, isLast: boolean): void {
  try {
    stream.push(piece, isLast);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError(`is damaged: ${messageOf(error)}`, { cause: error });
  }
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

/** Computes the checksum that zip and gzip keep. Source: RFC 1952, section 8. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
