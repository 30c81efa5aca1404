/**
 * What others may know of `exposure`: the tools that every client sees.
 *
 * @module
 */

/** Names of the tools that every client sees at the start. */
export const START_TOOLS: readonly string[] = Object.freeze([
  "list_tools",
  "search_tools",
  "call_tool",
  "register_script",
  "execute_code",
  "memory",
  "search_skills",
  "activate_skill",
  "deactivate_skill",
  "suggest_skill",
]);
