/**
 * Granted paths as the folders that a module finds at its start.
 *
 * @module
 */
import type { SyncFolder } from "../../../../kernel/mod.ts";
import type { GrantedPath } from "../../program.ts";
import type { ModuleHost } from "../hosts.ts";
import { FewFiles } from "./few_files.ts";
import { OpenFolder } from "./open_folder.ts";

const LAST_PART_REGEXP = /[\\/]([^\\/]+)$/;

/** What was granted to a run. */
export interface GrantedFolders {
  readonly folders: readonly OpenFolder[];
  /** Closes what is behind them, once nothing below is in use. */
  readonly close: () => void;
}

const NOTHING: GrantedFolders = { folders: [], close: () => {} };

/**
 * Opens what was granted: a folder under its own path, and files as a folder under the path of theirs in which nothing
 * else is seen.
 */
export function openGranted(granted: readonly GrantedPath[], host: ModuleHost): GrantedFolders {
  if (granted.length === 0) return NOTHING;
  const opened: SyncFolder[] = [];
  const open = (path: string, writable: boolean) => {
    const folder = host.openFolder(path, { writable });
    opened.push(folder);
    return folder;
  };
  const close = () => opened.forEach((it) => it.close());
  try {
    const folders = granted.filter((it) => it.kind === "folder")
      .map(({ path, writable }) => new OpenFolder(open(path, writable), ".", path));
    const files = [...filesByFolder(granted)]
      .map(([path, names]) => {
        const folder = open(path, [...names.values()].includes(true));
        return new OpenFolder(new FewFiles(folder, names), ".", path);
      });
    return { folders: [...folders, ...files], close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Groups the granted files by their folder: names, and whether they may be written. */
function filesByFolder(granted: readonly GrantedPath[]): ReadonlyMap<string, ReadonlyMap<string, boolean>> {
  const folders = new Map<string, Map<string, boolean>>();
  for (const { path, kind, writable } of granted) {
    const name = kind === "file" ? LAST_PART_REGEXP.exec(path)?.[1] : undefined;
    if (name === undefined) continue;
    const folder = path.slice(0, -name.length - 1) || "/";
    const names = folders.get(folder) ?? new Map<string, boolean>();
    folders.set(folder, names.set(name, writable));
  }
  return folders;
}
