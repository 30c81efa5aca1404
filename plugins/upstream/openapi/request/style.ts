/**
 * How values of parameters are written, by the styles that OpenAPI has.
 *
 * Source: https://spec.openapis.org/oas/v3.1.0#style-values
 *
 * @module
 */
import { isObject } from "../../../../kernel/mod.ts";
import type { Writing } from "../operations/operation.ts";

/** A name and a value, encoded. */
export type Pair = readonly [string, string];

// https://www.rfc-editor.org/rfc/rfc3986#section-2.2
const RESERVED_REGEXP = /%(?:3A|2F|3F|23|5B|5D|40|21|24|26|27|28|29|2A|2B|2C|3B|3D)/g;

/** Encodes a text for any part of an address. */
export function encode(text: string, { allowsReserved = false }: { readonly allowsReserved?: boolean } = {}): string {
  const encoded = encodeURIComponent(wellFormed(text))
    .replaceAll(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);
  if (!allowsReserved) return encoded;
  // `#`, `&` and `+` would end the value, or be another character
  return encoded.replaceAll(RESERVED_REGEXP, (it) => /%(?:23|26|2B)/.test(it) ? it : decodeURIComponent(it));
}

// halves of characters, which no address can have, become U+FFFD
function wellFormed(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

/** Writes a value for a path, encoded. */
export function writeInPath(value: unknown, { name, style, isExploded }: Writing): string {
  if (style === "json") return encode(JSON.stringify(value));
  const parts = partsOf(value);
  const isNamed = isObject(value);
  if (style === "label") return `.${joined(parts, { isNamed, isExploded, between: isExploded ? "." : "," })}`;
  if (style !== "matrix") return joined(parts, { isNamed, isExploded, between: "," });
  if (!isExploded) return `;${encode(name)}=${joined(parts, { isNamed, isExploded, between: "," })}`;
  return parts.map(([key, it]) => `;${encode(isNamed ? key : name)}=${encode(it)}`).join("");
}

/** Writes a value for a header, as it stands. */
export function writeInHeader(value: unknown, { style, isExploded }: Writing): string {
  if (style === "json") return JSON.stringify(value);
  const isNamed = isObject(value);
  return joined(partsOf(value), { isNamed, isExploded, between: ",", write: (it) => it });
}

/** Writes a value for a query, a cookie or a form: names with values, encoded. */
export function writeInQuery(value: unknown, writing: Writing): readonly Pair[] {
  const { name, style, isExploded } = writing;
  const write = (text: string) => encode(text, writing);
  const own = encode(name);
  if (style === "json") return [[own, write(JSON.stringify(value))]];
  if (style === "deepObject" && isObject(value)) return deepPairs(own, value, write);
  const parts = partsOf(value);
  const isNamed = isObject(value);
  if (isExploded) return parts.map(([key, it]) => [isNamed ? encode(key) : own, write(it)]);
  const between = style === "spaceDelimited" ? "%20" : style === "pipeDelimited" ? "%7C" : ",";
  return [[own, joined(parts, { isNamed, isExploded, between, write })]];
}

/** Divides a value into texts: items by their places, properties by their names. */
function partsOf(value: unknown): readonly Pair[] {
  if (Array.isArray(value)) return value.map((it, at) => [String(at), textOf(it)]);
  if (!isObject(value)) return [["", textOf(value)]];
  return Object.entries(value).filter(([, it]) => it !== undefined).map(([key, it]) => [key, textOf(it)]);
}

interface JoinOptions {
  readonly isNamed: boolean;
  readonly isExploded: boolean;
  readonly between: string;
  write?(text: string): string;
}

function joined(parts: readonly Pair[], { isNamed, isExploded, between, write = encode }: JoinOptions): string {
  if (!isNamed) return parts.map(([, it]) => write(it)).join(between);
  if (isExploded) return parts.map(([key, it]) => `${write(key)}=${write(it)}`).join(between);
  return parts.map(([key, it]) => `${write(key)},${write(it)}`).join(between);
}

/** What OpenAPI leaves open, objects within objects and lists, is as most servers read it. */
function deepPairs(name: string, value: unknown, write: (text: string) => string): readonly Pair[] {
  if (Array.isArray(value)) {
    return value.flatMap((it) => isObject(it) ? deepPairs(name, it, write) : [[name, write(textOf(it))] as const]);
  }
  if (!isObject(value)) return [[name, write(textOf(value))]];
  return Object.entries(value).filter(([, it]) => it !== undefined)
    .flatMap(([key, it]) => deepPairs(`${name}[${encode(key)}]`, it, write));
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
