/**
 * The tools that came before `skill_crud`, `skill_files_crud` and `skill_env_crud`, by their names: each calls one of
 * those, so that it can do no more.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  isObject,
  type JsonObject,
  type PluginContext,
  type Toolbox,
  type ToolResult,
} from "../../../kernel/mod.ts";
import { EnvFile } from "../env/env_file.ts";

/** What the tools need. */
export interface AliasesContext {
  readonly tool: PluginContext["tool"];
  readonly toolbox: Pick<Toolbox, "call">;
}

const described = (text: string) => v.pipe(v.string(), v.description(text));
const SKILL = { skill_name: described("Name of the skill") };
const FILE = { ...SKILL, file_path: described("Path of the file in the skill, such as scripts/process.py") };
const CONTENT = { ...FILE, content: described("All of the file") };

const READ_ONLY = { readOnlyHint: true, idempotentHint: true, openWorldHint: false } as const;
const CHANGING = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false } as const;

/** A tool that is another one with some arguments given. */
interface Alias {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly entries: Readonly<Record<string, ReturnType<typeof described>>>;
  readonly annotations: typeof READ_ONLY | typeof CHANGING;
  readonly calls: "skill_crud" | "skill_files_crud" | "skill_env_crud";
  readonly given: JsonObject;
}

const ALIASES: readonly Alias[] = [
  {
    name: "get_skill_details",
    title: "Get skill details",
    description: "Tell all about a skill: its SKILL.md, files, scripts and names of environment variables.",
    entries: SKILL,
    annotations: READ_ONLY,
    calls: "skill_crud",
    given: { operation: "get", include_content: true },
  },
  {
    name: "read_skill_file",
    title: "Read skill file",
    description: "Read a file of a skill.",
    entries: FILE,
    annotations: READ_ONLY,
    calls: "skill_files_crud",
    given: { operation: "read" },
  },
  {
    name: "create_skill_file",
    title: "Create skill file",
    description: "Create a file in a skill, which must not be there yet.",
    entries: CONTENT,
    annotations: CHANGING,
    calls: "skill_files_crud",
    given: { operation: "create" },
  },
  {
    name: "update_skill_file",
    title: "Update skill file",
    description: "Replace what is in a file of a skill.",
    entries: CONTENT,
    annotations: CHANGING,
    calls: "skill_files_crud",
    given: { operation: "update" },
  },
  {
    name: "delete_skill_file",
    title: "Delete skill file",
    description: "Delete a file of a skill; its SKILL.md cannot be deleted.",
    entries: FILE,
    annotations: CHANGING,
    calls: "skill_files_crud",
    given: { operation: "delete" },
  },
  {
    name: "read_skill_env",
    title: "Read skill variables",
    description: "List the names of the environment variables of a skill; their values are never shown.",
    entries: SKILL,
    annotations: READ_ONLY,
    calls: "skill_env_crud",
    given: { operation: "read" },
  },
  {
    name: "list_env_keys",
    title: "List skill variables",
    description: "List the names of the environment variables of a skill.",
    entries: SKILL,
    annotations: READ_ONLY,
    calls: "skill_env_crud",
    given: { operation: "read" },
  },
];

/** Registers the tools. */
export function registerAliases({ tool, toolbox }: AliasesContext): void {
  for (const { name, title, description, entries, annotations, calls, given } of ALIASES) {
    tool({
      name,
      description: `${description} The same as ${calls} with ${JSON.stringify(given)}.`,
      input: v.strictObject(entries),
      annotations: { title, ...annotations },
      run: (args, call) => toolbox.call(calls, { ...args, ...given }, call),
    });
  }
  tool({
    name: "update_skill_env",
    description: "Replace the environment variables of a skill. What stands between variables is kept.",
    input: v.strictObject({
      ...SKILL,
      content: described("The variables, as the .env file has them: KEY=VALUE lines"),
    }),
    annotations: { title: "Update skill variables", ...CHANGING },
    run: ({ skill_name: skill, content }, call) => replaceVariables({ skill, content }, { toolbox, call }),
  });
}

/** Sets the variables of a text, then removes the others, so that a failure loses none. */
async function replaceVariables(
  { skill, content }: { readonly skill: string; readonly content: string },
  { toolbox, call }: Pick<AliasesContext, "toolbox"> & { readonly call: Call },
): Promise<ToolResult> {
  const env = (args: JsonObject) => toolbox.call("skill_env_crud", { skill_name: skill, ...args }, call);
  const variables = EnvFile.parse(content).values();
  if (Object.keys(variables).length === 0) return await env({ operation: "clear" });
  const before = await env({ operation: "read" });
  if (before.isError === true) return before;
  const set = await env({ operation: "set", variables });
  const others = keysOf(before).filter((key) => !Object.hasOwn(variables, key));
  if (set.isError === true || others.length === 0) return set;
  const removed = await env({ operation: "delete", keys: others });
  return removed.isError === true ? removed : set;
}

function keysOf({ structuredContent }: ToolResult): readonly string[] {
  const keys = isObject(structuredContent) ? structuredContent["keys"] : undefined;
  return Array.isArray(keys) ? keys.filter((key) => typeof key === "string") : [];
}
