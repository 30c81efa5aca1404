/**
 * The outline of a module: all that says what it needs and offers, read without its code.
 *
 * @module
 */
import { skipExpression } from "./instructions.ts";
import { ByteReader, hexOf, malformed } from "./reader.ts";
import { readSections, type Section, SectionId } from "./sections.ts";
import { type Limits, readLimits, skipValueType } from "./types.ts";

const KINDS = ["function", "table", "memory", "global", "tag"] as const;
/** In front of a table that has a value for its elements. */
const TABLE_WITH_VALUE = 0x40;

/** What is imported or exported. */
export type ExternKind = typeof KINDS[number];

/** One import. */
export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternKind;
  /** Of a memory or table. */
  readonly limits?: Limits;
}

/** One export. */
export interface ModuleExport {
  readonly name: string;
  readonly kind: ExternKind;
  /** Among all of its kind, imported ones first. */
  readonly index: number;
}

/** A table that a module defines. */
export interface TableOutline extends Limits {
  /** Where its type stands, and where its limits do. */
  readonly from: number;
  readonly limitsFrom: number;
  readonly limitsTo: number;
  /** Where the value of its elements ends, or its limits where it has none. */
  readonly to: number;
}

/** What a module needs and offers. What is counted is what it defines itself, without what it imports. */
export interface ModuleOutline {
  readonly sections: readonly Section[];
  readonly imports: readonly ModuleImport[];
  readonly exports: readonly ModuleExport[];
  readonly memories: readonly Limits[];
  readonly tables: readonly TableOutline[];
  readonly functions: number;
  readonly globals: number;
  /** The function that runs when it is instantiated. */
  readonly start?: number;
}

/**
 * Reads the outline of a module. What it does not look at may still be wrong: `WebAssembly.validate` looks at it all.
 *
 * @throws {ToolError} when the bytes are no module.
 */
export function readModule(bytes: Uint8Array): ModuleOutline {
  const sections = readSections(bytes);
  const read = <T>(id: number, entry: (reader: ByteReader) => T): readonly T[] => {
    const section = sections.find((it) => it.id === id);
    return section === undefined ? [] : readEntries(new ByteReader(bytes, section), entry);
  };
  const start = sections.find(({ id }) => id === SectionId.start);
  return {
    sections,
    imports: read(SectionId.import, readImport),
    exports: read(SectionId.export, readExport),
    memories: read(SectionId.memory, readLimits),
    tables: read(SectionId.table, readTable),
    functions: read(SectionId.function, (reader) => reader.u32()).length,
    globals: countOf(bytes, sections, SectionId.global),
    ...(start !== undefined && { start: new ByteReader(bytes, start).u32() }),
  };
}

/** Lists what a module imports, as `module.name`, sorted, each once. */
export function describeImports({ imports }: Pick<ModuleOutline, "imports">): readonly string[] {
  return [...new Set(imports.map(({ module, name }) => `${module}.${name}`))].sort();
}

/** Gives how many entries a section begins with; 0 where it is absent. */
export function countOf(bytes: Uint8Array, sections: readonly Section[], id: number): number {
  const section = sections.find((it) => it.id === id);
  return section === undefined ? 0 : new ByteReader(bytes, section).count();
}

/** Reads the entries of a section, up to its end. */
function readEntries<T>(reader: ByteReader, entry: (reader: ByteReader) => T): readonly T[] {
  const entries: T[] = [];
  for (let left = reader.count(); left > 0; left -= 1) entries.push(entry(reader));
  if (!reader.isAtEnd) throw malformed("a section goes on after its last entry", reader.position);
  return entries;
}

function readKind(reader: ByteReader): ExternKind {
  const at = reader.position;
  const byte = reader.byte();
  const kind = KINDS[byte];
  if (kind === undefined) throw malformed(`an import or export has the unknown kind ${hexOf(byte)}`, at);
  return kind;
}

function readImport(reader: ByteReader): ModuleImport {
  const base = { module: reader.name(), name: reader.name(), kind: readKind(reader) };
  switch (base.kind) {
    case "function":
      reader.skipInteger();
      return base;
    case "table":
      skipValueType(reader);
      return { ...base, limits: readLimits(reader) };
    case "memory":
      return { ...base, limits: readLimits(reader) };
    case "global":
      skipValueType(reader);
      reader.skip(1);
      return base;
    case "tag":
      reader.skip(1);
      reader.skipInteger();
      return base;
  }
}

function readExport(reader: ByteReader): ModuleExport {
  return { name: reader.name(), kind: readKind(reader), index: reader.u32() };
}

function readTable(reader: ByteReader): TableOutline {
  const from = reader.position;
  const hasValue = reader.peek() === TABLE_WITH_VALUE;
  if (hasValue) reader.skip(2);
  skipValueType(reader);
  const limitsFrom = reader.position;
  const limits = readLimits(reader);
  const limitsTo = reader.position;
  if (hasValue) skipExpression(reader);
  return { ...limits, from, limitsFrom, limitsTo, to: reader.position };
}
