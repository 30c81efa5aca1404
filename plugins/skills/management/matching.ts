/**
 * Which skills a search means: those that have it in their name or description, and where it is written as a regular
 * expression, those whose name it matches.
 *
 * Regular expressions are matched by RE2's algorithm, in time linear in the name, whatever their pattern is.
 *
 * @module
 */
import { RE2JS } from "re2js";
import { messageOf, ToolError } from "../../../kernel/mod.ts";

/** What of a skill is searched. */
export interface SearchedTexts {
  readonly name: string;
  /** Asked for only where the name does not have it. */
  description(): string;
}

/**
 * Compiles a search. Letter case counts nowhere. It is a regular expression as well when it begins with `^` or holds
 * `*`.
 *
 * @throws {ToolError} saying what is wrong with the regular expression.
 */
export function compileSearch(search: string): (texts: SearchedTexts) => boolean {
  const wanted = search.toLowerCase();
  const pattern = search.startsWith("^") || search.includes("*") ? compilePattern(search) : undefined;
  return ({ name, description }) =>
    name.toLowerCase().includes(wanted) || pattern?.matcher(name).find() === true ||
    description().toLowerCase().includes(wanted);
}

function compilePattern(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (thrown) {
    throw new ToolError(
      `Cannot search by pattern ${JSON.stringify(source)}: ${
        messageOf(thrown)
      }; what begins with "^" or holds "*" is a ` +
        "regular expression, without look-around and back-references",
      { cause: thrown, data: { code: "ARGUMENT_INVALID" } },
    );
  }
}
