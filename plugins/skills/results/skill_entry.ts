/**
 * Wraps the function of a skill's script, so that whatever it throws becomes a result.
 *
 * @module
 */
import { describeThrown } from "./failure.ts";
import { skillError, skillException } from "./helpers.ts";
import type { ResultDict } from "./tool_result.ts";
import { validateActionResult } from "./validate.ts";

/** A wrapped function: it never throws. */
export type SkillFunction<Arguments> = (args: Arguments) => Promise<ResultDict>;

/** Applications, by the modules that come with them. */
const APPLICATIONS: ReadonlyMap<string, string> = new Map([
  ["maya", "Maya"],
  ["pymel", "Maya"],
  ["hou", "Houdini"],
  ["houdini", "Houdini"],
  ["nuke", "Nuke"],
  ["bpy", "Blender"],
  ["blender", "Blender"],
  ["c4d", "Cinema 4D"],
  ["cinema4d", "Cinema 4D"],
  ["pymxs", "3ds Max"],
  ["3dsmax", "3ds Max"],
  ["unreal", "Unreal"],
]);
const INTERRUPTIONS: ReadonlySet<string> = new Set(["AbortError", "Cancelled"]);
const MISSING_CODES: ReadonlySet<unknown> = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);
/** How Deno, Node and bundlers begin the message of an import that failed. */
const MISSING_REGEXP =
  /^(?:Cannot find (?:module|package)|Module not found|Could not (?:find|resolve)|Relative import path)/;
const MODULE_NAME_REGEXP = /["'](?:npm:|jsr:|file:)?([^"']+)["']/;

/**
 * Wraps a function.
 *
 * @param main Takes its arguments by name; what it gives is made a result.
 * @returns the function with the same name. A module that is not there becomes the failure that its application is not
 * available, an interruption (`AbortError`) says so, and any other error is told of by {@linkcode skillException}.
 */
export function skillEntry<Arguments, R>(main: (args: Arguments) => R | Promise<R>): SkillFunction<Arguments> {
  const entry: SkillFunction<Arguments> = async (args) => {
    try {
      return validateActionResult(await main(args)).toDict();
    } catch (thrown) {
      return resultOfThrown(thrown);
    }
  };
  return Object.defineProperty(entry, "name", { value: main.name, configurable: true });
}

/** Makes a result of something thrown: a failed import and an interruption are told of as such. */
function resultOfThrown(thrown: unknown): ResultDict {
  const { type, message, text } = describeThrown(thrown);
  const isMissing = thrown instanceof Error &&
    (MISSING_CODES.has((thrown as { code?: unknown }).code) || MISSING_REGEXP.test(message));
  if (!isMissing) return failureOf(thrown);
  const module = topModuleOf(message);
  const application = APPLICATIONS.get(module.toLowerCase());
  return skillError(`${application ?? (module || "DCC")} is not available in this environment`, text, {
    prompt: "Call the tool where the module can be loaded",
    possibleSolutions: application === undefined
      ? ["Install the module where the interpreter of the script looks for it"]
      : [`Start ${application}`, `Run the script with the interpreter of ${application}`],
    error_type: type,
  });
}

/** Makes a result of something thrown: an interruption is told of as such. */
export function failureOf(thrown: unknown): ResultDict {
  const { type, text } = describeThrown(thrown);
  if (!INTERRUPTIONS.has(type)) return skillException(thrown);
  return skillError("The tool was interrupted", text, { prompt: "Call the tool again", error_type: type });
}

/** Reads from the message of a failed import which module was wanted: the first part of its name. */
function topModuleOf(message: string): string {
  const module = MODULE_NAME_REGEXP.exec(message)?.[1] ?? "";
  const parts = module.replace(/^.*[/\\]node_modules[/\\]/, "").split(/[./\\]/);
  return parts.find((it) => it !== "") ?? "";
}
