/**
 * What an operator can ask for.
 *
 * @module
 */

/**
 * `auto` takes the strongest mechanism that works, and none where none is installed; `required` refuses to start
 * without one; `off` confines nothing; the others name a mechanism.
 */
export const MODES = ["auto", "off", "required", "bubblewrap", "firejail", "nsjail", "deno"] as const;
/** What the operator asks for. */
export type Mode = typeof MODES[number];
