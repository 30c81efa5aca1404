/**
 * Names of stubs: tools that stand for skills which are not loaded, and for groups which are not active.
 *
 * @module
 */
import { sha256 } from "../../../kernel/mod.ts";

const PREFIXES = { skill: "__skill__", group: "__group__" } as const;
const MAX_LENGTH = 64;
const KEPT_LENGTH = 55;
const DIGEST_LENGTH = 8;
const FOREIGN_REGEXP = /[^A-Za-z0-9_-]/g;

/** Tells whether a tool has the name of a stub. */
export function isStubName(tool: string): boolean {
  return Object.values(PREFIXES).some((prefix) => tool.startsWith(prefix));
}

/**
 * Makes the name of a stub. What clients would not take as a tool's name is cut and marked with a digest of the whole:
 * 55 characters, `_`, and 8 hexadecimal digits of its SHA-256.
 */
export async function stubName(kind: keyof typeof PREFIXES, name: string): Promise<string> {
  const whole = PREFIXES[kind] + name;
  const written = whole.replace(FOREIGN_REGEXP, "_");
  if (written === whole && whole.length <= MAX_LENGTH) return whole;
  return `${written.slice(0, KEPT_LENGTH)}_${(await sha256(whole)).slice(0, DIGEST_LENGTH)}`;
}
