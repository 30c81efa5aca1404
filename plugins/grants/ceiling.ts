/**
 * The operator's ceiling: what tools may have without a question, and by how much a request exceeds it.
 *
 * @module
 */
import * as v from "valibot";
import { KernelError } from "../../kernel/mod.ts";
import type { Grants } from "./grants.ts";
import { checkHost, checkPath, FLAG_FIELDS, LIMIT_FIELDS, NAME_FIELDS, PATH_FIELDS } from "./shape.ts";

/** A ceiling as an operator writes it. Names may end in `*`, hosts begin with `*.`, and a host or port may be `*`. */
export type CeilingConfig = { readonly [K in keyof Grants]?: Grants[K] | undefined };

/** A ceiling in force; its paths are real ones. */
export type Ceiling = Required<Grants>;

/** What tools may have where the operator says nothing: what the default sandbox allows, and nothing that reaches out. */
export const DEFAULT_CEILING: Ceiling = Object.freeze({
  network: false,
  read: [],
  write: [],
  env: [],
  secrets: [],
  direct_dependencies: false,
  install_scripts: false,
  memory_mb: 1_024,
  cpu_seconds: 300,
  timeout_ms: 86_400_000,
  processes: 64,
});

/** The time limit of a call whose tool asks for none. */
const USUAL_TIMEOUT_MS = 300_000;

const Texts = v.optional(v.array(v.string()));
const Limit = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

/** The schema of a ceiling. */
export const CeilingSchema = v.strictObject({
  network: v.optional(v.union([v.boolean(), v.array(v.string())])),
  read: Texts,
  write: Texts,
  env: Texts,
  secrets: Texts,
  direct_dependencies: v.optional(v.boolean()),
  install_scripts: v.optional(v.boolean()),
  memory_mb: Limit,
  cpu_seconds: Limit,
  timeout_ms: Limit,
  processes: Limit,
});

const PATTERN_REGEXP = /^[A-Za-z0-9_]*\*?$/;

/**
 * Makes a ceiling out of what the operator wrote.
 *
 * @param resolve Gives the real path of a checked one.
 * @throws {KernelError} `CONFIG_INVALID` naming an item that can never hold.
 */
export function makeCeiling(config: CeilingConfig, resolve: (path: string) => string): Ceiling {
  const check = (field: keyof Grants, problemOf: (item: string) => string | undefined) => {
    const items = config[field];
    for (const item of Array.isArray(items) ? items as readonly string[] : []) {
      const problem = problemOf(item);
      if (problem === undefined) continue;
      throw new KernelError("CONFIG_INVALID", `Cannot use "ceiling.${field}": ${JSON.stringify(item)} ${problem}`, {
        fix: "correct the item, or remove it",
      });
    }
  };
  // what stands for any host, or any port, is checked with one in its place
  check("network", (item) => checkHost(item.replace(/^\*(\.|(?=:))/, "any$1").replace(/:\*$/, ":1")));
  for (const field of PATH_FIELDS) check(field, checkPath);
  for (const field of NAME_FIELDS) {
    check(
      field,
      (item) => item !== "" && PATTERN_REGEXP.test(item) ? undefined : "is no name, nor the beginning of one and *",
    );
  }
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as Grants;
  const ceiling = { ...DEFAULT_CEILING, ...given };
  return { ...ceiling, read: ceiling.read.map(resolve), write: ceiling.write.map(resolve) };
}

/** Gives what of a request exceeds a ceiling; paths of both are real ones. */
export function excessOf(grants: Grants, ceiling: Ceiling): Grants {
  const excess: { -readonly [K in keyof Grants]: Grants[K] } = {};
  const { network = false } = grants;
  if (network === true && ceiling.network !== true) excess.network = true;
  if (Array.isArray(network)) {
    const hosts = network.filter((address) => !coversAddress(ceiling.network, address));
    if (hosts.length > 0) excess.network = hosts;
  }
  for (const field of PATH_FIELDS) {
    const paths = (grants[field] ?? []).filter((path) => !ceiling[field].some((folder) => isWithin(folder, path)));
    if (paths.length > 0) excess[field] = paths;
  }
  for (const field of NAME_FIELDS) {
    const names = (grants[field] ?? []).filter((name) => !ceiling[field].some((pattern) => matches(pattern, name)));
    if (names.length > 0) excess[field] = names;
  }
  for (const field of FLAG_FIELDS) {
    if (grants[field] === true && !ceiling[field]) excess[field] = true;
  }
  for (const field of LIMIT_FIELDS) {
    const limit = grants[field];
    if (limit !== undefined && limit > ceiling[field]) excess[field] = limit;
  }
  return excess;
}

function coversAddress(allowed: boolean | readonly string[], address: string): boolean {
  if (typeof allowed === "boolean") return allowed;
  const [host, port] = splitAddress(address);
  return allowed.some((pattern) => {
    const [allowedHost, allowedPort] = splitAddress(pattern.toLowerCase());
    const isHost = allowedHost === "*" || allowedHost === host ||
      (allowedHost.startsWith("*.") && host.endsWith(allowedHost.slice(1)));
    return isHost && (allowedPort === "*" || Number(allowedPort) === Number(port));
  });
}

function splitAddress(address: string): readonly [host: string, port: string] {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at), address.slice(at + 1)];
}

function isWithin(folder: string, path: string): boolean {
  if (path === folder) return true;
  return path.startsWith(/[/\\]$/.test(folder) ? folder : `${folder}${folder.includes("\\") ? "\\" : "/"}`);
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Adds the limits that a request does not name: a ceiling holds for those who ask for nothing as well. */
export function withLimits(grants: Grants, ceiling: Ceiling): Grants {
  const { memory_mb, cpu_seconds, processes, timeout_ms } = ceiling;
  return { memory_mb, cpu_seconds, processes, ...(timeout_ms < USUAL_TIMEOUT_MS && { timeout_ms }), ...grants };
}

/** Writes the configuration that would allow an excess: the fields of the ceiling that have to change, whole. */
export function configurationFor(excess: Grants, config: CeilingConfig): string {
  const raised = Object.entries(excess).map(([field, value]) => {
    const now = config[field as keyof Grants];
    return [field, Array.isArray(value) && Array.isArray(now) ? [...now, ...value] : value];
  });
  return `"ceiling": ${JSON.stringify(Object.fromEntries(raised))}`;
}

/** Says what exceeds a ceiling, a line for each, as a user reads it. */
export function describeExcess(excess: Grants, ceiling: Ceiling): readonly string[] {
  const { network, read = [], write = [], env = [], secrets = [] } = excess;
  const lines = [
    ...(network === true ? ["reach the whole network"] : []),
    ...(Array.isArray(network) ? network.map((address) => `connect to ${address}`) : []),
    ...read.map((path) => `read ${path}, and what is below it`),
    ...write.map((path) => `change ${path}, and what is below it`),
    ...env.map((name) => `get the variable ${name} of the server`),
    ...secrets.map((name) => `get the secret ${name}`),
    ...(excess.direct_dependencies ? ["install packages from addresses and paths"] : []),
    ...(excess.install_scripts ? ["run programs of packages while they are installed"] : []),
  ];
  const units = {
    memory_mb: "MiB of memory",
    cpu_seconds: "s of CPU time",
    timeout_ms: "ms a call",
    processes: "processes",
  };
  const limits = LIMIT_FIELDS.filter((field) => excess[field] !== undefined)
    .map((field) => `use ${excess[field]} ${units[field]}, where ${ceiling[field]} are allowed`);
  return [...lines, ...limits];
}
