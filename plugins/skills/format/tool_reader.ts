/**
 * Reads declarations of tools and groups; one that is wrong does not take the others with it.
 *
 * @module
 */
import { didYouMean, type JsonObject } from "../../../kernel/mod.ts";
import { type DeclaredAnnotations, type NextTools, ToolDeclaration } from "./declaration.ts";
import {
  type Field,
  FieldMap,
  hyphened,
  isNothing,
  itemsOf,
  readChoice,
  readCount,
  readFlag,
  readMap,
  readObject,
  readText,
  readTexts,
} from "./fields.ts";
import type { SkillGroup } from "./metadata_parts.ts";
import { inQuotes } from "./quoting.ts";
import { toJson } from "./yaml_tree.ts";

/** Names that a tool may have. */
export const TOOL_NAME_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;

/** A declaration, and where it stands. */
export interface DeclaredTool {
  readonly tool: ToolDeclaration;
  readonly file: string;
  readonly line: number | undefined;
}

/** Hints of tools, which may stand beside the other fields. */
const HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint", "deferredHint"] as const;

/** Fields of a tool. */
const TOOL_KEYS = [
  ...["name", "description", "input-schema", "output-schema", "read-only", "destructive", "idempotent"],
  ...["defer-loading", "source-file", "next-tools", "group", "execution", "timeout-hint-secs", "thread-affinity"],
  ...["affinity", "annotations", "required-capabilities", "search-aliases", "aliases", "protocol", "title"],
  ...HINTS.map(hyphened),
];

/** Fields of later versions of dcc-mcp, which are kept and not used. */
const KEPT_KEYS = [
  ...["enforce-thread-affinity", "intent", "tool-role", "risk", "side-effects", "produces", "requires"],
  ...["call-examples", "requires-in-process", "job-strategy"],
];

/** Reads a list of tools. */
export function readTools(field: Field | undefined): DeclaredTool[] {
  const tools = new Map<string, DeclaredTool>();
  for (const item of itemsOf(field)) {
    const { findings, line } = item;
    const tool = readTool(item);
    if (tool === undefined) continue;
    if (tools.has(tool.name)) {
      const message = `Tool ${inQuotes(tool.name)} is there twice; the first counts`;
      findings.error({ rule: "tool-duplicate", message, remedy: "Rename one of them", line });
    } else {
      tools.set(tool.name, { tool, file: findings.file, line });
    }
  }
  return [...tools.values()];
}

function readTool(field: Field): ToolDeclaration | undefined {
  const fields = FieldMap.of(field);
  const name = readName(field, fields);
  if (!isToolName(name, field)) return undefined;
  if (fields === undefined) return new ToolDeclaration({ name });
  if (fields.has("deferred")) {
    const message = `Tool ${inQuotes(name)} is left out: "deferred" is no field of a tool`;
    field.findings.error({ rule: "tool-deferred", message, remedy: 'Write "execution: async"', line: field.line });
    return undefined;
  }
  const destructive = readFlag(fields.get("destructive"));
  const declaration = new ToolDeclaration({
    name,
    description: readText(fields.get("description")) ?? "",
    inputSchema: readObject(fields.get("input-schema")),
    outputSchema: readObject(fields.get("output-schema")),
    readOnly: readFlag(fields.get("read-only")) ?? false,
    destructive: destructive ?? false,
    idempotent: readFlag(fields.get("idempotent")) ?? false,
    deferLoading: readFlag(fields.get("defer-loading")) ?? false,
    sourceFile: readText(fields.get("source-file")) ?? "",
    group: readText(fields.get("group")) ?? "",
    execution: readChoice(fields.get("execution"), ["sync", "async"]) ?? "sync",
    timeoutHintSecs: readCount(fields.get("timeout-hint-secs")),
    threadAffinity: readChoice(fields.get("thread-affinity", "affinity"), ["any", "main"]) ?? "any",
    nextTools: readNextTools(fields.get("next-tools")),
    annotations: withHarmless(readAnnotations(fields), destructive),
    requiredCapabilities: readTexts(fields.get("required-capabilities")),
    searchAliases: readTexts(fields.get("search-aliases", "aliases")),
    protocol: readCount(fields.get("protocol")),
    extra: readExtra(fields, field),
  });
  // what takes its time goes on behind the answer, unless it says that it does not
  if (!fields.has("execution") && declaration.timeoutHintSecs !== undefined) declaration.execution = "async";
  return declaration;
}

