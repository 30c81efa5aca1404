/**
 * What a backup covers, and where it lies.
 *
 * @module
 */
import { type Environment, type Files, type Folder, KernelError } from "../../kernel/mod.ts";

/** A file or folder that a backup covers. */
export interface Place {
  /** Its name in the archive. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** The folder that holds it. */
  readonly folder: Folder;
  /** Its name in that folder. */
  readonly path: string;
}

/** The name of the state in the home, and in the archive. */
export const STATE_NAME = "state.db";

/**
 * Lists what a backup covers beside the state. `TOOLS_DIR` stands for `tools` where it is set.
 *
 * @throws {KernelError} `OPTION_INVALID` when `TOOLS_DIR` holds the home, which would then hold itself.
 */
export function listPlaces(files: Files, environment: Environment): readonly Place[] {
  const inHome = (name: string, kind: Place["kind"]): Place => ({ name, kind, folder: files, path: name });
  const tools = inHome("tools", "folder");
  const toolsFolder = environment.variable("TOOLS_DIR");
  return [
    toolsFolder ? { ...tools, ...locate(files, checkToolsFolder(toolsFolder, environment)) } : tools,
    inHome("skills", "folder"),
    // of repositories what they were: their files come from there again
    { ...inHome("skills-lock.json", "file"), path: "repos/skills-lock.json" },
    inHome("services", "folder"),
    inHome("bundles.json", "file"),
    inHome("collet.json", "file"),
  ];
}

/** Gives the folder that holds a file or folder, and its name there. */
export function locate(files: Files, absolutePath: string): Pick<Place, "folder" | "path"> {
  const start = Math.max(absolutePath.lastIndexOf("/"), absolutePath.lastIndexOf("\\")) + 1;
  return { folder: files.open(absolutePath.slice(0, start)), path: absolutePath.slice(start) };
}

function checkToolsFolder(path: string, environment: Environment): string {
  const folder = environment.expand(path);
  const asPrefix = (path: string) => `${path}/`.replace(/[\\/]+/g, "/");
  if (!asPrefix(environment.home).startsWith(asPrefix(folder))) return folder;
  throw new KernelError("OPTION_INVALID", `Cannot back up TOOLS_DIR "${folder}": it holds the home folder`, {
    fix: "Set TOOLS_DIR to a folder for tools alone",
  });
}
