/**
 * Checks what a pipeline asks the user: clients show a form with one field for each property, and no more than that.
 *
 * Source: the Model Context Protocol, "Elicitation", requested schema.
 *
 * @module
 */
import { isObject } from "../../../kernel/mod.ts";
import type { InputStep } from "../definition.ts";
import type { Problems } from "../problems.ts";

const FIELD_TYPES: readonly unknown[] = ["string", "number", "integer", "boolean"];

/** Checks that clients can show the form of a step. */
export function checkQuestion({ schema, path }: InputStep, problems: Problems): void {
  const at = [...path, "wait_for_input"];
  if (schema === undefined) return;
  const { type = "object", properties } = schema;
  if (type !== "object" || !isObject(properties)) {
    const fix = 'write {"type": "object", "properties": {"answer": {"type": "string"}}}';
    problems.error([...at, "schema"], { message: "expected an object with properties", fix });
    return;
  }
  for (const [key, field] of Object.entries(properties)) {
    if (isField(field)) continue;
    problems.error([...at, "schema", "properties", key], {
      message: "no field of a form: expected string, number, integer, boolean, or a list of choices",
      fix: "ask for it as several fields, or as text",
    });
  }
}

function isField(field: unknown): boolean {
  if (!isObject(field)) return false;
  const { type, enum: values, oneOf, items } = field;
  // several choices of a list
  if (type === "array") return isObject(items) && (Array.isArray(items["enum"]) || Array.isArray(items["anyOf"]));
  return FIELD_TYPES.includes(type) || type === undefined && (Array.isArray(values) || Array.isArray(oneOf));
}
