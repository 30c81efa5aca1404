/**
 * A schema as it was handed in, read once: copied within limits, mended where that is safe, its `$id`s and anchors
 * found, so that references can be followed. Nothing outside the document is ever reached.
 *
 * @module
 */
import { isObject } from "../content.ts";
import { KernelError } from "../errors.ts";
import { clip, formatPath, show, typeName } from "../issue.ts";
import { decodeFragment, followPointer } from "./pointer.ts";
import { hasShape, KEYWORDS, META_SCHEMAS, type Shape, TYPES } from "./vocabulary.ts";

export type SchemaObject = Record<string, unknown>;
export type Subschema = boolean | SchemaObject;
type Path = readonly (string | number)[];

/** A part of a document with a URI of its own; without `$id` there is one. */
export interface Resource {
  readonly uri: string;
  readonly root: SchemaObject;
  readonly anchors: Map<string, Subschema>;
  /** The anchors among them that `$dynamicRef` looks for. */
  readonly dynamicAnchors: Map<string, SchemaObject>;
}

const MAX_DEPTH = 100;
const MAX_VALUES = 50_000;
const MAX_CHARACTERS = 1_000_000;
const MAX_SUBSCHEMAS = 5_000;
const ROOT_URI = "schema:/";

/** A schema document; every failure to read it is a {@linkcode KernelError} `SCHEMA_INVALID` that names the path. */
export class SchemaDocument {
  readonly root: SchemaObject;
  readonly #what: string;
  readonly #places = new Map<SchemaObject, { readonly path: Path; readonly resource: Resource }>();
  readonly #resources = new Map<string, Resource>();
  #values = 0;
  #characters = 0;

  /** Reads a schema; `what` names it in errors. */
  constructor(schema: unknown, what: string) {
    this.#what = what;
    const read = this.#read(this.#copy(schema, []), [], undefined);
    this.root = toObject(read);
    if (this.root !== read) this.#read(this.root, [], undefined);
  }

  /** Gives the resource that a subschema belongs to. */
  resourceOf(schema: SchemaObject): Resource {
    return this.#places.get(schema)!.resource;
  }

  /** Gives every subschema; those that are found meanwhile come as well. */
  subschemas(): IterableIterator<SchemaObject> {
    return this.#places.keys();
  }

  /** Tells whether an object of the document is a schema, and not a value such as an `enum` lists. */
  has(object: Record<string, unknown>): boolean {
    return this.#places.has(object);
  }

  /** Tells whether a `$dynamicRef` can mean one anchor only, and so is a `$ref`. */
  isStatic(reference: string): boolean {
    const name = reference.slice(reference.indexOf("#") + 1);
    return [...this.#resources.values()].filter((it) => it.dynamicAnchors.has(name)).length <= 1;
  }

  /** Throws a `SCHEMA_INVALID` error about a place below a subschema. */
  fail(schema: SchemaObject, place: readonly string[], message: string): never {
    return this.#failAt([...this.#places.get(schema)!.path, ...place], message);
  }

  /** Finds what the reference under a keyword of a subschema points to. */
  resolve(schema: SchemaObject, keyword: string): Subschema {
    const reference = schema[keyword] as string;
    const [uri, fragment] = this.#split(reference, this.resourceOf(schema));
    const resource = this.#resources.get(uri);
    if (resource === undefined) {
      const wanted = "only references within the schema are followed; copy what it points to under $defs";
      this.fail(schema, [keyword], `${show(reference)} is outside the schema: ${wanted}`);
    }
    const target = fragment === "" || fragment.startsWith("/")
      ? followPointer(resource.root, fragment)
      : resource.anchors.get(fragment);
    if (typeof target !== "boolean" && !isObject(target)) {
      this.fail(schema, [keyword], `${show(reference)} points to ${typeName(target)}, expected a schema`);
    }
    // a pointer may lead to a place that is no schema by itself, such as `#/components/schemas/a`
    return this.#read(target, [...fragment.split("/").slice(1)], resource);
  }

  #split(reference: string, { uri }: Resource): [uri: string, fragment: string] {
    if (!URL.canParse(reference, uri)) return [reference, ""];
    const url = new URL(reference, uri);
    const fragment = url.hash.slice(1);
    url.hash = "";
    return [url.href, decodeFragment(fragment)];
  }

