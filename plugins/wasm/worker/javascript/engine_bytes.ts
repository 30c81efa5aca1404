/**
 * Takes the WebAssembly of the engine out of the script that carries it.
 *
 * The package hides the module within a function, which makes a new copy of it for each instance. Compiled once by us, an
 * instance costs no more than its memory, and each run has one of its own.
 *
 * @module
 */

/** How the text begins that holds the module: its magic number. The package writes a zero as U+0100. */
const MODULE_REGEXP = /(["'`])(?:\\0|\\x00|\\u0000|\\u0100|\u0100|\0)asm/;
const ZERO = 0x100;
const BACKSLASH = 0x5c;
/** Escapes of one letter. */
const ESCAPES: Readonly<Record<string, number>> = { 0: 0, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };
/** What follows a backslash. */
const ESCAPE_REGEXP = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}|([^])/y;

/**
 * Reads the module from the source of the function that holds it, however a bundler has written the text in it.
 *
 * @throws {Error} when there is none.
 */
export function readEngineBytes(source: string): Uint8Array<ArrayBuffer> {
  const found = MODULE_REGEXP.exec(source);
  if (found === null) throw new Error("Cannot load the JavaScript engine: its package holds no WebAssembly module");
  const [, quote = ""] = found;
  const bytes = new Uint8Array(source.length - found.index);
  let size = 0;
  let at = found.index + 1;
  const end = quote.charCodeAt(0);
  for (let code = source.charCodeAt(at); code !== end; code = source.charCodeAt(at)) {
    if (Number.isNaN(code)) throw new Error("Cannot load the JavaScript engine: the text of its module has no end");
    at++;
    if (code === BACKSLASH) {
      ESCAPE_REGEXP.lastIndex = at;
      const escape = ESCAPE_REGEXP.exec(source);
      at = ESCAPE_REGEXP.lastIndex;
      code = codeOf(escape);
    }
    bytes[size++] = code === ZERO ? 0 : code;
  }
  return bytes.slice(0, size);
}

function codeOf(escape: RegExpExecArray | null): number {
  const [, byte, unit, point, letter = ""] = escape ?? [];
  const hex = byte ?? unit ?? point;
  return hex === undefined ? ESCAPES[letter] ?? letter.charCodeAt(0) : parseInt(hex, 16);
}
