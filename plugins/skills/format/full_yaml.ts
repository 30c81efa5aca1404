/**
 * Reads any YAML by the library, within bounds: what a hostile text costs is proportional to its length, and small.
 *
 * @module
 */
import { Composer, CST, type Document, isAlias, isMap, isScalar, isSeq, Lexer, Parser, type YAMLError } from "yaml";
import { inQuotes } from "./quoting.ts";
import {
  DEEPEST,
  finiteOr,
  type YamlDocument,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
  type YamlOddity,
  type YamlProblem,
  type YamlScalar,
} from "./yaml_tree.ts";

/** Most tokens of a text; a long list of tools has some ten thousand. */
const MOST_TOKENS = 50_000;
/** Most values of a text, each alias counted with all it stands for, and long texts as several. */
const MOST_NODES = 50_000;
/** Characters of a text that count as one value more. */
const CHARACTERS_OF_NODE = 64;
/** Most problems that are told of one text. */
const MOST_PROBLEMS = 20;
/** Characters of a message of the library, which may quote what it found. */
const LONGEST_MESSAGE = 200;
/** How many constructions may be open at a time; each level of nesting opens one or two. */
const DEEPEST_STACK = 4 * DEEPEST;

const OPTIONS = {
  schema: "core",
  merge: false,
  resolveKnownTags: false,
  // found here, with both lines; the library compares each key with each
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "silent",
} as const;

const ODD_TOKENS: Readonly<Record<string, YamlOddity["kind"]>> = {
  "flow-seq-start": "flow",
  "flow-map-start": "flow",
  anchor: "anchor",
  alias: "alias",
  tag: "tag",
  "directive-line": "directive",
};
// in these a tab is not what a space is, to YAML 1.1 at least
const TABLESS = ["plain", "space"];

/** What {@linkcode readFullYaml} read. */
export interface FullYaml extends YamlDocument {
  /** Lines on which YAML saw something else where a plain text was probably meant. */
  readonly mendable: ReadonlySet<number>;
}

/** Thrown, and caught here, when a bound is reached. */
class Excess {
  readonly problem: YamlProblem;

  constructor(problem: YamlProblem) {
    this.problem = problem;
  }
}

/**
 * Reads a text.
 *
 * @param firstLine Number of its first line.
 */
export function readFullYaml(text: string, firstLine: number): FullYaml {
  const lines = new LineFinder(text, firstLine);
  const oddities: YamlOddity[] = [];
  try {
    const documents = [...new Composer(OPTIONS).compose(tokensOf(text, lines, oddities), true, text.length)];
    const errors = documents.flatMap((document) => document.errors);
    const problems = [...errors.map((error) => problemOf(error, lines)), ...surplusOf(documents, lines)];
    if (problems.length > 0) {
      const mendable = new Set(errors.filter(isMendable).map((error) => lines.at(error.pos[0])));
      return { root: undefined, problems: problems.slice(0, MOST_PROBLEMS), oddities, mendable };
    }
    const converter = new Converter(lines);
    const root = converter.convertRoot(documents[0]?.contents);
    return { root, problems: converter.problems, oddities, mendable: new Set() };
  } catch (thrown) {
    if (!(thrown instanceof Excess)) throw thrown;
    return { root: undefined, problems: [thrown.problem], oddities, mendable: new Set() };
  }
}

/** Gives the tokens of a text to the composer, unless there are too many or they are nested too deep. */
function* tokensOf(text: string, lines: LineFinder, oddities: YamlOddity[]): Generator<CST.Token> {
  const parser = new Parser();
  let count = 0;
  for (const { lexeme, type } of lexemesOf(text)) {
    const { offset } = parser;
    if (++count > MOST_TOKENS) {
      throw new Excess({ rule: "yaml-too-large", message: "The YAML has too many parts", line: lines.at(offset) });
    }
    const kind = TABLESS.includes(type) && lexeme.includes("\t") ? "tab" : ODD_TOKENS[type];
    if (kind !== undefined) oddities.push({ kind, line: lines.at(offset) });
    yield* parser.next(lexeme);
    if (parser.stack.length > DEEPEST_STACK) throw tooDeep(lines.at(offset));
  }
  yield* parser.end();
}

/** Splits a text; the lexer's types, but for plain and block scalars, which it tells by what comes before them. */
function* lexemesOf(text: string): Generator<{ readonly lexeme: string; readonly type: string }> {
  let [scalar, isNext] = ["plain", false];
  for (const lexeme of new Lexer().lex(text)) {
    const type = isNext ? scalar : CST.tokenType(lexeme) ?? "";
    yield { lexeme, type };
    if (type === "block-scalar-header") scalar = "block";
    else if (isNext) scalar = "plain";
    isNext = type === "scalar";
  }
}

function tooDeep(line: number | undefined): Excess {
  return new Excess({ rule: "yaml-too-deep", message: `Values are nested more than ${DEEPEST} deep`, line });
}

function problemOf({ pos: [offset], message }: YAMLError, lines: LineFinder): YamlProblem {
  return {
    rule: "yaml-syntax",
    message: `This is not YAML: ${message.slice(0, LONGEST_MESSAGE)}`,
    line: lines.at(offset),
  };
}

function surplusOf([, second]: readonly Document.Parsed[], lines: LineFinder): YamlProblem[] {
  if (second === undefined) return [];
  const line = lines.at(second.range[0]);
  return [{ rule: "yaml-documents", message: "The YAML has a second document", line, remedy: "Keep one of them" }];
}

