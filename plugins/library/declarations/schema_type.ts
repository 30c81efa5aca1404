/**
 * Types of TypeScript from JSON Schemas. Every value that fits a schema fits its type; what a type cannot say (ranges,
 * patterns, `not`, `if`) is left out. What no type is worth, such as the depths of a large schema, is any JSON.
 *
 * Two things are closer than a schema is by the letter, since that is what authors mean: an object that lists properties
 * and says nothing of others has those alone, and properties without a `type` are those of an object.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import { describeSchema } from "./described_schema.ts";
import { literalsOf } from "./literals.ts";
import { References } from "./references.ts";
import {
  ANY_JSON,
  atom,
  docComment,
  grouped,
  intersectionOf,
  listOf,
  type MaybeType,
  memberName,
  textOf,
  type TypeText,
  unionOf,
} from "./type_text.ts";

const MOST_SCHEMAS = 600;
const MOST_PROPERTIES = 200;
const LONGEST_NAME = 200;
const LONGEST_TUPLE = 20;
const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};

/** How a schema is written. */
export interface SchemaTypeOptions {
  /** Whether comments say what the schema says beyond types, one property a line. */
  readonly isFull: boolean;
  /** How deep objects and lists are written out. */
  readonly depth: number;
  /** Gives a name to the type of a part that contains itself. */
  readonly nameFor: (reference: string) => string;
}

/** A schema as type. */
export interface SchemaType {
  readonly type: MaybeType;
  /** The types that it names: whole declarations by name. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Writes a schema as a type. */
export function typeOfSchema(schema: JsonObject, options: SchemaTypeOptions): SchemaType {
  // the first time tells which parts contain themselves, so that the second names them wherever they are
  const first = new SchemaWriter(schema, { ...options, named: new Set() }).write();
  return first.named.size === 0 ? first : new SchemaWriter(schema, { ...options, named: first.named }).write();
}

/** Where a schema stands. */
interface Place {
  readonly depth: number;
  /** References that lead here. */
  readonly active: readonly string[];
  /** Whether a name may stand here: a type may contain itself in a member alone. */
  readonly mayName: boolean;
}

class SchemaWriter {
  readonly #schema: JsonObject;
  readonly #options: SchemaTypeOptions & { readonly named: ReadonlySet<string> };
  readonly #references: References;
  readonly #named = new Set<string>();
  #left = MOST_SCHEMAS;

  constructor(schema: JsonObject, options: SchemaTypeOptions & { readonly named: ReadonlySet<string> }) {
    this.#schema = schema;
    this.#options = options;
    this.#references = new References(schema);
  }

