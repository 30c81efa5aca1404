/**
 * Names of the tools of skills.
 *
 * @module
 */
import { isItemName } from "../../../kernel/mod.ts";
import { isStubName } from "../disclosure/stub_names.ts";
import { SkillValueError } from "./errors.ts";

/**
 * Gives the form of a name in which two skills are the same: `maya-geometry` and `maya_geometry` would have tools of the
 * same names.
 */
export function underscored(name: string): string {
  return name.replaceAll("-", "_");
}

/**
 * Composes the name under which a tool of a skill is registered: both with `_` for `-`, joined by `__`. A tool that
 * writes the prefix of its own skill is registered as it says.
 *
 * @example
 * ```ts
 * import { actionName } from "collet/skills";
 *
 * if (actionName("maya-geometry", "create_sphere") !== "maya_geometry__create_sphere") throw new Error("unexpected");
 * if (actionName("blender-utils", "render-scene") !== "blender_utils__render_scene") throw new Error("unexpected");
 * ```
 *
 * @throws {SkillValueError} `NAME_INVALID` when the name would be that of another skill's tool, longer than 64
 * characters, or hold others than `A-Z a-z 0-9 _ -`.
 */
export function actionName(skill: string, tool: string): string {
  const prefix = `${underscored(skill)}__`;
  const own = underscored(tool);
  const isPrefixed = own.startsWith(prefix);
  const name = isPrefixed ? own : prefix + own;
  const problem = own === "" || own === prefix
    ? "the tool has no name"
    : own.includes("__") && !isPrefixed
    ? `"__" comes after the name of a skill, and only "${prefix}" is that of this one; leave out "__"`
    : isStubName(name)
    ? `"${shorten(name)}" would pass for a tool that stands for a skill; rename the skill`
    : name.length > 64
    ? `the name "${shorten(name)}" would have ${name.length} characters, and 64 are allowed; shorten it`
    : isItemName(name)
    ? undefined
    : `the name "${shorten(name)}" may hold A-Z a-z 0-9 _ - and nothing else`;
  if (problem === undefined) return name;
  throw new SkillValueError(
    "NAME_INVALID",
    `Cannot name tool "${shorten(tool)}" of skill "${shorten(skill)}": ${problem}`,
  );
}

function shorten(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}
