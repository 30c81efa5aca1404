/**
 * Finds where a text stops being JSON. `JSON.parse` of the older engines says only that it did.
 *
 * @module
 */

/** The place of an error, and what is wrong there. */
export interface JsonError {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** Completes "expected …". */
  readonly expected: string;
  /** What is there instead. */
  readonly found: string;
}

// RFC 8259: one token, after white space
const SPACE_REGEXP = /[ \t\n\r]*/y;
// deno-lint-ignore no-control-regex -- these are what a string may not hold
const STRING_REGEXP = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y;
const SCALAR_REGEXP = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/** Finds the first error of a text; `undefined` when it is JSON. */
export function findJsonError(text: string): JsonError | undefined {
  let at = 0;
  const skip = (regexp: RegExp): boolean => {
    regexp.lastIndex = at;
    const found = regexp.exec(text);
    if (found !== null) at = regexp.lastIndex;
    return found !== null;
  };
  const next = (token: string): boolean => {
    skip(SPACE_REGEXP);
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };

  // what is expected next; brackets that are open are kept in a list, so that depth is no matter
  const open: ("}" | "]")[] = [];
  let state: "value" | "value or end" | "key" | "key or end" | "after" = "value";
  for (;;) {
    skip(SPACE_REGEXP);
    const end = open.at(-1);
    if (state === "after") {
      if (end === undefined) return at === text.length ? undefined : errorAt(text, at, "the end of the file");
      if (next(",")) state = end === "}" ? "key" : "value";
      else if (next(end)) open.pop();
      else return errorAt(text, at, `"," or "${end}"`);
    } else if (state === "key" || state === "key or end") {
      if (state === "key or end" && next("}")) {
        open.pop();
        state = "after";
      } else {
        if (!skip(STRING_REGEXP)) return errorAt(text, at, `a key in double quotes${state === "key" ? "" : ' or "}"'}`);
        if (!next(":")) return errorAt(text, at, '":"');
        state = "value";
      }
    } else if (state === "value or end" && next("]")) {
      open.pop();
      state = "after";
    } else if (next("{")) {
      open.push("}");
      state = "key or end";
    } else if (next("[")) {
      open.push("]");
      state = "value or end";
    } else if (skip(STRING_REGEXP) || skip(SCALAR_REGEXP)) {
      state = "after";
    } else {
      return errorAt(text, at, "a value");
    }
  }
}

function errorAt(text: string, at: number, expected: string): JsonError {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  const found = at >= text.length ? "the end of the file" : JSON.stringify(/^(?:\w+|.)/su.exec(text.slice(at))?.[0]);
  return { line, column, expected, found };
}
