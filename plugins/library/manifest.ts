/**
 * Manifests: read as forgivingly as is safe, written with all that was found in them.
 *
 * @module
 */
import * as v from "valibot";
import { compileSchema, formatIssues, type JsonObject, messageOf, type ToolAnnotations } from "../../kernel/mod.ts";
import type { Manifest, ManifestDraft } from "./contract.ts";
import { isToolName } from "./layout.ts";

/** The `format` of manifests that Collet writes. */
export const FORMAT = 1;

// skillz's kinds; a manifest without `tool_type` is of the first one
const DEFAULT_KIND = "wasm";

// other programs write null for "not given"
const Text = v.nullish(v.string());
const Texts = v.nullish(v.array(v.string()));
const Flag = v.nullish(v.boolean());
const Json = v.record(v.string(), v.unknown());

const FIELDS = {
  name: v.string(),
  version: v.nullish(v.string(), "1.0.0"),
  description: v.string(),
  tool_type: v.nullish(v.string(), DEFAULT_KIND),
  entry_file: Text,
  interpreter: Text,
  input_schema: v.optional(v.unknown()),
  output_schema: v.optional(v.unknown()),
  annotations: v.optional(v.unknown()),
  dependencies: Texts,
  wasm_dependencies: Texts,
  pipeline_steps: v.nullish(v.array(v.unknown())),
  mcp_server: v.nullish(Json),
  author: Text,
  license: Text,
  repository: Text,
  tags: Texts,
  created_at: Text,
  updated_at: Text,
  disabled: Flag,
  requires_services: Texts,
  format: v.nullish(v.number()),
  owner: Text,
  grants: v.nullish(v.looseObject({ timeout_ms: v.optional(v.pipe(v.number(), v.gtValue(0))) })),
  language: Text,
  execution: v.nullish(v.picklist(["sync", "async", "required"])),
  persistent: Flag,
  build: v.nullish(Json),
  protocol: v.nullish(v.number()),
  source: v.nullish(Json),
  examples: v.nullish(v.array(v.looseObject({ arguments: Json }))),
  digest: Text,
  rolled_back_from: Text,
  edited_from: Text,
};

/** Fields that say who a tool is from, not what it does; they survive when the tool is registered anew. */
const LASTING: readonly string[] = ["author", "license", "repository", "created_at"];

const SCHEMA = compileSchema(v.looseObject(FIELDS), { what: "a manifest", direction: "input" });

/**
 * Reads a manifest.
 *
 * @throws {Error} with the reason why it cannot be used.
 */
export async function parseManifest(text: string): Promise<Manifest> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`its manifest is not JSON: ${messageOf(error)}`);
  }
  const parsed = await SCHEMA.parse(json);
  if (!parsed.ok) throw new Error(`its manifest is not well formed: ${formatIssues(parsed.issues)}`);
  const fields = Object.entries(parsed.value as JsonObject);
  const manifest = Object.fromEntries(fields.filter(([key, value]) => value !== null || !Object.hasOwn(FIELDS, key)));
  if (!isToolName(manifest["name"])) {
    const name = JSON.stringify(manifest["name"]);
    throw new Error(`its name ${name} is not 1 to 64 of A-Z a-z 0-9 _ -: correct "name" in its manifest`);
  }
  return manifest as unknown as Manifest;
}

/** Writes a manifest, fields in the order of {@linkcode Manifest}, unknown ones last. */
export function formatManifest(manifest: Manifest): string {
  const known = Object.keys(FIELDS).filter((key) => manifest[key] !== undefined);
  const unknown = Object.keys(manifest).filter((key) => !Object.hasOwn(FIELDS, key));
  return `${JSON.stringify(Object.fromEntries([...known, ...unknown].map((key) => [key, manifest[key]])), null, 2)}\n`;
}

/** What is kept of the manifest that a new one replaces: whence the tool is, and fields that are not ours. */
export function lastingFields(manifest: Manifest | undefined): Partial<Manifest> {
  const isLasting = (key: string) => LASTING.includes(key) || !Object.hasOwn(FIELDS, key);
  return Object.fromEntries(Object.entries(manifest ?? {}).filter(([key]) => isLasting(key)));
}

/** What {@linkcode completeManifest} adds to a draft. */
export interface ManifestFacts {
  readonly version: string;
  readonly digest: string;
  readonly replaced: Manifest | undefined;
  /** Whether nothing of the manifest that is replaced stays, but for when the tool was made; `false` by default. */
  readonly isWhole?: boolean;
}

/** Completes a draft. */
export function completeManifest(
  draft: ManifestDraft,
  { version, digest, replaced, isWhole = false }: ManifestFacts,
): Manifest {
  const now = new Date().toISOString();
  const { created_at: created = now, ...lasting } = lastingFields(replaced);
  return {
    created_at: created,
    ...(!isWhole && lasting),
    ...draft,
    version,
    updated_at: now,
    format: FORMAT,
    digest,
  };
}

/** Takes the hints that the protocol knows out of whatever a manifest holds under `annotations`. */
export function readAnnotations(annotations: unknown): ToolAnnotations | undefined {
  if (typeof annotations !== "object" || annotations === null) return undefined;
  const hints = Object.entries(annotations).filter(([key, value]) =>
    key === "title" ? typeof value === "string" : HINTS.includes(key) && typeof value === "boolean"
  );
  return hints.length === 0 ? undefined : Object.fromEntries(hints);
}

const HINTS: readonly string[] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
