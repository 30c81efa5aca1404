/**
 * Reads YAML as people write it: a plain value that YAML takes for something else, such as one with `: ` in it, is read
 * once more as if it were in quotes.
 *
 * @module
 */
import type { Findings } from "./diagnostics.ts";
import type { FullYaml } from "./full_yaml.ts";
import { readPlainYaml } from "./plain_yaml.ts";
import type { YamlNode, YamlOddity } from "./yaml_tree.ts";

/** What {@linkcode readYaml} works with. */
export interface YamlOptions {
  /** Number of the text's first line; 1 by default. */
  readonly firstLine?: number;
  /** What is wrong in the text is added here. */
  readonly findings: Findings;
}

/** What {@linkcode readYaml} gives. */
export interface ReadYaml {
  /** Absent when the text is empty or cannot be read. */
  readonly root: YamlNode | undefined;
  /** Whether the text could be read. */
  readonly isRead: boolean;
  readonly oddities: readonly YamlOddity[];
  /** Lines that were read as if their value were in quotes. */
  readonly mended: readonly number[];
}

/** Reads a text. */
export async function readYaml(text: string, { firstLine = 1, findings }: YamlOptions): Promise<ReadYaml> {
  const plain = readPlainYaml(text, firstLine);
  if (plain !== undefined) return { root: plain.root, isRead: true, oddities: plain.oddities, mended: [] };
  // most skills do without the library, and so does a server that has only such
  const { readFullYaml } = await import("./full_yaml.ts");
  const first = readFullYaml(text, firstLine);
  const mending = mend(text, first, firstLine);
  const second = mending && readFullYaml(mending.text, firstLine);
  const isMended = second !== undefined && isRead(second);
  const read = isMended ? second : first;
  for (const line of isMended ? mending!.lines : []) {
    findings.warning({
      rule: "yaml-mended",
      message: "The value is no YAML as it stands, and was read as if it were in quotes",
      remedy: "Put the value in double quotes",
      line,
    });
  }
  for (const problem of read.problems) findings.error(problem);
  return { root: read.root, isRead: isRead(read), oddities: read.oddities, mended: isMended ? mending!.lines : [] };
}

/** Tells whether what is wrong in a text lost only parts of it. */
function isRead({ root, problems }: FullYaml): boolean {
  return root !== undefined || problems.length === 0;
}

const PLAIN_VALUE_REGEXP = /^( *(?:- +)*)([\w.-]+: +)([^ "'{|>&!#].*)$/;

/** Puts values in quotes where YAML saw something else; `undefined` when there is nothing that this may help. */
function mend(
  text: string,
  { mendable }: FullYaml,
  firstLine: number,
): { readonly text: string; readonly lines: readonly number[] } | undefined {
  const lines = text.split("\n");
  const mended: number[] = [];
  for (const number of mendable) {
    const at = number - firstLine;
    const [, indent, key, value] = PLAIN_VALUE_REGEXP.exec(lines[at] ?? "") ?? [];
    if (indent === undefined || key === undefined || value === undefined) continue;
    let end = at + 1;
    while (end < lines.length && isContinued(lines[end]!, indent.length)) end++;
    const parts = [value, ...lines.slice(at + 1, end)].map(escapeQuotes);
    const last = parts.length - 1;
    parts[0] = `${indent}${key}"${parts[0]}`;
    parts[last] = `${withoutComment(parts[last]!)}"`;
    lines.splice(at, parts.length, ...parts);
    mended.push(number);
  }
  return mended.length === 0 ? undefined : { text: lines.join("\n"), lines: mended };
}

function isContinued(line: string, indent: number): boolean {
  const own = line.length - line.trimStart().length;
  return own > indent && own < line.length;
}

function withoutComment(text: string): string {
  const at = text.indexOf(" #");
  return (at < 0 ? text : text.slice(0, at)).trimEnd();
}

function escapeQuotes(text: string): string {
  return text.replace(/[\\"]/g, "\\$&");
}
