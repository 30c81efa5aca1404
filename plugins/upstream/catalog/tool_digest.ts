/**
 * The digest of a tool, by which a change of it is seen.
 *
 * @module
 */
import { type JsonObject, sha256 } from "../../../kernel/mod.ts";

const PINNED = ["name", "description", "inputSchema", "outputSchema", "annotations"] as const;

/** Computes the SHA-256 of what a model goes by when it calls a tool, in hex; the order of keys does not count. */
export async function digestOfTool(tool: JsonObject): Promise<string> {
  return await sha256(canonicalJson(Object.fromEntries(PINNED.map((key) => [key, tool[key]]))));
}

/** Writes JSON without space, and with the keys of each object in the order of their code units. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, it]) => it !== undefined);
  // the order of code units, which is not that of a language
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, it]) => `${JSON.stringify(key)}:${canonicalJson(it)}`).join(",")}}`;
}
