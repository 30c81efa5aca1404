/**
 * The shape of grants: which fields there are, and what they hold.
 *
 * @module
 */
import { didYouMean, isObject, ToolError } from "../../kernel/mod.ts";
import type { Grants } from "./grants.ts";

/** The fields of grants that are lists of paths. */
export const PATH_FIELDS = ["read", "write"] as const;
/** The fields of grants that are lists of names. */
export const NAME_FIELDS = ["env", "secrets"] as const;
/** The fields of grants that are asked for or not. */
export const FLAG_FIELDS = ["direct_dependencies", "install_scripts"] as const;
/** The fields of grants that are limits. */
export const LIMIT_FIELDS = ["memory_mb", "cpu_seconds", "timeout_ms", "processes"] as const;

// timers count to 2^31 - 1 milliseconds
const LARGEST_LIMIT = 2_147_483_647;
const MOST_ITEMS = 200;
const LONGEST_PATH = 4_096;
const NAME_REGEXP = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const HOST_REGEXP =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/;
// a path is shown to a user who decides by it: it must not look like another, nor like more than a path
const UNSEEN_REGEXP = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const ABSOLUTE_REGEXP = /^(?:\/|~(?:[/\\]|$)|[A-Za-z]:[/\\])/;
const OWN_VARIABLE_REGEXP = /^(?:COLLET|SKILLZ)_/;

/** Tells what is wrong with an item of a list; `undefined` when nothing is. */
type Check = (item: string) => string | undefined;

/** Checks a folder or file. */
export function checkPath(path: string): string | undefined {
  if (path.length > LONGEST_PATH) return `has more than ${LONGEST_PATH} characters`;
  if (UNSEEN_REGEXP.test(path)) return "holds characters that are not seen";
  if (!ABSOLUTE_REGEXP.test(path)) return 'is no absolute path, and does not begin with "~/"';
  return path.split(/[/\\]/).includes("..") ? 'goes up with ".."' : undefined;
}

/** Checks an address. */
export function checkHost(address: string): string | undefined {
  const port = Number(HOST_REGEXP.exec(address)?.[1] ?? 0);
  return port >= 1 && port <= 65_535 ? undefined : 'is no "host:port"';
}

function checkSecret(name: string): string | undefined {
  return NAME_REGEXP.test(name) ? undefined : "is no name of letters, digits and _";
}

function checkVariable(name: string): string | undefined {
  return OWN_VARIABLE_REGEXP.test(name)
    ? 'belongs to the server; a secret is asked for by "secrets"'
    : checkSecret(name);
}

const LISTS: Readonly<Record<string, { readonly check: Check; readonly of: string }>> = {
  network: { check: checkHost, of: '"host:port"' },
  read: { check: checkPath, of: "absolute paths" },
  write: { check: checkPath, of: "absolute paths" },
  env: { check: checkVariable, of: "names of variables" },
  secrets: { check: checkSecret, of: "names of secrets" },
};
const FIELDS = [...Object.keys(LISTS), ...FLAG_FIELDS, ...LIMIT_FIELDS];

/**
 * Reads grants as a manifest has them. Lists are sorted, without repetitions.
 *
 * @throws {ToolError} naming what is no grant, and what is.
 */
export function readGrants(grants: unknown): Grants {
  if (grants === undefined) return {};
  if (!isObject(grants)) throw refusal("grants", `found ${shown(grants)}, expected an object`);
  const read = Object.entries(grants).filter(([, value]) => value !== undefined).map(([field, value]) => {
    if (Object.hasOwn(LISTS, field)) return [field, readList(field, value)];
    if (LIMIT_FIELDS.some((it) => it === field)) return [field, readLimit(field, value)];
    if (FLAG_FIELDS.some((it) => it === field)) return [field, readFlag(field, value)];
    throw refusal(field, `there is no such grant; there are ${FIELDS.join(", ")}${didYouMean(field, FIELDS)}`);
  });
  return Object.fromEntries(read);
}

function readList(field: string, value: unknown): boolean | readonly string[] {
  if (field === "network" && typeof value === "boolean") return value;
  const { check, of } = LISTS[field]!;
  const expected = `expected ${field === "network" ? "true, false or " : ""}a list of ${of}`;
  if (!Array.isArray(value)) throw refusal(field, `found ${shown(value)}, ${expected}`);
  if (value.length > MOST_ITEMS) throw refusal(field, `the list has more than ${MOST_ITEMS} items`);
  for (const item of value) {
    const problem = typeof item === "string" ? check(item) : "is no text";
    if (problem !== undefined) throw refusal(field, `${shown(item)} ${problem}; ${expected}`);
  }
  const items: readonly string[] = field === "network" ? value.map((it: string) => it.toLowerCase()) : value;
  return [...new Set(items)].sort();
}

function readFlag(field: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw refusal(field, `found ${shown(value)}, expected true or false`);
}

function readLimit(field: string, value: unknown): number {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LARGEST_LIMIT) return Number(value);
  throw refusal(field, `found ${shown(value)}, expected a whole number from 1 to ${LARGEST_LIMIT}`);
}

function refusal(field: string, why: string): ToolError {
  const what = field === "grants" ? '"grants"' : `"grants.${field.slice(0, 40)}"`;
  return new ToolError(`Cannot use ${what}: ${why}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
