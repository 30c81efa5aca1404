/**
 * Reads the lists in brackets and the mappings in braces that plain YAML has on one line.
 *
 * @module
 */
import { typePlain, type YamlEntry, type YamlNode, type YamlOddity } from "./yaml_tree.ts";

// a bracket, brace or comma; a key with its colon; a text in quotes, of either kind; a word or several
const TOKEN_REGEXP =
  / *(?:([[\]{},])|([A-Za-z_][\w.-]{0,99}): +|"([^"\\]*)"|'([^']*)'|(-?[A-Za-z0-9_](?:[\w ./+-]*[\w./+-])?)) */y;
const DEEPEST_FLOW = 8;

/**
 * Reads a text that begins with a bracket or brace.
 *
 * @param line Number of its line.
 * @param oddities Takes one for each bracket or brace that opens.
 * @returns `undefined` when it is not that plain.
 */
export function readPlainFlow(text: string, line: number, oddities: YamlOddity[]): YamlNode | undefined {
  const reader = new FlowReader(text, line, oddities);
  const node = reader.readValue(0);
  return reader.isAtEnd ? node : undefined;
}

class FlowReader {
  readonly #text: string;
  readonly #line: number;
  readonly #oddities: YamlOddity[];
  #at = 0;

  constructor(text: string, line: number, oddities: YamlOddity[]) {
    this.#text = text;
    this.#line = line;
    this.#oddities = oddities;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  readValue(depth: number): YamlNode | undefined {
    const [, mark, , double, single, word] = this.#take();
    const quoted = double ?? single;
    const line = this.#line;
    if (quoted !== undefined) return { kind: "scalar", text: quoted, value: quoted, line };
    if (word !== undefined) return { kind: "scalar", text: word, value: typePlain(word), line };
    if ((mark !== "[" && mark !== "{") || depth === DEEPEST_FLOW) return undefined;
    this.#oddities.push({ kind: "flow", line });
    return mark === "[" ? this.#list(depth) : this.#map(depth);
  }

  #list(depth: number): YamlNode | undefined {
    const items: YamlNode[] = [];
    const list: YamlNode = { kind: "list", items, line: this.#line };
    if (this.#skip("]")) return list;
    for (;;) {
      const item = this.readValue(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
      const [, mark] = this.#take();
      if (mark === "]") return list;
      if (mark !== ",") return undefined;
    }
  }

  #map(depth: number): YamlNode | undefined {
    const entries = new Map<string, YamlEntry>();
    const map: YamlNode = { kind: "map", entries, line: this.#line };
    if (this.#skip("}")) return map;
    for (;;) {
      const [, , key] = this.#take();
      const value = key === undefined || key === "__proto__" || entries.has(key)
        ? undefined
        : this.readValue(depth + 1);
      if (value === undefined) return undefined;
      entries.set(key!, { line: this.#line, value });
      const [, mark] = this.#take();
      if (mark === "}") return map;
      if (mark !== ",") return undefined;
    }
  }

  #skip(mark: string): boolean {
    const isNext = this.#text[this.#at] === mark;
    if (isNext) this.#take();
    return isNext;
  }

  #take(): readonly (string | undefined)[] {
    TOKEN_REGEXP.lastIndex = this.#at;
    const token = TOKEN_REGEXP.exec(this.#text);
    if (token === null) return [];
    this.#at = TOKEN_REGEXP.lastIndex;
    return token;
  }
}