/** Tells whether a text begins or goes on, where the library saw an error, as only a quoted one may. */
function isMendable({ code, message }: YAMLError): boolean {
  return code === "BLOCK_AS_IMPLICIT_KEY" || code === "BAD_SCALAR_START" || message.endsWith(" at node end");
}

/** Finds the line of an offset. */
class LineFinder {
  readonly #starts: number[] = [0];
  readonly #firstLine: number;

  constructor(text: string, firstLine: number) {
    this.#firstLine = firstLine;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  at(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return this.#firstLine + low;
  }
}

/** What an anchor stands for: of how many values it is made, and how deep they are nested. */
interface Anchored {
  readonly node: YamlNode;
  readonly count: number;
  readonly height: number;
}

/** Makes a tree of the library's nodes. */
class Converter {
  readonly problems: YamlProblem[] = [];
  readonly #lines: LineFinder;
  readonly #anchors = new Map<string, Anchored>();
  #count = 0;

  constructor(lines: LineFinder) {
    this.#lines = lines;
  }

  convertRoot(contents: unknown): YamlNode | undefined {
    return contents === null || contents === undefined ? undefined : this.#convert(contents, 0, 0);
  }

  /** @param line That of the key or list item before it, for a value that is not written. */
  #convert(node: unknown, line: number, depth: number): YamlNode {
    if (isAlias(node)) return this.#resolve(node.source, this.#lineOf(node, line), depth);
    const before = this.#count++;
    this.#checkCount(line);
    if (depth > DEEPEST) throw tooDeep(line);
    const converted = this.#convertValue(node, line, depth);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, { node: converted, count: this.#count - before, height: heightOf(converted) });
    }
    return converted;
  }

  #convertValue(node: unknown, line: number, depth: number): YamlNode {
    if (isMap(node)) return this.#convertMap(node, depth);
    if (isSeq(node)) {
      const own = this.#lineOf(node, line);
      const items = node.items.map((item) => this.#convert(item, this.#lineOf(item, own), depth + 1));
      return { kind: "list", items, line: own };
    }
    if (!isScalar(node)) return { kind: "scalar", text: "", value: null, line };
    const text = typeof node.value === "string" ? node.value : node.source ?? "";
    this.#count += Math.floor(text.length / CHARACTERS_OF_NODE);
    return {
      kind: "scalar",
      text,
      value: valueOf(node.value, text),
      line: text === "" ? line : this.#lineOf(node, line),
    };
  }

  #convertMap(map: { readonly items: readonly unknown[] }, depth: number): YamlMap {
    const entries = new Map<string, YamlEntry>();
    const own = this.#lineOf(map, 0);
    for (const item of map.items) {
      const { key, value } = item as { readonly key: unknown; readonly value: unknown };
      const line = this.#lineOf(key, own);
      const name = this.#convert(key, line, depth + 1);
      const converted = this.#convert(value, line, depth + 1);
      if (this.#isUsable(name, line, entries)) entries.set(name.text, { line, value: converted });
    }
    return { kind: "map", entries, line: own };
  }

  #isUsable(name: YamlNode, line: number, entries: ReadonlyMap<string, YamlEntry>): name is YamlScalar {
    if (name.kind !== "scalar") {
      this.#report({ rule: "yaml-key", message: "A key is no text; it is left out", line });
      return false;
    }
    if (name.text === "__proto__") {
      this.#report({ rule: "yaml-key", message: 'The key "__proto__" is left out', line, remedy: "Rename it" });
      return false;
    }
    const first = entries.get(name.text);
    if (first === undefined) return true;
    const message = `The key ${
      inQuotes(name.text)
    } is there twice, on lines ${first.line} and ${line}; the first counts`;
    this.#report({ rule: "yaml-duplicate-key", message, line, remedy: "Keep one of them" });
    return false;
  }

  #resolve(anchor: string, line: number, depth: number): YamlNode {
    const found = this.#anchors.get(anchor);
    if (found === undefined) {
      const message = `The alias ${inQuotes(`*${anchor}`)} stands for nothing before it`;
      this.#report({ rule: "yaml-alias", message, line });
      return { kind: "scalar", text: "", value: null, line };
    }
    this.#count += found.count;
    this.#checkCount(line);
    if (depth + found.height > DEEPEST) throw tooDeep(line);
    return found.node;
  }

  #checkCount(line: number): void {
    if (this.#count <= MOST_NODES) return;
    const message = `The YAML stands for more than ${MOST_NODES} values`;
    throw new Excess({ rule: "yaml-too-large", message, line });
  }

  #lineOf(node: unknown, otherwise: number): number {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    return range?.[0] === undefined ? otherwise : this.#lines.at(range[0]);
  }

  #report(problem: YamlProblem): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }
}

function heightOf(node: YamlNode): number {
  if (node.kind === "scalar") return 0;
  const children = node.kind === "list" ? node.items : [...node.entries.values()].map(({ value }) => value);
  return children.reduce((height, child) => Math.max(height, 1 + heightOf(child)), 0);
}

function valueOf(value: unknown, text: string): YamlScalar["value"] {
  if (typeof value === "number") return finiteOr(text, value);
  return value === null || typeof value === "boolean" ? value : text;
}
