/**
 * JSON values as types of TypeScript.
 *
 * @module
 */
import { isObject } from "../../../kernel/mod.ts";
import { atom, listOf, type MaybeType, memberName, type TypeText, unionOf } from "./type_text.ts";

const MOST_LITERALS = 60;
const LONGEST_STRING = 200;
const MOST_MEMBERS = 20;
const DEEPEST = 4;

/** Gives the type of those values alone; of many, what kinds they are. */
export function literalsOf(values: readonly unknown[]): MaybeType {
  if (values.length <= MOST_LITERALS) return unionOf(values.map((it) => literalOf(it, 0)));
  return unionOf(values.map(wide));
}

function literalOf(value: unknown, depth: number): TypeText {
  if (typeof value === "string" && value.length > LONGEST_STRING) return wide(value);
  if (typeof value === "number" && !Number.isFinite(value)) return wide(value);
  if (Array.isArray(value)) return listLiteral(value, depth);
  if (!isObject(value)) return atom(JSON.stringify(value) ?? "never");
  const members = Object.entries(value);
  if (depth >= DEEPEST || members.length > MOST_MEMBERS) return wide(value);
  if (members.some(([name]) => name.length > LONGEST_STRING)) return wide(value);
  if (members.length === 0) return atom("Record<string, never>");
  return atom(`{ ${members.map(([name, it]) => `${memberName(name)}: ${literalOf(it, depth + 1).text}`).join("; ")} }`);
}

function listLiteral(value: readonly unknown[], depth: number): TypeText {
  if (depth >= DEEPEST || value.length > MOST_MEMBERS) return listOf(undefined);
  return atom(`[${value.map((it) => literalOf(it, depth + 1).text).join(", ")}]`);
}

function wide(value: unknown): TypeText {
  if (Array.isArray(value)) return listOf(undefined);
  return atom(isObject(value) ? "object" : value === null ? "null" : typeof value);
}
