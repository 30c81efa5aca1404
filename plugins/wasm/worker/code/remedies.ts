/**
 * What to write in place of what does not work in code: engines say that something is wrong, and not how it is mended.
 *
 * @module
 */
import type { ToolTable } from "./tool_table.ts";

/** What code does that would import. */
export const IMPORT_REMEDY = "write what is needed into the code, and call tools for what lies outside";

const IMPORT_REGEXP = /^\s*import\b(?!\s*[(.])/;
const EXPORT_REGEXP = /^\s*export\b/;
const FENCE_REGEXP = /^\s*```/;
/** What the engine says where `await` is taken for a name. */
const EXPECTING_REGEXP = /^expecting '[;,)\]}]'/;
const UNKNOWN_REGEXP = /^ReferenceError: '(.+)' is not defined$/;

/** Globals of other places. */
const MODULE_NAMES: ReadonlySet<string> = new Set(["require", "module", "exports", "__dirname", "__filename"]);
const OUTSIDE_NAMES: ReadonlySet<string> = new Set(
  ["process", "Buffer", "Deno", "Bun", "window", "document", "localStorage", "XMLHttpRequest", "WebSocket"],
);

/** A place where the engine could not read on. */
export interface SyntaxPlace {
  readonly lines: readonly string[];
  /** What the engine says. */
  readonly what: string;
  /** Counted from 1; beyond the last line where it read to the end of the code. */
  readonly line: number | undefined;
  /** Counted from 1; of the source without types. */
  readonly column: number | undefined;
}

/** Says what to mend, where that can be told. */
export function syntaxRemedy({ lines, what, line, column }: SyntaxPlace): string | undefined {
  const shown = lines[(line ?? 0) - 1];
  // a text in another line may look like one
  for (const it of line === undefined ? lines : [shown ?? ""]) {
    if (IMPORT_REGEXP.test(it)) return `there are no modules to import in here: ${IMPORT_REMEDY}`;
    if (EXPORT_REGEXP.test(it)) return 'code exports nothing: leave out "export", and give the result by "return"';
  }
  if (line !== undefined && line > lines.length) {
    return `${what}; the code ends here, and a bracket, a brace or a text was not closed before, or was closed twice`;
  }
  const isAwait = column === undefined
    ? /\bawait\s/.test(shown ?? "")
    : /\bawait\s+$/.test((shown ?? "").slice(0, column - 1));
  if (!isAwait || !EXPECTING_REGEXP.test(what)) return undefined;
  return 'the function around this "await" is not async: write "async" before it, such as async () => …';
}

/** Says that code stands in a block of Markdown, which the engine may read as texts. */
export function fenceRemedy(code: string): string | undefined {
  return FENCE_REGEXP.test(code) ? "leave out the lines with ```: they belong to Markdown, not to the code" : undefined;
}

/**
 * Says more of a name that is not there.
 *
 * @param message What was thrown, whatever it is.
 * @param name The tool that runs the code.
 * @param tools Gives the tools that the code reaches.
 */
export function nameRemedy(message: string, name: string, tools: () => ToolTable): string {
  const [, unknown] = UNKNOWN_REGEXP.exec(message) ?? [];
  if (unknown === undefined) return message;
  if (unknown === name) return `${message}: code does not call it`;
  if (MODULE_NAMES.has(unknown)) return `${message}: there are no modules in here: ${IMPORT_REMEDY}`;
  if (OUTSIDE_NAMES.has(unknown)) {
    return `${message}: code has no network, files, processes and modules of its own: tools have them`;
  }
  if (unknown === "print") return `${message}; did you mean console.log?`;
  return `${message}${tools().meant(unknown)}`;
}
