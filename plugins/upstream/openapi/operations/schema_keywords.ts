/**
 * The keywords of schemas: where further schemas stand, and how those of OpenAPI 3.0 are written in JSON Schema.
 *
 * @module
 */
import { isObject, type JsonObject, type JsonSchema } from "../../../../kernel/mod.ts";

// schemas of the very value that the schema itself is of
const IN_PLACE_LISTS = ["allOf", "anyOf", "oneOf"];
const IN_PLACE = ["not", "if", "then", "else"];
const IN_PLACE_MAPS = ["dependentSchemas"];
// schemas of values within it
const LISTS = ["prefixItems"];
const SINGLES = [
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "items",
  "contains",
  "propertyNames",
  "contentSchema",
];
const MAPS = ["properties", "patternProperties"];
/** What says nothing of the value, or names places that are not there any more. */
const DROPPED = new Set([
  ...["$schema", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$defs", "definitions", "$vocabulary", "$comment"],
  ...["discriminator", "xml", "externalDocs", "nullable", "example"],
]);

/** Writes one schema within another. */
export type WritePart = (part: unknown, options: { readonly isInPlace: boolean }) => JsonSchema | boolean;

/** Writes a schema with the schemas that stand in it. */
export function mapParts(
  schema: JsonObject,
  write: WritePart,
  { isOld }: { readonly isOld: boolean },
): JsonSchema {
  const written = Object.entries(schema)
    .filter(([key]) => !DROPPED.has(key) && !key.startsWith("x-"))
    .map(([key, value]) => [key, mapKeyword(key, value, write)]);
  const mapped: JsonSchema = Object.fromEntries(written);
  const withExamples = schema["example"] === undefined || mapped["examples"] !== undefined
    ? mapped
    : { ...mapped, examples: [schema["example"]] };
  return isOld ? translateOld(schema, withExamples) : withExamples;
}

/** Gives the schemas in a schema that are of the very same value. */
export function inPlaceParts(schema: JsonObject): readonly unknown[] {
  return [
    ...IN_PLACE_LISTS.flatMap((key) => Array.isArray(schema[key]) ? schema[key] : []),
    ...IN_PLACE.map((key) => schema[key]),
    ...IN_PLACE_MAPS.flatMap((key) => isObject(schema[key]) ? Object.values(schema[key]) : []),
  ];
}

function mapKeyword(key: string, value: unknown, write: WritePart): unknown {
  const isInPlace = IN_PLACE_LISTS.includes(key) || IN_PLACE.includes(key) || IN_PLACE_MAPS.includes(key);
  if ((IN_PLACE_LISTS.includes(key) || LISTS.includes(key)) && Array.isArray(value)) {
    return value.map((it) => write(it, { isInPlace }));
  }
  if (IN_PLACE.includes(key) || SINGLES.includes(key)) return write(value, { isInPlace });
  if ((MAPS.includes(key) || IN_PLACE_MAPS.includes(key)) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, write(it, { isInPlace })]));
  }
  return value;
}

/** Source: https://spec.openapis.org/oas/v3.0.3#schema-object */
function translateOld({ nullable }: JsonObject, schema: JsonSchema): JsonSchema {
  const bounded = exclusive(exclusive(schema, ["exclusiveMinimum", "minimum"]), ["exclusiveMaximum", "maximum"]);
  if (nullable !== true) return bounded;
  const { type, enum: values, ...rest } = bounded;
  // without a type it stands beside allOf and the like, which would refuse null still
  if (typeof type !== "string") {
    const { title, description, ...checked } = bounded;
    return { ...texts({ title, description }), anyOf: [checked, { type: "null" }] };
  }
  const withNull = Array.isArray(values) ? { enum: values.includes(null) ? values : [...values, null] } : {};
  return { ...rest, type: [type, "null"], ...withNull };
}

function exclusive(schema: JsonSchema, [key, bound]: readonly [string, string]): JsonSchema {
  const { [key]: flag, [bound]: value, ...rest } = schema;
  if (typeof flag !== "boolean") return schema;
  if (value === undefined) return rest;
  return { ...rest, [flag ? key : bound]: value };
}

function texts(given: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([, it]) => it !== undefined));
}
