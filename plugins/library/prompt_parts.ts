/**
 * What prompts that make tools have in common: arguments, checks, and blocks of Markdown.
 *
 * @module
 */
import * as v from "valibot";
import { ErrorCode, isItemName, type JsonObject, ProtocolError, type Toolbox } from "../../kernel/mod.ts";

/** Schema of an argument that names a new tool. */
export const NewName: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.check((name) => isItemName(name), "expected 1 to 64 of A-Z a-z 0-9 _ -"),
  v.description("Name of the tool: 1 to 64 of A-Z a-z 0-9 _ -"),
);

/** Schema of an argument that says what a new tool does. */
export const Purpose: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, "expected a text that is not empty"),
  v.description("What the tool does and when to use it"),
);

/** Makes the error of an argument that does not fit. */
export function invalidArgument(prompt: string, message: string): ProtocolError {
  return new ProtocolError(ErrorCode.invalidParams, `Invalid arguments for prompt "${prompt}": ${message}`);
}

/** Whether a new tool replaces one, and what to tell of it. */
export interface NameUse {
  readonly overwrite: boolean;
  /** A paragraph, or nothing. */
  readonly note: string;
}

/**
 * Looks who has a name.
 *
 * @throws {ProtocolError} when it is that of a tool which was not made at run time.
 */
export function useOfName(
  name: string,
  { prompt, library, toolbox, advice = "" }: {
    readonly prompt: string;
    /** Finds tools made at run time. */
    readonly library: { get(name: string): { readonly state: string } | undefined };
    readonly toolbox: Pick<Toolbox, "get">;
    /** Follows what is told of a tool that is replaced, such as `; to build on it, …`; nothing by default. */
    readonly advice?: string;
  },
): NameUse {
  const stored = library.get(name);
  const owner = toolbox.get(name)?.owner;
  if (owner !== undefined && (stored === undefined || stored.state === "unavailable")) {
    throw invalidArgument(prompt, `"name": "${name}" is a tool of plugin "${owner}"; choose another name`);
  }
  if (stored === undefined) return { overwrite: false, note: "" };
  const note =
    `A tool of this name is there already. This call replaces it and keeps the old one as a version${advice}.\n\n`;
  return { overwrite: true, note };
}

/** Writes a value as a block of JSON. */
export function jsonBlock(value: JsonObject): string {
  return codeBlock("json", JSON.stringify(value, null, 2));
}

/** Writes code as a block, fenced by more backticks than any line of it begins with. */
export function codeBlock(language: string, code: string): string {
  const runs = [...code.matchAll(/^ *(`{3,})/gm)].map(([, run]) => run!.length);
  const fence = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return `${fence}${language}\n${code.replace(/\n$/, "")}\n${fence}`;
}
