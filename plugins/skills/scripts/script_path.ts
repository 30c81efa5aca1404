/**
 * Paths that callers name in a skill: that of a script, and that of a working folder.
 *
 * @module
 */
import { didYouMean, type Folder, isKernelError, ToolError } from "../../../kernel/mod.ts";
import { readShebang } from "../../scripts/contract.ts";
import { isEnvFile } from "../env/env_names.ts";
import type { SkillPlace } from "../management/skill_places.ts";
import { pathBelow } from "../running/tool_scripts.ts";

/** What is larger is no script that could be looked at, in bytes; it runs all the same. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A script that is there. */
export interface FoundScript {
  /** Absolute, real. */
  readonly file: string;
  /** The same in its skill, `/` between parts. */
  readonly path: string;
  /** What is in it; empty when it is too large to be looked at. */
  readonly source: string;
  readonly isExecutable: boolean;
  /** The command that its first line names, with its arguments: `deno run -A`. */
  readonly shebang: string | undefined;
}

type Place = Pick<SkillPlace, "name" | "folder">;

/**
 * Finds a script.
 *
 * @throws {ToolError} when it is not there, is no file, or leads out of its skill.
 */
export async function findScript({ name, folder }: Place, asked: string): Promise<FoundScript> {
  const fail = (why: string, cause?: unknown) =>
    new ToolError(
      `Invalid script path: ${why}; expected one relative to the skill directory, such as "main.py" or "scripts/fetch.py"`,
      { cause },
    );
  if (asked.trim() === "") throw fail("it is empty");
  const file = await resolveIn(folder, asked, fail);
  const path = pathBelow(folder.path, file) ?? ".";
  const stat = await folder.stat(path);
  if (stat === undefined) {
    throw new ToolError(`Script '${asked}' does not exist in skill '${name}'${await nearFiles(folder, path)}`);
  }
  if (stat.kind !== "file") throw new ToolError(`'${asked}' is not a file`);
  // what cannot be run is shown by whoever tries to
  if (isEnvFile(path)) throw new ToolError(`Cannot run script '${asked}': it holds secrets, and is no script`);
  const source = stat.size > MOST_BYTES ? "" : await folder.readText(path) ?? "";
  return { file, path, source, isExecutable: ((stat.mode ?? 0) & 0o111) !== 0, shebang: readCommand(source) };
}

/**
 * Finds a working folder; gives its absolute path.
 *
 * @throws {ToolError} when it is not there, is no folder, or leads out of its skill.
 */
export async function findWorkingFolder({ name, folder }: Place, asked: string | undefined): Promise<string> {
  if (asked === undefined || asked === "" || asked === ".") return folder.path;
  const path = await resolveIn(
    folder,
    asked,
    (why, cause) =>
      new ToolError(
        `Invalid working directory: ${why}; expected one relative to the skill directory, such as "scripts"`,
        { cause },
      ),
  );
  const stat = await folder.stat(pathBelow(folder.path, path) ?? ".");
  if (stat?.kind === "folder") return path;
  const why = stat === undefined ? `: it does not exist in skill '${name}'` : "";
  throw new ToolError(`Working directory '${asked}' is not a directory${why}`);
}

function readCommand(source: string): string | undefined {
  const program = readShebang(source);
  if (program === undefined) return undefined;
  const words = source.slice(2, source.search(/[\r\n]|$/)).trim().split(/\s+/);
  return [program, ...words.slice(words.indexOf(program) + 1)].join(" ");
}

async function resolveIn(
  folder: Folder,
  asked: string,
  fail: (why: string, cause: unknown) => ToolError,
): Promise<string> {
  try {
    // nothing but slashes is no path of the skill
    return await folder.resolve(/^\/+$/.test(asked) ? asked : asked.replace(/\/+$/, ""));
  } catch (thrown) {
    if (!isKernelError(thrown)) throw thrown;
    throw fail(thrown.message, thrown);
  }
}

async function nearFiles(folder: Folder, path: string): Promise<string> {
  const cut = path.lastIndexOf("/");
  const entries = await folder.list(cut < 0 ? "." : path.slice(0, cut));
  const prefix = path.slice(0, cut + 1);
  return didYouMean(path, entries.filter(({ kind }) => kind === "file").map((it) => `${prefix}${it.path}`));
}
