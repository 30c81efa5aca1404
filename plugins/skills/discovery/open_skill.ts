/**
 * Opens the folders of skills that were found, for those who use them later.
 *
 * @module
 */
import { type Files, type Folder, KernelError } from "../../../kernel/mod.ts";
import { withoutSecrets } from "../env/guarded_folder.ts";

/**
 * Opens the folder of a skill where it was found. A link that has taken its place since then is not followed, and
 * no link in it leads to secrets.
 *
 * @param path Its real path.
 * @throws {KernelError} `PATH_ESCAPED` when it leads elsewhere now.
 */
export function openSkill(files: Pick<Files, "open">, path: string): Folder {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
  const [parent, name] = [path.slice(0, end), path.slice(end)];
  // by the folder above it, so that it is looked at again each time that something in it is
  const folder = parent === "" || name === "" ? files.open(path) : files.open(parent).at(name);
  if (folder.path === path) return withoutSecrets(folder);
  throw new KernelError("PATH_ESCAPED", `Cannot open skill "${path}": it leads to "${folder.path}" now`, {
    fix: "Put the folder itself in its place",
  });
}
