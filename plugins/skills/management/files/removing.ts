/**
 * `delete`, `restore` and `move`: what takes a file away from its place, or brings it back.
 *
 * @module
 */
import { type Folder, sha256 } from "../../../../kernel/mod.ts";
import { leadsToSecrets } from "../../env/guarded_folder.ts";
import { TRASH_DAYS } from "../writable_skills.ts";
import { inFile } from "./failures.ts";
import { isSkillFile, type ReachedFile, reachEntry } from "./file_paths.ts";
import { FileTrash } from "./file_trash.ts";
import { type Answer, argumentError, fileError, type Request, requirePath, type Surroundings } from "./request.ts";
import { changeSkill } from "./skill_change.ts";
import { checkDigest } from "./writing.ts";

/** Moves a file, or a link itself, to the trash. */
export async function deleteFile(request: Request, surroundings: Surroundings): Promise<Answer> {
  const { skill_name: skill } = request;
  const asked = requirePath(request);
  const { root } = surroundings.places;
  return await changeSkill(skill, surroundings, ({ folder, folderName }) =>
    inFile(asked, async () => {
      const { path, real } = await takeableFile(folder, request, asked);
      const done = `Successfully deleted file '${skill}:${path}'`;
      // by another name they would lie in the trash
      if ((await folder.stat(real))?.kind === "file" && await leadsToSecrets(folder, real)) {
        await folder.remove(real);
        return { answer: { text: done, data: { files: [{ path }] } }, changed: [real] };
      }
      const keptUntil = await new FileTrash(root, folderName).delete(real);
      const restore = JSON.stringify({ operation: "restore", skill_name: skill, file_path: path });
      const text = `${done}\nIt is kept for ${TRASH_DAYS} days; to bring it back: ${restore}`;
      return { answer: { text, data: { files: [{ path, kept_until: keptUntil.toISOString() }] } }, changed: [real] };
    }));
}

/** Brings back the file that was deleted last at a path, which must be free. */
export async function restoreFile(request: Request, surroundings: Surroundings): Promise<Answer> {
  const { skill_name: skill } = request;
  const asked = requirePath(request);
  const { root } = surroundings.places;
  return await changeSkill(skill, surroundings, ({ folder, folderName }) =>
    inFile(asked, async () => {
      const { path, real } = await reachEntry(folder, asked, "restore");
      if (await folder.stat(real) !== undefined) {
        throw fileError("FILE_EXISTS", `File '${path}' already exists in skill '${skill}'`);
      }
      if (!await new FileTrash(root, folderName).restore(real)) {
        const message = `Deleted file '${path}' does not exist in skill '${skill}'; deleted files are kept for ` +
          `${TRASH_DAYS} days, each under the path that it had`;
        throw fileError("FILE_UNKNOWN", message);
      }
      const text = `Successfully restored file '${skill}:${path}'`;
      return { answer: { text, data: { files: [{ path }] } }, changed: [real] };
    }));
}

/** Gives a file another path, which must be free. */
export async function moveFile(request: Request, surroundings: Surroundings): Promise<Answer> {
  const { skill_name: skill, new_path: wanted } = request;
  const asked = requirePath(request);
  if (!wanted) throw argumentError("new_path is required for 'move' operation");
  return await changeSkill(skill, surroundings, ({ folder }) =>
    inFile(asked, async () => {
      const file = await takeableFile(folder, request, asked);
      const target = await reachEntry(folder, wanted, "move to");
      if (isSkillFile(target.real)) throw protectedFile("move to");
      const kind = (await folder.stat(file.real))?.kind;
      if (kind === "link") throw fileError("FILE_INVALID", `'${file.path}' is a symbolic link, which cannot be moved`);
      if (await folder.stat(target.real) !== undefined) {
        throw fileError("FILE_EXISTS", `File '${target.path}' already exists in skill '${skill}'`);
      }
      await folder.move(file.real, target.real);
      const bytes = await folder.readBytes(target.real) ?? new Uint8Array();
      const facts = { path: target.path, size: bytes.length, sha256: await sha256(bytes), moved_from: file.path };
      const text = `Successfully moved file '${skill}:${file.path}' to '${skill}:${target.path}'`;
      return { answer: { text, data: { files: [facts] } }, changed: [file.real, target.real] };
    }));
}

/** Finds a file that may be taken away. */
async function takeableFile(
  folder: Folder,
  { operation, skill_name: skill, expected_digest: expected }: Request,
  asked: string,
): Promise<ReachedFile> {
  const file = await reachEntry(folder, asked, operation);
  if (isSkillFile(file.path) || isSkillFile(file.real)) throw protectedFile(operation);
  const stat = await folder.stat(file.real);
  if (stat === undefined) {
    throw fileError("FILE_UNKNOWN", `File '${file.path}' does not exist in skill '${skill}'`);
  }
  if (stat.kind === "folder") {
    throw fileError("FILE_INVALID", `'${file.path}' is not a file. Cannot ${operation} directories`);
  }
  if (expected && stat.kind === "link") throw argumentError("A symbolic link has no digest; leave expected_digest out");
  await checkDigest(folder, file, expected);
  return file;
}

function protectedFile(operation: string): Error {
  const message = `Cannot ${operation} 'SKILL.md'. This file is protected and required for skill metadata`;
  return fileError("FILE_PROTECTED", message);
}