/** Gives the name of an item, which is all that it is, or one of its fields. */
function readName(field: Field, fields: FieldMap | undefined): string | undefined {
  if (fields !== undefined) return readText(fields.get("name"));
  return isNothing(field.value) ? undefined : readText(field);
}

function isToolName(name: string | undefined, { name: path, line, findings }: Field): name is string {
  if (name !== undefined && TOOL_NAME_REGEXP.test(name)) return true;
  const isMissing = name === undefined || name === "";
  findings.error({
    rule: isMissing ? "tool-name-missing" : "tool-name-invalid",
    message: `Tool ${inQuotes(path)} ${
      isMissing ? "has no name" : `cannot be called ${inQuotes(name)}`
    }; it is left out`,
    remedy: "Name it with 1 to 64 of A-Z a-z 0-9 _ -",
    line,
  });
  return false;
}

/** Reads what may be called next; names that no tool can have are left out. */
export function readNextTools(field: Field | undefined): NextTools | undefined {
  const fields = readMap(field) && FieldMap.of(field!);
  if (fields === undefined) return undefined;
  const namesOf = (key: string) => {
    const names = fields.get(key);
    return readTexts(names).filter((name) => isNextName(name, names!));
  };
  const next = { onSuccess: namesOf("on-success"), onFailure: namesOf("on-failure") };
  return next.onSuccess.length + next.onFailure.length === 0 ? undefined : next;
}

function isNextName(name: string, { name: path, line, findings }: Field): boolean {
  if (TOOL_NAME_REGEXP.test(name)) return true;
  const message = `${inQuotes(name)} in ${inQuotes(path)} is no name of a tool; it is left out`;
  findings.warning({ rule: "next-tool-invalid", message, line });
  return false;
}

/** Reads hints: those of `annotations` alone where that is there, else those beside the other fields. */
function readAnnotations(fields: FieldMap): DeclaredAnnotations | undefined {
  const nested = fields.get("annotations");
  const hints = nested === undefined ? fields : readMap(nested) && FieldMap.of(nested);
  if (hints === undefined) return undefined;
  const title = readText(hints.get("title"));
  const flags = HINTS.map((hint) => [hint, readFlag(hints.get(hyphened(hint)))]).filter(([, flag]) =>
    flag !== undefined
  );
  if (title === undefined && flags.length === 0) return undefined;
  return { ...(title !== undefined && { title }), ...Object.fromEntries(flags) };
}

// clients take what says nothing for destructive, so that a flag which is off is worth a hint
function withHarmless(
  annotations: DeclaredAnnotations | undefined,
  destructive: boolean | undefined,
): DeclaredAnnotations | undefined {
  return destructive === false ? { destructiveHint: false, ...annotations } : annotations;
}

/** Gives the other fields as they are written; says which of them nobody knows. */
function readExtra(fields: FieldMap, { name: path }: Field): JsonObject {
  const extra: Record<string, unknown> = {};
  for (const [key, { name, value, line, findings }] of fields) {
    if (TOOL_KEYS.includes(key)) continue;
    extra[name.slice(path.length + 1)] = toJson(value);
    if (KEPT_KEYS.includes(key)) continue;
    const message = `${inQuotes(name)} is no field of a tool; it is kept, and not used${didYouMean(key, TOOL_KEYS)}`;
    findings.info({ rule: "tool-field-unknown", message, line });
  }
  return extra;
}

/** Reads a list of groups; an item that is a text is a group of that name. */
export function readGroups(field: Field | undefined): SkillGroup[] {
  const groups = new Map<string, SkillGroup>();
  for (const item of itemsOf(field)) {
    const { findings, line } = item;
    const group = readGroup(item);
    if (group === undefined) continue;
    if (groups.has(group.name)) {
      const message = `Group ${inQuotes(group.name)} is there twice; the first counts`;
      findings.error({ rule: "group-duplicate", message, remedy: "Rename one of them", line });
    } else {
      groups.set(group.name, group);
    }
  }
  return [...groups.values()];
}

function readGroup(field: Field): SkillGroup | undefined {
  const fields = FieldMap.of(field);
  const name = readName(field, fields)?.trim() ?? "";
  if (name === "") {
    const message = `Group ${inQuotes(field.name)} has no name; it is left out`;
    field.findings.error({ rule: "group-name-missing", message, remedy: 'Give it a "name"', line: field.line });
    return undefined;
  }
  return {
    name,
    description: readText(fields?.get("description")) ?? "",
    tools: readTexts(fields?.get("tools")),
    defaultActive: readFlag(fields?.get("default-active")) ?? false,
  };
}
