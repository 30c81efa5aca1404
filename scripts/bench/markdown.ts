/**
 * How numbers and tables are written in the report.
 *
 * @module
 */
import type { Summary } from "./statistics.ts";

/** Writes a median and its quartiles. */
export function spread(summary: Summary | undefined, unit = 1): string {
  if (summary === undefined) return "";
  const { count, median, low, high } = summary;
  if (count === 1) return number(median / unit);
  return `${number(median / unit)} (${number(low / unit)}–${number(high / unit)})`;
}

/** Writes a number with three digits that count, and all of its integer part. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "unknown";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

/** Writes a table; all columns but the first hold numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => i === 0 ? "---" : "---:")), ...rows.map(line)].join("\n");
}
