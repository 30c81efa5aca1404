/**
 * The instructions of the binary format: how long each is.
 *
 * Source: WebAssembly Core Specification 3.0, chapter "Binary Format", section "Instructions"; the proposals "Threads",
 * "Legacy Exception Handling" and "Wide Arithmetic" for what is not in it.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { type ByteReader, hexOf, malformed } from "./reader.ts";
import { skipBlockType, skipValueType, skipVector } from "./types.ts";

/** Opcodes that have a meaning here; of the last four another number follows. */
export const Opcode = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  try: 0x06,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  call: 0x10,
  callIndirect: 0x11,
  delegate: 0x18,
  tryTable: 0x1f,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  i32IsZero: 0x45,
  i64LessThan: 0x53,
  i64Subtract: 0x7d,
  i64ShiftLeft: 0x86,
  i64ShiftRightUnsigned: 0x88,
  extendUnsigned: 0xad,
  isNull: 0xd1,
  gc: 0xfb,
  misc: 0xfc,
  simd: 0xfd,
  threads: 0xfe,
} as const;

/** What follows an opcode, by its name: one passed over after the other. */
const IMMEDIATES = {
  /** Index, count, or constant. */
  n: (reader: ByteReader) => reader.skipInteger(),
  byte: (reader: ByteReader) => reader.skip(1),
  four: (reader: ByteReader) => reader.skip(4),
  eight: (reader: ByteReader) => reader.skip(8),
  sixteen: (reader: ByteReader) => reader.skip(16),
  blockType: skipBlockType,
  valueTypes: (reader: ByteReader) => skipVector(reader, skipValueType),
  labels: (reader: ByteReader) => skipVector(reader, (it) => it.skipInteger()),
  catches: (reader: ByteReader) => skipVector(reader, skipCatch),
  memory: skipMemoryArgument,
} as const;

type Immediate = keyof typeof IMMEDIATES;
/** Opcodes from the first to the last have these immediates. */
type Row = readonly [first: number, last: number, ...immediates: readonly Immediate[]];

const PLAIN: readonly Row[] = [
  [0x00, 0x01], // unreachable, nop
  [0x02, 0x04, "blockType"], // block, loop, if
  [0x05, 0x05], // else
  [0x06, 0x06, "blockType"], // try
  [0x07, 0x09, "n"], // catch, throw, rethrow
  [0x0a, 0x0b], // throw_ref, end
  [0x0c, 0x0d, "n"], // br, br_if
  [0x0e, 0x0e, "labels", "n"], // br_table
  [0x0f, 0x0f], // return
  [0x10, 0x10, "n"], // call
  [0x11, 0x11, "n", "n"], // call_indirect
  [0x12, 0x12, "n"], // return_call
  [0x13, 0x13, "n", "n"], // return_call_indirect
  [0x14, 0x15, "n"], // call_ref, return_call_ref
  [0x18, 0x18, "n"], // delegate
  [0x19, 0x1b], // catch_all, drop, select
  [0x1c, 0x1c, "valueTypes"], // select with types
  [0x1f, 0x1f, "blockType", "catches"], // try_table
  [0x20, 0x26, "n"], // of locals, globals and tables
  [0x28, 0x3e, "memory"], // loads and stores
  [0x3f, 0x42, "n"], // memory.size, memory.grow, i32.const, i64.const
  [0x43, 0x43, "four"], // f32.const
  [0x44, 0x44, "eight"], // f64.const
  [0x45, 0xc4], // arithmetic
  [0xd0, 0xd0, "n"], // ref.null
  [0xd1, 0xd1], // ref.is_null
  [0xd2, 0xd2, "n"], // ref.func
  [0xd3, 0xd4], // ref.eq, ref.as_non_null
  [0xd5, 0xd6, "n"], // br_on_null, br_on_non_null
];

