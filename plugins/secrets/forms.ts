/**
 * The forms in which a value may stand in a text: as it is, and as encodings write it.
 *
 * @module
 */
import { toBase64 } from "../../kernel/mod.ts";

/** The shortest form that is looked for; a shorter one would be found in any text. */
export const SHORTEST_FORM = 4;

/** The forms of one value. */
export interface Forms {
  /** As it is, as JSON strings have it, and as URLs do. */
  readonly plain: readonly string[];
  /** Base64 and hex, which programs break into lines. */
  readonly encoded: readonly string[];
}

/** Lists the forms of a value of at least {@linkcode SHORTEST_FORM} characters. */
export function formsOf(value: string): Forms {
  const bytes = new TextEncoder().encode(value);
  const escaped = jsonForms(value);
  return {
    // JSON within JSON is escaped twice
    plain: distinct([value, ...escaped, ...escaped.flatMap(jsonForms), ...urlForms(bytes)]),
    encoded: distinct([...base64Forms(bytes), ...hexForms(bytes)]),
  };
}

function distinct(forms: readonly string[]): readonly string[] {
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_FORM);
}

const NOT_ASCII_REGEXP = /[^\0-\x7f]/g;
const NOT_IN_HTML_REGEXP = /[<>&\u2028\u2029]/g;

// what libraries of JSON escape beyond what they must: Python's all but ASCII, Go's what HTML means, PHP's both and "/"
function jsonForms(text: string): string[] {
  const least = JSON.stringify(text).slice(1, -1);
  return [least, escapeEach(least, NOT_IN_HTML_REGEXP), least.replaceAll("/", "\\/")].flatMap((form) => {
    const ascii = escapeEach(form, NOT_ASCII_REGEXP);
    return [form, ascii, ascii.replace(/\\u[0-9a-f]{4}/g, (it) => `\\u${it.slice(2).toUpperCase()}`)];
  });
}

function escapeEach(text: string, regexp: RegExp): string {
  return text.replace(regexp, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// characters that stay as they are, beside letters and digits
const KEPT_IN_URLS = [
  "-_.~", // RFC 3986
  "-_.!~*'()", // encodeURIComponent
  "-_.~/", // quote of Python
  "-_.*", // forms: application/x-www-form-urlencoded
  "-_.!~*'();/?:@&=+$,#", // encodeURI
  "",
];

function urlForms(bytes: Uint8Array): string[] {
  const forms = KEPT_IN_URLS.map((kept) =>
    Array.from(bytes, (byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9]/.test(char) || kept.includes(char) ? char : `%${hexOf(byte).toUpperCase()}`;
    }).join("")
  );
  const spaced = [...forms, ...forms.map((form) => form.replaceAll("%20", "+"))];
  const all = [...spaced, Array.from(bytes, (byte) => `%${hexOf(byte).toUpperCase()}`).join("")];
  return all.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function hexForms(bytes: Uint8Array): string[] {
  const form = Array.from(bytes, hexOf).join("");
  return [form, form.toUpperCase()];
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** The first character of base64 that tells only of a value, when 0, 1 or 2 bytes stand before it in its group. */
const FIRST_WHOLE = [0, 2, 3] as const;

// within a longer text a value begins at any of the three places of a group, and ends the text or shares a character
function base64Forms(bytes: Uint8Array): string[] {
  const forms = FIRST_WHOLE.flatMap((first, before) => {
    const shifted = new Uint8Array(before + bytes.length);
    shifted.set(bytes, before);
    const form = toBase64(shifted).slice(first);
    return [form, form.replace(/=+$/, ""), form.slice(0, Math.floor(shifted.length * 8 / 6) - first)];
  });
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}
