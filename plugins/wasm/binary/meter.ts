/**
 * Makes a module count its work, where a thread cannot be ended: it has a global that what runs is paid from, and once
 * that is below zero it traps by `unreachable`, or asks for more. See `tolls.ts` for what is paid where. What the host
 * does for it is the host's to count: it can take from the global as well.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { Opcode } from "./instructions.ts";
import { FUEL_EXPORT, SPENT_EXPORT } from "./meter_exports.ts";
import { countOf, type ModuleOutline, readModule } from "./outline.ts";
import { ByteReader } from "./reader.ts";
import { replaceSections, SectionId } from "./sections.ts";
import { type Bulk, findTolls } from "./tolls.ts";
import { skipTypes, skipValueType, skipVector } from "./types.ts";
import { i64, joinBytes, nameOf, u32 } from "./writer.ts";

const I32 = 0x7f;
const I64 = 0x7e;
const FUNCTION_REFERENCE = 0x70;
const FUNCTION_TYPE = 0x60;
const NO_RESULT = 0x40;
const NO_LOCALS = 0;
const MUTABLE = 0x01;
const HAS_MAXIMUM = 0x01;
const TABLE_KIND = 0x01;
const GLOBAL_KIND = 0x03;

/** What sixteen bytes cost, and what an element does: about what as many plain instructions take. */
const PRICES = {
  bytes: [Opcode.i64Const, 4, Opcode.i64ShiftRightUnsigned],
  elements: [Opcode.i64Const, 3, Opcode.i64ShiftLeft],
} as const satisfies Readonly<Record<Bulk, readonly number[]>>;

/** How a module is metered. */
export interface MeterOptions {
  /** What is there at first, for what runs before {@linkcode FUEL_EXPORT} is set; default 10,000,000. */
  readonly initialFuel?: bigint;
  /**
   * Calls the function in {@linkcode SPENT_EXPORT}, without parameters and results, before it traps: when that has set
   * the fuel anew, the run goes on. What it throws the module may catch; the trap it cannot. `false` by default.
   */
  readonly isRefilled?: boolean;
}

/**
 * Makes a module count its work. It exports {@linkcode FUEL_EXPORT}, which is to be set before each run; indices and
 * behaviour stay otherwise, and names are kept.
 *
 * @throws {ToolError} when the module is not valid, it has an instruction that is not known, exports such a name already,
 * or addresses memory or a table with 64 bits.
 */
export function meter(
  bytes: Uint8Array<ArrayBuffer>,
  { initialFuel = 10_000_000n, isRefilled = false }: MeterOptions = {},
): Uint8Array<ArrayBuffer> {
  const outline = readModule(bytes);
  // what is not valid might refer to what is added here, and set it
  if (!WebAssembly.validate(bytes)) throw refusal("it is not valid, or uses what this runtime does not have");
  checkOutline(outline);
  const indices = indicesOf(bytes, outline);
  const added = addedFunctions(indices, isRefilled);
  const append = (id: number, ...entries: (readonly number[])[]) =>
    [id, appendTo(bytes, outline, { id, entries })] as const;
  const contents = new Map([
    append(SectionId.type, [FUNCTION_TYPE, 1, I32, 1, I32], [FUNCTION_TYPE, 0, 0]),
    append(SectionId.function, ...added.map(({ type }) => u32(type))),
    append(SectionId.global, [I64, MUTABLE, Opcode.i64Const, ...i64(initialFuel), Opcode.end]),
    append(
      SectionId.export,
      [...nameOf(FUEL_EXPORT), GLOBAL_KIND, ...u32(indices.global)],
      ...(isRefilled ? [[...nameOf(SPENT_EXPORT), TABLE_KIND, ...u32(indices.table)]] : []),
    ),
    ...(isRefilled ? [append(SectionId.table, [FUNCTION_REFERENCE, HAS_MAXIMUM, 1, 1])] : []),
    [SectionId.code, meterCode(bytes, outline, { indices, added: added.map(({ body }) => body) })] as const,
  ]);
  return replaceSections(bytes, outline.sections, {
    contents,
    // they name places in the code, which are others now
    isDropped: (name) => name.startsWith("metadata.code."),
  });
}

function refusal(detail: string): ToolError {
  return new ToolError(`Cannot meter the module: ${detail}`);
}

function checkOutline({ imports, exports, memories, tables }: ModuleOutline): void {
  const taken = exports.find(({ name }) => name === FUEL_EXPORT || name === SPENT_EXPORT);
  if (taken !== undefined) throw refusal(`it exports "${taken.name}" already`);
  const limits = [...imports.flatMap((it) => it.limits ?? []), ...memories, ...tables];
  if (limits.some(({ is64Bit }) => is64Bit)) {
    throw refusal("it addresses memory or a table with 64 bits; compile it for wasm32");
  }
}

/** Indices of what is added, each behind those that are there. */
interface Indices {
  readonly global: number;
  readonly table: number;
  /** Type of the helpers. */
  readonly helperType: number;
  /** Type of what has neither parameters nor results. */
  readonly plainType: number;
  readonly helpers: Readonly<Record<Bulk, number>>;
  /** The function that is called when the fuel is used up. */
  readonly spent: number;
}

