/**
 * `skill_files_crud`: reads and changes the files of skills.
 *
 * @module
 */
import { toolResult } from "../../../../kernel/mod.ts";
import { toldAsError } from "../../tools/told_errors.ts";
import { listFiles } from "./listing.ts";
import type { SkillFilesContext } from "./mod.ts";
import { readFiles } from "./reading.ts";
import { deleteFile, moveFile, restoreFile } from "./removing.ts";
import { type Answer, Input, Output, type Request, type Surroundings } from "./request.ts";
import { writeFiles } from "./writing.ts";

const MOST_BYTES = 1_000_000;

const DESCRIPTION = `\
Read, create, update, delete, restore, move and list the files of a skill, one or several at once.

File paths are relative to the skill directory, such as 'main.py' or 'scripts/utils.py', never absolute. To run a script \
use run_skill_script; for environment variables use skill_env_crud, as the .env file is out of reach here.

Operations:
- read: one file, or several by file_paths. A large file in parts: offset and limit count lines, and bytes with \
encoding "base64", which binary files need
- create: files that are not there yet
- update: files that are there, their whole content; expected_digest, the sha256 of a read, guards against changes that \
somebody made meanwhile
- delete: one file (SKILL.md is protected and cannot be deleted)
- restore: the file that was deleted last at a path, within 30 days
- move: one file to new_path
- list: all files, with their sha256

Several files are created or updated all or not at all, unless atomic is false.

Examples:
{"operation": "read", "skill_name": "my-skill", "file_path": "script.py"}
{"operation": "read", "skill_name": "my-skill", "file_paths": ["file1.py", "file2.py"]}
{"operation": "create", "skill_name": "my-skill", "file_path": "new.py", "content": "print('hello')"}
{"operation": "create", "skill_name": "my-skill", "files": [{"path": "src/main.py", "content": "# Main"}, \
{"path": "README.md", "content": "# Docs"}]}
{"operation": "update", "skill_name": "my-skill", "file_path": "script.py", "content": "print('updated')"}
{"operation": "delete", "skill_name": "my-skill", "file_path": "old.py"}`;

const OPERATORS: Readonly<
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

/** Registers the tool. */
export function registerSkillFilesCrud(context: SkillFilesContext): void {
  const { tool, places, turns, refresh, mostBytes = MOST_BYTES, complete } = context;
  tool({
    name: "skill_files_crud",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: {
      title: "Manage files of a skill",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false,
    },
    complete: (argument, value) => argument === "skill_name" ? complete?.(value) ?? [] : [],
    run: async (request, call) => {
      const { operation, skill_name } = request;
      const facts = { operation, skill_name };
      const surroundings = { places, turns, mostBytes, signal: call.signal, refresh };
      const { text, data, isError } = await toldAsError(
        call,
        () => OPERATORS[operation](request, surroundings),
        facts,
      );
      return toolResult({
        content: [{ type: "text", text }],
        structuredContent: { ...facts, ...data },
        ...(isError === true && { isError }),
      });
    },
  });
}
