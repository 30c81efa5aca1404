/**
 * Scopes: whose a skill is, which decides between skills of one name.
 *
 * @module
 */

/** Whose a skill is: of whoever manages the machine, of what is installed, of the user, of a team, of one project. */
export type SkillScope = "admin" | "system" | "user" | "team" | "repo";

/** All scopes, that which takes precedence first. */
export const SCOPES: readonly SkillScope[] = Object.freeze(["admin", "system", "user", "team", "repo"]);

/** Origin of search paths that are checkouts of git repositories. */
export const REPOSITORY_ORIGIN = "repository";

/** Tells whether a value names a scope. */
export function isScope(value: unknown): value is SkillScope {
  return SCOPES.includes(value as SkillScope);
}

/** Orders scopes, that which takes precedence first. */
export function compareScopes(a: SkillScope, b: SkillScope): number {
  return SCOPES.indexOf(a) - SCOPES.indexOf(b);
}
