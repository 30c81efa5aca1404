/**
 * The grammar of `.env` files, that of python-dotenv 1.2: https://github.com/theskumar/python-dotenv. A file is cut into
 * pieces that together are the file, byte for byte, so that one piece can change and the others stay.
 *
 * Nothing here takes more than linear time, whatever a file holds.
 *
 * @module
 */

/** What means nothing: blank lines, comments, and what cannot be read. */
export interface OtherPiece {
  readonly kind: "other";
  readonly text: string;
}

/** A variable, as it is written: the parts in their order are the piece. */
export interface EntryPiece {
  readonly kind: "entry";
  readonly key: string;
  /** Indentation, `export`, the key. */
  readonly lead: string;
  /** `=` with the spaces around it; empty when there is none. */
  readonly equals: string;
  /** The value with its quotes. */
  readonly written: string;
  /** A comment and the end of the line. */
  readonly tail: string;
  /** The value without quotes and escapes, references as they stand; absent when there is no `=`. */
  readonly value: string | undefined;
}

/** A part of a file. */
export type Piece = OtherPiece | EntryPiece;

// what Python calls white space, which is not what JavaScript does
const SPACES = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACE_REGEXP = new RegExp(`[${SPACES}]`);
const BLANK_REGEXP = new RegExp(`[${SPACES}]*`, "y");
const GAP_REGEXP = new RegExp(`(?:(?![\\r\\n])[${SPACES}])*`, "y");
const EXPORT_REGEXP = new RegExp(`export(?:(?![\\r\\n])[${SPACES}])+`, "y");
const PLAIN_KEY_REGEXP = new RegExp(`[^=#${SPACES}]+`, "y");
const QUOTED_KEY_REGEXP = /'[^']+'/y;
const LINE_REGEXP = /[^\r\n]*/y;
const COMMENT_REGEXP = /#[^\r\n]*/y;
const LINE_END_REGEXP = /\r\n|\n|\r/y;
const INDENT_REGEXP = /[^\r\n]*$/;

