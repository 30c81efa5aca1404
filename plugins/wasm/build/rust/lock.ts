/**
 * Reads `Cargo.lock`: https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html.
 *
 * @module
 */
import { parse } from "smol-toml";
import { isObject, ToolError } from "../../../../kernel/mod.ts";

const LONGEST_LOCK = 4_000_000;
/** How cargo names the registry in locks, whichever way it reaches it. */
const REGISTRY = "registry+https://github.com/rust-lang/crates.io-index";
// version 4 writes addresses of Git in another way, and older cargos do not read it
const VERSION_REGEXP = /^version = 4$/m;

/** A package of a lock. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Absent for what is built from beside the tool. */
  readonly checksum: string | undefined;
  /** What it depends on: names, with versions where a name alone does not tell. */
  readonly dependencies: readonly string[];
}

/**
 * Reads a lock.
 *
 * @throws {ToolError} when it is malformed, or has in it what is not of the registry.
 */
export function readLock(lock: string): readonly LockedPackage[] {
  if (lock.length > LONGEST_LOCK) throw refusal(`it has ${lock.length} characters`);
  const { package: packages = [] } = parsed(lock);
  if (!Array.isArray(packages)) throw refusal("it has no list of packages");
  return packages.map((value: unknown) => {
    if (!isObject(value)) throw refusal("it is malformed");
    const { name, version, source, checksum, dependencies = [] } = value;
    if (typeof name !== "string" || typeof version !== "string" || !Array.isArray(dependencies)) {
      throw refusal("it is malformed");
    }
    if (source !== undefined && source !== REGISTRY) {
      throw refusal(`package "${name}" is not of the registry, but of ${JSON.stringify(source)}`);
    }
    if (source !== undefined && typeof checksum !== "string") throw refusal(`package "${name}" has no checksum`);
    return { name, version, checksum: typeof checksum === "string" ? checksum : undefined, dependencies };
  });
}

/** Writes a lock as every cargo that there is reads it. */
export function asOlderLock(lock: string): string {
  return lock.replace(VERSION_REGEXP, "version = 3");
}

function parsed(lock: string): Readonly<Record<string, unknown>> {
  try {
    return parse(lock);
  } catch {
    throw refusal("it is no TOML");
  }
}

function refusal(why: string): ToolError {
  return new ToolError(`Cannot use Cargo.lock: ${why}`);
}
