/**
 * Version numbers of tools: they only rise.
 *
 * @module
 */

const VERSION_REGEXP = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+][0-9A-Za-z.+-]{1,40})?$/;

const LARGEST = 999_999_999;

/** The version of a tool that is saved for the first time. */
export const FIRST_VERSION = "1.0.0";

/** Tells whether a text is a version number; only then does it become the name of a folder. */
export function isVersion(text: unknown): text is string {
  return typeof text === "string" && VERSION_REGEXP.test(text);
}

/** Compares two versions by their numbers; what is no version comes first. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < 3; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Gives the version after the highest of some: its patch number raised. */
export function nextVersion(existing: readonly string[]): string {
  const highest = existing.filter(isVersion).sort(compareVersions).at(-1);
  if (highest === undefined) return FIRST_VERSION;
  const [major = 0, minor = 0, patch = 0] = numbersOf(highest);
  // a longer number would be no version
  if (patch < LARGEST) return `${major}.${minor}.${patch + 1}`;
  return minor < LARGEST ? `${major}.${minor + 1}.0` : `${major + 1}.0.0`;
}

function numbersOf(version: string): readonly number[] {
  return VERSION_REGEXP.exec(version)?.slice(1, 4).map(Number) ?? [-1, -1, -1];
}
