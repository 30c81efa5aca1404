/**
 * The keywords of JSON Schema 2020-12 that are read, and the shape that the value of each must have. Of older drafts,
 * `definitions`, `dependencies`, a list under `items` with `additionalItems`, and boolean exclusive limits are
 * understood as well: schemas of other servers have them.
 *
 * @module
 */
import { isObject } from "../content.ts";

/** What stands under a keyword, as messages word it. */
export type Shape =
  | "a schema"
  | "a list of schemas"
  | "an object of schemas"
  | "a schema or a list of them"
  | "an object of schemas or lists of strings"
  | "a type"
  | "a string"
  | "a list of strings"
  | "an object of lists of strings"
  | "a whole number that is not negative"
  | "a number"
  | "a number above 0"
  | "a number or boolean"
  | "a boolean"
  | "a list"
  | "anything"
  // these decide nothing, and are dropped when they have another shape
  | "an annotation of text"
  | "an annotation of boolean"
  | "an annotation of a list";

const BY_SHAPE: readonly (readonly [Shape, ...string[]])[] = [
  ["a schema", "additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "not"],
  ["a schema", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"],
  ["a list of schemas", "allOf", "anyOf", "oneOf", "prefixItems"],
  ["an object of schemas", "$defs", "definitions", "dependentSchemas", "patternProperties", "properties"],
  ["a schema or a list of them", "items"],
  ["an object of schemas or lists of strings", "dependencies"],
  ["a type", "type"],
  ["a string", "$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveRef", "$ref", "$schema"],
  ["a string", "format", "pattern"],
  ["a list of strings", "required"],
  ["an object of lists of strings", "dependentRequired"],
  ["a whole number that is not negative", "maxContains", "maxItems", "maxLength", "maxProperties"],
  ["a whole number that is not negative", "minContains", "minItems", "minLength", "minProperties"],
  ["a number", "maximum", "minimum"],
  ["a number above 0", "multipleOf"],
  ["a number or boolean", "exclusiveMaximum", "exclusiveMinimum"],
  ["a boolean", "uniqueItems"],
  ["a list", "enum"],
  ["anything", "const", "default"],
  ["an annotation of text", "$comment", "contentEncoding", "contentMediaType", "description", "title"],
  ["an annotation of boolean", "deprecated", "readOnly", "writeOnly"],
  ["an annotation of a list", "examples"],
];

/** Shape of the value of each keyword that is read. */
export const KEYWORDS: ReadonlyMap<string, Shape> = new Map(
  BY_SHAPE.flatMap(([shape, ...keywords]) => keywords.map((it) => [it, shape])),
);

/** The names that `type` takes. */
export const TYPES: readonly string[] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/** The meta-schemas that `$schema` may name, without a trailing `#`. */
export const META_SCHEMAS: ReadonlySet<string> = new Set(
  ["draft/2020-12/", "draft/2019-09/", "draft-07/", "draft-06/", "draft-04/", ""].flatMap((draft) =>
    ["http", "https"].map((scheme) => `${scheme}://json-schema.org/${draft}schema`)
  ),
);

/** Tells whether a value has the shape that its keyword wants; not for shapes with schemas in them. */
export function hasShape(value: unknown, shape: Shape): boolean {
  switch (shape) {
    case "a string":
    case "an annotation of text":
      return typeof value === "string";
    case "a list of strings":
      return Array.isArray(value) && value.every((it) => typeof it === "string");
    case "an object of lists of strings":
      return isObject(value) && Object.values(value).every((it) => hasShape(it, "a list of strings"));
    case "a whole number that is not negative":
      return Number.isInteger(value) && (value as number) >= 0;
    case "a number":
      return typeof value === "number";
    case "a number above 0":
      return typeof value === "number" && value > 0;
    case "a number or boolean":
      return typeof value === "number" || typeof value === "boolean";
    case "a boolean":
    case "an annotation of boolean":
      return typeof value === "boolean";
    case "a list":
    case "an annotation of a list":
      return Array.isArray(value);
    default:
      return true;
  }
}
