/**
 * Git repositories of skills on disk, for servers that a test starts.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { git, type Tree, writeTree } from "../sharing/kit.ts";
import type { Machine } from "../skills/proof/kit.ts";

/** A repository that commits are made in. */
export class SkillRepository {
  /** Absolute. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes one with a first commit, below the folder of a machine. */
  static async make(machine: Machine, name: string, files: Tree): Promise<SkillRepository> {
    const repository = new SkillRepository(await writeTree(machine.at("remote", name), {}));
    await git(repository.path, "init", "--quiet", "--initial-branch=main", ".");
    await repository.commit(files);
    return repository;
  }

  /** Writes and removes files, and commits that; gives the commit. */
  async commit(files: Tree, gone: readonly string[] = []): Promise<string> {
    await writeTree(this.path, files);
    for (const path of gone) await rm(join(this.path, path), { recursive: true });
    await git(this.path, "add", "--all");
    await git(this.path, "commit", "--quiet", "--message=change");
    return (await git(this.path, "rev-parse", "HEAD")).trim();
  }
}

/** Gives the text of a SKILL.md. */
export function skillText(name: string, { front = "", body = `# ${name}` } = {}): string {
  return `---\nname: ${name}\ndescription: About ${name}\n${front}---\n${body}\n`;
}

/** Gives a script that answers with a word. */
export function saying(word: string): string {
  return `cat > /dev/null; echo ${word}\n`;
}

/** The files of a skill `tides`, whose tool `tides__read` answers with a word. */
export function tides(word: string, front = ""): Tree {
  return { "skills/tides/SKILL.md": skillText("tides", { front }), "!skills/tides/scripts/read.sh": saying(word) };
}
