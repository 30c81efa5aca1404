/**
 * JSON Schema 2020-12 for schemas that models, users and other servers write: nothing is fetched or evaluated as
 * code, and compiling and validating cost a bounded amount of time, whatever the schema and the value.
 *
 * - A schema has at most 50,000 values, 1,000,000 characters, 5,000 subschemas and 100 levels.
 * - A validation has at most 300,000 steps; beyond that the value is refused.
 * - Patterns are matched in linear time; look-around and back-references are refused. Patterns of keys are simple ones,
 *   for keys of at most 1,000 characters.
 * - References stay within the document; a `$dynamicRef` has one target.
 * - The formats that the library knows are checked, others are annotations.
 *
 * Values are not changed: `default` is an annotation, and is not filled in.
 *
 * @module
 */
import { isObject } from "../content.ts";
import { KernelError } from "../errors.ts";
import type { Issue } from "../issue.ts";
import { SchemaDocument, type SchemaObject } from "./document.ts";
import { assertUsable } from "./usable.ts";
import { TYPES } from "./vocabulary.ts";

/** How a schema is used. */
export interface ReadOptions {
  /** Names the schema in errors, such as `input of tool "x"`. */
  readonly what: string;
  /** The root of an `input`, the default, is made an object, as the protocol wants. */
  readonly direction?: "input" | "output";
}

/** Gives the issues of a value, none when it is valid. Never throws. */
export type Validate = (value: unknown) => readonly Issue[];

/** A schema to list, and the validation by it. */
export interface JsonSchemaValidator {
  readonly schema: SchemaObject;
  /** Makes the validation, once; the library behind it is loaded with the first. */
  load(): Promise<Validate>;
}

/**
 * Reads a JSON Schema and prepares its validation.
 *
 * @throws {KernelError} `SCHEMA_INVALID` naming the place, when it is not one, is too large, refers outside itself, or
 * has a pattern that cannot be matched in linear time.
 */
export function compileJsonSchema(schema: unknown, options: ReadOptions): JsonSchemaValidator {
  const document = readRoot(schema, options);
  assertUsable(document);
  let loading: Promise<Validate> | undefined;
  return {
    schema: document.root,
    load: () => loading ??= import("./validator.ts").then(({ createValidator }) => createValidator(document)),
  };
}

/**
 * Reads a JSON Schema and mends what clients would stumble over.
 *
 * @throws {KernelError} `SCHEMA_INVALID` naming the place.
 */
export function readJsonSchema(schema: unknown, options: ReadOptions): SchemaObject {
  return readRoot(schema, options).root;
}

function readRoot(schema: unknown, { what, direction = "input" }: ReadOptions): SchemaDocument {
  const document = new SchemaDocument(schema, what);
  const { root } = document;
  const isInput = direction === "input";
  if (isInput && !canBeObject(root)) {
    throw new KernelError("SCHEMA_INVALID", `Cannot use ${what}: its root is ${rootType(root)}, expected object`, {
      fix: "wrap it in an object with one property",
    });
  }
  const isObjectUnsaid = root["type"] === undefined && root["properties"] !== undefined;
  if (isInput || isObjectUnsaid) root["type"] = "object";
  if (isInput) root["properties"] ??= {};
  return document;
}

function canBeObject(schema: unknown): boolean {
  if (!isObject(schema)) return schema === true;
  const { type, const: constant, enum: values, anyOf, oneOf, allOf } = schema;
  return (type === undefined || [type].flat().includes("object")) &&
    (constant === undefined || isObject(constant)) &&
    (!Array.isArray(values) || values.some(isObject)) &&
    (!Array.isArray(allOf) || allOf.every(canBeObject)) &&
    [anyOf, oneOf].every((it) => !Array.isArray(it) || it.length === 0 || it.some(canBeObject));
}

function rootType({ type }: SchemaObject): string {
  return [type].flat().filter((it) => TYPES.includes(it as string)).join(" or ") || "a choice without objects";
}
