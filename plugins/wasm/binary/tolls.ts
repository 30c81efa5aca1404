/**
 * Where the code of a function is paid, and how much.
 *
 * A piece of code that runs as a whole, from one branch or label to the next, is paid where it begins when it is long. Short
 * ones are paid together, where the loop that they are in takes its turn, or where the function is entered, whether they
 * run or not. So what is paid is never less than what runs; nor is it much more, at a fraction of the cost of paying for
 * each piece.
 *
 * @module
 */
import { type Instruction, Opcode, readInstruction } from "./instructions.ts";
import { type ByteReader, malformed } from "./reader.ts";

/** What a bulk instruction moves; how many is on top of the stack. */
export type Bulk = "bytes" | "elements";

/** A place where code is added. */
export interface Toll {
  /** In front of this byte. */
  readonly at: number;
  /** A number of plain instructions, or what the bulk instruction that follows moves. */
  price: number | Bulk;
}

/** A toll whose price grows while code is read. */
interface OpenToll {
  readonly at: number;
  price: number;
}

/** Instructions of a piece that is paid for itself. */
const LONG = 16;

const BULK: Readonly<Record<number, ReadonlyMap<number, Bulk>>> = {
  [Opcode.misc]: new Map<number, Bulk>([
    [0x08, "bytes"], // memory.init
    [0x0a, "bytes"], // memory.copy
    [0x0b, "bytes"], // memory.fill
    [0x0c, "elements"], // table.init
    [0x0e, "elements"], // table.copy
    [0x0f, "elements"], // table.grow
    [0x11, "elements"], // table.fill
  ]),
  // array.new, array.new_default, array.new_data, array.new_elem, array.fill, array.copy, array.init_data, …_elem
  [Opcode.gc]: new Map([0x06, 0x07, 0x09, 0x0a, 0x10, 0x11, 0x12, 0x13].map((second) => [second, "elements"])),
};

/** Prices of what takes as long as many plain instructions. */
const SLOW: ReadonlyMap<number, number> = new Map([
  [Opcode.throw, 1_000],
  [Opcode.rethrow, 1_000],
  [Opcode.throwRef, 1_000],
  [Opcode.memoryGrow, 2_000],
]);

/** Blocks that end by `end`, beside the function itself. */
const BLOCKS: ReadonlySet<number> = new Set([Opcode.block, Opcode.loop, Opcode.if, Opcode.try, Opcode.tryTable]);

/** What ends a piece: what follows it may run without it, or not run after it. */
const BREAKS: ReadonlySet<number> = new Set([
  ...BLOCKS,
  ...[Opcode.end, Opcode.delegate, Opcode.throw, Opcode.rethrow, Opcode.throwRef, Opcode.unreachable],
  ...[0x05, 0x07, 0x19], // else, catch, catch_all
  ...[0x0c, 0x0d, 0x0e, 0xd5, 0xd6], // br, br_if, br_table, br_on_null, br_on_non_null
  ...[0x0f, 0x12, 0x13, 0x15], // return, return_call, return_call_indirect, return_call_ref
]);

/**
 * Finds where the code of a function is paid, in order.
 *
 * @param reader Reads from the first instruction to the end of the function.
 * @throws {ToolError} when an instruction is not known, or the function ends elsewhere.
 */
export function findTolls(reader: ByteReader): readonly Toll[] {
  const tolls: Toll[] = [];
  const startToll = (): OpenToll => {
    const toll = { at: reader.position, price: 1 };
    tolls.push(toll);
    return toll;
  };
  // for each block that is open, where its short pieces are paid
  const open: OpenToll[] = [startToll()];
  let piece: OpenToll = { at: reader.position, price: 0 };
  while (open.length > 0) {
    const at = reader.position;
    const instruction = readInstruction(reader);
    const { opcode } = instruction;
    const bulk = bulkOf(instruction);
    if (bulk !== undefined) tolls.push({ at, price: bulk });
    piece.price += SLOW.get(opcode) ?? 1;
    if (!BREAKS.has(opcode)) continue;
    const shared = open.at(-1)!;
    if (piece.price >= LONG) tolls.push(piece);
    else shared.price += piece.price;
    piece = { at: reader.position, price: 0 };
    if (opcode === Opcode.loop) open.push(startToll());
    else if (BLOCKS.has(opcode)) open.push(shared);
    else if (opcode === Opcode.end || opcode === Opcode.delegate) open.pop();
  }
  if (!reader.isAtEnd) throw malformed("a function goes on after its end", reader.position);
  return tolls.sort((one, other) => one.at - other.at);
}

function bulkOf({ opcode, second }: Instruction): Bulk | undefined {
  return BULK[opcode]?.get(second);
}
