/**
 * The deleted files of a skill: they lie in the trash of the root beside deleted skills, each in a folder of its own at
 * the path that it had.
 *
 * @module
 */
import type { Folder } from "../../../../kernel/mod.ts";
import { Trash } from "../../../library/contract.ts";
import { pathIn } from "../../discovery/rules.ts";
import { FILES_PREFIX, TRASH_DAYS } from "../writable_skills.ts";

/** Deletes and restores files of one skill. */
export class FileTrash {
  readonly #root: Folder;
  readonly #folderName: string;

  /** @param folderName Of the skill, in the root. */
  constructor(root: Folder, folderName: string) {
    this.#root = root;
    this.#folderName = folderName;
  }

  /**
   * Moves a file, or a link itself, to the trash.
   *
   * @param path Its real path below the skill.
   * @returns until when it stays there.
   */
  async delete(path: string): Promise<Date> {
    const { trash, keptUntil } = await new Trash(this.#root).place(FILES_PREFIX + this.#folderName, TRASH_DAYS);
    await this.#root.move(pathIn(this.#folderName, path), `${trash}/${path}`);
    return keptUntil;
  }

  /** Brings back what was deleted last at a path, which is free; tells whether there was anything. */
  async restore(path: string): Promise<boolean> {
    const root = this.#root;
    const items = (await new Trash(root).list()).filter(({ name }) => name === FILES_PREFIX + this.#folderName);
    for (const { trash } of items.reverse()) {
      // links are not followed here: one that was deleted may lead to another skill
      const entries = await root.list(trash, { recursive: true });
      if (!entries.some((it) => it.path === path && it.kind !== "folder")) continue;
      await root.move(`${trash}/${path}`, pathIn(this.#folderName, path));
      // it held nothing else
      await root.remove(trash);
      return true;
    }
    return false;
  }
}
