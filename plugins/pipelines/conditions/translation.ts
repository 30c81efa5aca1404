/**
 * Puts variables in the place of the references of an expression, since the language of expressions has no `$`.
 *
 * @module
 */
import { isReferenceAt, type Malformed, readReference, type Reference } from "../references/reference.ts";

/** The variable whose fields are those references that have a value: `has($step.key)` asks for one. */
export const PRESENT = "ref_present_";

/** An expression in the language of the library. */
export interface Translation {
  readonly text: string;
  /** In the order in which they stand. */
  readonly references: readonly Reference[];
  /** Gives the variable of a reference by its index. */
  readonly variableOf: (index: number) => string;
  /** Tells whether a name at a place was put there in the place of a reference. */
  readonly isVariableAt: (at: number) => boolean;
  /** Gives the place in the expression as it was written. */
  readonly placeOf: (at: number) => number;
}

const VARIABLE_REGEXP = /^ref_[a-z0-9]+_$/;
// texts, in which a `$` means nothing; after an `r` a backslash means nothing either
const TEXT_REGEXP =
  /[rR](?:"""[^]*?"""|'''[^]*?'''|"[^"]*"|'[^']*')|"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'/y;
const WORD_REGEXP = /[\p{L}\p{N}_]+/uy;
const HAS_REGEXP = /(?<![\p{L}\p{N}_.$])has\s*\(\s*$/u;
const CLOSING_REGEXP = /\s*\)/y;

/** Where the parts of a translation come from. */
interface Segment {
  /** In the translation. */
  readonly to: number;
  /** In the expression as it was written. */
  readonly from: number;
  readonly isVariable: boolean;
}

/** Translates an expression, or says which reference is none. */
export function translate(text: string): Translation | Malformed {
  const references: Reference[] = [];
  const segments: Segment[] = [{ to: 0, from: 0, isVariable: false }];
  let [written, from] = ["", 0];
  for (let at = 0; at < text.length;) {
    if (!isReferenceAt(text, at)) {
      at = lengthAt(TEXT_REGEXP, text, at) || lengthAt(WORD_REGEXP, text, at) || at + 1;
      continue;
    }
    const reference = readReference(text, at, "expression");
    if ("message" in reference) return reference;
    written += text.slice(from, at);
    from = at + reference.text.length;
    segments.push({ to: written.length, from: at, isVariable: true });
    written += isAskedFor(text, at, from)
      ? `${PRESENT}.${variableOf(references.length)}`
      : variableOf(references.length);
    segments.push({ to: written.length, from, isVariable: false });
    references.push(reference);
    at = from;
  }
  const segmentAt = (at: number) => segments.findLast(({ to }) => to <= at)!;
  return {
    text: written + text.slice(from),
    references,
    variableOf,
    isVariableAt: (at) => segments.some(({ to, isVariable }) => isVariable && to === at),
    placeOf: (at) => {
      const segment = segmentAt(at);
      return segment.isVariable ? segment.from : segment.from + at - segment.to;
    },
  };
}

/** Tells whether a name is one of those that stand for references. */
export function isVariableName(name: string): boolean {
  return VARIABLE_REGEXP.test(name);
}

function variableOf(index: number): string {
  return `ref_${index}_`;
}

function isAskedFor(text: string, at: number, end: number): boolean {
  return HAS_REGEXP.test(text.slice(Math.max(0, at - 20), at)) && lengthAt(CLOSING_REGEXP, text, end) > 0;
}

// the end of what matches at a place; 0 where nothing does
function lengthAt(regexp: RegExp, text: string, at: number): number {
  regexp.lastIndex = at;
  return regexp.test(text) ? regexp.lastIndex : 0;
}
