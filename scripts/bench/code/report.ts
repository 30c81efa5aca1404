/**
 * What was found of code mode, for readers.
 *
 * @module
 */
import { spread, table } from "../markdown.ts";
import { type CodeResults, SUB_CALLS } from "./mod.ts";

/** Writes the section. */
export function codeSection({ subCalls, freshContext, freshInstance, languages, missing }: CodeResults): string[] {
  return [
    `Milliseconds of ${SUB_CALLS} calls of \`echo\`: one call of \`execute_code\`, whose code makes them, beside as many ` +
    "calls of the same client over HTTP, both until the client has the answer. The gain is how many times faster code is, " +
    "pair by pair. What a model takes to think between direct calls is not counted.",
    table(
      ["", "from code ms", "by the client ms", "gain"],
      subCalls.map(({ title, code, client, gain }) => [title, spread(code), spread(client), spread(gain)]),
    ),
    "Milliseconds of a small run of JavaScript, from the kernel's call of `execute_code` to its result, beside QuickJS in a " +
    "worker that evaluates the same and has nothing around it: with a fresh runtime and context in one engine, and with a " +
    "fresh instance of the engine. Each run of ours has an instance that was set back to what it was.",
    table(["", "run ms", "bare ms", "ratio"], [
      ["fresh context", spread(freshContext.own), spread(freshContext.other), spread(freshContext.ratio)],
      ["fresh instance", spread(freshInstance.own), spread(freshInstance.other), spread(freshInstance.ratio)],
    ]),
    ...(missing.length === 0 ? [] : [`Not measured: ${missing.join("; ")}.`]),
    "Milliseconds of a small run by language, inside: the first of a server that has just started, and the median of those " +
    "that follow one another.",
    table(["", "first ms", "warm ms"], languages.map(({ title, first, warm }) => [title, spread(first), spread(warm)])),
  ];
}
