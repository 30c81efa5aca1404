/**
 * The parameters of messages, as scripts write them.
 *
 * @module
 */
import { type JsonObject, ToolError } from "../../kernel/mod.ts";

/** Refuses a message for its parameters: error -32602 of JSON-RPC. */
export class InvalidParams extends ToolError {
  override readonly name: string = "InvalidParams";
}

/**
 * Reads a text.
 *
 * @throws {InvalidParams} when it is missing or no text.
 */
export function readText(params: JsonObject, name: string): string {
  const value = params[name];
  if (typeof value !== "string") throw new InvalidParams(`"${name}" is missing, or no text`);
  return value;
}

/**
 * Reads an object.
 *
 * @throws {InvalidParams} when it is missing or no object.
 */
export function readObject(params: JsonObject, name: string): JsonObject {
  const value = params[name];
  if (!isJsonObject(value)) throw new InvalidParams(`"${name}" is missing, or no object`);
  return value;
}

/**
 * Reads a list of texts.
 *
 * @throws {InvalidParams} when it is missing or no such list.
 */
export function readTexts(params: JsonObject, name: string): readonly string[] {
  const value = params[name];
  if (!Array.isArray(value) || !value.every((it) => typeof it === "string")) {
    throw new InvalidParams(`"${name}" is missing, or no list of texts`);
  }
  return value;
}

/** Reads what may be left out; `null` is as if it was. */
export function readOptional<T>(
  params: JsonObject,
  name: string,
  read: (params: JsonObject, name: string) => T,
): T | undefined {
  const value = params[name];
  return value === undefined || value === null ? undefined : read(params, name);
}

/** Tells whether a value is an object of JSON, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
