/**
 * The rules of Agent Skills for names, descriptions and compatibility notes, which are those of its reference validator.
 * Source: the specification of Agent Skills (agentskills.io) and `skills-ref`.
 *
 * @module
 */
import { inQuotes } from "./quoting.ts";

/** One rule that a value breaks. */
export interface Fault {
  readonly rule: string;
  readonly message: string;
  readonly remedy: string;
}

/** Most characters of a name. */
export const LONGEST_NAME = 64;
/** Most characters of a description. */
export const LONGEST_DESCRIPTION = 1024;
/** Most characters of a compatibility note. */
export const LONGEST_COMPATIBILITY = 500;

/** Keys of the front matter that Agent Skills know; there are no others. */
export const STANDARD_KEYS: readonly string[] = [
  "name",
  "description",
  "license",
  "compatibility",
  "metadata",
  "allowed-tools",
];

// nearly all names are of this form, and each skill of a scan has one
const PLAIN_NAME_REGEXP = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const NAME_CHARACTERS_REGEXP = /^[\p{L}\p{N}-]*$/u;

/** Gives a name in the form in which names are compared: normal form KC, no space around it. */
export function normalizeName(name: string): string {
  return PLAIN_NAME_REGEXP.test(name) ? name : name.trim().normalize("NFKC");
}

/** Checks a name, which must not be empty. */
export function nameFaults(written: string): Fault[] {
  if (PLAIN_NAME_REGEXP.test(written) && written.length <= LONGEST_NAME) return [];
  const name = normalizeName(written);
  const faults: Fault[] = [];
  const add = (rule: string, what: string, remedy: string) =>
    faults.push({ rule, message: `Name ${inQuotes(name)} ${what}`, remedy });
  if (name === "") {
    return [{ rule: "name-missing", message: "The name is empty", remedy: 'Give "name" a value' }];
  }
  const length = countCharacters(name);
  if (length > LONGEST_NAME) {
    add("name-too-long", `has ${length} characters, and ${LONGEST_NAME} are allowed`, "Shorten it");
  }
  if (name !== name.toLowerCase()) add("name-upper-case", "has upper case letters", "Write it in lower case");
  if (name.startsWith("-") || name.endsWith("-")) {
    add("name-hyphen-edge", "begins or ends with a hyphen", "Leave that hyphen out");
  }
  if (name.includes("--")) add("name-hyphen-double", "has two hyphens in a row", "Leave one of them out");
  if (!NAME_CHARACTERS_REGEXP.test(name)) {
    add("name-characters", "has characters other than letters, digits and hyphens", "Put hyphens in their place");
  }
  return faults;
}

/** Checks the length of a description. */
export function descriptionFaults(description: string): Fault[] {
  return lengthFaults(description, { rule: "description-too-long", what: "description", most: LONGEST_DESCRIPTION });
}

/** Checks the length of a compatibility note. */
export function compatibilityFaults(compatibility: string): Fault[] {
  const rule = "compatibility-too-long";
  return lengthFaults(compatibility, { rule, what: "compatibility note", most: LONGEST_COMPATIBILITY });
}

function lengthFaults(
  text: string,
  { rule, what, most }: { readonly rule: string; readonly what: string; readonly most: number },
): Fault[] {
  // a text never has more characters than code units
  const length = text.length <= most ? text.length : countCharacters(text);
  if (length <= most) return [];
  return [{ rule, message: `The ${what} has ${length} characters, and ${most} are allowed`, remedy: "Shorten it" }];
}

/** Counts code points, as the reference validator does. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
