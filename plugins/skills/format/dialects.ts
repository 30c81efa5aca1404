/**
 * The keys of the dialects of SKILL.md beyond Agent Skills: Claude Code, OpenClaw, and the extensions of dcc-mcp in their
 * three spellings.
 *
 * @module
 */
import { didYouMean } from "../../../kernel/mod.ts";
import type { Findings } from "./diagnostics.ts";
import { type Field, fieldOf, isNothing, readMap, shadow } from "./fields.ts";
import { inQuotes } from "./quoting.ts";
import { STANDARD_KEYS } from "./standard_rules.ts";
import type { YamlEntry, YamlMap } from "./yaml_tree.ts";

/** Keys of Claude Code. Source: its reference of skill front matter. */
const CLAUDE_KEYS = [
  "when_to_use",
  "argument-hint",
  "arguments",
  "disable-model-invocation",
  "user-invocable",
  "disallowed-tools",
  "model",
  "effort",
  "context",
  "agent",
  "hooks",
  "paths",
  "shell",
];

/** Keys of OpenClaw at the top of the front matter. */
const OPENCLAW_KEYS = ["version", "homepage", "command-dispatch", "command-tool", "command-arg-mode"];

/** Keys of dcc-mcp that once belonged at the top of the front matter, with hyphens. */
const LEGACY_KEYS = [
  "dcc",
  "version",
  "tags",
  "search-hint",
  "depends",
  "tools",
  "groups",
  "policy",
  "external-deps",
  "products",
  "allow-implicit-invocation",
  "next-tools",
];

/** Keys of dcc-mcp under `metadata`, with hyphens; those of the second line are kept, and not used here. */
const EXTENSION_KEYS = [
  ...[...LEGACY_KEYS, "search-aliases", "prompts", "workflows", "workflow", "resources", "recipes"],
  ...["runtimes", "layer", "stage", "introspection", "branding", "links", "example-prompts", "examples"],
  "skill-reference-docs",
];

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["aliases", "search-aliases"],
  ["runtime-deps", "runtimes"],
  ["optional-runtimes", "runtimes"],
]);

/** The section of dcc-mcp under `metadata`, and what its keys begin with where there is no section. */
const SECTION = "dcc-mcp";
const PREFIX = `${SECTION}.`;

const TOP_KEYS: ReadonlySet<string> = new Set([
  ...STANDARD_KEYS,
  ...[...CLAUDE_KEYS, ...OPENCLAW_KEYS, ...LEGACY_KEYS].flatMap((key) => [key, key.replaceAll("-", "_")]),
  "allowed_tools",
  "when-to-use",
]);

/** Fields of dcc-mcp, each from where it counts most, by its key with hyphens. */
export type Extensions = ReadonlyMap<string, Field>;

/**
 * Collects the fields of dcc-mcp. What stands in the section counts before what has the prefix, and that before what
 * stands at the top.
 */
export function collectExtensions(
  root: YamlMap,
  { metadata, findings }: { readonly metadata: YamlMap | undefined; readonly findings: Findings },
): Extensions {
  const extensions = new Map<string, Field>();
  const add = (key: string, name: string, { value, line }: YamlEntry) => {
    if (isNothing(value)) return;
    const field = { name, value, line, findings };
    const first = extensions.get(key);
    if (first === undefined) extensions.set(key, field);
    else shadow(field, first);
  };
  const section = metadata && readMap(fieldOf(metadata, SECTION, { prefix: "metadata.", findings }));
  for (const [key, entry] of section?.entries ?? []) add(canonicalKey(key), `metadata.${PREFIX}${key}`, entry);
  for (const [key, entry] of metadata?.entries ?? []) {
    if (key.startsWith(PREFIX)) add(canonicalKey(key.slice(PREFIX.length)), `metadata.${key}`, entry);
  }
  for (const [key, field] of extensions) reportUnknown(key, field);
  for (const [key, entry] of root.entries) {
    if (isLegacyKey(key)) add(canonicalKey(key), key, entry);
  }
  return extensions;
}

function canonicalKey(key: string): string {
  const hyphened = key.replaceAll("_", "-");
  return ALIASES.get(hyphened) ?? hyphened;
}

function reportUnknown(key: string, { name, line, findings }: Field): void {
  if (EXTENSION_KEYS.includes(key)) return;
  const message = `${inQuotes(name)} is no field of dcc-mcp; it is kept, and not used`;
  findings.info({ rule: "extension-unknown", message: message + didYouMean(key, EXTENSION_KEYS), line });
}

/** Lists the keys of dcc-mcp that stand at the top of the front matter, as they are written. */
export function legacyKeysOf(root: YamlMap): string[] {
  return [...root.entries.keys()].filter(isLegacyKey);
}

function isLegacyKey(key: string): boolean {
  return LEGACY_KEYS.includes(key.replaceAll("_", "-"));
}

/** Adds a finding for each key at the top of the front matter that no dialect knows. */
export function reportUnknownKeys(root: YamlMap, findings: Findings): void {
  for (const [key, { line }] of root.entries) {
    if (TOP_KEYS.has(key)) continue;
    const near = didYouMean(key, TOP_KEYS);
    const message = `${inQuotes(key)} is no field of a skill; it is kept, and not used${near}`;
    findings.add(near === "" ? "info" : "warning", { rule: "field-unknown", message, line });
  }
}

/** Lists the lines of the keys that rules refer to, by their paths. */
export function linesOf(root: YamlMap): Record<string, number> {
  const lines: Record<string, number> = {};
  addLines(lines, root, "");
  return lines;
}

/** Sections of OpenClaw under `metadata`: the names that it has had, the present one first. */
export const OPENCLAW_SECTIONS: readonly string[] = ["openclaw", "clawdbot", "clawdis"];

// sections whose keys are fields of their own
const OPEN_SECTIONS: ReadonlySet<string> = new Set([
  "metadata",
  "policy",
  `metadata.${SECTION}`,
  `metadata.${SECTION}.policy`,
  ...OPENCLAW_SECTIONS.flatMap((name) => [`metadata.${name}`, `metadata.${name}.requires`]),
]);

function addLines(lines: Record<string, number>, map: YamlMap, prefix: string): void {
  for (const [key, { line, value }] of map.entries) {
    const path = prefix + key;
    if (line !== undefined) lines[path] = line;
    if (value.kind === "map" && OPEN_SECTIONS.has(path)) addLines(lines, value, `${path}.`);
  }
}
