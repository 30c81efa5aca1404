/**
 * The skills of a server: known at once from the index, verified in the background, then watched.
 *
 * @module
 */
import { type Disposer, type Files, type Log, messageOf, ToolError } from "../../../kernel/mod.ts";
import { projectSubject, type Trust } from "../../trust/contract.ts";
import { type Discovery, EMPTY_DISCOVERY } from "./found.ts";
import { isSameDiscovery } from "./merge.ts";
import { isWithin, relativeTo } from "./real_paths.ts";
import { isIgnorable } from "./rules.ts";
import { Scanner } from "./scanner.ts";
import type { SearchPath } from "./search_paths.ts";

/** Milliseconds over which changes are gathered. */
const DEBOUNCE_MS = 200;
/** Most milliseconds that a start waits for skills of which there is no index. */
const FIRST_MS = 2_000;
/** Milliseconds after a change until the index is written, so that many changes cost one. */
const SAVE_MS = 2_000;

/** What {@linkcode SkillFolders} work with. */
export interface SkillFoldersOptions {
  readonly files: Files;
  readonly log: Log;
  /** Collects the search paths; asked each time that skills are looked for. */
  collect(): readonly SearchPath[];
  /** Knows which projects are trusted; without it none is. */
  readonly trust?: Trust | undefined;
  /** Whether changes are watched for; `true` by default. */
  readonly isWatched?: boolean;
}

/** All search paths of a server. What it knows changes as a whole. */
export class SkillFolders {
  readonly #options: SkillFoldersOptions;
  readonly #scanner: Scanner;
  readonly #added: SearchPath[] = [];
  readonly #listeners = new Set<(discovery: Discovery) => void>();
  readonly #watches = new Map<string, Disposer>();
  readonly #closing = new AbortController();
  #isWatching = false;
  #discovery: Discovery = EMPTY_DISCOVERY;
  /** What changed since the last look, by search path; `undefined` for everything. */
  #touched: Map<string, Set<string>> | undefined = new Map();
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;
  #saving: ReturnType<typeof setTimeout> | undefined;
  #saved: Promise<void> = Promise.resolve();
  #trustProblem: string | undefined;
  #isOpen = false;
  #stopTrust: Disposer | undefined;

  constructor(options: SkillFoldersOptions) {
    this.#options = options;
    this.#scanner = new Scanner({ ...options, hasIndex: true });
  }

  /**
   * Gives what the indexes say, with the skills of search paths that have none as far as they are found in two seconds.
   * Then it begins to verify and to watch.
   */
  async open(): Promise<Discovery> {
    this.#discovery = await this.#scanner.restore(await this.#collect());
    this.#stopTrust = this.#options.trust?.onChange(() => void this.#look());
    this.#isOpen = true;
    // only what no index tells of
    const first = this.#look();
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([first, new Promise((resolve) => timer = setTimeout(resolve, FIRST_MS))]);
    clearTimeout(timer);
    void this.#begin();
    return this.#discovery;
  }

  /** Gives what is known now. */
  current(): Discovery {
    return this.#discovery;
  }

  /** Looks at everything again, and gives what is there. */
  async refresh(): Promise<Discovery> {
    this.#touched = undefined;
    await this.#look();
    return this.#discovery;
  }

