/**
 * Makes skills whose files are read and changed by a client, on a server that a test file shares.
 *
 * @module
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Answer, type Managed, skillFile } from "../kit.ts";

/** A skill of the writable root. */
export interface SkillWithFiles {
  readonly name: string;
  /** Real path of its folder. */
  readonly path: string;
  /** Calls `skill_files_crud` for it. */
  ask(args: Record<string, unknown>): Promise<Answer>;
  /** Reads a file from the disk; `undefined` when it is absent. */
  textOf(path: string): Promise<string | undefined>;
  /** Lists everything in it, sorted, what is hidden included. */
  all(): Promise<readonly string[]>;
}

let count = 0;

/** Makes a skill with a SKILL.md and other files. */
export async function makeSkill(
  server: Managed,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<SkillWithFiles> {
  const name = `files-${++count}`;
  const path = join(server.root, name);
  for (const [file, data] of Object.entries({ "SKILL.md": skillFile(name), ...files })) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), data);
  }
  return {
    name,
    path,
    ask: (args) => server.ask("skill_files_crud", { skill_name: name, ...args }),
    textOf: (file) => readFile(join(path, file), "utf8").catch(() => undefined),
    all: () => listAll(path),
  };
}

/** Lists everything below a folder, sorted; links are not followed, as `readdir` of Node.js does. */
export async function listAll(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = entries.map(async (entry) => {
    const below = entry.isDirectory() ? await listAll(join(folder, entry.name)) : [];
    return [entry.name, ...below.map((it) => `${entry.name}/${it}`)];
  });
  return (await Promise.all(lists)).flat().sort();
}
