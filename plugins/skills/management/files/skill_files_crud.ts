/**
 * `skill_files_crud`: reads and changes the files of skills.
 *
 * @module
 */
import { type PluginContext, toolResult } from "../../../../kernel/mod.ts";
import { toldAsError } from "../../tools/told_errors.ts";
import { Input, Output, type Surroundings } from "./request.ts";

/** What the tool needs. */
export interface SkillFilesCrudContext extends Pick<Surroundings, "places" | "turns" | "refresh"> {
  readonly tool: PluginContext["tool"];
  /** Most bytes of a file that is written, or read at once; 1,000,000 by default. */
  readonly mostBytes?: number | undefined;
  /** Completes the name of a skill while it is typed. */
  complete(value: string): readonly string[];
}

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

/** Registers the tool. */
export function registerSkillFilesCrud(context: SkillFilesCrudContext): void {
  const { tool, places, turns, refresh, mostBytes = MOST_BYTES } = context;
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
    complete: (argument, value) => argument === "skill_name" ? context.complete(value) : [],
    run: async (request, call) => {
      const { operation, skill_name } = request;
      const facts = { operation, skill_name };
      const surroundings = { places, turns, mostBytes, signal: call.signal, refresh };
      // no start is to wait for what a call needs
      const { OPERATORS } = await import("./operators.ts");
      const work = () => OPERATORS[operation](request, surroundings);
      const { text, data, isError } = await toldAsError(call, work, facts);
      return toolResult({
        content: [{ type: "text", text }],
        structuredContent: { ...facts, ...data },
        ...(isError === true && { isError }),
      });
    },
  });
}
