/**
 * What `list_tools` and `search_tools` say of tools: entries for programs, Markdown for models.
 *
 * @module
 */
import { isObject, type JsonObject, type ToolSummary } from "../../kernel/mod.ts";
import type { SkillCandidate, StoredTool } from "./contract.ts";
import { namespaceOf } from "./declarations/code_names.ts";
import type { Searchable } from "./search.ts";

/** The kind of tools that a plugin brings. */
export const BUILT_IN = "built-in";
/** The kind of other servers, and of the tools that they bring. */
const IMPORTED = "mcp";
/** The kind of tools that a loaded skill brings. */
export const SKILL = "skill";
const UNREADABLE = "unreadable";

/** One tool in an answer. */
export interface ToolEntry {
  readonly name: string;
  /** `script`, `mcp`, … for made and imported tools, `skill` for those of skills, `built-in` for those of plugins. */
  readonly kind: string;
  /** Where it was imported to, such as `github`. */
  readonly namespace?: string;
  /** The skill that brought it. */
  readonly skill_name?: string;
  readonly version?: string;
  readonly description: string;
  readonly tags?: readonly string[];
  /** The command that runs it, of a script. */
  readonly interpreter?: string;
  readonly state: StoredTool["state"];
  /** Why it is not `ready`. */
  readonly reason?: string;
  readonly input_schema?: JsonObject;
  readonly output_schema?: JsonObject;
}

/** What an entry is made of. */
export interface Described {
  readonly stored?: StoredTool | undefined;
  readonly summary?: ToolSummary | undefined;
}

/** Where a tool came from. */
type Origin = Pick<ToolEntry, "kind" | "namespace" | "skill_name">;

function originOf({ stored, summary }: Described): Origin {
  if (stored !== undefined) return { kind: stored.manifest?.tool_type ?? UNREADABLE };
  const namespace = summary && namespaceOf(summary)?.namespace;
  if (namespace !== undefined) return { kind: IMPORTED, namespace };
  const { skill } = skillOf(summary);
  return skill === undefined ? { kind: BUILT_IN } : { kind: SKILL, skill_name: skill };
}

/** Tells whether a tool was made at run time, or imported from another server. */
export function isAdded(described: Described): boolean {
  return described.stored !== undefined || originOf(described).kind === IMPORTED;
}

/** Makes the entry of a tool: made at run time (`stored`), in the registry (`summary`), or both. */
export function entryOf(described: Described, hasSchemas: boolean): ToolEntry {
  const { stored, summary } = described;
  const manifest = stored?.manifest;
  const { version, tags, interpreter } = manifest ?? {};
  return {
    name: stored?.name ?? summary?.name ?? "",
    ...originOf(described),
    ...(version !== undefined && { version }),
    description: manifest?.description ?? summary?.description ?? "",
    ...(tags !== undefined && tags.length > 0 && { tags }),
    ...(interpreter !== undefined && { interpreter }),
    state: stored?.state ?? "ready",
    ...(stored?.reason !== undefined && { reason: stored.reason }),
    ...(hasSchemas && summary !== undefined && { input_schema: summary.inputSchema }),
    ...(hasSchemas && summary?.outputSchema !== undefined && { output_schema: summary.outputSchema }),
  };
}

/** Gives what a search looks at. */
export function searchableOf({ stored, summary }: Described): Searchable {
  const schema = summary?.inputSchema["properties"];
  return {
    name: stored?.name ?? summary?.name ?? "",
    title: summary?.title ?? summary?.annotations?.title,
    description: stored?.manifest?.description ?? summary?.description ?? "",
    tags: stored?.manifest?.tags ?? skillOf(summary).searchAliases,
    parameters: typeof schema === "object" && schema !== null ? Object.keys(schema) : [],
  };
}

/** What a tool of a skill says of itself, in `_meta.dcc` of its listing. */
interface SkillTool {
  readonly skill?: string;
  readonly searchAliases?: readonly string[];
}

function skillOf(summary: ToolSummary | undefined): SkillTool {
  const dcc = summary?.meta?.["dcc"];
  return isObject(dcc) ? dcc as SkillTool : {};
}

const HEADINGS: Readonly<Record<string, string>> = Object.freeze({
  script: "Script tools",
  wasm: "WASM tools",
  pipeline: "Pipelines",
  [IMPORTED]: "Other servers",
  [SKILL]: "Tools of skills",
  [BUILT_IN]: "Built-in tools",
  [UNREADABLE]: "Broken",
});

/** The kinds that a list can be narrowed to. */
export const KINDS: readonly string[] = Object.freeze(Object.keys(HEADINGS));

const CALL_HINT = 'Call one by its name, or with `call_tool`: `{"tool_name": "…", "arguments": {…}}`.';

/** Writes a list of tools, grouped by kind. */
export function listText(entries: readonly ToolEntry[], empty: string): string {
  if (entries.length === 0) return empty;
  const kinds = [...new Set(entries.map((it) => it.kind))].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
  const groups = kinds.map((kind) => {
    const lines = entries.filter((it) => it.kind === kind).map(entryText);
    return `## ${Object.hasOwn(HEADINGS, kind) ? HEADINGS[kind] : kind} (${lines.length})\n\n${lines.join("\n")}`;
  });
  return `# Tools\n\n${groups.join("\n\n")}\n\n${CALL_HINT}`;
}

function order(kind: string): number {
  const index = KINDS.indexOf(kind);
  return index < 0 ? KINDS.indexOf(SKILL) - 0.5 : index;
}

/** Writes what a search found, best first; nothing when it is nothing. */
export function foundText(entries: readonly ToolEntry[]): string {
  if (entries.length === 0) return "";
  return `${entries.map((entry) => `${entryText(entry)} (${entry.kind})`).join("\n")}\n\n${CALL_HINT}`;
}

/** Writes what would bring tools. */
export function candidatesText(candidates: readonly SkillCandidate[]): string {
  const [first] = candidates;
  if (first === undefined) return "";
  const lines = candidates.map(({ skill_name, description, matching_tools }) => {
    const tools = matching_tools.length === 0 ? "" : ` (${matching_tools.map((name) => `\`${name}\``).join(", ")})`;
    return `- **${skill_name}**${tools}: ${firstParagraph(description)}`;
  });
  const { tool, arguments: args } = first.load_hint;
  const hint = `Load one, such as with \`${tool}\`: \`${JSON.stringify(args)}\`.`;
  return `Skills that are not loaded, and bring tools:\n${lines.join("\n")}\n\n${hint}`;
}

function entryText(entry: ToolEntry): string {
  const facts = [entry.interpreter, entry.version].filter((it) => it !== undefined).join(", ");
  const problem = entry.state === "ready" ? "" : ` [${entry.state}: ${entry.reason}]`;
  const schemas = [["Input", entry.input_schema], ["Output", entry.output_schema]] as const;
  return [
    `- **${entry.name}**${facts === "" ? "" : ` (${facts})`}: ${firstParagraph(entry.description)}${problem}`,
    ...schemas.filter(([, schema]) => schema !== undefined)
      .map(([what, schema]) => `  - ${what}: \`${JSON.stringify(schema)}\``),
  ].join("\n");
}

// one tool is one item of the list, whatever its author wrote
function firstParagraph(text: string): string {
  return text.trim().split(/\n\s*\n/)[0]!.replace(/\s+/g, " ");
}
