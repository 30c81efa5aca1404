/**
 * `activate_tool_group` and `deactivate_tool_group`: switch the tools of one group of a skill.
 *
 * @module
 */
import * as v from "valibot";
import { rankCompletions, ToolError } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import { type GroupState, listGroupsOf } from "../catalog/groups.ts";
import type { SkillTools } from "./mod.ts";
import { answer } from "./texts.ts";

const MAX_SHOWN = 20;

const Group = v.optional(v.pipe(v.string(), v.description('As "skill:group", or its name if no other skill has it')));

/** Registers the tools. */
export function registerToolGroups(tools: SkillTools): void {
  registerSwitch(tools, { verb: "activate", effect: "its tools can be called" });
  registerSwitch(tools, { verb: "deactivate", effect: "its tools cannot be called until it is active again" });
}

function registerSwitch(
  { tool, catalog }: SkillTools,
  { verb, effect }: { readonly verb: "activate" | "deactivate"; readonly effect: string },
): void {
  const title = `${verb === "activate" ? "Activate" : "Deactivate"} a tool group`;
  tool({
    name: `${verb}_tool_group`,
    description: `${title} of a loaded skill: ${effect}.`,
    input: v.strictObject({
      group: Group,
      group_name: v.optional(v.pipe(v.string(), v.description("The same as group"))),
    }),
    output: v.object({
      success: v.literal(true),
      group: v.string(),
      changed: v.pipe(v.number(), v.description("How many tools that changed")),
      active_groups: v.array(v.string()),
    }),
    annotations: { title, readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    complete: (argument, value) => argument.startsWith("group") ? rankCompletions(value, groupsOf(catalog)) : [],
    run: ({ group, group_name: alias }) => {
      const asked = group ?? alias;
      if (asked === undefined) throw new ToolError(`Cannot ${verb} a group: "group" is missing`);
      const name = nameOf(requireGroup(asked, { catalog, verb }));
      const changed = verb === "activate" ? catalog.activateGroup(name) : catalog.deactivateGroup(name);
      const done = { success: true as const, group: name, changed, active_groups: catalog.activeGroups() };
      const tools = `${changed} ${changed === 1 ? "tool" : "tools"} changed`;
      return answer([`Group "${name}" is ${verb === "activate" ? "active" : "not active"}; ${tools}`], done);
    },
  });
}

function requireGroup(
  name: string,
  { catalog, verb }: { readonly catalog: SkillCatalog; readonly verb: string },
): GroupState {
  const found = catalog.findGroups(name);
  const [first] = found;
  if (found.length > 1) {
    throw new ToolError(
      `Cannot ${verb} group "${name}": several skills have it; name one of ${list(found.map(nameOf))}`,
    );
  }
  if (first === undefined) {
    const known = groupsOf(catalog);
    const loaded = known.length === 0 ? "no loaded skill has groups" : `the groups of loaded skills are ${list(known)}`;
    throw new ToolError(`Cannot ${verb} group "${name}": there is no such group; ${loaded}`);
  }
  if (!catalog.isLoaded(first.skill)) {
    throw new ToolError(`Cannot ${verb} group "${name}": skill "${first.skill}" is not loaded; call load_skill first`);
  }
  return first;
}

/** Gives the groups of loaded skills. */
function groupsOf(catalog: SkillCatalog): readonly string[] {
  return catalog.skills().filter(({ state }) => state === "loaded")
    .flatMap(({ name, metadata }) => listGroupsOf(metadata).map(({ name: group }) => `${name}:${group}`));
}

function nameOf({ skill, group }: GroupState): string {
  return `${skill}:${group}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_SHOWN).map((it) => `"${it}"`).join(", ");
  return names.length > MAX_SHOWN ? `${shown} and ${names.length - MAX_SHOWN} more` : shown;
}
