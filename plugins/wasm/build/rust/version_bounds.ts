/**
 * Keeps crates to versions that a compiler can compile. A cargo that knows what each version needs still takes one that
 * is too new where another crate demands it; and an older cargo does not know. What came too new is bounded, and versions
 * are decided on again.
 *
 * @module
 */
import { parse } from "smol-toml";
import { type Folder, isObject } from "../../../../kernel/mod.ts";
import type { Crate } from "./crates.ts";
import type { LockedPackage } from "./lock.ts";
import { compareVersions } from "./toolchains.ts";

/** The Rust that an edition needs, where a crate does not say it itself. */
const EDITIONS: Readonly<Record<string, string>> = { "2021": "1.56", "2024": "1.85" };
const UNREADABLE_REGEXP =
  /failed to parse manifest at [`'"][^`'"]*[\\/]([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[^\\/]*)[\\/]Cargo\.toml/;

/** A crate in one version. */
export type Version = Pick<LockedPackage, "name" | "version">;

/** Requirements that grow tighter. */
export class VersionBounds implements Iterable<Pick<Crate, "name" | "requirement">> {
  readonly #bounds = new Map<string, Pick<Crate, "name" | "requirement">>();
  readonly #strikes = new Map<string, number>();

  [Symbol.iterator](): Iterator<Pick<Crate, "name" | "requirement">> {
    return this.#bounds.values();
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#bounds.size === 0;
  }

  /** Demands versions below one that is too new; tells whether that can be. */
  tighten({ name, version }: Version): boolean {
    const [major = 0, minor = 0, patch = 0] = numbersOf(version);
    if (major === 0 && minor === 0) return false;
    const lowest = major === 0 ? `0.${minor}.0` : `${major}.0.0`;
    const key = `${name} ${lowest}`;
    // what needs a newer Rust has needed it for some versions: steps grow, beginning with the next one
    const strikes = this.#strikes.get(key) ?? 0;
    this.#strikes.set(key, strikes + 1);
    const below = `${major}.${minor}.${Math.max(0, patch + 1 - 2 ** strikes)}`;
    if (below === lowest) return false;
    this.#bounds.set(key, { name, requirement: `>=${lowest}, <${below}` });
    return true;
  }
}

/** Finds the crates in a folder that need a newer Rust than there is. */
export async function findTooNew(crates: Folder, rust: readonly number[]): Promise<readonly Version[]> {
  const found: Version[] = [];
  for (const { path } of await crates.list()) {
    const { package: crate } = manifestIn(await crates.readText(`${path}/Cargo.toml`) ?? "");
    if (!isObject(crate)) continue;
    const { name, version, edition } = crate;
    const needed = crate["rust-version"] ?? EDITIONS[String(edition)];
    if (typeof needed !== "string" || compareVersions(numbersOf(needed), rust) <= 0) continue;
    found.push({ name: String(name), version: String(version) });
  }
  return found;
}

/** Finds the crate in what cargo says when it cannot read one's manifest. */
export function findUnreadable(stderr: string): readonly Version[] {
  const [, name, version] = UNREADABLE_REGEXP.exec(stderr) ?? [];
  return name === undefined ? [] : [{ name, version: version! }];
}

/** Gives those that are there for the sake of what is not too new itself; the others go with them. */
export function demanded(tooNew: readonly Version[], packages: readonly LockedPackage[]): readonly Version[] {
  const isTooNew = (it: Version) => tooNew.some(({ name, version }) => name === it.name && version === it.version);
  const wanted = new Set(packages.filter((it) => !isTooNew(it)).flatMap(({ dependencies }) => dependencies));
  return tooNew.filter(({ name, version }) =>
    [...wanted].some((it) => it === name || it === `${name} ${version}` || it.startsWith(`${name} ${version} `))
  );
}

function manifestIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch {
    return {};
  }
}

function numbersOf(version: string): readonly number[] {
  const numbers = version.split(/[-+]/, 1)[0]!.split(".").map(Number);
  return [...numbers, 0, 0].slice(0, 3);
}
