/**
 * Results that are more than a value: content of the protocol, which a script of revision 2 may answer with.
 *
 * @module
 */
import type { Content, JsonObject, ToolResult } from "../../kernel/mod.ts";
import type { ToolOutput } from "../library/contract.ts";

/**
 * Reads the value that a script answered. From revision 2 on, an object with `content` is a whole result, when every
 * entry of it is content of MCP; in revision 1, and otherwise, it is a value like any other.
 */
export function toOutput(value: unknown, protocol: number): ToolOutput {
  return protocol >= 2 && isWhole(value) ? { result: value } : { value };
}

function isWhole(value: unknown): value is ToolResult {
  if (!isObject(value) || !Array.isArray(value["content"])) return false;
  const { isError, _meta: meta } = value;
  return value["content"].every(isContent) && (isError === undefined || typeof isError === "boolean") &&
    (meta === undefined || isObject(meta));
}

function isContent(block: unknown): block is Content {
  if (!isObject(block)) return false;
  switch (block["type"]) {
    case "text":
      return isText(block["text"]);
    case "image":
    case "audio":
      return isText(block["data"]) && isText(block["mimeType"]);
    case "resource_link":
      return isText(block["uri"]) && isText(block["name"]);
    case "resource":
      return isResource(block["resource"]);
    default:
      return false;
  }
}

function isResource(value: unknown): boolean {
  return isObject(value) && isText(value["uri"]) && (isText(value["text"]) || isText(value["blob"]));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