function indicesOf(bytes: Uint8Array, { sections, imports, globals, functions, tables }: ModuleOutline): Indices {
  const section = sections.find(({ id }) => id === SectionId.type);
  let types = 0;
  if (section !== undefined) skipVector(new ByteReader(bytes, section), (reader) => void (types += skipTypes(reader)));
  const imported = (wanted: string): number => imports.filter(({ kind }) => kind === wanted).length;
  const first = imported("function") + functions;
  return {
    global: imported("global") + globals,
    table: imported("table") + tables.length,
    ...{ helperType: types, plainType: types + 1 },
    ...{ helpers: { bytes: first, elements: first + 1 }, spent: first + 2 },
  };
}

/** Gives the content of a section with more entries. */
function appendTo(
  bytes: Uint8Array,
  { sections }: ModuleOutline,
  { id, entries }: { readonly id: number; readonly entries: readonly (readonly number[])[] },
): Uint8Array {
  const section = sections.find((it) => it.id === id);
  const reader = new ByteReader(bytes, section ?? { from: 0, to: 0 });
  const count = section === undefined ? 0 : reader.count();
  return joinBytes([u32(count + entries.length), bytes.subarray(reader.position, reader.end), ...entries]);
}

/** Gives the content of the code section: what was there, metered, and the bodies of what is added. */
function meterCode(
  bytes: Uint8Array,
  { sections }: ModuleOutline,
  { indices, added }: { readonly indices: Indices; readonly added: readonly (readonly number[])[] },
): Uint8Array {
  const section = sections.find(({ id }) => id === SectionId.code);
  const pieces: ArrayLike<number>[] = [u32(countOf(bytes, sections, SectionId.code) + added.length)];
  if (section !== undefined) {
    const reader = new ByteReader(bytes, section);
    skipVector(reader, () => {
      const size = reader.u32();
      const from = reader.position;
      reader.skip(size);
      const body = meterBody(new ByteReader(bytes, { from, to: from + size }), indices);
      pieces.push(u32(body.reduce((sum, { length }) => sum + length, 0)), ...body);
    });
  }
  for (const body of added) pieces.push(u32(body.length), body);
  return joinBytes(pieces);
}

/** Gives the pieces of a function's body. */
function meterBody(reader: ByteReader, indices: Indices): readonly ArrayLike<number>[] {
  let done = reader.position;
  // the locals, by type
  skipVector(reader, (it) => {
    it.skipInteger();
    skipValueType(it);
  });
  const pieces: ArrayLike<number>[] = [];
  for (const { at, price } of findTolls(reader)) {
    pieces.push(reader.bytes.subarray(done, at));
    pieces.push(typeof price === "number" ? pay(constant(price), indices) : callTo(indices.helpers[price]));
    done = at;
  }
  pieces.push(reader.bytes.subarray(done, reader.end));
  return pieces;
}

function constant(value: number): readonly number[] {
  return [Opcode.i64Const, ...i64(BigInt(value))];
}

function callTo(index: number): readonly number[] {
  return [Opcode.call, ...u32(index)];
}

/** Writes code that does something if the fuel is used up. */
function ifSpent({ global }: Indices, code: readonly number[]): readonly number[] {
  const isBelowZero = [Opcode.globalGet, ...u32(global), ...constant(0), Opcode.i64LessThan];
  return [...isBelowZero, Opcode.if, NO_RESULT, ...code, Opcode.end];
}

/** Writes code that takes a price from the fuel. */
function pay(price: readonly number[], indices: Indices): readonly number[] {
  const fuel = u32(indices.global);
  return [
    ...[Opcode.globalGet, ...fuel, ...price, Opcode.i64Subtract, Opcode.globalSet, ...fuel],
    ...ifSpent(indices, callTo(indices.spent)),
  ];
}

/** A function that is added. */
interface AddedFunction {
  readonly type: number;
  readonly body: readonly number[];
}

/** Writes the functions that are added, in the order of their indices. */
function addedFunctions(indices: Indices, isRefilled: boolean): readonly AddedFunction[] {
  const { table, helperType, plainType } = indices;
  const argument = [Opcode.localGet, 0];
  // pays for its argument, and gives it back
  const helperOf = (bulk: Bulk): AddedFunction => {
    const price = [...argument, Opcode.extendUnsigned, ...PRICES[bulk]];
    return { type: helperType, body: [NO_LOCALS, ...pay(price, indices), ...argument, Opcode.end] };
  };
  const first = [Opcode.i32Const, 0];
  // without a function in the table this is a trap as well
  const ask = [...first, Opcode.callIndirect, ...u32(plainType), ...u32(table)];
  const spent = [NO_LOCALS, ...(isRefilled ? ask : []), ...ifSpent(indices, [Opcode.unreachable]), Opcode.end];
  return [helperOf("bytes"), helperOf("elements"), { type: plainType, body: spent }];
}
