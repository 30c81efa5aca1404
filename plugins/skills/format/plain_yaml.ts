/**
 * Reads the plain YAML that most skills are written in: block mappings and lists of one-line scalars and of texts after
 * `|` and `>`, and one-line lists and mappings of words. Whatever else there is makes it give up, and the library reads
 * the text instead; what it reads, the library would read the same.
 *
 * @module
 */
import { isBlockHead, readPlainBlock } from "./plain_block.ts";
import { readPlainFlow } from "./plain_flow.ts";
import { typePlain, type YamlDocument, type YamlEntry, type YamlNode, type YamlOddity } from "./yaml_tree.ts";

// tabs, control characters, line breaks that are none to YAML, byte order marks
const UNUSUAL_REGEXP = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const KEY_REGEXP = /^([A-Za-z_][\w.-]{0,99}):(?: +|$)/;
const DOUBLE_QUOTED_REGEXP = /^"([^"\\]*)"$/;
const SINGLE_QUOTED_REGEXP = /^'([^']*)'$/;
// what may not begin a plain scalar, or makes it something else
const INDICATORS = "-?:,[]{}#&*!|>'\"%@`";
const DEEPEST_PLAIN = 16;

/** A line that is neither empty nor a comment. */
interface Line {
  indent: number;
  text: string;
  readonly number: number;
}

/** Thrown, and caught here, when the text is not that plain. */
const NOT_PLAIN = Symbol("not plain");

/**
 * Reads a plain text.
 *
 * @param firstLine Number of its first line.
 * @returns `undefined` when it is not that plain.
 */
export function readPlainYaml(text: string, firstLine: number): YamlDocument | undefined {
  if (UNUSUAL_REGEXP.test(text)) return undefined;
  const raws = text.split("\n");
  const lines = linesOf(raws, firstLine);
  if (lines.length === 0 || lines[0]!.indent !== 0) return undefined;
  try {
    const reader = new PlainReader(lines, { raws, firstLine });
    return { root: reader.readAll(), problems: [], oddities: reader.oddities };
  } catch (thrown) {
    if (thrown === NOT_PLAIN) return undefined;
    throw thrown;
  }
}

function linesOf(raws: readonly string[], firstLine: number): Line[] {
  const lines: Line[] = [];
  for (let index = 0; index < raws.length; index++) {
    const raw = raws[index]!;
    let indent = 0;
    while (raw.charCodeAt(indent) === 0x20) indent++;
    if (indent === raw.length || raw[indent] === "#") continue;
    let end = raw.length;
    while (raw.charCodeAt(end - 1) === 0x20) end--;
    lines.push({ indent, text: raw.slice(indent, end), number: firstLine + index });
  }
  return lines;
}

function isItem(line: Line): boolean {
  return line.text.startsWith("- ");
}

// trim() would take other kinds of space too, which are text to YAML
function trimSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) === 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) === 0x20) end--;
  return text.slice(start, end);
}

class PlainReader {
  readonly oddities: YamlOddity[] = [];
  readonly #lines: Line[];
  readonly #raws: readonly string[];
  readonly #firstLine: number;
  #at = 0;

  constructor(lines: Line[], { raws, firstLine }: { readonly raws: readonly string[]; readonly firstLine: number }) {
    this.#lines = lines;
    this.#raws = raws;
    this.#firstLine = firstLine;
  }

  readAll(): YamlNode {
    const root = this.#block(0, 0);
    if (this.#at < this.#lines.length) throw NOT_PLAIN;
    return root;
  }

  /** Reads the mapping or list whose lines begin at `indent`. */
  #block(indent: number, depth: number): YamlNode {
    if (depth > DEEPEST_PLAIN) throw NOT_PLAIN;
    return isItem(this.#lines[this.#at]!) ? this.#list(indent, depth) : this.#map(indent, depth);
  }

  #map(indent: number, depth: number): YamlNode {
    const entries = new Map<string, YamlEntry>();
    const { number } = this.#lines[this.#at]!;
    for (let line = this.#next(indent); line !== undefined; line = this.#next(indent)) {
      if (isItem(line)) break;
      const found = KEY_REGEXP.exec(line.text);
      const key = found?.[1];
      if (found === null || key === undefined || key === "__proto__" || entries.has(key)) throw NOT_PLAIN;
      this.#at++;
      const rest = line.text.slice(found[0].length);
      entries.set(key, {
        line: line.number,
        value: rest === "" ? this.#below(line, indent, depth) : this.#scalar(rest, line, indent),
      });
    }
    return { kind: "map", entries, line: number };
  }

  #list(indent: number, depth: number): YamlNode {
    const items: YamlNode[] = [];
    const { number } = this.#lines[this.#at]!;
    for (let line = this.#next(indent); line !== undefined && isItem(line); line = this.#next(indent)) {
      const rest = trimSpaces(line.text.slice(1));
      if (KEY_REGEXP.test(rest)) {
        // a mapping that begins behind its dash goes on below its first key
        line.indent += line.text.length - rest.length;
        line.text = rest;
        items.push(this.#map(line.indent, depth + 1));
      } else {
        this.#at++;
        items.push(this.#scalar(rest, line, indent));
      }
    }
    return { kind: "list", items, line: number };
  }

  /** Gives the next line of a block; none when it is over. */
  #next(indent: number): Line | undefined {
    const line = this.#lines[this.#at];
    if (line === undefined || line.indent < indent) return undefined;
    if (line.indent > indent) throw NOT_PLAIN;
    return line;
  }

  /** Reads the value of a key that has none on its line. */
  #below(key: Line, indent: number, depth: number): YamlNode {
    const line = this.#lines[this.#at];
    if (line !== undefined && line.indent > indent) return this.#block(line.indent, depth + 1);
    if (line !== undefined && line.indent === indent && isItem(line)) return this.#list(indent, depth + 1);
    return { kind: "scalar", text: "", value: null, line: key.number };
  }

  #scalar(text: string, { number: line }: Line, indent: number): YamlNode {
    if (isBlockHead(text)) return this.#text(text, line, indent);
    const next = this.#lines[this.#at];
    if (next !== undefined && next.indent > indent) throw NOT_PLAIN;
    if (text.startsWith("[") || text.startsWith("{")) {
      const node = readPlainFlow(text, line, this.oddities);
      if (node === undefined) throw NOT_PLAIN;
      return node;
    }
    const quoted = DOUBLE_QUOTED_REGEXP.exec(text)?.[1] ?? SINGLE_QUOTED_REGEXP.exec(text)?.[1];
    if (quoted !== undefined) return { kind: "scalar", text: quoted, value: quoted, line };
    if (INDICATORS.includes(text[0]!) || text.endsWith(":") || text.includes(": ") || text.includes(" #")) {
      throw NOT_PLAIN;
    }
    return { kind: "scalar", text, value: typePlain(text), line };
  }

  /** Reads a text over several lines. */
  #text(head: string, line: number, indent: number): YamlNode {
    const start = line - this.#firstLine + 1;
    const block = readPlainBlock(head, { raws: this.#raws, start, indent });
    if (block === undefined) throw NOT_PLAIN;
    while ((this.#lines[this.#at]?.number ?? Infinity) < block.end + this.#firstLine) this.#at++;
    return { kind: "scalar", text: block.text, value: block.text, line };
  }
}
