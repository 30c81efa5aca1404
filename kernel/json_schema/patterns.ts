/**
 * Regular expressions of schemas: texts are matched by RE2's algorithm, in time linear in the text, whoever wrote the
 * pattern; keys by the runtime's engine, which is given only patterns that it cannot run away with.
 *
 * @module
 */
import { RE2JS } from "re2js";

/** A compiled regular expression. */
export interface Pattern {
  readonly source: string;
  /** Tells whether the pattern matches somewhere in the text. */
  test(text: string): boolean;
}

/**
 * Compiles a pattern of ECMA-262, the dialect of JSON Schema.
 *
 * @throws {SyntaxError} when it is malformed, or has what RE2 does not match: look-around and back-references.
 */
export function compilePattern(source: string): Pattern {
  assertRegExp(source);
  try {
    const compiled = RE2JS.compile(toRe2(source));
    return { source, test: (text) => compiled.matcher(text).find() };
  } catch {
    throw new SyntaxError("look-around, back-references and large repetitions are not supported");
  }
}

/** Throws a {@linkcode SyntaxError} for a pattern of keys that is malformed, or might take more than quadratic time. */
export function assertKeyPattern(source: string): void {
  assertRegExp(source);
  if (!isSimple(source)) {
    throw new SyntaxError("for keys, repeated groups, look-around and a third repetition are not supported");
  }
}

function assertRegExp(source: string): void {
  try {
    new RegExp(source, "u");
  } catch {
    throw new SyntaxError("not a regular expression");
  }
}

// what ECMA-262 writes in another way than RE2
const DIFFERENCES_REGEXP = /\\u\{([0-9A-Fa-f]+)\}|\\u([0-9A-Fa-f]{4})|\\c([A-Za-z])|\\(\/)|\\.|\[\^?\]/gs;

function toRe2(source: string): string {
  return source.replace(DIFFERENCES_REGEXP, (whole, long, short, control, slash) => {
    if (long !== undefined || short !== undefined) return `\\x{${long ?? short}}`;
    if (control !== undefined) return `\\x{${(control.charCodeAt(0) % 32).toString(16)}}`;
    if (slash !== undefined) return "/";
    if (whole === "[]") return "[^\\x{0}-\\x{10FFFF}]";
    return whole === "[^]" ? "[\\x{0}-\\x{10FFFF}]" : whole;
  });
}

const ATOM_REGEXP = /\\.|\[(?:\\.|[^\]\\])*\]/gs;
const UNBOUNDED_REGEXP = /[*+]|\{\d+,\d*\}/g;

function isSimple(source: string): boolean {
  const bare = source.replace(ATOM_REGEXP, (atom) => /^\\[1-9k]/.test(atom) ? "(?=" : "x");
  const repetitions = bare.match(UNBOUNDED_REGEXP) ?? [];
  return !/\(\?[=!<]|\)[*+?{]/.test(bare) && repetitions.length <= 2;
}