  write(): SchemaType & { readonly named: ReadonlySet<string> } {
    const type = this.#type(this.#schema, { depth: 0, active: ["#"], mayName: true });
    const aliases = new Map<string, string>();
    // those that are named meanwhile are written as well
    for (const reference of this.#named) {
      const body = this.#type(this.#references.find(reference), { depth: 0, active: [reference], mayName: false });
      const name = this.#options.nameFor(reference);
      aliases.set(name, `type ${name} = ${textOf(body)};`);
    }
    return { type, aliases, named: this.#named };
  }

  #type(schema: unknown, place: Place): MaybeType {
    if (schema === false) return atom("never");
    if (!isObject(schema) || --this.#left < 0) return undefined;
    const { $ref: reference, anyOf, oneOf, allOf } = schema;
    const of = (list: unknown) => Array.isArray(list) ? list.map((it) => this.#type(it, place)) : [];
    const union = (list: unknown) => Array.isArray(list) && list.length > 0 ? [unionOf(of(list))] : [];
    return intersectionOf([
      typeof reference === "string" ? this.#referred(reference, place) : undefined,
      this.#own(schema, place),
      ...of(allOf),
      ...union(anyOf),
      ...union(oneOf),
    ]);
  }

  #referred(reference: string, place: Place): MaybeType {
    const { active, mayName } = place;
    if (mayName && (this.#options.named.has(reference) || active.includes(reference))) {
      if (this.#references.find(reference) === undefined) return undefined;
      this.#named.add(reference);
      return atom(this.#options.nameFor(reference));
    }
    // a type that is itself says nothing
    if (active.includes(reference)) return undefined;
    return this.#type(this.#references.find(reference), { ...place, active: [...active, reference] });
  }

  /** Writes what the keywords of the schema itself say. */
  #own(schema: JsonObject, place: Place): MaybeType {
    if (Object.hasOwn(schema, "const")) return literalsOf([schema["const"]]);
    if (Array.isArray(schema["enum"])) return literalsOf(schema["enum"]);
    const types = typesOf(schema);
    return types === undefined ? undefined : unionOf(types.map((it) => this.#ofType(it, schema, place)));
  }

  #ofType(name: string, schema: JsonObject, place: Place): MaybeType {
    if (Object.hasOwn(PRIMITIVES, name)) return atom(PRIMITIVES[name]!);
    const isDeep = place.depth >= this.#options.depth;
    const inner = { ...place, depth: place.depth + 1, mayName: true };
    if (name === "array") return isDeep ? listOf(undefined) : this.#list(schema, inner);
    if (name === "object") return isDeep ? atom(`{ [key: string]: ${ANY_JSON} }`) : this.#object(schema, inner);
    return undefined;
  }

  #list(schema: JsonObject, place: Place): TypeText {
    const { prefixItems, items, additionalItems, minItems } = schema;
    // before draft 2020-12 a list under `items` was what `prefixItems` is
    const [first, rest] = Array.isArray(prefixItems)
      ? [prefixItems, items]
      : Array.isArray(items)
      ? [items, additionalItems]
      : [[], items];
    if (first.length > LONGEST_TUPLE) return listOf(undefined);
    if (first.length === 0) return rest === false ? atom("[]") : listOf(this.#type(rest, place));
    const least = typeof minItems === "number" ? minItems : 0;
    const members = first.map((it, i) => {
      const type = this.#type(it, place);
      return i < least ? textOf(type) : `${grouped(type ?? atom(ANY_JSON))}?`;
    });
    const others = rest === false ? [] : [`...${listOf(this.#type(rest, place)).text}`];
    return atom(`[${[...members, ...others].join(", ")}]`);
  }

  #object(schema: JsonObject, place: Place): TypeText {
    const properties = isObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
    const required = new Set(Array.isArray(schema["required"]) ? schema["required"].filter(isText) : []);
    const known = new Set(properties.map(([name]) => name));
    const all: (readonly [string, unknown])[] = [
      ...properties,
      ...[...required].filter((name) => !known.has(name)).map((name) => [name, true] as const),
    ];
    const written = all.slice(0, MOST_PROPERTIES).filter(([name]) => name.length <= LONGEST_NAME);
    const { additionalProperties: others, patternProperties: patterns } = schema;
    const hasPatterns = isObject(patterns) && Object.keys(patterns).length > 0;
    if (all.length === 0) {
      if (others === false && !hasPatterns) return atom("Record<string, never>");
      // not a Record, which must not contain the name of the type that it is
      return atom(`{ [key: string]: ${hasPatterns ? ANY_JSON : textOf(this.#type(others, place))} }`);
    }
    const isOpen = others === true || isObject(others) || hasPatterns || written.length < all.length;
    const members = written.map(([name, it]) => this.#member(name, it, { place, isRequired: required.has(name) }));
    return this.#braces([...members, ...(isOpen ? [{ comment: "", text: `[key: string]: ${ANY_JSON}` }] : [])], place);
  }

  #member(
    name: string,
    schema: unknown,
    { place, isRequired }: { readonly place: Place; readonly isRequired: boolean },
  ): Member {
    const comment = this.#options.isFull ? docComment(describeSchema(schema), "  ".repeat(place.depth)) : "";
    // where it is left out, the compiler finds what every object inherits
    const type = !isRequired && Object.hasOwn(Object.prototype, name) ? undefined : this.#type(schema, place);
    return { comment, text: `${memberName(name)}${isRequired ? "" : "?"}: ${textOf(type)}` };
  }

  #braces(members: readonly Member[], { depth }: Place): TypeText {
    if (!this.#options.isFull) return atom(`{ ${members.map((it) => it.text).join("; ")} }`);
    const indent = "  ".repeat(depth);
    const lines = members.map(({ comment, text }) => `${comment}${indent}${text};\n`);
    return atom(`{\n${lines.join("")}${indent.slice(2)}}`);
  }
}

interface Member {
  readonly comment: string;
  readonly text: string;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Lists the types of a schema, said or meant; `undefined` when it is silent. */
function typesOf(schema: JsonObject): readonly string[] | undefined {
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (Array.isArray(type) && type.length > 0) return type.map(String);
  if (["properties", "additionalProperties", "patternProperties"].some((it) => isObject(schema[it]))) return ["object"];
  return schema["items"] !== undefined || schema["prefixItems"] !== undefined ? ["array"] : undefined;
}
