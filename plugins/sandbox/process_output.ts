/**
 * What the programs write that install and compile: read to its end, each line told as it comes.
 *
 * @module
 */
import type { Process, ProcessExit } from "../../kernel/mod.ts";

const LONGEST_LINE = 200;
const CREDENTIALS_REGEXP = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
// deno-lint-ignore no-control-regex -- colours, where a program prints them all the same
const COLOUR_REGEXP = /\x1b\[[0-9;]*[A-Za-z]/g;

/** How a process ended, and what it wrote. */
export interface FinishedProcess {
  readonly exit: ProcessExit;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the output of a process is read. */
export interface ReadOptions {
  /** About how many characters of each stream are kept. */
  readonly longest: number;
  /** Hears of the last line of each piece of stderr, fit to be shown, 200 characters at most; nobody does by default. */
  readonly report?: (line: string) => void;
}

/** Reads what a process writes, to its end. */
export async function readAll(process: Process, { longest, report }: ReadOptions): Promise<FinishedProcess> {
  const [stdout, stderr, exit] = await Promise.all([
    readStream(process.stdout, { longest }),
    readStream(process.stderr, { longest, ...(report !== undefined && { report }) }),
    process.exited,
  ]);
  return { exit, stdout, stderr };
}

async function readStream(stream: AsyncIterable<string>, { longest, report }: ReadOptions): Promise<string> {
  let text = "";
  let line = "";
  for await (const piece of stream) {
    if (text.length < longest) text += piece;
    const lines = (line + piece).split(/[\r\n]+/);
    line = (lines.pop() ?? "").slice(-LONGEST_LINE);
    const last = lines.filter((it) => it.trim() !== "").at(-1);
    if (last !== undefined) report?.(withoutCredentials(withoutColours(last)).trim().slice(0, LONGEST_LINE));
  }
  return text;
}

/** Takes colours out of a text. */
export function withoutColours(text: string): string {
  return text.replace(COLOUR_REGEXP, "");
}

/** Takes users and passwords out of the addresses in a text: those of indexes and proxies hold some. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS_REGEXP, "$1***@");
}
