/**
 * Words that several reports share.
 *
 * @module
 */
import { plainText } from "../trust/contract.ts";

/** Most names within a line. */
const MOST_NAMES = 10;

/** Most characters of a name, which others wrote. */
const LONGEST_NAME = 100;
const PLAIN_WORD_REGEXP = /^[\w./@+-]+$/;

/** Letters many of which look like Latin ones. */
const LOOKALIKE_REGEXP = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/gu;
const LATIN_REGEXP = /\p{Script=Latin}/u;

/** Writes the name of a skill within a line; letters that look like Latin ones, among those, as escapes. */
export function shownName(name: string): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  if (!LATIN_REGEXP.test(short)) return plainText(short);
  return plainText(short.replace(LOOKALIKE_REGEXP, (it) => `\\u{${it.codePointAt(0)!.toString(16)}}`));
}

/** Names some of many: the first, and `...` where there are more. */
export function someOf(names: readonly string[], most: number = MOST_NAMES): string {
  const shown = names.slice(0, most).map(shownName);
  return [...shown, ...(names.length > most ? ["..."] : [])].join(", ");
}

/** Counts skills: `1 skill`, `3 skills`. */
export function countSkills(count: number): string {
  return `${count} ${count === 1 ? "skill" : "skills"}`;
}

/** Gives the command that allows the scripts of a repository, safe to be copied into a shell. */
export function trustCommand(name: string, skill?: string): string {
  if (skill === undefined) return `collet skill_repos trust ${name}`;
  const word = PLAIN_WORD_REGEXP.test(skill) ? skill : `'${plainText(skill).replaceAll("'", "'\\''")}'`;
  return `collet skill_repos trust ${name} --skill ${word}`;
}

/** Gives how somebody allows the scripts of a repository. */
export function howToTrust(name: string, skill?: string): string {
  const command = trustCommand(name, skill);
  const request = JSON.stringify({ operation: "trust", name, ...(skill !== undefined && { skill }) });
  return `whoever uses this machine allows them by "${command}", or when asked by skill_repos ${request}`;
}
