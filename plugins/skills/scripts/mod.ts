/**
 * The tools that run code of skills.
 *
 * @module
 */
import { registerPythonCode } from "./python/execute_python_code.ts";
import { registerRunSkillScript, type RunSkillScriptOptions } from "./run_skill_script.ts";
import { SkillScripts, type SkillScriptsOptions } from "./skill_scripts.ts";

/** What the tools work with. */
export interface SkillScriptToolsOptions extends SkillScriptsOptions, Pick<RunSkillScriptOptions, "tool"> {}

/** Registers the tools; gives what they share. */
export function registerSkillScripts(options: SkillScriptToolsOptions): SkillScripts {
  const scripts = new SkillScripts(options);
  const { tool, files, processes, environment, dependencies } = options;
  registerRunSkillScript({ tool, scripts, processes, environment });
  registerPythonCode({ tool, scripts, files, processes, environment, dependencies });
  return scripts;
}