const BARE_REGEXP = /^[A-Za-z0-9_@%+=:,./-]+$/;
const NEEDS_ESCAPES_REGEXP = /[\\'\r\n]/;
const ESCAPES: Readonly<Record<string, string>> = Object.freeze({
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", "'": "'", '"': '"' },
});

/** Cuts a file into its pieces. */
export function cutEnv(text: string): Piece[] {
  return new Cutter(text).cut();
}

/** Gives the text of a piece. */
export function textOfPiece(piece: Piece): string {
  return piece.kind === "other" ? piece.text : piece.lead + piece.equals + piece.written + piece.tail;
}

class Cutter {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  cut(): Piece[] {
    const pieces: Piece[] = [];
    const add = (text: string) => text !== "" && pieces.push({ kind: "other", text });
    add(this.#take(/\ufeff?/y) ?? "");
    while (this.#at < this.#text.length) {
      const blank = this.#take(BLANK_REGEXP) ?? "";
      const indent = this.#at < this.#text.length ? INDENT_REGEXP.exec(blank)?.[0] ?? "" : "";
      add(blank.slice(0, blank.length - indent.length));
      const start = this.#at - indent.length;
      const entry = this.#takeEntry(start);
      if (entry !== undefined) pieces.push(entry);
      else add(this.#text.slice(start, this.#at));
    }
    return pieces;
  }

  /** Takes what matches here; `undefined` when nothing does. */
  #take(regExp: RegExp): string | undefined {
    regExp.lastIndex = this.#at;
    const found = regExp.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** Takes a line, or what belongs to it; what is no entry is only passed over. */
  #takeEntry(start: number): EntryPiece | undefined {
    const key = this.#takeKey();
    if (key === undefined) return this.#giveUp();
    const keyEnd = this.#at;
    this.#take(GAP_REGEXP);
    const lead = this.#text.slice(start, keyEnd);
    if (this.#text[this.#at] !== "=") {
      const tail = this.#takeTail(keyEnd);
      return tail === undefined ? this.#giveUp() : entryOf({ key, lead, tail });
    }
    this.#at++;
    const gap = this.#take(GAP_REGEXP) ?? "";
    const equals = this.#text.slice(keyEnd, this.#at);
    const value = gap !== "" && this.#text[this.#at] === "#" ? NO_VALUE : this.#takeValue();
    const tail = value && this.#takeTail(this.#at);
    return value === undefined || tail === undefined ? this.#giveUp() : entryOf({ key, lead, equals, ...value, tail });
  }

  /** Takes the rest of a line that cannot be read. */
  #giveUp(): undefined {
    this.#take(LINE_REGEXP);
    this.#take(LINE_END_REGEXP);
  }

  #takeKey(): string | undefined {
    this.#take(EXPORT_REGEXP);
    if (this.#text[this.#at] !== "'") return this.#take(PLAIN_KEY_REGEXP);
    const quoted = this.#take(QUOTED_KEY_REGEXP);
    return quoted && withPlainLines(quoted.slice(1, -1));
  }

  #takeValue(): Value | undefined {
    const first = this.#text[this.#at];
    if (first === "'" || first === '"') return this.#takeQuoted(first);
    const line = this.#take(LINE_REGEXP) ?? "";
    const written = trimEnd(line.slice(0, commentStart(line)));
    this.#at -= line.length - written.length;
    return { written, value: written };
  }

  #takeQuoted(quote: string): Value | undefined {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== quote) end += this.#text[end] === "\\" ? 2 : 1;
    if (end >= this.#text.length) return undefined;
    const written = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    const inner = withPlainLines(written.slice(1, -1));
    const escapes = quote === "'" ? /\\([\\'])/g : /\\([\\'"abfnrtv])/g;
    return { written, value: inner.replace(escapes, (_, char: string) => ESCAPES[char] ?? char) };
  }

  /** Takes a comment and the end of the line, from `start` on; `undefined` when something else follows. */
  #takeTail(start: number): string | undefined {
    this.#take(GAP_REGEXP);
    this.#take(COMMENT_REGEXP);
    const isEnd = this.#take(LINE_END_REGEXP) !== undefined || this.#at === this.#text.length;
    return isEnd ? this.#text.slice(start, this.#at) : undefined;
  }
}

interface Value {
  readonly written: string;
  readonly value: string;
}

const NO_VALUE: Value = Object.freeze({ written: "", value: "" });

/** Ends all lines in one way, as Python does when it reads a file. */
function withPlainLines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

function entryOf(parts: Pick<EntryPiece, "key" | "lead" | "tail"> & Partial<EntryPiece>): EntryPiece {
  return { kind: "entry", equals: "", written: "", value: undefined, ...parts };
}

/** Gives where a comment begins: at a `#` after white space. */
function commentStart(line: string): number {
  for (let at = line.indexOf("#", 1); at > 0; at = line.indexOf("#", at + 1)) {
    if (SPACE_REGEXP.test(line[at - 1]!)) return at;
  }
  return line.length;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE_REGEXP.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/**
 * Writes a value such that it is read back as it is: bare when it is plain, else in single quotes, which shells read
 * alike, else in double quotes with escapes. What looks like a reference is written as one to a dollar sign.
 */
export function quoteEnvValue(value: string): string {
  // references count within quotes of either kind, and no escape stops them
  const text = value.replaceAll("${", "${:-$}{");
  if (text === "" || BARE_REGEXP.test(text)) return text;
  if (!NEEDS_ESCAPES_REGEXP.test(text)) return `'${text}'`;
  const escaped = text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

/** Replaces the value of an entry; all else of it stays. */
export function withValue(entry: EntryPiece, value: string): string {
  const quoted = quoteEnvValue(value);
  const { lead, equals, tail } = entry;
  const hasComment = tail.includes("#");
  const written = quoted === "" && hasComment ? "''" : quoted;
  return `${lead}${equals || "="}${written}${tail.startsWith("#") ? " " : ""}${tail}`;
}
