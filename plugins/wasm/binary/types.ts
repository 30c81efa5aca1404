/**
 * The types of the binary format: passed over, counted, and read where they bound something.
 *
 * Source: WebAssembly Core Specification, chapter "Binary Format", section "Types".
 *
 * @module
 */
import { type ByteReader, hexOf, malformed } from "./reader.ts";

const HAS_MAXIMUM = 0x01;
const IS_SHARED = 0x02;
const IS_64_BIT = 0x04;
/** `(ref null ht)` and `(ref ht)`: a heap type follows. */
const REFERENCES: ReadonlySet<number | undefined> = new Set([0x63, 0x64]);
const RECURSIVE_GROUP = 0x4e;
const SUBTYPES: ReadonlySet<number | undefined> = new Set([0x50, 0x4f]);

/** How many pages a memory has, or how many elements a table. */
export interface Limits {
  readonly minimum: number;
  readonly maximum?: number;
  /** Whether several threads use it. */
  readonly isShared: boolean;
  /** Whether its addresses have 64 bits. */
  readonly is64Bit: boolean;
}

/** Reads limits. @throws {ToolError} when they have something beside a maximum, sharing and 64 bits. */
export function readLimits(reader: ByteReader): Limits {
  const at = reader.position;
  const flags = reader.byte();
  if ((flags & ~(HAS_MAXIMUM | IS_SHARED | IS_64_BIT)) !== 0) {
    throw malformed(`limits have the unknown flags ${hexOf(flags)}`, at);
  }
  const is64Bit = (flags & IS_64_BIT) !== 0;
  const read = () => is64Bit ? reader.u64() : reader.u32();
  const minimum = read();
  return {
    minimum,
    ...((flags & HAS_MAXIMUM) !== 0 && { maximum: read() }),
    isShared: (flags & IS_SHARED) !== 0,
    is64Bit,
  };
}

/** Passes over a value type, or over the packed type of a field. */
export function skipValueType(reader: ByteReader): void {
  if (REFERENCES.has(reader.byte())) reader.skipInteger();
}

/** Passes over the type of a block: none, a value type, or the number of a type. */
export function skipBlockType(reader: ByteReader): void {
  if (REFERENCES.has(reader.peek())) skipValueType(reader);
  else reader.skipInteger();
}

/** Passes over what `skip` does as often as a count says. */
export function skipVector(reader: ByteReader, skip: (reader: ByteReader) => void): void {
  for (let left = reader.count(); left > 0; left -= 1) skip(reader);
}

/** Passes over one entry of the type section, and gives how many types it defines. */
export function skipTypes(reader: ByteReader): number {
  if (reader.peek() !== RECURSIVE_GROUP) {
    skipSubtype(reader);
    return 1;
  }
  reader.skip(1);
  const count = reader.count();
  for (let left = count; left > 0; left -= 1) skipSubtype(reader);
  return count;
}

function skipSubtype(reader: ByteReader): void {
  if (SUBTYPES.has(reader.peek())) {
    reader.skip(1);
    skipVector(reader, (it) => it.skipInteger());
  }
  const at = reader.position;
  const form = reader.byte();
  switch (form) {
    case 0x60: // function: parameters, results
      skipVector(reader, skipValueType);
      return skipVector(reader, skipValueType);
    case 0x5f: // structure
      return skipVector(reader, skipField);
    case 0x5e: // array
      return skipField(reader);
    default:
      throw malformed(`a type has the unknown form ${hexOf(form)}`, at);
  }
}

function skipField(reader: ByteReader): void {
  skipValueType(reader);
  reader.skip(1);
}
