/**
 * Regular expressions of schemas: texts are matched by RE2's algorithm, in time linear in the text, whoever wrote the
 * pattern; keys by the runtime's engine, which is given only patterns that it cannot run away with.
 *
 * @module
 */
import { RE2JS } from "re2js";
import { unsupported } from "./pattern_rules.ts";

/** A compiled regular expression. */
export interface Pattern {
  readonly source: string;
  /** Tells whether the pattern matches somewhere in the text. */
  test(text: string): boolean;
}

/**
 * Compiles a pattern that `assertPattern` has let pass.
 *
 * @throws {SyntaxError} when RE2 does not match it all the same.
 */
export function compilePattern(source: string): Pattern {
  try {
    const compiled = RE2JS.compile(toRe2(source));
    return { source, test: (text) => compiled.matcher(text).find() };
  } catch {
    throw unsupported("look-around, a back-reference or a large repetition");
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
