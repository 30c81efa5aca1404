/**
 * Which regular expressions a schema may have: such as RE2 matches in linear time, and for keys simple ones.
 *
 * @module
 */

// as RE2 has it
const MAX_REPETITION = 1_000;

const ATOM_REGEXP = /\\[upP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]/gs;
const UNBOUNDED_REGEXP = /[*+]|\{\d+,\d*\}/g;
const TOKEN_REGEXP = /\(|\)|\{(?<least>\d+)(?:,(?<most>\d*))?\}|./gs;

const ESCAPE_REGEXP = /\\(?:[pP]\{[^}]*\}|.)/gs;

/**
 * Checks a pattern of ECMA-262, the dialect of JSON Schema.
 *
 * @throws {SyntaxError} when it is malformed, or has what RE2 does not match.
 */
export function assertPattern(source: string): void {
  assertRegExp(source);
  const found = findUnsupported(source);
  if (found !== undefined) throw unsupported(found);
}

function findUnsupported(source: string): string | undefined {
  for (const atom of source.match(ATOM_REGEXP) ?? []) {
    const isClass = atom.startsWith("[");
    for (const escape of atom.match(ESCAPE_REGEXP) ?? []) {
      if (!isClass && /^\\[1-9k]/.test(escape)) return "a back-reference";
      if (isClass && escape === "\\b") return "a backspace in a class ([\\b])";
      if (/^\\[pP]\{.*=/s.test(escape)) return `a property by name and value (${escape})`;
    }
  }
  const bare = source.replace(ATOM_REGEXP, "x");
  if (/\(\?<?[=!]/.test(bare)) return "look-around";
  return mostRepeated(bare) > MAX_REPETITION ? `a repetition beyond ${MAX_REPETITION.toLocaleString("en")}` : undefined;
}

// a repetition within another counts as often as the other repeats it
function mostRepeated(bare: string): number {
  const groups = [1];
  let last = 1;
  for (const { 0: token, groups: bounds } of bare.matchAll(TOKEN_REGEXP)) {
    if (token === "(") groups.push(1);
    last = token === ")" ? groups.pop()! : bounds?.["least"] === undefined ? 1 : last * timesOf(bounds);
    groups.push(Math.max(groups.pop()!, last));
  }
  return groups[0]!;
}

function timesOf({ least, most }: Readonly<Record<string, string>>): number {
  return Number(most || least);
}

/** Says that RE2 does not match a pattern, and what of it. */
export function unsupported(found: string): SyntaxError {
  return new SyntaxError(`${found} is not supported, since RE2 matches patterns here, in linear time`);
}

/**
 * Checks a pattern of keys.
 *
 * @throws {SyntaxError} when it is malformed, or might take more than quadratic time.
 */
export function assertKeyPattern(source: string): void {
  assertRegExp(source);
  const bare = bareOf(source);
  const repetitions = bare.match(UNBOUNDED_REGEXP) ?? [];
  if (/\(\?[=!<]|\)[*+?{]/.test(bare) || repetitions.length > 2) {
    throw new SyntaxError("for keys, repeated groups, look-around and a third repetition are not supported");
  }
}

function assertRegExp(source: string): void {
  try {
    new RegExp(source, "u");
  } catch {
    throw new SyntaxError("not a regular expression");
  }
}

// escapes and classes taken for a letter, back-references for look-around
function bareOf(source: string): string {
  return source.replace(ATOM_REGEXP, (atom) => /^\\[1-9k]/.test(atom) ? "(?=" : "x");
}
