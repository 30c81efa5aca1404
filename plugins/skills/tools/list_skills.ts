/**
 * `list_skills`: skills by status, a page at a time, with what was skipped.
 *
 * @module
 */
import * as v from "valibot";
import type { JsonObject } from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { Discovery } from "../discovery/found.ts";
import type { SkillTools } from "./mod.ts";
import { answer, countTools, describeDiagnostic, oneLine, skillItem } from "./texts.ts";
import { waitingField, waitingText } from "./waiting_skills.ts";

const MAX_SHOWN = 50;
const MAX_SKIPPED = 10;
const STATUSES = ["all", "loaded", "unloaded", "discovered", "error", "pending_deps"] as const;

/** What can be told of each skill; the first ones are told unless others are asked for. */
const FIELDS = {
  name: ({ name }: CatalogSkill) => name,
  summary: ({ metadata }: CatalogSkill) => oneLine(metadata.description, 200),
  dcc: ({ metadata }: CatalogSkill) => metadata.dcc,
  version: ({ metadata }: CatalogSkill) => metadata.version,
  scope: ({ found }: CatalogSkill) => found.scope,
  status: ({ state }: CatalogSkill) => state,
  loaded: ({ state }: CatalogSkill) => state === "loaded",
  tool_count: countTools,
  implicit_invocation: ({ metadata }: CatalogSkill) => metadata.isImplicitInvocationAllowed(),
  missing_dependencies: ({ missingDependencies: them }: CatalogSkill) => them.length === 0 ? undefined : them,
  error: ({ error }: CatalogSkill) => error && oneLine(error),
  shadowed_by: ({ shadowedBy }: CatalogSkill) => shadowedBy,
  description: ({ metadata }: CatalogSkill) => metadata.description,
  tags: ({ metadata }: CatalogSkill) => metadata.tags,
  tool_names: ({ metadata }: CatalogSkill) => metadata.toolNames,
  registered_tools: ({ registered }: CatalogSkill) => registered,
  path: ({ found }: CatalogSkill) => found.path,
  origin: ({ found }: CatalogSkill) => found.origin,
  diagnostics: ({ diagnostics }: CatalogSkill) => diagnostics,
} as const;
type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as [Field, ...Field[]];
const COMPACT: readonly Field[] = NAMES.slice(0, NAMES.indexOf("description"));

/** Registers the tool. */
export function registerListSkills({ tool, catalog, folders, waiting }: SkillTools): void {
  tool({
    name: "list_skills",
    description: "List skills by status, a page at a time, and folders that were skipped with the reasons.",
    input: v.strictObject({
      status: v.optional(v.picklist(STATUSES), "all"),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SHOWN)), MAX_SHOWN),
      offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
      fields: v.optional(v.pipe(v.array(v.picklist(NAMES)), v.description("Only these, beside the name"))),
    }),
    annotations: { title: "List skills", readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    run: async ({ status, limit, offset, fields = COMPACT }, call) => {
      const projects = await waiting.settle(call);
      const all = [...catalog.skills(), ...catalog.shadowed()].filter((it) => hasStatus(it, status));
      const page = all.slice(offset, offset + limit);
      const isTruncated = offset + page.length < all.length;
      const skipped = offset === 0 && (status === "all" || status === "error") ? folders?.current().skipped ?? [] : [];
      const listed = {
        skills: page.map((skill) => pick(skill, fields)),
        total: all.length,
        limit,
        offset,
        truncated: isTruncated,
        ...skippedField(skipped),
        ...waitingField(projects),
      };
      const more = isTruncated ? `${all.length} skills in all; the next ones with offset ${offset + page.length}` : "";
      const items = page.map((skill) => skillItem(skill, [skill.found.scope])).join("\n");
      return answer(
        [items || "There are no such skills", more, ...skippedText(skipped), ...waitingText(projects)],
        listed,
      );
    },
  });
}

function hasStatus({ state }: CatalogSkill, status: typeof STATUSES[number]): boolean {
  return status === "all" || (status === "unloaded" ? state !== "loaded" : state === status);
}

function pick(skill: CatalogSkill, fields: readonly Field[]): JsonObject {
  const wanted = [...new Set<Field>(["name", ...fields])].map((field) => [field, FIELDS[field](skill)] as const);
  return Object.fromEntries(wanted.filter(([, value]) => value !== undefined));
}

function skippedField(skipped: Discovery["skipped"]): JsonObject {
  if (skipped.length === 0) return {};
  const shown = skipped.slice(0, MAX_SKIPPED).map(({ path, scope, diagnostics }) => ({ path, scope, diagnostics }));
  return { skipped: shown, skipped_total: skipped.length };
}

function skippedText(skipped: Discovery["skipped"]): readonly string[] {
  if (skipped.length === 0) return [];
  const items = skipped.slice(0, MAX_SKIPPED)
    .map(({ path, diagnostics }) => `- ${path}: ${diagnostics.map(describeDiagnostic).join("; ")}`);
  const more = skipped.length > MAX_SKIPPED ? [`- and ${skipped.length - MAX_SKIPPED} more`] : [];
  return [`Folders without a skill that can be used:\n${[...items, ...more].join("\n")}`];
}
