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
import { answer, countTools, describeDiagnostic, MAX_REASONS, oneLine, skillItem } from "./texts.ts";
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
      const skipped = skippedPage(folders?.current().skipped ?? [], { status, limit, offset });
      const end = offset + limit;
      const isTruncated = end < all.length || status === "error" && skipped.left > 0;
      const listed = {
        skills: page.map((skill) => pick(skill, fields)),
        total: all.length,
        limit,
        offset,
        truncated: isTruncated,
        ...skippedField(skipped),
        ...waitingField(projects),
      };
      const more = isTruncated ? `${all.length} skills in all; the next ones with offset ${end}` : "";
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

/** Folders that were skipped, as far as they are listed. */
interface SkippedPage {
  readonly shown: Discovery["skipped"];
  /** How many come after those. */
  readonly left: number;
  readonly total: number;
}

/** Gives the first of the folders that were skipped; a page of them to those who ask for what went wrong. */
function skippedPage(
  skipped: Discovery["skipped"],
  { status, limit, offset }: { readonly status: string; readonly limit: number; readonly offset: number },
): SkippedPage {
  const isTold = status === "error" || status === "all" && offset === 0;
  const end = isTold ? offset + (status === "error" ? limit : MAX_SKIPPED) : offset;
  const shown = skipped.slice(offset, end).map((it) => ({ ...it, diagnostics: it.diagnostics.slice(0, MAX_REASONS) }));
  return { shown, left: Math.max(0, skipped.length - end), total: skipped.length };
}

function skippedField({ shown, total }: SkippedPage): JsonObject {
  if (shown.length === 0) return {};
  const skipped = shown.map(({ path, scope, diagnostics }) => ({ path, scope, diagnostics }));
  return { skipped, skipped_total: total };
}

function skippedText({ shown, left }: SkippedPage): readonly string[] {
  if (shown.length === 0) return [];
  const items = shown.map(({ path, diagnostics }) =>
    `- ${oneLine(path)}: ${diagnostics.map(describeDiagnostic).join("; ")}`
  );
  const more = left > 0 ? [`- and ${left} more, which status "error" lists a page at a time`] : [];
  return [`Folders without a skill that can be used:\n${[...items, ...more].join("\n")}`];
}
