/**
 * What a schema says beyond types, for comments.
 *
 * @module
 */
import { isObject } from "../../../kernel/mod.ts";
import { commentText } from "./type_text.ts";

const LONGEST_DESCRIPTION = 500;
const LONGEST_VALUE = 100;
const MOST_EXAMPLES = 2;

const BOUNDS = [
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minItems",
  "maxItems",
  "uniqueItems",
  "default",
];

/** Gives the lines about a schema: what it describes, then its bounds as tags. */
export function describeSchema(schema: unknown): readonly string[] {
  if (!isObject(schema)) return [];
  const { description, title, examples, deprecated } = schema;
  const text = [description, title].find((it) => typeof it === "string" && it.trim() !== "") as string | undefined;
  const bounds = BOUNDS.filter((it) => schema[it] !== undefined && schema[it] !== false)
    .map((it) => schema[it] === true && it === "uniqueItems" ? `@${it}` : `@${it} ${valueText(schema[it])}`);
  const shown = Array.isArray(examples) ? examples.slice(0, MOST_EXAMPLES) : [];
  const tags = [
    ...(deprecated === true ? ["@deprecated"] : []),
    ...bounds,
    ...shown.map((it) => `@example ${valueText(it)}`),
  ];
  return [
    ...(text === undefined ? [] : [commentText(text, LONGEST_DESCRIPTION)]),
    ...(tags.length === 0 ? [] : [tags.join(" ")]),
  ].filter((it) => it !== "");
}

function valueText(value: unknown): string {
  return commentText(typeof value === "string" ? value : JSON.stringify(value) ?? "", LONGEST_VALUE);
}
