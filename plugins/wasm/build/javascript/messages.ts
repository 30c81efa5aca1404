/**
 * Reads what esbuild says for people; its program has no other way.
 *
 * @module
 */
import type { Diagnostic } from "../compiler.ts";
import { foreignMessage } from "./inputs.ts";

/** Begins a message: `✘ [ERROR] Unexpected ";"`; a warning ends with its name. */
const HEAD_REGEXP = /^(?:✘|▲|X|!) \[(ERROR|WARNING)\] (.*)$/;
const NAME_REGEXP = / \[([a-z0-9-]+)\]$/;
const PLACE_REGEXP = /^ {4}(\S.*):(\d+):(\d+):$/;
const UNRESOLVED_REGEXP = /^Could not resolve "(.*)"$/;
const PACKAGE_REGEXP = /^(?:@[^/]+\/)?[^./][^/]*/;
const PACKAGES_REGEXP = /^.*?\/(?=node_modules\/)/;

/** One message, as esbuild printed it. */
interface Message {
  readonly severity: "error" | "warning";
  readonly text: string;
  readonly lines: string[];
}

/** Reads errors and warnings, in order. Of files that are none of the tool, nothing is told. */
export function readMessages(output: string): readonly Diagnostic[] {
  const messages: Message[] = [];
  for (const line of output.split(/\r?\n/)) {
    const [, kind, text] = HEAD_REGEXP.exec(line) ?? [];
    if (text === undefined) messages.at(-1)?.lines.push(line);
    else messages.push({ severity: kind === "ERROR" ? "error" : "warning", text, lines: [] });
  }
  return messages.map(toDiagnostic);
}

function toDiagnostic({ severity, text, lines }: Message): Diagnostic {
  const [, code] = severity === "warning" ? NAME_REGEXP.exec(text) ?? [] : [];
  const plain = code === undefined ? text : text.replace(NAME_REGEXP, "");
  // the first place is that of the message, others are those of its notes
  const place = lines.map((line) => PLACE_REGEXP.exec(line)).find((found) => found !== null);
  const [, path, line, column] = place ?? [];
  const file = path === undefined ? undefined : fileOf(path);
  // what is wrong in a file of this machine tells what is in it
  if (path !== undefined && file === undefined) return { severity, message: foreignMessage("a file") };
  return {
    severity,
    ...(file !== undefined && { file, line: Number(line), column: Number(column) + 1 }),
    ...(code !== undefined && { code }),
    message: explain(plain, lines),
  };
}

function fileOf(path: string): string | undefined {
  const plain = path.replace(PACKAGES_REGEXP, "");
  return plain.startsWith("/") || plain.startsWith("../") ? undefined : plain;
}

/** Says what to do, which esbuild does for those who call it themselves. */
function explain(text: string, lines: readonly string[]): string {
  const [, name] = UNRESOLVED_REGEXP.exec(text) ?? [];
  if (name === undefined) return text;
  const isOfNode = name.startsWith("node:") || lines.some((line) => line.includes("is built into node"));
  if (isOfNode) {
    return `cannot import "${name}": there are no modules of Node in here; ` +
      "ctx.files reads and writes granted files, and ctx.callTool calls what has the rest";
  }
  if (name.startsWith("/") || name.startsWith("../")) return foreignMessage(name);
  if (name.startsWith(".")) return `cannot import "${name}": there is no such file; pass it in "files"`;
  const [packageName = name] = PACKAGE_REGEXP.exec(name) ?? [];
  return `cannot import "${name}": package "${packageName}" is not installed; name it in "dependencies"`;
}
