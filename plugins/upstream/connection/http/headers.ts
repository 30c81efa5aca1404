/**
 * The headers of a request that repeat what its body says, as revision 2026-07-28 wants them.
 *
 * @module
 */
import { isObject, type JsonObject, toBase64 } from "../../../../kernel/mod.ts";
import { ENVELOPE } from "../eras/revisions.ts";
import type { Flight } from "../wire.ts";

const NAME_PARAMS: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};
const PLAIN_REGEXP = /^(?!=\?base64\?)[!-~](?:[ -~]*[!-~])?$/;
const NAME_REGEXP = /^[\w!#$%&'*+.^`|~-]+$/;
const SCALARS: ReadonlySet<unknown> = new Set(["string", "integer", "boolean"]);
const DEEPEST = 16;

/** Where in the arguments of a tool the value of a header stands. */
export interface ParamHeader {
  readonly header: string;
  readonly path: readonly string[];
}

/** Gives the headers that go with a request; `undefined` where its revision has none. */
export function bodyHeaders({ method, params }: Flight): Record<string, string> | undefined {
  const version = isObject(params["_meta"]) ? params["_meta"][ENVELOPE.protocolVersion] : undefined;
  if (typeof version !== "string") return undefined;
  const name = params[NAME_PARAMS[method] ?? ""];
  return {
    "mcp-protocol-version": version,
    "mcp-method": method,
    ...(typeof name === "string" && { "mcp-name": headerValue(name) }),
  };
}

/** Writes a value so that a header can carry it. */
function headerValue(value: string): string {
  return PLAIN_REGEXP.test(value) ? value : `=?base64?${toBase64(new TextEncoder().encode(value))}?=`;
}

/** Lists which arguments of a tool go into headers (`x-mcp-header` in its schema). */
export function paramHeadersOf(tool: JsonObject): readonly ParamHeader[] {
  const found: ParamHeader[] = [];
  const walk = (schema: unknown, path: readonly string[]): void => {
    if (!isObject(schema) || !isObject(schema["properties"]) || path.length > DEEPEST) return;
    for (const [name, property] of Object.entries(schema["properties"])) {
      if (!isObject(property)) continue;
      const place = [...path, name];
      const header = property["x-mcp-header"];
      if (typeof header === "string" && NAME_REGEXP.test(header) && SCALARS.has(property["type"])) {
        found.push({ header: `mcp-param-${header.toLowerCase()}`, path: place });
      }
      walk(property, place);
    }
  };
  walk(tool["inputSchema"], []);
  return found;
}

/** Writes the headers for the arguments of a call. */
export function paramHeaders(declared: readonly ParamHeader[], args: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of declared) {
    let value = args;
    for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      headers[header] = headerValue(String(value));
    }
  }
  return headers;
}
