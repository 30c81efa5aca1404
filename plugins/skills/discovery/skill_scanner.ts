/**
 * The scanner for embedders: paths of skills alone.
 *
 * @module
 */
import type { DiscoveryHost } from "./host.ts";
import { searchPathsOf } from "./path_functions.ts";
import { Scanner } from "./scanner.ts";

/** Finds the folders of skills; what did not change since its last scan is not read again. */
export class SkillScanner {
  readonly #host: DiscoveryHost;
  readonly #scanner: Scanner;
  #discovered: readonly string[] = [];
  /** One scan at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param host The machine to look at. */
  constructor(host: DiscoveryHost) {
    this.#host = host;
    this.#scanner = new Scanner(host);
  }

  /** Gives a copy of what the last scan found. */
  get discoveredSkills(): string[] {
    return [...this.#discovered];
  }

  /**
   * Finds the folders that hold a SKILL.md, whether it can be used or not.
   *
   * @param extraPaths Folders to look in before all others.
   * @param dccName The application whose variables and folder count beside the general ones.
   * @param forceRefresh Whether everything is read again.
   * @returns absolute paths in the order of the search paths, sorted within each.
   * @throws {SkillValueError} `NAME_INVALID` when the name of the application cannot be part of a path.
   */
  scan(extraPaths?: readonly string[] | null, dccName?: string | null, forceRefresh = false): Promise<string[]> {
    const scan = this.#last.then(() => this.#scan(extraPaths, dccName, forceRefresh));
    this.#last = scan.catch(() => {});
    return scan;
  }

  /** Forgets what was read and found. */
  clearCache(): void {
    this.#scanner.clear();
    this.#discovered = [];
  }

  /** Gives `SkillScanner(cached=N, discovered=N)`. */
  toString(): string {
    return `SkillScanner(cached=${this.#scanner.cached}, discovered=${this.#discovered.length})`;
  }

  async #scan(
    extraPaths: readonly string[] | null | undefined,
    dccName: string | null | undefined,
    isForced: boolean,
  ): Promise<string[]> {
    const { skills, skipped } = await this.#scanner.scan(searchPathsOf(this.#host, extraPaths, dccName), { isForced });
    const found = [...skills, ...skipped.filter(({ isSkill }) => isSkill)];
    found.sort((a, b) => a.order - b.order || (a.path < b.path ? -1 : 1));
    this.#discovered = found.map(({ path }) => path);
    return this.discoveredSkills;
  }
}

/** Finds the folders that hold a SKILL.md, with a scanner of its own: see {@linkcode SkillScanner.scan}. */
export function scanSkillPaths(
  host: DiscoveryHost,
  extraPaths?: readonly string[] | null,
  dccName?: string | null,
): Promise<string[]> {
  return new SkillScanner(host).scan(extraPaths, dccName);
}