const GC: readonly Row[] = [
  [0x00, 0x01, "n"], // struct.new
  [0x02, 0x05, "n", "n"], // struct.get, struct.set
  [0x06, 0x07, "n"], // array.new
  [0x08, 0x0a, "n", "n"], // array.new_fixed, array.new_data, array.new_elem
  [0x0b, 0x0e, "n"], // array.get, array.set
  [0x0f, 0x0f], // array.len
  [0x10, 0x10, "n"], // array.fill
  [0x11, 0x13, "n", "n"], // array.copy, array.init_data, array.init_elem
  [0x14, 0x17, "n"], // ref.test, ref.cast
  [0x18, 0x19, "byte", "n", "n", "n"], // br_on_cast
  [0x1a, 0x1e], // conversions, i31
];

const MISC: readonly Row[] = [
  [0x00, 0x07], // saturating conversions
  [0x08, 0x08, "n", "n"], // memory.init
  [0x09, 0x09, "n"], // data.drop
  [0x0a, 0x0a, "n", "n"], // memory.copy
  [0x0b, 0x0b, "n"], // memory.fill
  [0x0c, 0x0c, "n", "n"], // table.init
  [0x0d, 0x0d, "n"], // elem.drop
  [0x0e, 0x0e, "n", "n"], // table.copy
  [0x0f, 0x11, "n"], // table.grow, table.size, table.fill
  [0x13, 0x16], // wide arithmetic
];

const SIMD: readonly Row[] = [
  [0x00, 0x0b, "memory"], // loads and stores
  [0x0c, 0x0d, "sixteen"], // v128.const, i8x16.shuffle
  [0x0e, 0x14], // swizzle, splat
  [0x15, 0x22, "byte"], // lanes
  [0x23, 0x53], // comparisons, bits
  [0x54, 0x5b, "memory", "byte"], // loads and stores of a lane
  [0x5c, 0x5d, "memory"], // loads with zeros
  [0x5e, 0xff], // arithmetic
  [0x100, 0x113], // relaxed
];

const THREADS: readonly Row[] = [
  [0x00, 0x02, "memory"], // notify, wait
  [0x03, 0x03, "byte"], // fence
  [0x10, 0x4e, "memory"], // loads, stores, read-modify-write
];

const PREFIXED: Readonly<Record<number, readonly Immediate[][]>> = {
  [Opcode.gc]: expand(GC),
  [Opcode.misc]: expand(MISC),
  [Opcode.simd]: expand(SIMD),
  [Opcode.threads]: expand(THREADS),
};
const UNPREFIXED = expand(PLAIN);

function expand(rows: readonly Row[]): Immediate[][] {
  const table: Immediate[][] = [];
  for (const [first, last, ...immediates] of rows) {
    for (let opcode = first; opcode <= last; opcode += 1) table[opcode] = immediates;
  }
  return table;
}

/** One instruction. */
export interface Instruction {
  /** Its first byte. */
  readonly opcode: number;
  /** What follows a prefix; 0 without one. */
  readonly second: number;
}

/**
 * Passes over one instruction.
 *
 * @throws {ToolError} when it is not known, so that its length is not either.
 */
export function readInstruction(reader: ByteReader): Instruction {
  const at = reader.position;
  const opcode = reader.byte();
  const table = PREFIXED[opcode];
  const second = table === undefined ? 0 : reader.u32();
  const immediates = table === undefined ? UNPREFIXED[opcode] : table[second];
  if (immediates === undefined) {
    const name = table === undefined ? hexOf(opcode) : `${hexOf(opcode)} ${hexOf(second)}`;
    throw new ToolError(`Cannot read the code of the module: the instruction ${name} at byte ${at} is not known`);
  }
  for (const immediate of immediates) IMMEDIATES[immediate](reader);
  return { opcode, second };
}

/** Passes over a constant expression and its end. */
export function skipExpression(reader: ByteReader): void {
  while (readInstruction(reader).opcode !== Opcode.end);
}

// alignment, in which a bit says that the number of a memory follows, then the offset
function skipMemoryArgument(reader: ByteReader): void {
  const hasMemory = (reader.u32() & 0x40) !== 0;
  if (hasMemory) reader.skipInteger();
  reader.skipInteger();
}

function skipCatch(reader: ByteReader): void {
  const at = reader.position;
  const kind = reader.byte();
  if (kind > 3) throw malformed(`a catch clause has the unknown kind ${hexOf(kind)}`, at);
  const hasTag = kind < 2;
  if (hasTag) reader.skipInteger();
  reader.skipInteger();
}
