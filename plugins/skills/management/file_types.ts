/**
 * What the files of a skill are, by their names and their beginnings.
 *
 * @module
 */
import type { FileStat } from "../../../kernel/mod.ts";
import { lastPart } from "../discovery/rules.ts";

const TYPES: Readonly<Record<string, string>> = {
  py: "python",
  ...{ sh: "shell", bash: "shell", zsh: "shell" },
  ...{ js: "javascript", mjs: "javascript", cjs: "javascript" },
  ...{ ts: "typescript", mts: "typescript", cts: "typescript" },
  rb: "ruby",
  md: "markdown",
  json: "json",
  ...{ yaml: "yaml", yml: "yaml" },
  txt: "text",
  env: "env",
};
/** Types whose files are scripts, whatever their permissions. */
const SCRIPTS: ReadonlySet<string> = new Set(["python", "shell", "javascript", "typescript", "ruby"]);
const ENDING_REGEXP = /\.([^.]+)$/;
// the first line of a block of PEP 723, at the beginning of a line and nothing behind it
const METADATA_REGEXP = /^# \/\/\/ script[ \t]*\r?$/m;
const ANY_EXECUTE = 0o111;

/** Names the type of a file by its ending. */
export function fileType(path: string): string {
  const ending = ENDING_REGEXP.exec(lastPart(path))?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(TYPES, ending) ? TYPES[ending]! : "unknown";
}

/** Tells whether what is in a file decides what is told of it. */
export function isTextAsked(path: string): boolean {
  const type = fileType(path);
  return type === "python" || !SCRIPTS.has(type);
}

/** Tells whether a file is a script: by its ending, by its first line, or by its permissions. */
export function isScriptFile(
  path: string,
  { stat, text }: { readonly stat: FileStat; readonly text: string },
): boolean {
  return SCRIPTS.has(fileType(path)) || text.startsWith("#!") || ((stat.mode ?? 0) & ANY_EXECUTE) !== 0;
}

/** Tells whether a script of Python declares what it needs, as PEP 723 has it. */
export function hasInlineMetadata(text: string): boolean {
  return METADATA_REGEXP.test(text);
}
