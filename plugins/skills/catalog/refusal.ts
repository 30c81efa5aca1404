/**
 * Why a skill, or a tool of one, may not be used here.
 *
 * @module
 */

/** One rule that keeps a skill from being loaded, or one of its tools from being called. */
export interface Refusal {
  readonly rule: "products" | "implicit-invocation" | "env" | "bin" | "os" | "external-dep" | "group";
  /** Says what was found and what the skill asks for. */
  readonly message: string;
  /** Where the rule is written, relative to the skill, such as `SKILL.md`. */
  readonly file: string;
  /** Line in that file, from 1, where it is known. */
  readonly line?: number;
  /** Says what would make it usable. */
  readonly remedy: string;
}
