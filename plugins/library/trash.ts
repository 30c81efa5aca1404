/**
 * The trash: what was deleted, such as tools and pruned versions, kept for some days in folders that say since when.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import { TRASH_FOLDER, trashedAt, trashedName, trashName } from "./layout.ts";

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Where something goes that is thrown away. */
export interface TrashPlace {
  /** Path below the folder that the trash is in. */
  readonly trash: string;
  /** Until when it stays there. */
  readonly keptUntil: Date;
}

/** What lies in the trash. */
export interface TrashedItem {
  /** Under which it was thrown away. */
  readonly name: string;
  /** Path below the folder that the trash is in. */
  readonly trash: string;
  readonly since: Date;
}

/** The trash in a folder, such as that of all tools. */
export class Trash {
  readonly #folder: Folder;

  /** @param folder The folder that holds the trash, and what is thrown away. */
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

  /** Lists what was put there; of one name the oldest first. */
  async list(): Promise<readonly TrashedItem[]> {
    return (await this.#folder.list(TRASH_FOLDER)).flatMap(({ path }) => {
      const since = trashedAt(path);
      return since === undefined ? [] : [{ name: trashedName(path), trash: `${TRASH_FOLDER}/${path}`, since }];
    });
  }

  /** Removes what has lain there for more days. */
  async purge(trashDays: number): Promise<void> {
    const now = Date.now();
    for (const { trash, since } of await this.list()) {
      if (now - since.getTime() > trashDays * DAY_MS) await this.#folder.remove(trash);
    }
  }
}
