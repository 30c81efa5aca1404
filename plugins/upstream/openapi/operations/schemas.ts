/**
 * Schemas of a document as JSON Schema that tools are listed with: those of 3.0 translated, references kept below
 * `$defs`, so that cyclic ones are what they were.
 *
 * @module
 */
import { isObject, type JsonObject, type JsonSchema } from "../../../../kernel/mod.ts";
import type { Located, OpenApiDocument } from "../document/document.ts";
import { inPlaceParts, mapParts } from "./schema_keywords.ts";

/** Which way a value goes: what only an answer has is not asked for, and the other way round. */
export type Direction = "input" | "output";

/** Most characters of the schema of one tool; a longer one says less of what lies deep within. */
const MOST_CHARACTERS: Readonly<Record<Direction, number>> = { input: 24_000, output: 8_000 };
/** What a schema within a schema takes at least, nearly always: so work ends before all of it is written. */
const LEAST_CHARACTERS = 12;
const DEPTHS = [Infinity, 4, 2, 1, 0] as const;

/** How schemas are written. */
export interface SchemaOptions {
  readonly document: OpenApiDocument;
  readonly direction: Direction;
}

/** What is written within bounds. */
export type WriteSchema = (writer: SchemaWriter) => JsonObject;

/**
 * Writes a schema with its `$defs`, within bounds: what is too much is cut where references lie deep.
 *
 * @throws {ToolError} when a reference leads nowhere.
 */
export function writeWithin(options: SchemaOptions, write: WriteSchema): JsonSchema {
  let schema: JsonSchema = {};
  for (const depth of DEPTHS) {
    const writer = new SchemaWriter(options, depth);
    try {
      const written = write(writer);
      schema = { ...written, ...(writer.definitions.size > 0 && { $defs: Object.fromEntries(writer.definitions) }) };
    } catch (thrown) {
      if (thrown instanceof TooLarge) continue;
      throw thrown;
    }
    if (JSON.stringify(schema).length <= MOST_CHARACTERS[options.direction]) break;
  }
  return schema;
}

class TooLarge extends Error {}

interface Place {
  readonly address: string;
  /** Key of the definition that this stands in place of, as `allOf` and the like do; none within properties. */
  readonly within: string | undefined;
  /** References on the way here. */
  readonly depth: number;
}

/** Writes schemas that share their definitions. */
export class SchemaWriter {
  /** By name. */
  readonly definitions = new Map<string, JsonSchema | boolean>();
  readonly #options: SchemaOptions;
  readonly #deepest: number;
  readonly #names = new Map<string, string>();
  #count = 0;

  /** @param deepest How many references one behind the other are followed; what is behind them is any value. */
  constructor(options: SchemaOptions, deepest: number) {
    this.#options = options;
    this.#deepest = deepest;
  }

  /** Writes a schema. */
  write({ value, address }: Located): JsonSchema | boolean {
    return this.#write(value, { address, within: undefined, depth: 0 });
  }

  /** Writes a schema as it is behind its references, with the definitions that it needs. */
  writeRoot(located: Located): JsonSchema {
    const found = this.#options.document.follow(located);
    const written = this.write(found);
    return isObject(written) ? written : {};
  }

  #write(value: unknown, place: Place): JsonSchema | boolean {
    if (typeof value === "boolean") return value;
    if (!isObject(value)) return {};
    const { $ref: ref, ...beside } = value;
    if (typeof ref !== "string") return this.#writeObject(value, place);
    const referred = this.#writeReference(ref, place);
    // beside a reference 3.0 has nothing
    const { isOld } = this.#options.document;
    return isOld || Object.keys(beside).length === 0 ? referred : { ...this.#writeObject(beside, place), ...referred };
  }

  #writeReference(ref: string, place: Place): JsonSchema {
    const { document } = this.#options;
    const { located, key } = document.resolve(ref, place.address);
    if (place.depth >= this.#deepest) return {};
    // a schema that is in place of itself says nothing, and checking it would never end
    if (place.within !== undefined && this.#isInPlace({ located, key }, place.within)) return {};
    let name = this.#names.get(key);
    if (name === undefined) {
      name = this.#nameOf(key);
      this.#names.set(key, name);
      this.definitions.set(name, {});
      const within = { address: located.address, within: key, depth: place.depth + 1 };
      this.definitions.set(name, this.#write(located.value, within));
    }
    return { $ref: `#/$defs/${name}` };
  }

  #writeObject(value: JsonObject, place: Place): JsonSchema {
    this.#count++;
    const isLast = this.#deepest === 0;
    if (!isLast && this.#count * LEAST_CHARACTERS > MOST_CHARACTERS[this.#options.direction]) throw new TooLarge();
    const { isOld } = this.#options.document;
    const written = mapParts(
      value,
      (part, { isInPlace }) => this.#write(part, isInPlace ? place : { ...place, within: undefined }),
      {
        isOld,
      },
    );
    return this.#withoutOtherWay(value, written, place.address);
  }

  /** What only answers have is not asked for, and what only requests have is not expected in answers. */
  #withoutOtherWay({ properties }: JsonObject, written: JsonSchema, address: string): JsonSchema {
    if (!isObject(properties)) return written;
    const mark = this.#options.direction === "input" ? "readOnly" : "writeOnly";
    const others = Object.keys(properties).filter((name) => this.#isMarked({ value: properties[name], address }, mark));
    if (others.length === 0) return written;
    const { properties: kept, required } = written;
    return {
      ...written,
      properties: Object.fromEntries(Object.entries(kept as JsonObject).filter(([name]) => !others.includes(name))),
      ...(Array.isArray(required) && { required: required.filter((it) => !others.includes(it)) }),
    };
  }

  #isMarked(located: Located, mark: string): boolean {
    if (!isObject(located.value)) return false;
    if (located.value[mark] === true) return true;
    if (typeof located.value["$ref"] !== "string") return false;
    const { value } = this.#options.document.resolve(located.value["$ref"], located.address).located;
    return isObject(value) && value[mark] === true;
  }

  /** Tells whether a definition leads to another without going into a value. */
  #isInPlace(from: { readonly located: Located; readonly key: string }, to: string): boolean {
    const seen = new Set<string>();
    const queue = [from];
    for (const { located, key } of queue) {
      if (key === to) return true;
      if (seen.has(key)) continue;
      seen.add(key);
      for (const ref of inPlaceReferences(located.value)) {
        queue.push(this.#options.document.resolve(ref, located.address));
      }
    }
    return false;
  }

  #nameOf(key: string): string {
    const last = key.split("/").at(-1)!.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 60) || "schema";
    let name = last;
    for (let number = 2; this.definitions.has(name); number++) name = `${last}_${number}`;
    return name;
  }
}

function inPlaceReferences(value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  const own = typeof value["$ref"] === "string" ? [value["$ref"]] : [];
  return [...own, ...inPlaceParts(value).flatMap(inPlaceReferences)];
}
