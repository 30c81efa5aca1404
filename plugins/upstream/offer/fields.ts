/**
 * What a server says of an item beside its schemas. Clients refuse a whole list for one field of the wrong type, so such
 * a field is left out; everything else is as it was sent.
 *
 * @module
 */
import { type Annotations, type Icon, isObject, type JsonObject, type ToolAnnotations } from "../../../kernel/mod.ts";

/** Gives a text, or `undefined` when it is none. */
export function textField(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Gives the icons that can be shown. */
export function iconsField(value: unknown): readonly Icon[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((it) => isObject(it) && typeof it["src"] === "string");
}

/** Gives an object, or `undefined` when it is none. */
export function objectField(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** Gives a size in bytes. */
export function sizeField(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

const TOOL_HINTS = {
  title: "string",
  readOnlyHint: "boolean",
  destructiveHint: "boolean",
  idempotentHint: "boolean",
  openWorldHint: "boolean",
};

/** Gives the hints on a tool. */
export function toolAnnotationsField(value: unknown): ToolAnnotations | undefined {
  return isObject(value) ? withTypes(value, TOOL_HINTS) : undefined;
}

/** Gives the hints on a resource. */
export function annotationsField(value: unknown): Annotations | undefined {
  if (!isObject(value)) return undefined;
  const { audience, ...rest } = withTypes(value, { priority: "number", lastModified: "string" });
  const isAudience = Array.isArray(audience) && audience.every((it) => it === "user" || it === "assistant");
  return isAudience ? { audience, ...rest } : rest;
}

// fields that are not known here stay
function withTypes(value: JsonObject, types: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter(([key, it]) => !Object.hasOwn(types, key) || typeof it === types[key]),
  );
}
