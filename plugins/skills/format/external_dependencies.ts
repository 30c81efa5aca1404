/**
 * Reads what a skill needs from outside of all skills.
 *
 * @module
 */
import { type Field, FieldMap, itemsOf, parseJson, readChoice, readMap, readText } from "./fields.ts";
import { EXTERNAL_DEPENDENCY_TYPES, type ExternalDependency } from "./metadata_parts.ts";
import { inQuotes } from "./quoting.ts";
import { nodeOfJson } from "./yaml_tree.ts";

/** Reads a list, a mapping that has one under `tools`, or the JSON text of either. */
export function readExternalDependencies(field: Field | undefined): ExternalDependency[] {
  if (field === undefined) return [];
  const value = field.value.kind === "scalar" ? nodeOfJson(parseJson(field.value.text) ?? null) : field.value;
  const parsed = value?.kind === "list" || value?.kind === "map" ? { ...field, value } : field;
  const list = parsed.value.kind === "list" ? parsed : readMap(parsed) && FieldMap.of(parsed)?.get("tools");
  return itemsOf(list).map(readDependency).filter((it) => it !== undefined);
}

function readDependency(field: Field): ExternalDependency | undefined {
  const fields = readMap(field) && FieldMap.of(field);
  if (fields === undefined) return undefined;
  const written = fields.get("type");
  const type = written === undefined ? "mcp" : readChoice(written, EXTERNAL_DEPENDENCY_TYPES);
  const value = readText(fields.get("value")) ?? "";
  if (type === undefined || value === "") {
    const message = `The dependency ${inQuotes(field.name)} has no ${
      type === undefined ? "type" : "value"
    }; it is left out`;
    const remedy = 'Write "type: env_var" and "value: NAME", or another type';
    field.findings.error({ rule: "external-dependency", message, remedy, line: field.line });
    return undefined;
  }
  const texts = ["description", "transport", "command", "url"].map((key) => [key, readText(fields.get(key))]);
  return { type, value, ...Object.fromEntries(texts.filter(([, text]) => text !== undefined)) };
}
