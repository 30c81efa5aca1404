/**
 * Bounds what an instance of a module takes, by writing smaller maxima into the module: limits of threads do not count
 * the memory of WebAssembly.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { type ModuleOutline, readModule, type TableOutline } from "./outline.ts";
import { replaceSections, SectionId } from "./sections.ts";
import type { Limits } from "./types.ts";
import { joinBytes, u32 } from "./writer.ts";

/** Bytes of a page of memory. */
const PAGE = 64 * 1024;
const MIB = 1024 * 1024;
/** Pages that 32 bits address. */
const MOST_PAGES = 65_536;
/** Most elements of all tables together. */
const MOST_ELEMENTS = 1_000_000;
const HAS_MAXIMUM = 0x01;

/**
 * Bounds the memory of a module, and its tables to 1,000,000 elements together. A module within them is given back as
 * it is; of any other all but these limits stays byte for byte.
 *
 * @param maxBytes Most bytes of linear memory; what is no whole page is not counted.
 * @throws {ToolError} when the bytes are no module, it starts with more, it takes its memory or a table from outside,
 * shares memory between threads, addresses it with 64 bits, or has several.
 */
export function limitMemory(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer> {
  const outline = readModule(bytes);
  checkBounds(outline);
  const contents = new Map<number, Uint8Array>();
  const [memory] = outline.memories;
  if (memory !== undefined) {
    const pages = Math.min(MOST_PAGES, Math.floor(maxBytes / PAGE));
    if (memory.minimum > pages) throw tooSmall(memory, maxBytes);
    if (memory.maximum === undefined || memory.maximum > pages) {
      contents.set(SectionId.memory, joinBytes([u32(1), limitsOf({ ...memory, maximum: pages })]));
    }
  }
  const tables = limitTables(bytes, outline.tables);
  if (tables !== undefined) contents.set(SectionId.table, tables);
  return contents.size === 0 ? bytes : replaceSections(bytes, outline.sections, { contents });
}

/**
 * Checks that the memory of a module can be bounded.
 *
 * @throws {ToolError} when it takes its memory or a table from outside, shares memory between threads, addresses it with
 * 64 bits, or has several.
 */
export function checkBounds({ imports, memories, tables }: ModuleOutline): void {
  const outside = imports.find(({ kind }) => kind === "memory" || kind === "table");
  if (outside !== undefined) {
    throw refusal(`it imports the ${outside.kind} "${outside.module}.${outside.name}"; expected it to define its own`);
  }
  if (memories.length > 1) throw refusal(`it defines ${memories.length} memories; expected at most one`);
  for (const { is64Bit, isShared } of [...memories, ...tables]) {
    if (isShared) {
      throw refusal("it shares memory between threads, and has only one; compile it without threads");
    }
    if (is64Bit) throw refusal("it addresses memory or a table with 64 bits; compile it for wasm32");
  }
}

function refusal(detail: string): ToolError {
  return new ToolError(`Cannot bound the memory of the module: ${detail}`);
}

function tooSmall({ minimum }: Limits, maxBytes: number): ToolError {
  const needed = Math.ceil(minimum * PAGE / MIB);
  return new ToolError(
    `Cannot give the module ${Math.floor(maxBytes / MIB)} MiB of memory: it starts with ${minimum} pages of 64 KiB, ` +
      `which is ${needed} MiB; grant at least that with "memory_mb", or build it to start with less`,
  );
}

/** Gives the content of the table section with bounds, or `undefined` when all are within them. */
function limitTables(bytes: Uint8Array, tables: readonly TableOutline[]): Uint8Array | undefined {
  const share = Math.floor(MOST_ELEMENTS / tables.length);
  for (const { minimum } of tables) {
    if (minimum > share) {
      throw new ToolError(
        `Cannot bound the tables of the module: one starts with ${minimum} elements; expected at most ${share}, since ` +
          `the ${tables.length} tables have ${MOST_ELEMENTS} together`,
      );
    }
  }
  if (tables.every(({ maximum }) => maximum !== undefined && maximum <= share)) return undefined;
  return joinBytes([
    u32(tables.length),
    ...tables.flatMap((table) => [
      bytes.subarray(table.from, table.limitsFrom),
      limitsOf({ ...table, maximum: Math.min(table.maximum ?? share, share) }),
      bytes.subarray(table.limitsTo, table.to),
    ]),
  ]);
}

/** Writes limits with a maximum, of what is neither shared nor of 64 bits. */
function limitsOf({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }): readonly number[] {
  return [HAS_MAXIMUM, ...u32(minimum), ...u32(maximum)];
}
