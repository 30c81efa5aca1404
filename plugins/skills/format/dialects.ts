/**
 * The keys of the dialects of SKILL.md beyond Agent Skills: Claude Code, OpenClaw, and the extensions of dcc-mcp in their
 * three spellings.
 *
 * @module
 */
import { didYouMean } from "../../../kernel/mod.ts";
import type { Findings } from "./diagnostics.ts";
import { type Field, FieldMap, fieldOf, hyphened, isNothing, readMap, shadow } from "./fields.ts";
import { inQuotes } from "./quoting.ts";
import { STANDARD_KEYS } from "./standard_rules.ts";
import type { YamlEntry, YamlMap } from "./yaml_tree.ts";

/** Keys of Claude Code that are used here. Source: its reference of skill front matter. */
const USED_CLAUDE_KEYS = ["when_to_use", "argument-hint", "arguments", "disable-model-invocation", "user-invocable"];

/** All keys of Claude Code. */
const CLAUDE_KEYS = [
  ...USED_CLAUDE_KEYS,
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

/** What keys of Collet under `metadata` begin with, where they are not in a section. */
const COLLET_PREFIX = "collet.";

/**
 * Gives the fields of Claude Code, by their keys with hyphens: those at the top of the front matter, where it reads them,
 * then those with the prefix of Collet under `metadata`, where a skill that keeps to Agent Skills can have them.
 */
export function collectClaudeFields(
  top: FieldMap,
  { metadata, findings }: { readonly metadata: YamlMap | undefined; readonly findings: Findings },
): Extensions {
  const prefixed = new Map([...metadata?.entries ?? []].filter(([key]) => key.startsWith(COLLET_PREFIX)));
  const flat = FieldMap.of({
    ...{ name: "metadata", line: undefined, findings },
    value: { kind: "map", entries: prefixed, line: undefined },
  })!;
  const fields = new Map<string, Field>();
  for (const key of USED_CLAUDE_KEYS.map(hyphened)) {
    const [written, moved] = [top.get(key), flat.get(COLLET_PREFIX + key)];
    if (written !== undefined && moved !== undefined) shadow(moved, written);
    const field = written ?? moved;
    if (field !== undefined) fields.set(key, field);
  }
  return fields;
}

/** Says where a key that is none of Agent Skills can stand in a skill that keeps to them, so that it still counts. */
export function placeForKey(key: string): string {
  if (isLegacyKey(key)) return 'Move it to "dcc-mcp" under "metadata", or leave it out';
  const claudeKey = CLAUDE_KEYS.find((it) => hyphened(it) === hyphened(key));
  if (claudeKey === undefined) return 'Move it to "metadata", or leave it out';
  if (!USED_CLAUDE_KEYS.includes(claudeKey)) return "Leave it out: Claude Code reads it here, and nobody elsewhere";
  const written = claudeKey === "disable-model-invocation"
    ? 'dcc-mcp.allow-implicit-invocation: "false"'
    : inQuotes(COLLET_PREFIX + claudeKey);
  return `Write ${written} under "metadata", which counts here; Claude Code reads it at the top alone`;
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
