/**
 * The errors of the skills API: {@linkcode SkillValueError} for a wrong value, {@linkcode SkillRuntimeError} for a
 * failing world. Python's `ValueError` and `RuntimeError` of the page that the API follows.
 *
 * Both are tool errors: thrown while a tool runs, they reach the model as they are written.
 *
 * @module
 */
import { isToolError, ToolError } from "../../../kernel/mod.ts";
import type { Refusal } from "./refusal.ts";

/** Lists the codes of a {@linkcode SkillValueError} and a {@linkcode SkillRuntimeError}. */
export type SkillErrorCode =
  | "ARGUMENT_INVALID"
  | "CONFIG_INVALID"
  | "DATA_INVALID"
  | "DEPENDENCY_CYCLE"
  | "DEPENDENCY_MISSING"
  | "NAME_INVALID"
  | "NAME_TAKEN"
  | "PATH_MISSING"
  | "PORT_UNAVAILABLE"
  | "SCHEMA_INVALID"
  | "SCOPE_UNKNOWN"
  | "SKILL_NOT_LOADED"
  | "SKILL_REFUSED"
  | "SKILL_UNKNOWN";

/** What an error of the skills API carries beside its message and code. */
export interface SkillErrorOptions {
  readonly cause?: unknown;
  /** Names the skill concerned. */
  readonly skill?: string | undefined;
  /** Names the dependency that is not there. */
  readonly dependency?: string | undefined;
  /** Names of a cycle in order, the first again at the end. */
  readonly cycle?: readonly string[] | undefined;
  /** The rules that were broken. */
  readonly refusals?: readonly Refusal[] | undefined;
}

/** Leaves out what is not there. */
function dataOf(code: SkillErrorCode, { cause: _cause, ...facts }: SkillErrorOptions): Record<string, unknown> {
  return { code, ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) };
}

/**
 * Reports a value that cannot be used: an unknown skill, an impossible name, data that does not parse.
 *
 * @example Tell what went wrong by its code
 * ```ts
 * import { SkillValueError } from "collet/skills";
 *
 * const error = new SkillValueError("SKILL_UNKNOWN", 'Cannot load skill "maya": it is not known', { skill: "maya" });
 * if (error.code !== "SKILL_UNKNOWN" || error.skill !== "maya") throw new Error("unexpected");
 * ```
 */
export class SkillValueError extends ToolError {
  override readonly name: string = "SkillValueError";
  readonly code: SkillErrorCode;
  readonly skill: string | undefined;
  readonly dependency: string | undefined;
  readonly cycle: readonly string[] | undefined;
  readonly refusals: readonly Refusal[];

  constructor(code: SkillErrorCode, message: string, options: SkillErrorOptions = {}) {
    super(message, { cause: options.cause, data: dataOf(code, options) });
    this.code = code;
    this.skill = options.skill;
    this.dependency = options.dependency;
    this.cycle = options.cycle;
    this.refusals = options.refusals ?? [];
  }
}

/** Reports that the world did not do its part: a path that is not there, a port that is taken. */
export class SkillRuntimeError extends ToolError {
  override readonly name: string = "SkillRuntimeError";
  readonly code: SkillErrorCode;

  constructor(code: SkillErrorCode, message: string, options: Pick<SkillErrorOptions, "cause" | "skill"> = {}) {
    super(message, { cause: options.cause, data: dataOf(code, options) });
    this.code = code;
  }
}

/** Tells whether something thrown is a {@linkcode SkillValueError}, be it of another copy of this module. */
export function isSkillValueError(thrown: unknown): thrown is SkillValueError {
  return isToolError(thrown) && (thrown as { readonly name?: unknown }).name === "SkillValueError";
}
