/**
 * Results of skills' tools: what they are, how they are written and read, and the helpers that scripts make them with.
 *
 * @module
 */
export { errorResult, fromException, successResult } from "./factories.ts";
export {
  type ExceptionOptions,
  type FailureOptions,
  type ResultOptions,
  skillError,
  skillException,
  skillSuccess,
  skillWarning,
  type WarningOptions,
} from "./helpers.ts";
export { createRunMain, type RunMain, type ScriptHost } from "./run_main.ts";
export { deserializeResult, SerializeFormat, serializeResult } from "./serialize.ts";
export { skillEntry, type SkillFunction } from "./skill_entry.ts";
export {
  type ResultDict,
  type ResultJson,
  type ToJsonOptions,
  ToolResult,
  type ToolResultFields,
} from "./tool_result.ts";
export { validateActionResult } from "./validate.ts";
