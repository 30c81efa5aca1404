/**
 * Values that fit a JSON Schema, so that a suite can call tools it knows nothing about.
 *
 * @module
 */
import { isObject, type JsonObject } from "../content.ts";

// schemas that contain themselves must come to an end
const MAX_DEPTH = 5;

/** Makes a small value for a schema: its default or first example, else the least that its type allows. */
export function sampleOf(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH) return {};
  const { $ref: ref, const: constant, default: preset, enum: values, examples, type, anyOf, oneOf } = schema;
  const sub = (of: unknown) => sampleOf(of, root, depth + 1);
  if (typeof ref === "string") return sub(resolve(root, ref));
  if (constant !== undefined) return constant;
  if (preset !== undefined) return preset;
  for (const choices of [examples, values]) if (Array.isArray(choices) && choices.length > 0) return choices[0];
  for (const choices of [anyOf, oneOf]) if (Array.isArray(choices) && choices.length > 0) return sub(choices[0]);
  return sampleOfType(Array.isArray(type) ? type[0] : type, schema, sub);
}

function sampleOfType(type: unknown, schema: JsonObject, sub: (of: unknown) => unknown): unknown {
  const atLeast = (key: string) => typeof schema[key] === "number" ? schema[key] : 0;
  switch (type) {
    case "string":
      return "sample".padEnd(atLeast("minLength"), "s");
    case "integer":
    case "number":
      return Math.max(atLeast("minimum"), atLeast("exclusiveMinimum") + 1);
    case "boolean":
      return false;
    case "null":
      return null;
    case "array":
      return Array.from({ length: atLeast("minItems") }, () => sub(schema["items"]));
    default:
      return Object.fromEntries(requiredOf(schema).map(([name, property]) => [name, sub(property)]));
  }
}

function requiredOf({ properties, required }: JsonObject): [string, unknown][] {
  const names = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).filter(([name]) => names.includes(name));
}

function resolve(root: unknown, ref: string): unknown {
  const parts = ref.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return parts.reduce<unknown>((value, part) => isObject(value) ? value[part] : undefined, root);
}
