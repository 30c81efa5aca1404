/**
 * The variables of several skills in one environment.
 *
 * @module
 */
import { ToolError } from "../../../../kernel/mod.ts";

/** What the `.env` of one skill sets. */
export interface SkillVariables {
  /** Names the skill. */
  readonly skill: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Unites the variables of skills.
 *
 * @throws {ToolError} naming the variables that two skills set to different values, and these skills; never a value.
 */
export function uniteVariables(skills: readonly SkillVariables[]): Readonly<Record<string, string>> {
  const owners = new Map<string, { readonly skill: string; readonly value: string }>();
  const conflicts: string[] = [];
  for (const { skill, values } of skills) {
    for (const [name, value] of Object.entries(values)) {
      const known = owners.get(name);
      if (known === undefined) owners.set(name, { skill, value });
      else if (known.value !== value) conflicts.push(`"${name}" in "${known.skill}" and "${skill}"`);
    }
  }
  if (conflicts.length > 0) {
    throw new ToolError(
      `Cannot use the .env files of these skills together: they set variables to different values: ` +
        `${conflicts.join(", ")}; make the values equal or the names different with \`skill_env_crud\`, or refer to ` +
        "one of the skills alone",
      { data: { code: "ENV_CONFLICT", conflicts } },
    );
  }
  return Object.fromEntries([...owners].map(([name, { value }]) => [name, value]));
}
