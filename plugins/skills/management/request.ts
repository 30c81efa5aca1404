/**
 * What `skill_crud` is asked, and what it answers.
 *
 * @module
 */
import * as v from "valibot";
import { type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { operationField } from "./fields.ts";
import { TEMPLATE_NAMES } from "./templates.ts";

/** What the tool does. */
export const OPERATIONS = [
  "create",
  "list",
  "search",
  "get",
  "validate",
  "delete",
  "restore",
  "list_templates",
] as const;

/** Most characters of a description, by the standard of skills. */
const LONGEST_DESCRIPTION = 1_024;
/** Most entries of one page. */
const MOST_SHOWN = 500;

const describedText = (text: string) => v.nullish(v.pipe(v.string(), v.description(text)));

/** The arguments of the tool. `null` counts as left out. */
export const Input = v.strictObject({
  operation: operationField(OPERATIONS),
  skill_name: describedText("Name of the skill; needed to create, get, validate, delete and restore"),
  description: v.nullish(
    v.pipe(
      v.string(),
      v.maxLength(LONGEST_DESCRIPTION),
      v.description("create: what the skill does, and when to use it"),
    ),
  ),
  template: v.nullish(
    v.pipe(
      v.picklist(
        TEMPLATE_NAMES,
        ({ received }) => `Invalid template ${received}. Available templates: ${TEMPLATE_NAMES.join(", ")}`,
      ),
      v.description("create: which files the skill begins with"),
    ),
    "basic",
  ),
  search: v.nullish(
    v.pipe(
      v.string(),
      v.maxLength(200),
      v.description(
        "list, search: a text in name or description; with ^ at its start or a * also a regular expression",
      ),
    ),
  ),
  include_content: v.nullish(v.pipe(v.boolean(), v.description("get: with the whole SKILL.md")), false),
  confirm: v.nullish(v.pipe(v.boolean(), v.description("delete: must be true")), false),
  scope: v.nullish(
    v.pipe(
      v.picklist(["all", "writable"]),
      v.description("list, search: also read-only skills of other places, or only those that can be changed"),
    ),
    "all",
  ),
  offset: v.nullish(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.description("list, search, get: so many entries are left out")),
    0,
  ),
  limit: v.nullish(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(MOST_SHOWN),
      v.description("list, search: most skills that are shown, 50 by default; get: most files, 200 by default"),
    ),
  ),
});

/** The arguments of one call. */
export type Request = v.InferOutput<typeof Input>;

const Skill = v.object({
  name: v.string(),
  description: v.string(),
  has_skill_md: v.boolean(),
  is_writable: v.boolean(),
  scope: v.optional(v.string()),
});
const File = v.object({
  path: v.string(),
  size: v.optional(v.number()),
  modified: v.optional(v.string()),
  type: v.string(),
  is_link: v.optional(v.boolean()),
  is_executable: v.boolean(),
  has_uv_deps: v.optional(v.boolean()),
});
const Finding = v.object({
  severity: v.string(),
  file: v.string(),
  line: v.optional(v.number()),
  rule: v.string(),
  message: v.string(),
  remedy: v.optional(v.string()),
});
const Template = v.object({ name: v.string(), description: v.string(), files: v.array(v.string()) });

/** What the tool answers, beside its text. */
export const Output = v.object({
  operation: v.picklist(OPERATIONS),
  name: v.optional(v.string()),
  path: v.optional(v.string()),
  description: v.optional(v.string()),
  is_writable: v.optional(v.boolean()),
  scope: v.optional(v.string()),
  root: v.optional(v.string()),
  skills: v.optional(v.array(Skill)),
  total: v.optional(v.number()),
  total_writable: v.optional(v.number()),
  offset: v.optional(v.number()),
  next_offset: v.optional(v.number()),
  content: v.optional(v.string()),
  files: v.optional(v.array(File)),
  scripts: v.optional(v.array(v.string())),
  left_out: v.optional(v.array(v.string())),
  is_cut: v.optional(v.boolean()),
  env_vars: v.optional(v.array(v.string())),
  has_env_file: v.optional(v.boolean()),
  is_valid: v.optional(v.boolean()),
  errors: v.optional(v.array(Finding)),
  warnings: v.optional(v.array(Finding)),
  template: v.optional(v.string()),
  templates: v.optional(v.array(Template)),
  files_created: v.optional(v.array(v.string())),
  skill: v.optional(v.string()),
  kept_until: v.optional(v.string()),
  notes: v.optional(v.array(v.string())),
});

/** What an operation answers. */
export interface Answer {
  readonly text: string;
  /** Fields of {@linkcode Output} beside the operation. */
  readonly data: JsonObject;
}

/**
 * Gives the name that a request must have.
 *
 * @throws {ToolError} when it is left out or empty.
 */
export function requireName({ skill_name: name, operation }: Request): string {
  if (name) return name;
  throw new ToolError(`skill_name is required for '${operation}' operation`, { data: { code: "ARGUMENT_INVALID" } });
}
