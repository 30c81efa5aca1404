/**
 * The checkouts of repositories, as search paths of skills.
 *
 * @module
 */
import type { Disposer } from "../../kernel/mod.ts";
import { REPOSITORY_ORIGIN, type Skills } from "../skills/contract.ts";
import { searchedFolders } from "./layout.ts";
import type { Repositories } from "./repositories.ts";

/** What {@linkcode RepositoryPaths} work with. */
export interface RepositoryPathsOptions {
  readonly repositories: Pick<Repositories, "list" | "folder">;
  readonly skills: Pick<Skills, "addPath">;
}

/** Has the skills of repositories found where their checkouts are now. */
export class RepositoryPaths {
  readonly #options: RepositoryPathsOptions;
  #added: Disposer[] = [];
  #paths = "";

  constructor(options: RepositoryPathsOptions) {
    this.#options = options;
  }

  /** Takes over which checkouts there are; tells whether they are others. */
  sync(): boolean {
    const paths = this.#wanted();
    const key = JSON.stringify(paths);
    if (key === this.#paths) return false;
    this.#paths = key;
    // all at once: the order of search paths decides between skills of one name, and an update must not change it
    this.close();
    this.#added = paths.map((path) => this.#options.skills.addPath({ path, scope: "repo", origin: REPOSITORY_ORIGIN }));
    return true;
  }

  /** Takes all of them away. */
  close(): void {
    for (const remove of this.#added.splice(0)) void remove();
  }

  /** Lists the folders to look in, those of what was added first before others. */
  #wanted(): readonly string[] {
    const { repositories } = this.#options;
    const known = repositories.list().filter(({ isPresent }) => isPresent);
    known.sort((a, b) => a.addedAt < b.addedAt ? -1 : a.addedAt > b.addedAt ? 1 : a.name < b.name ? -1 : 1);
    return known.flatMap(({ name, skills }) => {
      const folder = repositories.folder(name);
      if (folder === undefined) return [];
      return searchedFolders(skills).map((path) => path === "" ? folder.path : `${folder.path}/${path}`);
    });
  }
}
