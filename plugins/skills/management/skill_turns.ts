/**
 * When the files of a skill may be changed: one change after another, and none while a script of the skill runs that may
 * write there as well. Such a script could put a link in the place of a folder while the server writes into it, and have
 * it write somewhere else. All servers on one root keep to it.
 *
 * @module
 */
import { type Disposer, type Folder, ToolError } from "../../../kernel/mod.ts";
import { relativeTo } from "../discovery/real_paths.ts";
import type { SkillPlaces } from "./skill_places.ts";

// in the root, since a lock in a skill would be made anew when the skill is deleted meanwhile
const WRITES = "skill-files";
/** Holds a file for each run, with the name of the skill's folder in it; what is hidden is no skill. */
const RUNS_FOLDER = ".running";
/** Milliseconds that a change waits for scripts to end. */
const LONGEST_WAIT_MS = 5_000;
/** Milliseconds after which a lock counts as held by somebody who lives. */
const TRY_MS = 100;

/** Gives turns to changes and to runs. It knows nothing but what lies in the root. */
export class SkillTurns {
  readonly #places: Pick<SkillPlaces, "root">;

  constructor(places: Pick<SkillPlaces, "root">) {
    this.#places = places;
  }

  get #runs(): Folder {
    return this.#places.root.at(RUNS_FOLDER);
  }

  /**
   * Does a change of a skill, with no other change and no run beside it.
   *
   * @param folderName Of the skill, in the root.
   * @throws {ToolError} `SKILL_BUSY` when scripts do not end within five seconds; the reason of `signal` when it aborts.
   */
  async change<T>(folderName: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await this.#takeTurn(folderName, signal);
    try {
      return await work();
    } finally {
      await release();
    }
  }

  /**
   * Begins a run of a script that may write in the folder of its skill, once no change is under way.
   *
   * @param path Of the skill's folder, which lies in the root.
   * @returns what ends it; `undefined` when nothing can be written in the root, where nobody changes anything then: the
   * script must not write in its folder.
   * @throws the reason of `signal` when it aborts first.
   */
  async beginRun(path: string, signal: AbortSignal): Promise<Disposer | undefined> {
    const id = crypto.randomUUID();
    try {
      const release = await this.#places.root.lock(WRITES, { signal });
      try {
        return await this.#register(id, relativeTo(this.#places.root.path, path));
      } finally {
        await release();
      }
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Forgets the runs of servers that were killed. */
  async cleanUp(): Promise<void> {
    for (const { path: id } of await this.#runs.list()) {
      await this.#untilEnded(id, AbortSignal.timeout(TRY_MS)).catch(() => {});
    }
  }

  async #register(id: string, folderName: string): Promise<Disposer> {
    const runs = this.#runs;
    const end = await runs.lock(id);
    try {
      await runs.writeAtomic(id, folderName);
    } catch (thrown) {
      await end();
      throw thrown;
    }
    return async () => {
      await runs.remove(id).catch(() => {});
      await end();
    };
  }

  async #takeTurn(folderName: string, signal: AbortSignal): Promise<Disposer> {
    let late: AbortSignal | undefined;
    for (;;) {
      const release = await this.#places.root.lock(WRITES, { signal });
      const ids = await this.#runsOf(folderName).catch(async (thrown) => {
        await release();
        throw thrown;
      });
      if (ids.length === 0) return release;
      await release();
      late ??= AbortSignal.timeout(LONGEST_WAIT_MS);
      try {
        for (const id of ids) await this.#untilEnded(id, AbortSignal.any([signal, late]));
      } catch (thrown) {
        if (!late.aborted || signal.aborted) throw thrown;
        throw new ToolError(
          `Cannot change skill "${folderName}": a script of it is running, which may write in its folder, and has not ` +
            `ended within ${LONGEST_WAIT_MS / 1000} seconds; call again when it has ended`,
          { data: { code: "SKILL_BUSY", skill: folderName } },
        );
      }
    }
  }

  /** Lists the runs of a skill; those of servers that were killed are among them. */
  async #runsOf(folderName: string): Promise<readonly string[]> {
    const runs = this.#runs;
    const ids = (await runs.list()).map(({ path }) => path);
    const names = ids.length === 0 ? [] : await runs.readMany(ids);
    return ids.filter((_, index) => new TextDecoder().decode(names[index]) === folderName);
  }

  /** Waits until who holds a run has ended it, or is dead. */
  async #untilEnded(id: string, signal: AbortSignal): Promise<void> {
    const runs = this.#runs;
    const release = await runs.lock(id, { signal });
    try {
      await runs.remove(id);
    } finally {
      await release();
    }
  }
}
