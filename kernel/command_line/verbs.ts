/**
 * The commands that every program has: `serve`, `list`, `call` and `doctor`.
 *
 * @module
 */
import process from "node:process";
import { createCall, LOCAL_PRINCIPAL } from "../call.ts";
import { type Content, isObject, type ToolResult } from "../content.ts";
import { Toolbox } from "../contracts.ts";
import { KernelError, messageOf } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { didYouMean } from "../near_names.ts";
import type { ProgramIo } from "./io.ts";

/** What a command of our own can use. */
export interface VerbContext {
  readonly args: readonly string[];
  readonly json: boolean;
  readonly io: ProgramIo;
}

/** Describes a command. */
export interface VerbInfo {
  readonly name: string;
  readonly usage?: string;
  readonly description: string;
}

/** The commands of every program, as help shows them. */
export const OWN_VERBS: readonly VerbInfo[] = [
  { name: "serve", description: "Serve MCP clients; the command when none is given" },
  { name: "list", usage: "[tools|resources|prompts|plugins]", description: "List what there is; tools by default" },
  { name: "call", usage: "TOOL [JSON|-]", description: "Call a tool with arguments, or with those on stdin" },
  { name: "doctor", description: "Tell what works on this machine, and what to do about the rest" },
];

/** Kinds that `list` knows, with what it prints of each item. */
const LISTS: Readonly<Record<string, (kernel: Kernel) => readonly ListedItem[]>> = {
  tools: (kernel) =>
    kernel.get(Toolbox)!.list().map(({ name, owner, description, inputSchema }) => ({
      name,
      text: description,
      json: { name, owner, description, inputSchema },
    })),
  resources: (kernel) =>
    kernel.resources.entries().map(({ key: uri, owner, definition: { name, description } }) => ({
      name: uri,
      text: description ?? name,
      json: { uri, name, owner, description },
    })),
  prompts: (kernel) =>
    kernel.prompts.entries().map(({ key: name, owner, definition: { description } }) => ({
      name,
      text: description,
      json: { name, owner, description },
    })),
  plugins: (kernel) =>
    kernel.inspect().map(({ name, version, description, state, ms, owns }) => ({
      name,
      text: `${version}, ${Math.round(ms)} ms${description === undefined ? "" : `: ${description}`}`,
      json: { name, version, description, state, ms, owns },
    })),
};

interface ListedItem {
  readonly name: string;
  readonly text: string;
  readonly json: unknown;
}

/**
 * Lists tools, resources, prompts or plugins.
 *
 * @throws {KernelError} `OPTION_INVALID` for another kind.
 */
export function list(kernel: Kernel, { args, json, io }: VerbContext): number {
  const [kind = "tools", ...rest] = args;
  assertNoMore("list", rest);
  const read = Object.hasOwn(LISTS, kind) ? LISTS[kind] : undefined;
  if (read === undefined) {
    const kinds = Object.keys(LISTS);
    throw new KernelError(
      "OPTION_INVALID",
      `Cannot list "${kind}": expected ${kinds.join(", ")}${didYouMean(kind, kinds)}`,
    );
  }
  const items = read(kernel);
  if (json) {
    io.print(JSON.stringify(items.map((item) => item.json), null, 2));
    return 0;
  }
  const width = Math.max(0, ...items.map((item) => item.name.length));
  for (const { name, text } of items) io.print(`${name.padEnd(width)}  ${firstLine(text)}`.trimEnd());
  return 0;
}

/**
 * Calls a tool, and prints its result. Gives 1 when the call failed.
 *
 * @throws {KernelError} `OPTION_INVALID` when the arguments are no JSON object, or there is no such tool.
 */
export async function call(kernel: Kernel, { args, json, io, signal }: VerbContext & {
  readonly signal: AbortSignal;
}): Promise<number> {
  const [name, text = "{}", ...rest] = args;
  if (name === undefined) {
    throw new KernelError("OPTION_INVALID", "Cannot call: the name of a tool is missing", {
      fix: 'write "call TOOL JSON"; see "list tools"',
    });
  }
  assertNoMore("call", rest);
  if (kernel.tools.get(name) === undefined) {
    const near = didYouMean(name, kernel.tools.entries().map((entry) => entry.key));
    throw new KernelError("OPTION_INVALID", `Cannot call "${name}": there is no such tool${near}`, {
      fix: 'see "list tools"',
    });
  }
  const result = await kernel.call(
    name,
    parseInput(text === "-" ? await readStdin() : text),
    createCall({
      signal,
      principal: LOCAL_PRINCIPAL,
      log: (level, message) => io.warn(`${level}: ${message}`),
    }),
  );
  printResult(result, { json, io });
  return result.isError ? 1 : 0;
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text;
}

function parseInput(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new KernelError("OPTION_INVALID", `Cannot read the arguments: ${messageOf(thrown)}`, {
      fix: `give one JSON object, such as '{"name":"value"}', or "-" to read it from stdin`,
    });
  }
  if (isObject(value)) return value;
  throw new KernelError("OPTION_INVALID", `Cannot use the arguments ${JSON.stringify(value)}: expected a JSON object`);
}

function printResult(result: ToolResult, { json, io }: Pick<VerbContext, "json" | "io">): void {
  if (json) {
    io.print(JSON.stringify(result, null, 2));
    return;
  }
  const write = result.isError ? io.warn : io.print;
  for (const block of result.content) write(textOfBlock(block));
}

function textOfBlock(block: Content): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `(${block.type}: ${block.mimeType})`;
    case "resource":
      return "text" in block.resource ? block.resource.text : `(resource: ${block.resource.uri})`;
    case "resource_link":
      return block.uri;
  }
}

/**
 * Refuses words that a command has no use for.
 *
 * @throws {KernelError} `OPTION_INVALID`.
 */
export function assertNoMore(verb: string, rest: readonly string[]): void {
  if (rest.length === 0) return;
  throw new KernelError("OPTION_INVALID", `Cannot use "${rest[0]}": "${verb}" takes no more than was given before it`, {
    fix: "see --help",
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
