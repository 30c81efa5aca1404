/**
 * Changes of the writable root as a whole: new skills appear complete, and deleted ones go to a trash.
 *
 * @module
 */
import { didYouMean, type Folder, ToolError } from "../../../kernel/mod.ts";
import { DAY_MS, Trash, type TrashPlace } from "../../library/contract.ts";
import { pathIn } from "../discovery/rules.ts";
import type { TemplateFile } from "./templates.ts";

/** Days for which a deleted skill is kept. */
export const TRASH_DAYS = 30;

/** Begins what the trash calls files of a skill, as the name of no skill does. */
export const FILES_PREFIX = ".files-";
/** Holds, in the root, skills that are being made and files that are being changed; what is hidden is no skill. */
export const STAGING_FOLDER = ".staging";
/** Begins the temporary files of this program. */
const TEMPORARY = ".collet-temp-";

/** Makes, deletes and restores skills. */
export class WritableSkills {
  readonly #open: () => Folder;

  /** @param open Opens the writable root, which need not exist. */
  constructor(open: () => Folder) {
    this.#open = open;
  }

  /**
   * Makes a skill of its files: all of them or nothing.
   *
   * @throws {ToolError} when there is something of that name.
   */
  async create(name: string, files: readonly TemplateFile[]): Promise<void> {
    const root = this.#open();
    await assertFree(root, name);
    const staged = `${STAGING_FOLDER}/${name}.new-${crypto.randomUUID()}`;
    try {
      for (const { path, text, isExecutable } of files) {
        await root.writeAtomic(`${staged}/${path}`, text, isExecutable ? { mode: 0o755 } : {});
      }
      await root.move(staged, name);
    } catch (thrown) {
      await root.remove(staged);
      // another call may have been faster
      await assertFree(root, name);
      throw thrown;
    }
  }

  /** Moves the folder of a skill to the trash. */
  async delete(folderName: string): Promise<TrashPlace> {
    const root = this.#open();
    const place = await new Trash(root).place(folderName, TRASH_DAYS);
    await root.move(folderName, place.trash);
    return place;
  }

  /**
   * Brings back what was deleted last under a name.
   *
   * @throws {ToolError} when there is something of that name, or nothing of it in the trash.
   */
  async restore(folderName: string): Promise<void> {
    const root = this.#open();
    const items = (await new Trash(root).list()).filter(({ name }) => !name.startsWith(FILES_PREFIX));
    const item = items.findLast(({ name }) => name === folderName);
    if (item === undefined) {
      const near = didYouMean(folderName, new Set(items.map(({ name }) => name)));
      throw new ToolError(
        `Deleted skill '${folderName}' does not exist${near || `; deleted skills are kept for ${TRASH_DAYS} days`}`,
        {
          data: { code: "SKILL_UNKNOWN", skill: folderName },
        },
      );
    }
    await assertFree(root, folderName);
    await root.move(item.trash, folderName);
  }

  /** Removes what has lain in the trash for too long, and what a server that died was making or changing. */
  async cleanUp(): Promise<void> {
    const root = this.#open();
    await new Trash(root).purge(TRASH_DAYS);
    const staged = (await root.list(STAGING_FOLDER, { internal: true })).map(({ path }) => `${STAGING_FOLDER}/${path}`);
    const own = (await root.list(".", { internal: true })).map(({ path }) => path).filter(isTemporary);
    for (const path of [...staged, ...own]) {
      const stat = await root.stat(path);
      if (stat && Date.now() - stat.modified.getTime() > DAY_MS) await root.remove(path);
    }
  }
}

/**
 * Removes the temporary files that servers which died left beside files of a skill.
 *
 * @param folders Below the skill; while nobody else writes there.
 */
export async function removeLeftovers(skill: Folder, folders: Iterable<string>): Promise<void> {
  for (const folder of new Set(folders)) {
    const left = (await skill.list(folder, { internal: true })).filter(({ path }) => isTemporary(path));
    for (const { path } of left) await skill.remove(pathIn(folder, path));
  }
}

function isTemporary(path: string): boolean {
  return path.startsWith(TEMPORARY);
}

async function assertFree(root: Folder, name: string): Promise<void> {
  if (await root.stat(name) === undefined) return;
  throw new ToolError(`Skill '${name}' already exists`, { data: { code: "NAME_TAKEN", skill: name } });
}
