/**
 * Changes of several files that are taken back together: what was there is kept in the root until all is done, so that
 * putting it back needs no space, and each file is at every moment either as it was or as it is to be.
 *
 * @module
 */
import { type Folder, messageOf } from "../../../../kernel/mod.ts";
import { joinReal } from "../../discovery/real_paths.ts";
import { folderOf, pathIn } from "../../discovery/rules.ts";
import type { SkillPlace } from "../skill_places.ts";
import { STAGING_FOLDER } from "../writable_skills.ts";

/** Writes files of one skill, for as long as nobody else may change it. */
export class FileTransaction {
  readonly #root: Folder;
  readonly #folder: Folder;
  readonly #folderName: string;
  /** Below the root; what a server that is killed leaves there is removed when it is a day old. */
  readonly #kept = `${STAGING_FOLDER}/files-${crypto.randomUUID()}`;
  readonly #undo: (() => Promise<void>)[] = [];

  constructor({ folder, folderName }: Pick<SkillPlace, "folder" | "folderName">, root: Folder) {
    this.#root = root;
    this.#folder = folder;
    this.#folderName = folderName;
  }

  /** Writes a file whole, and the folders above it; what it replaces is kept. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const folder = this.#folder;
    if (await folder.stat(path) === undefined) {
      this.#undo.push(await this.#undoNew(path));
    } else {
      const kept = `${this.#kept}/${this.#undo.length}`;
      const whole = pathIn(this.#folderName, path);
      await this.#root.copy(whole, kept);
      this.#undo.push(async () => {
        await folder.remove(path);
        await this.#root.move(kept, whole);
      });
    }
    await folder.writeAtomic(path, bytes);
  }

  /** Forgets what was there. */
  async finish(): Promise<void> {
    // all is written: what cannot be removed is hidden, and no failure of the call
    await this.#root.remove(this.#kept).catch(() => false);
  }

  /**
   * Puts back what was there.
   *
   * @returns why something could not be; the files that were kept stay then.
   */
  async rollBack(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const undo of this.#undo.reverse()) await undo().catch((thrown: unknown) => problems.push(messageOf(thrown)));
    if (problems.length === 0) await this.finish();
    else problems.push(`what was there is kept in "${joinReal(this.#root.path, this.#kept)}" for a day`);
    return problems;
  }

  /** Gives what removes a file that is not there yet, with the folders that are made for it. */
  async #undoNew(path: string): Promise<() => Promise<void>> {
    const folder = this.#folder;
    const made: string[] = [];
    for (let at = folderOf(path); at !== "." && await folder.stat(at) === undefined; at = folderOf(at)) made.push(at);
    return async () => {
      await folder.remove(path);
      for (const it of made) {
        if ((await folder.stat(it))?.kind === "folder" && (await folder.list(it)).length === 0) await folder.remove(it);
      }
    };
  }
}
