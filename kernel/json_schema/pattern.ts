/**
 * Regular expressions of schemas, matched in time linear in the text: the program of Thompson (1968) is run on all
 * its states at once, as Pike's matcher does without captures, so that no pattern makes it backtrack.
 *
 * The syntax is that of ECMA-262, which JSON Schema asks for. Look-behind and back-references are refused.
 * Single characters and classes are left to the engine of the runtime, one code point at a time.
 *
 * @module
 */

/** Spends steps of the budget of a validation; throws when it is used up. */
export type Spend = (steps: number) => void;

/** A compiled regular expression. */
export interface Pattern {
  /** Number of states, for limits on whole schemas. */
  readonly size: number;
  /** Tells whether the pattern matches somewhere in the text. */
  test(text: string, spend: Spend): boolean;
}

type Position = "start" | "end" | "boundary" | "inside";
type Accepts = (codePoint: number) => boolean;

type Tree =
  | { readonly kind: "char"; readonly accepts: Accepts }
  | { readonly kind: "at"; readonly position: Position }
  | { readonly kind: "ahead"; readonly item: Tree; readonly isNegated: boolean }
  | { readonly kind: "sequence"; readonly items: readonly Tree[] }
  | { readonly kind: "choice"; readonly items: readonly Tree[] }
  | { readonly kind: "repeat"; readonly item: Tree; readonly min: number; readonly max: number };

type Instruction =
  | { readonly op: "char"; readonly accepts: Accepts }
  | { readonly op: "at"; readonly position: Position }
  | { readonly op: "ahead"; readonly program: Program; readonly isNegated: boolean }
  | { readonly op: "fork"; targets: number[] }
  | { readonly op: "match" };
type Program = readonly Instruction[];

const MAX_LENGTH = 5_000;
const MAX_NESTING = 100;
const MAX_STATES = 20_000;
const QUANTIFIER_REGEXP = /[*+?]|\{(\d+)(,?)(\d*)\}/y;
const ESCAPE_REGEXP =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]*\}|[^])/uy;
const CLASS_REGEXP = /\[(?:\\[^]|[^\]\\])*\]/uy;

/**
 * Compiles a regular expression.
 *
 * @throws {Error} with the reason, when it is not one or cannot be matched in linear time.
 */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_LENGTH) throw new Error(`longer than ${MAX_LENGTH} characters`);
  const program: Instruction[] = [];
  emit(new Parser(source, flagsOf(source)).parse(), program);
  program.push({ op: "match" });
  return { size: sizeOf(program), test: (text, spend) => run(program, text, { from: 0, isSearch: true, spend }) };
}

// many patterns in use, such as `[\w-.]`, are valid only without the flag
function flagsOf(source: string): string {
  for (const flags of ["u", ""]) {
    try {
      new RegExp(source, flags);
      return flags;
    } catch (thrown) {
      if (flags === "") throw new Error(`not a regular expression of ECMA-262 (${(thrown as Error).message})`);
    }
  }
  return "";
}

function sizeOf(program: Program): number {
  return program.reduce((sum, it) => sum + 1 + (it.op === "ahead" ? sizeOf(it.program) : 0), 0);
}

// ---- parser: the runtime has accepted the source, so only its structure is read here ----