  #failAt(path: Path, message: string): never {
    const where = path.length === 0 ? "" : `"${formatPath(path)}": `;
    throw new KernelError("SCHEMA_INVALID", `Cannot use ${this.#what}: ${where}${message}`, {
      fix: "correct the schema at that place",
    });
  }

  #copy(value: unknown, path: Path): unknown {
    if (path.length > MAX_DEPTH) this.#failAt([], `the schema is nested more than ${MAX_DEPTH} levels deep`);
    if (++this.#values > MAX_VALUES) this.#failAt([], `the schema has more than ${MAX_VALUES} values`);
    if (typeof value === "string") this.#count(value);
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (Array.isArray(value)) return value.map((it, index) => this.#copy(it, [...path, index]));
    if (typeof value !== "object") this.#failAt(path, `expected JSON, found ${show(value)}`);
    const copy: SchemaObject = {};
    for (const [key, item] of Object.entries(value)) {
      this.#count(key);
      if (item === undefined) continue;
      // `copy["__proto__"] = …` would set the prototype
      Object.defineProperty(copy, key, {
        value: this.#copy(item, [...path, key]),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return copy;
  }

  #count(text: string): void {
    this.#characters += text.length;
    if (this.#characters > MAX_CHARACTERS) {
      this.#failAt([], `the schema has more than ${MAX_CHARACTERS} characters`);
    }
  }

  // mends in place; what the caller gets back takes the place of what it gave
  #read(value: unknown, path: Path, parent: Resource | undefined): Subschema {
    if (typeof value === "boolean") return value;
    if (value === null) return true;
    if (typeof value === "string" && TYPES.includes(value)) value = { type: value };
    if (!isObject(value)) return this.#failAt(path, `expected a schema, found ${typeName(value)}`);
    if (this.#places.has(value)) return value;
    if (this.#places.size >= MAX_SUBSCHEMAS) this.#failAt([], `the schema has more than ${MAX_SUBSCHEMAS} subschemas`);
    const resource = this.#enter(value, path, parent);
    this.#places.set(value, { path, resource });
    for (const keyword of Object.keys(value)) {
      const shape = KEYWORDS.get(keyword);
      if (shape === undefined || shape === "anything") continue;
      // models and other languages write null for "not given"
      if (value[keyword] === null) delete value[keyword];
      else this.#readKeyword(value, keyword, { shape, path: [...path, keyword], resource });
    }
    return value;
  }

  #enter(schema: SchemaObject, path: Path, parent: Resource | undefined): Resource {
    const given = schema["$id"];
    // older drafts write an anchor as `"$id": "#name"`
    const id = typeof given === "string" && !given.startsWith("#") ? given : undefined;
    if (id === undefined && parent !== undefined) return parent;
    const base = parent?.uri ?? ROOT_URI;
    if (!URL.canParse(id ?? "", base)) this.#failAt([...path, "$id"], `${show(id)} is not a URI`);
    const url = new URL(id ?? "", base);
    url.hash = "";
    if (this.#resources.has(url.href)) this.#failAt([...path, "$id"], `${show(id)} is taken by another part`);
    const resource: Resource = { uri: url.href, root: schema, anchors: new Map(), dynamicAnchors: new Map() };
    this.#resources.set(url.href, resource);
    return resource;
  }

  #readKeyword(
    schema: SchemaObject,
    keyword: string,
    { shape, path, resource }: { readonly shape: Shape; readonly path: Path; readonly resource: Resource },
  ): void {
    const value = schema[keyword];
    const readItems = (items: unknown[]) => items.map((it, index) => this.#read(it, [...path, index], resource));
    switch (shape) {
      case "a schema":
        schema[keyword] = this.#read(value, path, resource);
        return;
      case "a list of schemas":
        if (!Array.isArray(value)) break;
        schema[keyword] = readItems(value);
        return;
      case "a schema or a list of them":
        schema[keyword] = Array.isArray(value) ? readItems(value) : this.#read(value, path, resource);
        return;
      case "an object of schemas":
      case "an object of schemas or lists of strings":
        if (keyword === "properties" && isVoid(value)) schema[keyword] = {};
        else if (!isObject(value)) break;
        else this.#readMap(value, keyword, { path, resource });
        return;
      case "a type":
        this.#readType(schema, value, path);
        return;
      default:
        if (!hasShape(value, shape)) break;
        if (shape === "a string") this.#readString(schema, keyword, { path, resource });
        return;
    }
    if (shape.startsWith("an annotation")) delete schema[keyword];
    else this.#failAt(path, `expected ${shape}, found ${typeName(value)}`);
  }

  #readMap(
    map: Record<string, unknown>,
    keyword: string,
    { path, resource }: { readonly path: Path; readonly resource: Resource },
  ): void {
    for (const [key, item] of Object.entries(map)) {
      const isList = keyword === "dependencies" && hasShape(item, "a list of strings");
      if (isList) continue;
      const read = this.#read(item, [...path, key], resource);
      // clients of the first generation take no boolean for a property
      map[key] = keyword === "properties" ? toObject(read) : read;
      if (map[key] !== read) this.#read(map[key], [...path, key], resource);
    }
  }

  #readType(schema: SchemaObject, value: unknown, path: Path): void {
    const types = (Array.isArray(value) ? value : [value]).map((it) => typeof it === "string" ? it.toLowerCase() : it);
    if (types.every((it) => it === "" || it === "any")) {
      delete schema["type"];
      return;
    }
    const wrong = types.find((it) => !TYPES.includes(it as string));
    if (wrong !== undefined) this.#failAt(path, `expected one of ${TYPES.join(", ")}, found ${show(wrong)}`);
    schema["type"] = Array.isArray(value) ? [...new Set(types)] : types[0];
  }

  #readString(
    schema: SchemaObject,
    keyword: string,
    { path, resource }: { readonly path: Path; readonly resource: Resource },
  ): void {
    const value = schema[keyword] as string;
    if (keyword === "$schema" && value === "") delete schema["$schema"];
    else if (keyword === "$schema" && !META_SCHEMAS.has(value.replace(/#$/, ""))) {
      this.#failAt(path, `unknown meta-schema ${show(value)}, expected that of draft 2020-12`);
    } else if (keyword === "$recursiveRef") this.#failAt(path, "not part of draft 2020-12; use $dynamicRef");
    else if (keyword === "$anchor" || keyword === "$dynamicAnchor") {
      if (resource.anchors.has(value)) this.#failAt(path, `the anchor "${clip(value)}" is given twice`);
      resource.anchors.set(value, schema);
      if (keyword === "$dynamicAnchor") resource.dynamicAnchors.set(value, schema);
    } else if (keyword === "$id" && value.startsWith("#")) resource.anchors.set(value.slice(1), schema);
  }
}

function toObject(schema: Subschema): SchemaObject {
  return typeof schema === "object" ? schema : schema ? {} : { not: {} };
}

function isVoid(value: unknown): boolean {
  return !isObject(value) && !(Array.isArray(value) && value.length > 0);
}
