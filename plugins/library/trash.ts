/**
 * The trash: deleted tools and pruned versions, kept for some days in folders that say since when.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import { TRASH_FOLDER, trashedAt, trashName } from "./layout.ts";

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Where something goes that is thrown away. */
export interface TrashPlace {
  /** Path below the folder of all tools. */
  readonly trash: string;
  /** Until when it stays there. */
  readonly keptUntil: Date;
}

/** The trash in the folder of all tools. */
export class Trash {
  readonly #folder: Folder;

  /** @param folder The folder of all tools. */
  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Finds a place that is free. */
  async place(name: string, trashDays: number): Promise<TrashPlace> {
    // what came there within the same millisecond has a folder of its own
    for (let time = Date.now();; time++) {
      const trash = `${TRASH_FOLDER}/${trashName(name, new Date(time))}`;
      if (await this.#folder.stat(trash) === undefined) {
        return { trash, keptUntil: new Date(time + trashDays * DAY_MS) };
      }
    }
  }

  /** Removes what has lain there for more days. */
  async purge(trashDays: number): Promise<void> {
    const now = Date.now();
    for (const { path } of await this.#folder.list(TRASH_FOLDER)) {
      const since = trashedAt(path)?.getTime();
      if (since !== undefined && now - since > trashDays * DAY_MS) await this.#folder.remove(`${TRASH_FOLDER}/${path}`);
    }
  }
}
