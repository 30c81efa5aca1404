/**
 * The tool `skill_crud`: makes, lists, shows, checks, deletes and restores skills.
 *
 * @module
 */
import type { Call, PluginContext } from "../../../kernel/mod.ts";
import { answer } from "../tools/texts.ts";
import { toldAsError } from "../tools/told_errors.ts";
import type { ChangeOptions } from "./changing.ts";
import { Input, Output, type Request } from "./request.ts";

/** What the tool needs. */
export interface SkillCrudContext extends ChangeOptions {
  readonly tool: PluginContext["tool"];
  /** Completes the name of a skill while it is typed. */
  complete(value: string): readonly string[];
}

function describe(root: string): string {
  return `Create, list, search, show, validate, delete and restore skills.

Skills live in ${root}, one folder each; skills of other places are listed too, and are read-only here. Paths are \
relative to the skill, such as main.py. To run a script of a skill use run_skill_script, no shell of your own.

- create: a new skill from a template (basic, python, bash, nodejs, typescript)
- list: all skills, a page at a time; with \`search\` those that it matches
- search: the skills with a text in name or description; with ^ at its start or a * it is also a regular expression \
for names
- get: files, scripts and names of environment variables of one skill; with \`include_content\` its SKILL.md
- validate: what is wrong with one skill
- delete: one skill, with \`confirm\` true; it can be restored for 30 days
- restore: the deleted skill of a name
- list_templates: what create can begin with

Examples:
{"operation": "create", "skill_name": "my-skill", "description": "My skill", "template": "python"}
{"operation": "search", "search": "^api-"}
{"operation": "get", "skill_name": "my-skill", "include_content": true}
{"operation": "delete", "skill_name": "my-skill", "confirm": true}`;
}

/** Registers the tool. */
export function registerSkillCrud({ tool, ...options }: SkillCrudContext): void {
  tool({
    name: "skill_crud",
    description: describe(options.places.root.path),
    input: Input,
    output: Output,
    annotations: { title: "Manage skills", readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    complete: (argument, value) => argument === "skill_name" ? options.complete(value) : [],
    run: async (request: Request, call: Call) => {
      // no start is to wait for what a call needs, the engine of regular expressions least of all
      const { OPERATORS } = await import("./operators.ts");
      const work = () => OPERATORS[request.operation](request, { ...options, signal: call.signal });
      const { text, data } = await toldAsError(call, work);
      return answer([text], { operation: request.operation, ...data });
    },
  });
}
