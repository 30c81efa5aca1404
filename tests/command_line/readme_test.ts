import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LIMITS } from "../../kernel/command_line/limits.ts";
import { settingsTable } from "../../kernel/command_line/settings.ts";
import { inRepository } from "../support/root.ts";

/** Rows of Markdown tables, without the spaces by which they are aligned. */
function rowsOf(markdown: string): string[] {
  return markdown.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.split(/(?<!\\)\|/).map((cell) => cell.trim()).join("|")
  );
}

const readme = readFileSync(inRepository("README.md"), "utf8");

test("the README has the table of settings, every row and no other", () => {
  const [header, line, ...rows] = rowsOf(settingsTable());
  const written = rowsOf(readme);
  const start = written.indexOf(header!);
  assert.ok(start >= 0 && line !== undefined, "the table of settings is not in the README");
  const end = written.findIndex((row, i) => i > start && row.startsWith("|limit|"));
  assert.deepEqual(written.slice(start + 2, end), rows);
});

test("the README has every limit with its default, and no other", () => {
  const expected = Object.values(LIMITS).map((limit) => `|\`${limit.key}\`|${limit.default}|${limit.description}|`);
  const written = rowsOf(readme);
  const start = written.findIndex((row) => row.startsWith("|limit|"));
  assert.deepEqual(written.slice(start + 2, start + 2 + expected.length), expected);
  assert.match(written[start + 2 + expected.length] ?? "", /^\|request\|/);
});
