/**
 * How much of a model's attention the list of tools costs.
 *
 * @module
 */
import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";
import type { Measured } from "./bench.ts";
import type { ListedTool } from "./requests.ts";
import { makeScratchFolder } from "./scratch.ts";
import { summarize } from "./statistics.ts";
import { converse } from "./stdio_client.ts";
import { commandFor, type Runtime } from "./subjects.ts";
import { judge } from "./targets.ts";

/** Size of one list. */
export interface ListSize {
  readonly tools: number;
  /** Of the answer as it goes over the wire. */
  readonly bytes: number;
  /** Of what clients hand to a model: names, descriptions and input schemas. */
  readonly tokens: number;
  /** Tokens by tool, the largest first. */
  readonly byTool: readonly { readonly name: string; readonly tokens: number }[];
}

/** Size of the list by what `--expose` says. */
export interface TokenResults {
  readonly start: ListSize;
  readonly all: ListSize;
}

/** Which tokenizer counts: an open one, of the size that those of today's models have. */
export const TOKENIZER = "o200k_base";

/** Counts the tokens of the lists that the program gives with the plugins that ship, and no tool made yet. */
export async function measureTokens(runtime: Runtime): Promise<Measured<TokenResults>> {
  const results = { start: await sizeOf(runtime, "start"), all: await sizeOf(runtime, "all") };
  return { results, verdicts: [judge("tokens", runtime.name, summarize([results.start.tokens]))] };
}

let tokenizer: Tiktoken | undefined;

/** Counts the tokens of a text. */
export function tokensOf(text: string): number {
  // made when it is first needed, since that takes time
  tokenizer ??= new Tiktoken(o200k);
  return tokenizer.encode(text).length;
}

/** Counts the tokens of what a model is given of each tool. */
export function countTokens(tools: readonly ListedTool[]): Pick<ListSize, "tokens" | "byTool"> {
  const count = (value: unknown) => tokensOf(JSON.stringify(value));
  const given = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  return {
    tokens: count(given),
    byTool: given.map((tool) => ({ name: tool.name, tokens: count(tool) })).sort((a, b) => b.tokens - a.tokens),
  };
}

async function sizeOf(runtime: Runtime, expose: "start" | "all"): Promise<ListSize> {
  const home = await makeScratchFolder("home");
  const command = commandFor(runtime, "collet", { args: ["--home", home, "--expose", expose] });
  const [answer] = await converse(command, [{ id: 1, method: "tools/list" }]);
  const tools: readonly ListedTool[] = answer?.result.tools;
  return { tools: tools.length, bytes: answer?.bytes ?? NaN, ...countTokens(tools) };
}
