/**
 * What was found of skills, for readers.
 *
 * @module
 */
import { number, spread, table } from "../markdown.ts";
import type { SkillLists, SkillTokens } from "./lists.ts";
import type { SkillResults } from "./mod.ts";
import { type SkillTimes, type StepName, STEPS, type Timing } from "./times.ts";

const STEP_NAMES = Object.keys(STEPS) as StepName[];

/** Writes the section. */
export function skillSection({ core, times, lists, tokens }: SkillResults): string[] {
  return [
    "missing" in core
      ? `Collet's library of skills; not compared with the package dcc-mcp-core: ${core.missing}.`
      : `Collet's library of skills beside ${core.version}, on the same folders of generated skills. Where the package ` +
        "has nothing of the kind, what it is compared with stands in brackets.",
    "Milliseconds in a process that was just started, without its own start, until the catalog is up to date:",
    timesTable(times),
    "One search each, of searches that follow one another, for 20 skills:",
    searchTable(times),
    "Whole lists of tools in a second of the program that ships, as it lists them by default, beside the same program " +
    "without skills. To find skills grows the nursery of the engine, whatever their number; collecting it then costs " +
    "lists more on Node.",
    listTable(lists),
    "Tokens of such lists:",
    tokenTable(tokens),
  ];
}

function timesTable(times: readonly SkillTimes[]): string {
  const rows = times.flatMap(({ skills, steps }) =>
    STEP_NAMES.map((name) => [STEPS[name].title, number(skills), ...cells(steps[name])])
  );
  return table(["", "skills", "Collet ms", "dcc-mcp-core ms", "ratio"], rows);
}

function searchTable(times: readonly SkillTimes[]): string {
  const rows = times.flatMap(({ skills, searches }) =>
    searches.map(({ query, ...timing }) => [query, number(skills), ...cells(timing)])
  );
  return table(["query", "skills", "Collet ms", "dcc-mcp-core ms", "ratio"], rows);
}

function cells({ own, other, ratio }: Timing): readonly string[] {
  return [spread(own), spread(other), spread(ratio)];
}

function listTable(lists: readonly SkillLists[]): string {
  const rows = lists.map(({ skills, tools, perSecond, cpuMs }) => [
    number(skills),
    number(tools),
    ...[perSecond.own, perSecond.other, perSecond.ratio, cpuMs.own, cpuMs.ratio].map((it) => spread(it)),
  ]);
  const head = ["skills", "tools", "lists/s", "without", "ratio", "processor ms/list", "ratio"];
  return table(head, rows);
}

function tokenTable(tokens: readonly SkillTokens[]): string {
  const rows = tokens.map(({ title, skills, tools, bytes, tokens }) => [
    title,
    ...[skills, tools, bytes, tokens].map(number),
  ]);
  return table(["", "skills", "tools", "bytes", "tokens"], rows);
}
