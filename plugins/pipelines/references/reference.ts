/**
 * References to values: `$input.city`, `$prev`, `$step.list[0]["odd key"]`, or the same in braces.
 *
 * A name begins with a letter or `_`. A `.` continues a reference where a key follows, so that one that ends a sentence
 * does not; a `-` belongs to a name or key where a letter or digit follows it. A `[` always begins an index. Braces end a
 * reference where its surroundings would go on with it: `${file.name}.txt`. A `$` that no name follows is a dollar, as in
 * `$5`, `$(date)` or `a $ b`.
 *
 * @module
 */

/** A reference, read. */
export interface Reference {
  /** `input`, `prev`, the name of a step, or what else a step may read, such as the item of a loop. */
  readonly name: string;
  /** The way to the value from there; a number is the index of a list. */
  readonly keys: readonly (string | number)[];
  /** As it was written. */
  readonly text: string;
}

/** A text at a place that says it is a reference, and is none. */
export interface Malformed {
  /** Says what was found, and what was expected. */
  readonly message: string;
  readonly fix: string;
  /** Where it is wrong, from the start of the text, in UTF-16 code units. */
  readonly at: number;
}

/** Where a reference stands: in an expression, a `.name(` is a call, and a `[` may hold an expression. */
export type Surroundings = "text" | "expression";

const WORD = String.raw`[\p{L}\p{M}\p{N}_]+(?:-[\p{L}\p{M}\p{N}_]+)*`;
const NAME = String.raw`(?=[\p{L}_])${WORD}`;
const NAME_REGEXP = new RegExp(NAME, "uy");
const STEP_NAME_REGEXP = new RegExp(`^${NAME}$`, "u");
const KEY_ALONE_REGEXP = new RegExp(`^${WORD}$`, "u");
const KEY_REGEXP = new RegExp(String.raw`\.(${WORD})`, "uy");
const METHOD_REGEXP = new RegExp(String.raw`\.${WORD}\s*\(`, "uy");
// a key in quotes is read as JSON does, and as that in the other quotes
const INDEX_REGEXP = /\[(?:(\d{1,15})|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\]/y;

/** Tells whether references can read a step of a name: letters, digits, `_` and single `-`, first a letter or `_`. */
export function isReferable(name: string): boolean {
  return STEP_NAME_REGEXP.test(name);
}

/** Tells whether a reference begins at a place. */
export function isReferenceAt(text: string, at: number): boolean {
  return text[at] === "$" && matchAt(NAME_REGEXP, text, at + (text[at + 1] === "{" ? 2 : 1)) !== undefined;
}

/** Reads the reference at a place where one begins, in time that is linear in its length. */
export function readReference(text: string, at: number, surroundings: Surroundings): Reference | Malformed {
  const isBraced = text[at + 1] === "{";
  const start = at + (isBraced ? 2 : 1);
  const name = matchAt(NAME_REGEXP, text, start)![0];
  const keys: (string | number)[] = [];
  let end = start + name.length;
  for (;;) {
    const key = readKey(text, end, surroundings);
    if (key === undefined) break;
    if ("message" in key) return key;
    keys.push(key.value);
    end = key.end;
  }
  if (isBraced && text[end++] !== "}") return unclosed(text, at, end - 1);
  return { name, keys, text: text.slice(at, end) };
}

interface Key {
  readonly value: string | number;
  readonly end: number;
}

function readKey(text: string, at: number, surroundings: Surroundings): Key | Malformed | undefined {
  if (text[at] === ".") {
    if (surroundings === "expression" && matchAt(METHOD_REGEXP, text, at) !== undefined) return undefined;
    const found = matchAt(KEY_REGEXP, text, at);
    return found && { value: found[1]!, end: at + found[0].length };
  }
  if (text[at] !== "[") return undefined;
  const found = matchAt(INDEX_REGEXP, text, at);
  if (found === undefined) return surroundings === "expression" ? undefined : noIndex(text, at);
  const [whole, index, double, single] = found;
  const value = index === undefined ? unquote(double ?? single!, double === undefined) : Number(index);
  return value === undefined ? noIndex(text, at) : { value, end: at + whole.length };
}

function unquote(inner: string, isSingle: boolean): string | undefined {
  // in single quotes a double one needs no escape, and a single one has it
  const json = isSingle ? inner.replace(/\\.|"/gs, (it) => it === "\\'" ? "'" : it === '"' ? '\\"' : it) : inner;
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    return undefined;
  }
}

function noIndex(text: string, at: number): Malformed {
  return {
    at,
    message: `expected an index such as [0] or ["key"], found ${excerpt(text, at)}`,
    fix: "write braces around the reference, as in ${step}[1], if the bracket is not part of it",
  };
}

function unclosed(text: string, at: number, end: number): Malformed {
  const found = end < text.length ? excerpt(text, end) : "the end of the text";
  return {
    at: end,
    message: `expected "}" after ${JSON.stringify(text.slice(at, end))}, found ${found}`,
    fix: "write $$ in place of $ if no reference is meant",
  };
}

function excerpt(text: string, at: number): string {
  const shown = text.slice(at, at + 21);
  return JSON.stringify(shown.length > 20 ? `${shown.slice(0, 20)}…` : shown);
}

function matchAt(regexp: RegExp, text: string, at: number): RegExpExecArray | undefined {
  regexp.lastIndex = at;
  return regexp.exec(text) ?? undefined;
}

/** Formats the way to a value as references write it: `$step.list[0]["odd key"]`. */
export function formatReference(name: string, keys: readonly (string | number)[]): string {
  return `$${name}${keys.map(formatKey).join("")}`;
}

function formatKey(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return KEY_ALONE_REGEXP.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
