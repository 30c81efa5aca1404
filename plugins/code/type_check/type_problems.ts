/**
 * What the compiler of TypeScript says, as mistakes in the lines of the code.
 *
 * @module
 */

/** A mistake that the compiler found. */
export interface TypeProblem {
  /** From 1, in the code. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  /** Number of the message, such as 2339. */
  readonly code: number;
}

/** Most problems that are told of; one mistake may cause many. */
const MOST_PROBLEMS = 50;
const LONGEST_MESSAGE = 1_000;
const PROBLEM_REGEXP = /^(.+?)\((\d+),(\d+)\): error TS(\d+): (.*)$/;
// hints that are of no use here: nothing can be installed
const HINT_REGEXP = / Do you need to (?:install type definitions|change your target library).*$/s;

// what code of other surroundings has, and none in here
const ABSENT_REGEXP =
  /^Cannot find name '(?:fetch|process|require|module|exports|Buffer|document|window|Deno|Bun|XMLHttpRequest|WebSocket)'/;
const ABSENT = "Code has no network, files, processes and modules of its own: tools have them";

/** Where the code stands in what was compiled. */
export interface CompiledCode {
  /** Name of its file, which has one line before it. */
  readonly file: string;
  readonly code: string;
}

/** Reads what `tsc --pretty false` wrote: a line for each mistake, and indented ones that explain it. */
export function readProblems(output: string, { file, code }: CompiledCode): readonly TypeProblem[] {
  const lines = code.split("\n");
  const problems: TypeProblem[] = [];
  let isOurs = false;
  for (const text of output.split(/\r?\n/)) {
    const match = PROBLEM_REGEXP.exec(text);
    const last = problems.at(-1);
    if (match === null) {
      if (isOurs && last !== undefined && text.startsWith("  ")) {
        problems[problems.length - 1] = { ...last, message: clip(`${last.message}\n${text}`) };
      }
      continue;
    }
    const [, path, line, column, number, message] = match;
    isOurs = path === file && problems.length < MOST_PROBLEMS;
    if (isOurs) problems.push({ ...placeIn(lines, Number(line) - 1, Number(column)), ...said(number!, message!) });
  }
  return problems;
}

// what is missing at the end, such as a brace, is missed behind the code
function placeIn(lines: readonly string[], line: number, column: number): Pick<TypeProblem, "line" | "column"> {
  if (line < 1) return { line: 1, column: 1 };
  if (line > lines.length) return { line: lines.length, column: lines.at(-1)!.length + 1 };
  return { line, column };
}

function said(number: string, message: string): Pick<TypeProblem, "message" | "code"> {
  const plain = message.replace(HINT_REGEXP, "");
  return { message: clip(ABSENT_REGEXP.test(plain) ? `${plain} ${ABSENT}` : plain), code: Number(number) };
}

function clip(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE - 1)}…`;
}

/** Writes problems for whoever wrote the code: its line under each. */
export function problemsText(problems: readonly TypeProblem[], code: string): string {
  const lines = code.split("\n");
  return problems.map(({ line, column, message, code: number }) => {
    const source = lines[line - 1]?.trim().slice(0, 160) ?? "";
    return `Line ${line}, column ${column}: ${message} (TS${number})${source === "" ? "" : `\n    ${source}`}`;
  }).join("\n");
}
