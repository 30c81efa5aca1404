/**
 * The watcher for embedders: reads the skills of folders anew when they change.
 *
 * @module
 */
import type { Disposer } from "../../../kernel/mod.ts";
import { SkillRuntimeError } from "../catalog/errors.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import { EMPTY_DISCOVERY } from "./found.ts";
import type { DiscoveryHost } from "./host.ts";
import { isSameDiscovery } from "./merge.ts";
import { isWithin } from "./real_paths.ts";
import { isIgnorable, isRelevant } from "./rules.ts";
import { Scanner } from "./scanner.ts";
import type { SearchPath } from "./search_paths.ts";

/** Milliseconds after which changes of one moment are told together, so that the pause counts from the last of them. */
const GATHER_MS = 10;

/** Watches folders of skills. Lists that it gives are copies. */
export class SkillWatcher {
  readonly #host: DiscoveryHost;
  readonly #debounceMs: number;
  readonly #scanner: Scanner;
  /** What is watched, by real path. */
  readonly #watches = new Map<string, Disposer>();
  readonly #listeners = new Set<(skills: SkillMetadata[]) => void>();
  /** What changed since the last look, by real path. */
  readonly #touched = new Map<string, Set<string>>();
  #discovery = EMPTY_DISCOVERY;
  #last: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /**
   * Makes a watcher that watches nothing yet.
   *
   * @param host The machine to look at.
   * @param debounceMs Milliseconds of quiet before skills are read anew; default 300, 0 allowed.
   * @throws {TypeError} when it is negative, endless or no number.
   */
  constructor(host: DiscoveryHost, debounceMs = 300) {
    if (!Number.isFinite(debounceMs) || debounceMs < 0) {
      throw new TypeError(`Cannot watch skills: debounceMs is ${debounceMs}, and milliseconds from 0 are wanted`);
    }
    this.#host = host;
    this.#debounceMs = debounceMs;
    this.#scanner = new Scanner(host);
  }

  /**
   * Watches a folder with all below it, and reads its skills; once more changes nothing.
   *
   * @throws {SkillRuntimeError} `PATH_MISSING` when there is no such folder.
   */
  async watch(path: string): Promise<void> {
    const { environment, files, isFolder } = this.#host;
    const absolute = environment.expand(path);
    if (!isFolder(absolute)) {
      throw new SkillRuntimeError("PATH_MISSING", `Cannot watch "${path}": there is no such folder`);
    }
    const folder = files.open(absolute);
    if (this.#isClosed || this.#watches.has(folder.path)) return await this.#last;
    const onChange = (changed: readonly string[]) => this.#onChange(folder.path, changed);
    this.#watches.set(folder.path, folder.watch(".", onChange, { debounceMs: GATHER_MS, ignores: isIgnorable }));
    await this.#look(new Map());
  }

  /** Ends watching a folder, whose skills go; tells whether it was watched. */
  unwatch(path: string): boolean {
    const real = this.#host.files.open(this.#host.environment.expand(path)).path;
    const stop = this.#watches.get(real);
    if (stop === undefined) return false;
    this.#watches.delete(real);
    void stop();
    this.#discovery = {
      ...this.#discovery,
      skills: this.#discovery.skills.filter((it) => !isWithin(it.path, real)),
    };
    // what is below another watched folder as well comes back
    void this.#look(new Map());
    return true;
  }

  /** Gives the skills that were found. */
  skills(): SkillMetadata[] {
    return this.#discovery.skills.map(({ metadata }) => metadata);
  }

  /** Counts the skills that were found. */
  skillCount(): number {
    return this.#discovery.skills.length;
  }

  /** Lists the folders that are watched: their real paths. */
  watchedPaths(): string[] {
    return [...this.#watches.keys()];
  }

  /** Reads everything again. What is wrong with a skill leaves it out, and does not fail. */
  async reload(): Promise<void> {
    await this.#look(undefined);
  }

  /** Calls back with the skills each time that they were read again after a change. */
  onReload(listener: (skills: SkillMetadata[]) => void): Disposer {
    const own = (skills: SkillMetadata[]) => listener(skills);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Ends watching; the skills stay as they are. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const stop of this.#watches.values()) void stop();
    this.#watches.clear();
    this.#listeners.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Gives `SkillWatcher(skills=N, paths=N)`. */
  toString(): string {
    return `SkillWatcher(skills=${this.skillCount()}, paths=${this.#watches.size})`;
  }

  #onChange(path: string, changed: readonly string[]): void {
    const touched = this.#touched.get(path) ?? new Set();
    this.#touched.set(path, touched);
    for (const it of changed) touched.add(it);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const touched = new Map(this.#touched);
      this.#touched.clear();
      void this.#look(touched);
    }, this.#debounceMs);
  }

  /** Looks at what was touched, at everything when that is left out, after whoever is looking. */
  #look(touched: ReadonlyMap<string, Iterable<string>> | undefined): Promise<void> {
    return this.#last = this.#last.then(async () => {
      if (this.#isClosed) return;
      const paths = this.watchedPaths().map((path): SearchPath => ({ path, scope: "user", origin: "extra" }));
      const found = await this.#scanner.scan(paths, { touched, isForced: touched === undefined });
      const isChanged = touched === undefined || !isSameDiscovery(found, this.#discovery);
      this.#discovery = found;
      if (isChanged || [...touched.values()].some((changed) => [...changed].some(isRelevant))) this.#tell();
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.skills());
      } catch (thrown) {
        // nobody waits for a listener; it fails as one of a timer does
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }
}
