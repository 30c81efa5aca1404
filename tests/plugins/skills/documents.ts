/**
 * Reads sections and tables of the documentation, for tests of what it tells.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inRepository } from "../../support/root.ts";

/** Reads a file of the repository. */
export function readDocument(path: string): string {
  return readFileSync(inRepository(path), "utf8");
}

/** Gives what stands below a heading, up to the next one that is as high. */
export function sectionOf(text: string, heading: string): string {
  const [, below] = text.split(`\n${heading}\n`);
  assert.ok(below !== undefined, heading);
  const level = heading.slice(0, heading.indexOf(" "));
  return below.split(`\n${level} `)[0]!;
}

/** Gives the rows of the table whose first column has a heading, each as its cells. */
export function rowsOf(section: string, heading: string): readonly (readonly string[])[] {
  const lines = section.split("\n");
  const start = lines.findIndex((line) => cellsOf(line)[0] === heading);
  assert.ok(start >= 0, heading);
  const rest = lines.slice(start + 2);
  return rest.slice(0, rest.findIndex((line) => !line.startsWith("|"))).map(cellsOf);
}

/** Gives what is written as code in a text, but for blocks. */
export function wordsOf(text: string): readonly string[] {
  return [...text.replace(/^```.*?^```$/gms, "").matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
}

function cellsOf(line: string): readonly string[] {
  return line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
}
