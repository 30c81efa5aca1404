/**
 * How many tokens code mode saves, for readers.
 *
 * @module
 */
import { number, table } from "../markdown.ts";
import { TOKENIZER } from "../tokens.ts";
import type { SavedTokens, WayTokens } from "./mod.ts";

/** Writes the section. */
export function savedSection(tasks: readonly SavedTokens[]): string[] {
  const row = (title: string, way: string, it: WayTokens) => [
    title,
    way,
    number(it.calls),
    number(it.list),
    number(it.written),
    number(it.read),
    number(it.all),
    number(it.readAgain),
    number(it.readAgainOneByOne),
  ];
  const rows = tasks.flatMap(({ title, direct, code }) => [row(title, "direct", direct), row(title, "code", code)]);
  const shares = tasks.map(({ title, saved, savedWithoutLists, direct, code }) => [
    title,
    percent(saved),
    percent(savedWithoutLists),
    percent(1 - code.readAgain / direct.readAgain),
    percent(1 - code.readAgainOneByOne / direct.readAgainOneByOne),
  ]);
  return [
    "## Tokens that code mode saves",
    "Tasks over fifty tools, done through the SDK's client by direct calls and by code. Tokens are those of the list of " +
    "tools, of each call as JSON (written), and of the texts of each answer (read), by the tokenizer " +
    `${TOKENIZER}: in all, each thing once. The list of direct calls is that of a server with the fifty tools alone; ` +
    "that of code mode is all that Collet lists as it ships, and its search for tools counts as a call. The user's words " +
    "and the last answer are the same on both sides and are not counted. A model reads what was before again at each turn: " +
    "the last columns are the sum of that, with calls that can go out together in one turn, and with one call a turn.",
    table(["task", "", "calls", "list", "written", "read", "in all", "with turns", "one call a turn"], rows),
    "What is saved, of the tokens in all, of those without the lists, and of those with turns. Below zero, code mode costs " +
    "more: where there is one call, or where the model has to read whatever the tools give, there is nothing to save but " +
    "the list.",
    table(["task", "in all", "without lists", "with turns", "one call a turn"], shares),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
