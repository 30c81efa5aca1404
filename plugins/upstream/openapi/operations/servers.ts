/**
 * Addresses of an API.
 *
 * @module
 */
import { isObject, ToolError } from "../../../../kernel/mod.ts";
import type { OpenApiDocument } from "../document/document.ts";
import { isApiAddress } from "../../openapi_target.ts";

/** Most characters of an address. */
const LONGEST = 2_048;

/**
 * Gives the base address of an operation: the first server of the first list that has one.
 *
 * @param lists Those of the operation and of its path, which win over that of the document.
 * @throws {ToolError} when it is no address.
 */
export function serverOf(document: OpenApiDocument, lists: readonly unknown[]): string {
  const list = [...lists, document.root["servers"]].find((it) => Array.isArray(it) && it.length > 0) as unknown;
  const server: unknown = Array.isArray(list) ? list[0] : { url: "/" };
  const written = isObject(server) && typeof server["url"] === "string" ? server["url"] : "/";
  if (written.length > LONGEST) throw new ToolError(`its server is longer than ${LONGEST} characters; pass "base_url"`);
  const filled = written.replaceAll(/\{([^{}]*)\}/g, (found, name: string) => valueOf(server, name) ?? found);
  const base = document.address === "" ? undefined : document.address;
  const url = URL.canParse(filled, base) ? new URL(filled, base).href : filled;
  if (isApiAddress(url)) return url.replace(/[?#].*$/, "").replace(/\/+$/, "");
  throw new ToolError(`its server is "${written.slice(0, 200)}", which is no http or https address; pass "base_url"`);
}

function valueOf(server: unknown, name: string): string | undefined {
  const variables = isObject(server) && isObject(server["variables"]) ? server["variables"] : {};
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const value = isObject(variable) ? variable["default"] : undefined;
  return value === undefined ? undefined : String(value);
}
