/**
 * Encodings of a value, written without the help of the plugin that has to find them.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** What an encoding makes of a value within its surroundings. */
export interface Encoded {
  /** The whole text. */
  readonly text: string;
  /** The part that tells only of the value. */
  readonly core: string;
}

/** Encodes a value with what stands before and after it. */
export type Encode = (value: string, before: string, after: string) => Encoded;

const bytesOf = (text: string) => Buffer.from(text, "utf8");

function apart(encode: (text: string) => string): Encode {
  return (value, before, after) => ({ text: encode(before) + encode(value) + encode(after), core: encode(value) });
}

// characters of base64 have six bits: those that are made of the value alone are its core
function base64(name: "base64" | "base64url"): Encode {
  return (value, before, after) => {
    const text = bytesOf(before + value + after).toString(name);
    const [start, end] = [bytesOf(before).length * 8, bytesOf(before + value).length * 8];
    return { text, core: text.slice(Math.ceil(start / 6), Math.floor(end / 6)) };
  };
}

function percent(regexp: RegExp, toCase: (code: string) => string): Encode {
  return apart((text) =>
    Array.from(bytesOf(text), (byte) => {
      const char = String.fromCharCode(byte);
      return regexp.test(char) ? char : toCase(`%${byte.toString(16).padStart(2, "0")}`);
    }).join("")
  );
}

const json = (text: string) => JSON.stringify(text).slice(1, -1);
const ascii = (text: string) =>
  text.replace(/[^\0-\x7f]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Encodings by name. */
export const ENCODINGS: Readonly<Record<string, Encode>> = {
  plain: apart((text) => text),
  json: apart(json),
  "json, ASCII alone": apart((text) => ascii(json(text))),
  "json, twice": apart((text) => json(json(text))),
  "json with \\/": apart((text) => json(text).replaceAll("/", "\\/")),
  encodeURIComponent: apart(encodeURIComponent),
  encodeURI: apart(encodeURI),
  "form data": apart((text) => new URLSearchParams({ a: text }).toString().slice(2)),
  "percent, lower case": percent(/[A-Za-z0-9_.~-]/, (code) => code.toLowerCase()),
  "percent, all bytes": percent(/^$/, (code) => code.toUpperCase()),
  base64: base64("base64"),
  base64url: base64("base64url"),
  hex: apart((text) => bytesOf(text).toString("hex")),
  "hex, upper case": apart((text) => bytesOf(text).toString("hex").toUpperCase()),
};
