/**
 * The sections of a module: found, replaced and added, all others byte for byte as they were.
 *
 * Source: WebAssembly Core Specification, chapter "Binary Format", section "Modules"; for components the "Component Model
 * Binary Format Explainer".
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { ByteReader, hexOf, malformed } from "./reader.ts";
import { joinBytes, u32 } from "./writer.ts";

/** Numbers of the sections that are looked at here. */
export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  tag: 13,
} as const;

/** The order in which sections come, each once: tag (13) and data count (12) were added later. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d];
const MODULE_VERSION = 1;
/** Bytes of the magic number, the version and the layer. */
const PREAMBLE = 8;

/** One section of a module. */
export interface Section {
  readonly id: number;
  /** Of a custom section. */
  readonly name?: string;
  /** Where its number stands. */
  readonly start: number;
  /** Where its content begins, of a custom section with its name. */
  readonly from: number;
  /** Where its content ends. */
  readonly to: number;
}

/** Tells what some bytes begin as; `undefined` when it is neither. */
export function kindOf(bytes: Uint8Array): "module" | "component" | undefined {
  if (bytes.length < PREAMBLE || MAGIC.some((byte, index) => bytes[index] !== byte)) return undefined;
  const version = bytes[4]! | bytes[5]! << 8;
  const layer = bytes[6]! | bytes[7]! << 8;
  if (layer === 1) return "component";
  return layer === 0 && version === MODULE_VERSION ? "module" : undefined;
}

/**
 * Finds the sections of a module, in their order.
 *
 * @throws {ToolError} when the bytes are no module.
 */
export function readSections(bytes: Uint8Array): readonly Section[] {
  const kind = kindOf(bytes);
  if (kind === "component") {
    throw new ToolError("Cannot read the module: it is a component of WASI preview 2; expected a core module");
  }
  if (kind === undefined) throw new ToolError(`Cannot read the module: ${sayBeginning(bytes)}`);
  const reader = new ByteReader(bytes, { from: PREAMBLE });
  const sections: Section[] = [];
  let rank = -1;
  while (!reader.isAtEnd) {
    const section = readSection(reader);
    if (section.id !== SectionId.custom) {
      const next = ORDER.indexOf(section.id);
      if (next <= rank) throw malformed(`section ${section.id} is unknown, repeated or out of order`, section.start);
      rank = next;
    }
    sections.push(section);
  }
  return sections;
}

function sayBeginning(bytes: Uint8Array): string {
  const found = [...bytes.subarray(0, PREAMBLE)].map(hexOf).join(" ");
  const expected = [...MAGIC, MODULE_VERSION, 0, 0, 0].map(hexOf).join(" ");
  return `it begins with ${found === "" ? "nothing" : found}; expected ${expected}`;
}

function readSection(reader: ByteReader): Section {
  const start = reader.position;
  const id = reader.byte();
  const size = reader.u32();
  const from = reader.position;
  if (size > reader.end - from) {
    throw malformed(`section ${id} of ${size} bytes is longer than the rest of the module`, start);
  }
  reader.skip(size);
  const section = { id, start, from, to: from + size };
  return id === SectionId.custom ? { ...section, name: new ByteReader(reader.bytes, section).name() } : section;
}

/** What is changed of the sections of a module. */
export interface SectionChanges {
  /** The new content of sections by number; one that is absent is added where it belongs. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
  /** Tells which custom sections are left out; none by default. */
  readonly isDropped?: (name: string) => boolean;
}

/** Gives a module with other sections. */
export function replaceSections(
  bytes: Uint8Array,
  sections: readonly Section[],
  { contents, isDropped = () => false }: SectionChanges,
): Uint8Array<ArrayBuffer> {
  const pieces: ArrayLike<number>[] = [bytes.subarray(0, PREAMBLE)];
  const waiting = ORDER.filter((id) => contents.has(id));
  const write = (id: number): void => {
    const content = contents.get(id)!;
    pieces.push([id, ...u32(content.length)], content);
  };
  for (const { id, name, start, to } of sections) {
    if (name !== undefined && isDropped(name)) continue;
    while (id !== SectionId.custom && waiting.length > 0 && ORDER.indexOf(waiting[0]!) < ORDER.indexOf(id)) {
      write(waiting.shift()!);
    }
    if (waiting[0] === id) write(waiting.shift()!);
    else pieces.push(bytes.subarray(start, to));
  }
  waiting.forEach(write);
  return joinBytes(pieces);
}
