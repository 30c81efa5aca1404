/**
 * The tools that run code of skills.
 *
 * @module
 */
import type { SkillImports } from "../contract.ts";
import { registerPythonCode } from "./python/execute_python_code.ts";
import { PythonImports } from "./python/imports.ts";
import { registerRunSkillScript, type RunSkillScriptOptions } from "./run_skill_script.ts";
import { SkillScripts, type SkillScriptsOptions } from "./skill_scripts.ts";

/** What the tools work with. */
export interface SkillScriptToolsOptions extends SkillScriptsOptions, Pick<RunSkillScriptOptions, "tool"> {}

/** Registers the tools; gives what other code of Python can have of skills as well. */
export function registerSkillScripts(options: SkillScriptToolsOptions): SkillImports {
  const scripts = new SkillScripts(options);
  const { tool, files, processes, environment, dependencies } = options;
  registerRunSkillScript({ tool, scripts, processes, environment });
  const imports = new PythonImports({ scripts, environment });
  registerPythonCode({ tool, scripts, imports, files, processes, environment, dependencies });
  return imports;
}