class Parser {
  readonly #source: string;
  readonly #flags: string;
  #at = 0;
  #nesting = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#flags = flags;
  }

  parse(): Tree {
    if (++this.#nesting > MAX_NESTING) throw new Error(`groups nested more than ${MAX_NESTING} deep`);
    const choices: Tree[] = [];
    let items: Tree[] = [];
    while (this.#at < this.#source.length && this.#source[this.#at] !== ")") {
      if (this.#source[this.#at] === "|") {
        this.#at++;
        choices.push({ kind: "sequence", items });
        items = [];
      } else items.push(this.#quantified(this.#term()));
    }
    this.#nesting--;
    choices.push({ kind: "sequence", items });
    return choices.length === 1 ? choices[0]! : { kind: "choice", items: choices };
  }

  #quantified(item: Tree): Tree {
    const found = this.#take(QUANTIFIER_REGEXP);
    if (found === undefined) return item;
    if (this.#source[this.#at] === "?") this.#at++; // lazy or greedy is the same to a test
    const [sign, min, comma, max] = found;
    if (sign === "*") return { kind: "repeat", item, min: 0, max: Infinity };
    if (sign === "+") return { kind: "repeat", item, min: 1, max: Infinity };
    if (sign === "?") return { kind: "repeat", item, min: 0, max: 1 };
    return { kind: "repeat", item, min: Number(min), max: max ? Number(max) : comma ? Infinity : Number(min) };
  }

  #term(): Tree {
    const char = this.#source[this.#at]!;
    if (char === "(") return this.#group();
    if (char === "[") return this.#native(this.#take(CLASS_REGEXP)![0]);
    if (char === "\\") return this.#escape();
    if (char === ".") return this.#native(this.#source[this.#at++]!);
    if (char === "^" || char === "$") {
      this.#at++;
      return { kind: "at", position: char === "^" ? "start" : "end" };
    }
    const codePoint = this.#source.codePointAt(this.#at)!;
    this.#at += codePoint > 0xffff ? 2 : 1;
    return { kind: "char", accepts: (it) => it === codePoint };
  }

  #group(): Tree {
    const head = this.#take(/\((?:\?(?:[:=!]|<(?![=!])[^>]*>)?)?/y)![0];
    if (head === "(?") throw new Error("look-behind and inline flags are not supported");
    const item = this.parse();
    this.#at++; // the closing bracket
    if (head === "(?=" || head === "(?!") return { kind: "ahead", item, isNegated: head === "(?!" };
    return item;
  }

  #escape(): Tree {
    const escape = this.#take(ESCAPE_REGEXP)![0];
    if (/^\\[1-9k]/.test(escape)) throw new Error("back-references are not supported");
    const isBroken = escape === "\\c" || (this.#flags === "" && /^\\(?:[pP]|u)\{/.test(escape));
    if (isBroken) throw new Error(`"${escape}" is not used as ECMA-262 has it`);
    if (escape === "\\b" || escape === "\\B") {
      return { kind: "at", position: escape === "\\b" ? "boundary" : "inside" };
    }
    return this.#native(escape);
  }

  // one code point at a time, which no engine can spend long on; answers for ASCII are kept
  #native(source: string): Tree {
    const regexp = new RegExp(`^(?:${source})$`, this.#flags);
    const known: (boolean | undefined)[] = [];
    const ask: Accepts = (codePoint) => regexp.test(String.fromCodePoint(codePoint));
    return { kind: "char", accepts: (it) => it < 128 ? known[it] ??= ask(it) : ask(it) };
  }

  #take(regexp: RegExp): RegExpExecArray | undefined {
    regexp.lastIndex = this.#at;
    const found = regexp.exec(this.#source) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

// ---- program ----

function emit(tree: Tree, program: Instruction[]): void {
  if (program.length > MAX_STATES) {
    throw new Error(`more than ${MAX_STATES} states once its repetitions are written out`);
  }
  switch (tree.kind) {
    case "char":
      program.push({ op: "char", accepts: tree.accepts });
      break;
    case "at":
      program.push({ op: "at", position: tree.position });
      break;
    case "ahead": {
      const inner: Instruction[] = [];
      emit(tree.item, inner);
      program.push({ op: "ahead", program: [...inner, { op: "match" }], isNegated: tree.isNegated });
      break;
    }
    case "sequence":
      for (const item of tree.items) emit(item, program);
      break;
    case "choice":
      emitChoice(tree.items, program);
      break;
    case "repeat":
      emitRepeat(tree, program);
  }
}

function fork(program: Instruction[], ...targets: number[]): number[] {
  program.push({ op: "fork", targets });
  return targets;
}

function emitChoice(items: readonly Tree[], program: Instruction[]): void {
  const starts = fork(program);
  const exits: number[][] = [];
  for (const item of items) {
    starts.push(program.length);
    emit(item, program);
    exits.push(fork(program));
  }
  for (const exit of exits) exit.push(program.length);
}

function emitRepeat({ item, min, max }: Tree & { kind: "repeat" }, program: Instruction[]): void {
  // enough to go over the limit, which `emit` sees to; an empty item never would
  const most = Math.min(max === Infinity ? min : max, MAX_STATES + 2);
  const exits: number[][] = [];
  for (let i = 0; i < most; i++) {
    if (i >= min) exits.push(fork(program, program.length + 1));
    const before = program.length;
    emit(item, program);
    if (program.length === before) break;
  }
  if (max === Infinity) {
    const loop = program.length;
    exits.push(fork(program, loop + 1));
    emit(item, program);
    fork(program, loop);
  }
  for (const exit of exits) exit.push(program.length);
}

// ---- matcher ----

interface RunOptions {
  readonly from: number;
  /** Whether a match may begin later than `from`. */
  readonly isSearch: boolean;
  readonly spend: Spend;
}

function run(program: Program, text: string, { from, isSearch, spend }: RunOptions): boolean {
  const first = program[0]!;
  const isAnchored = first.op === "at" && first.position === "start";
  const seenAt = new Int32Array(program.length).fill(-1);
  spend(1 + (program.length >> 5));
  let states: number[] = [];
  for (let index = from;;) {
    const pending = index === from || (isSearch && !isAnchored) ? [...states, 0] : states;
    const reached = follow(program, pending, { text, index, seenAt, spend });
    if (reached === "match") return true;
    if (index >= text.length || (reached.length === 0 && (!isSearch || isAnchored))) return false;
    const codePoint = text.codePointAt(index)!;
    states = [];
    for (const state of reached) {
      if ((program[state] as { accepts: Accepts }).accepts(codePoint)) states.push(state + 1);
    }
    index += codePoint > 0xffff ? 2 : 1;
  }
}

interface Place {
  readonly text: string;
  readonly index: number;
  /** Index at which each state was last visited, so that none is visited twice at one place. */
  readonly seenAt: Int32Array;
  readonly spend: Spend;
}

/** Follows the instructions that consume nothing; gives the states that wait for a character. */
function follow(program: Program, pending: number[], { text, index, seenAt, spend }: Place): number[] | "match" {
  const waiting: number[] = [];
  let visited = 1;
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    if (seenAt[state] === index) continue;
    seenAt[state] = index;
    visited++;
    const instruction = program[state]!;
    if (instruction.op === "match") return "match";
    if (instruction.op === "char") waiting.push(state);
    else if (instruction.op === "fork") pending.push(...instruction.targets);
    else if (instruction.op === "at") {
      if (isAt(instruction.position, text, index)) pending.push(state + 1);
    } else if (run(instruction.program, text, { from: index, isSearch: false, spend }) !== instruction.isNegated) {
      pending.push(state + 1);
    }
  }
  spend(visited);
  return waiting;
}

function isAt(position: Position, text: string, index: number): boolean {
  if (position === "start") return index === 0;
  if (position === "end") return index === text.length;
  const isBoundary = isWord(text.charCodeAt(index - 1)) !== isWord(text.charCodeAt(index));
  return isBoundary === (position === "boundary");
}

// of one UTF-16 unit, NaN beyond the text
function isWord(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95;
}
