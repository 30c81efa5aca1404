/**
 * What each operation of `skill_files_crud` does.
 *
 * @module
 */
import { listFiles } from "./listing.ts";
import { readFiles } from "./reading.ts";
import { deleteFile, moveFile, restoreFile } from "./removing.ts";
import type { Answer, Request, Surroundings } from "./request.ts";
import { writeFiles } from "./writing.ts";

/** The operations by their names. */
export const OPERATORS: Readonly<
  Record<Request["operation"], (request: Request, surroundings: Surroundings) => Promise<Answer>>
> = {
  read: readFiles,
  create: writeFiles,
  update: writeFiles,
  delete: deleteFile,
  restore: restoreFile,
  move: moveFile,
  list: listFiles,
};
