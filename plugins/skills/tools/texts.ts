/**
 * How the tools write what skills say of themselves, which may be anything.
 *
 * @module
 */
import { type ToolResult, toolResult } from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { Refusal } from "../catalog/refusal.ts";
import type { Diagnostic } from "../format/diagnostics.ts";

/** Most diagnostics of one folder that are told in a list: it may have as many as it has lines. */
export const MAX_REASONS = 5;

/** Puts a text on one line, cut to some length. */
export function oneLine(text: string, maxLength = 300): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > maxLength ? `${line.slice(0, maxLength).trimEnd()}…` : line;
}

/** Gives how many tools a skill has: those that are registered, else those that it declares, else one per script. */
export function countTools({ metadata, state, registered }: CatalogSkill): number {
  if (state === "loaded") return registered.length;
  return metadata.tools.length > 0 ? metadata.tools.length : metadata.scripts.length;
}

/** Writes one skill as an item of a list. */
export function skillItem(skill: CatalogSkill, facts: readonly string[] = []): string {
  const { name, metadata, state } = skill;
  const tools = countTools(skill);
  const known = [
    metadata.dcc,
    `${tools} ${tools === 1 ? "tool" : "tools"}`,
    ...(state === "discovered" ? [] : [state]),
  ];
  return `- **${oneLine(name, 100)}** (${[...known, ...facts].join(", ")}): ${oneLine(metadata.description)}`;
}

/** Writes a diagnostic with its place and remedy. */
export function describeDiagnostic({ file, line, message, remedy }: Diagnostic): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return `${oneLine(message)} (${place})${remedy === undefined ? "" : `. ${oneLine(remedy)}`}`;
}

/** Writes a refusal with its rule, place and remedy. */
export function describeRefusal({ rule, file, line, message, remedy }: Refusal): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return `${oneLine(message)} (rule "${rule}", ${place}). ${oneLine(remedy)}`;
}

/** Answers with paragraphs of text, and the same for programs. */
export function answer(paragraphs: readonly string[], structuredContent: object): ToolResult {
  return toolResult({
    content: [{ type: "text", text: paragraphs.filter((it) => it !== "").join("\n\n") }],
    structuredContent,
  });
}
