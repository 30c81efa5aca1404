/**
 * Servers as tools on disk: manifests of the kind `mcp`, those that skillz wrote among them.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import type { ManifestDraft } from "../../library/contract.ts";
import { IMPORT_ORIGIN, type UpstreamDefinition } from "../definition.ts";
import { readEntry, writeEntry } from "./entry.ts";
import { literal } from "./references.ts";

/** The `tool_type` of these manifests. */
export const KIND = "mcp";

/**
 * Reads the server of a manifest.
 *
 * @param options `secrets` are names of secrets that a tool of skillz is given as variables, as it always was.
 * @throws {ToolError} saying what does not fit.
 */
export async function readManifestServer(
  manifest: ManifestDraft,
  { secrets = [] }: { readonly secrets?: readonly string[] } = {},
): Promise<UpstreamDefinition> {
  const { name, mcp_server: server, disabled = false, format } = manifest;
  // skillz knew no references, and marked as disabled what had failed to start once
  const entry = isObject(server) && format === undefined ? withoutReferences(server) : server;
  const definition = await readEntry(entry, { name, origin: IMPORT_ORIGIN, isOurs: format !== undefined });
  const isDisabled = definition.isDisabled || (format !== undefined && disabled);
  const { target } = definition;
  if (secrets.length === 0 || target.kind !== "stdio") return { ...definition, isDisabled };
  const own = Object.fromEntries(secrets.map((secret) => [secret, `\${secret:${secret}}`]));
  return { ...definition, isDisabled, target: { ...target, env: { ...own, ...target.env } } };
}

/** Makes the manifest of a server. */
export function manifestOf(definition: UpstreamDefinition, description: string): ManifestDraft {
  const { name, isDisabled } = definition;
  return {
    name,
    description,
    tool_type: KIND,
    format: 1,
    mcp_server: writeEntry({ ...definition, isDisabled: false }),
    input_schema: { type: "object", properties: {}, additionalProperties: false },
    annotations: { title: `MCP server ${name}`, readOnlyHint: true, openWorldHint: false },
    disabled: isDisabled,
  };
}

/** Makes a manifest say what its server is in the form that Collet writes, whoever wrote it. */
export function normalised(manifest: ManifestDraft, definition: UpstreamDefinition): ManifestDraft {
  const server = writeEntry({ ...definition, isDisabled: false });
  return { ...manifest, mcp_server: server, disabled: definition.isDisabled, format: 1 };
}

function withoutReferences(value: JsonObject): JsonObject {
  const change = (it: unknown): unknown => {
    if (typeof it === "string") return literal(it);
    if (Array.isArray(it)) return it.map(change);
    return isObject(it) ? Object.fromEntries(Object.entries(it).map(([key, inner]) => [key, change(inner)])) : it;
  };
  return change(value) as JsonObject;
}