  /**
   * Looks again at what is at an absolute, real path, and gives what is there; at everything where no search path holds
   * it.
   */
  async refreshAt(path: string): Promise<Discovery> {
    let isHeld = false;
    for (const { path: root } of [...this.#options.collect(), ...this.#added]) {
      const real = this.#realPath(root);
      if (real === undefined || !isWithin(path, real)) continue;
      isHeld = true;
      this.#touch(root, [relativeTo(real, path)]);
    }
    if (!isHeld) return await this.refresh();
    await this.#look();
    return this.#discovery;
  }

  /** Calls back with what is known each time that it changes. */
  onChange(listener: (discovery: Discovery) => void): Disposer {
    const own = (discovery: Discovery) => listener(discovery);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Adds a search path after the others; the disposer takes it away. */
  add(path: SearchPath): Disposer {
    this.#added.push(path);
    if (this.#isOpen) void this.#look();
    return () => {
      const index = this.#added.indexOf(path);
      if (index < 0) return;
      this.#added.splice(index, 1);
      if (this.#isOpen) void this.#look();
    };
  }

  /** Resolves when search paths that were added, and whatever changed so far, were looked at. */
  async settle(): Promise<void> {
    await this.#look();
  }

  /** Ends watching and looking, and writes what is not written. */
  async close(): Promise<void> {
    this.#closing.abort(new ToolError("Ended: the server is stopping"));
    this.#listeners.clear();
    await this.#stopTrust?.();
    await this.#queued;
    await this.#running;
    // a look that had begun may have added some
    for (const stop of this.#watches.values()) await stop();
    this.#watches.clear();
    await this.#save();
  }

  /** Verifies what the index says, then watches, then looks whether anything changed in between. */
  async #begin(): Promise<void> {
    await this.refresh();
    if (this.#options.isWatched !== false) {
      this.#isWatching = true;
      await this.refresh();
    }
    if (!this.#closing.signal.aborted) await this.#scanner.removeUnusedIndexes();
  }

  /** Resolves after a look that began after this call; all who wait for it share one. */
  #look(): Promise<void> {
    return this.#queued ??= this.#running.then(() => {
      this.#queued = undefined;
      return this.#running = this.#lookNow();
    });
  }

  async #lookNow(): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    const touched = this.#touched;
    this.#touched = new Map();
    try {
      const paths = await this.#collect();
      await this.#watch(paths);
      this.#take(await this.#scanner.scan(paths, { touched, signal }));
    } catch (thrown) {
      if (signal.aborted) return;
      this.#touched = undefined;
      this.#options.log.warn(`Cannot look for skills: ${messageOf(thrown)}`);
    }
  }

  #take(discovery: Discovery): void {
    if (this.#scanner.isUnsaved && !this.#closing.signal.aborted) {
      this.#saving ??= setTimeout(() => void this.#save(), SAVE_MS);
    }
    if (isSameDiscovery(this.#discovery, discovery)) return;
    this.#discovery = discovery;
    for (const listener of [...this.#listeners]) {
      try {
        listener(discovery);
      } catch (thrown) {
        this.#options.log.error(`Cannot tell of skills that changed: ${messageOf(thrown)}`);
      }
    }
  }

  #save(): Promise<void> {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    return this.#saved = this.#saved.then(() => this.#scanner.save());
  }

  /** Collects the search paths; those of trusted projects need no trust any more. */
  async #collect(): Promise<readonly SearchPath[]> {
    const paths = [...this.#options.collect(), ...this.#added];
    return await Promise.all(paths.map(async ({ needsTrust, ...path }) => {
      const isFree = needsTrust !== true || await this.#isTrusted(path);
      return isFree ? path : { ...path, needsTrust: true };
    }));
  }

  async #isTrusted({ project }: SearchPath): Promise<boolean> {
    const { trust, files, log } = this.#options;
    if (trust === undefined || project === undefined) return false;
    try {
      const isTrusted = await trust.isTrusted(projectSubject(files, project));
      this.#trustProblem = undefined;
      return isTrusted;
    } catch (thrown) {
      const problem = messageOf(thrown);
      if (problem !== this.#trustProblem) log.warn(problem);
      this.#trustProblem = problem;
      return false;
    }
  }

  /** Watches these search paths and no others. */
  async #watch(paths: readonly SearchPath[]): Promise<void> {
    if (!this.#isWatching) return;
    const wanted = new Set(paths.map(({ path }) => path));
    for (const [path, stop] of this.#watches) {
      if (wanted.has(path)) continue;
      this.#watches.delete(path);
      await stop();
    }
    for (const path of wanted) {
      if (!this.#watches.has(path)) this.#watchOne(path);
    }
  }

  /** Notes what changed in a search path. */
  #touch(path: string, changed: readonly string[]): void {
    if (this.#touched === undefined) return;
    const touched = this.#touched.get(path) ?? new Set();
    for (const it of changed) touched.add(it);
    this.#touched.set(path, touched);
  }

  /** Gives the real path of a search path; `undefined` where it cannot be told. */
  #realPath(path: string): string | undefined {
    try {
      return this.#options.files.open(path).path;
    } catch {
      return undefined;
    }
  }

  /** Watches a search path, where that is possible: why it is not is found when it is looked at. */
  #watchOne(path: string): void {
    const onChange = (changed: readonly string[]) => {
      this.#touch(path, changed);
      void this.#look();
    };
    const options = { debounceMs: DEBOUNCE_MS, ignores: isIgnorable };
    try {
      this.#watches.set(path, this.#options.files.open(path).watch(".", onChange, options));
    } catch (thrown) {
      this.#options.log.debug(`Cannot watch "${path}": ${messageOf(thrown)}`);
    }
  }
}
