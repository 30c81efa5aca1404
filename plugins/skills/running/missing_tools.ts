/**
 * What a call is answered that names a tool of a skill which is not offered: its group is not active, or its skill is not
 * loaded. To a client it would be an unknown tool, and its model could not mend that.
 *
 * @module
 */
import type { SkillCatalog } from "../catalog/catalog.ts";
import { actionName } from "../catalog/naming.ts";
import type { ToolRegistry } from "../catalog/registry.ts";
import { refuseGroup } from "../catalog/requirements.ts";
import { stemOf } from "../search/stems.ts";

/** Where tools are looked up. */
export interface MissingToolsOptions {
  readonly registry: Pick<ToolRegistry, "get">;
  readonly catalog: Pick<SkillCatalog, "find">;
}

/** Says why a tool is not offered, and what to do; `undefined` when no skill has it, as far as its name tells. */
export function explainMissingTool(
  name: string,
  { registry, catalog }: MissingToolsOptions,
): string | undefined {
  const registered = registry.get(name);
  if (registered?.enabled === false) {
    const { message, remedy } = refuseGroup(registered);
    return `${message}. ${remedy}`;
  }
  const prefix = name.slice(0, Math.max(0, name.indexOf("__")));
  const skill = catalog.find(prefix.replaceAll("_", "-")) ?? catalog.find(prefix);
  if (skill === undefined || skill.state === "loaded") return undefined;
  const { toolNames, scripts } = skill.metadata;
  const tools = toolNames.length > 0 ? toolNames : scripts.map(stemOf);
  return tools.some((tool) => nameOf(prefix, tool) === name)
    ? `its skill "${skill.name}" is not loaded. Call activate_skill with "${skill.name}"`
    : undefined;
}

function nameOf(skill: string, tool: string): string | undefined {
  try {
    return actionName(skill, tool);
  } catch {
    return undefined;
  }
}
