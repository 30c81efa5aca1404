/**
 * Confinement by the permissions of Deno, where it is asked for by name: for programs of Deno alone, on any system.
 *
 * @module
 */
import { type Files, type Processes, ToolError } from "../../kernel/mod.ts";
import type { Confined, ConfinedCommand, Confinement, Mount } from "./confinement.ts";
import { isBelow, realPath } from "./paths.ts";
import { argumentsIn, inPrivateFolder } from "./unconfined.ts";

const DENO_REGEXP = /(?:^|[\\/])deno(?:\.exe)?$/i;
/** Options of Deno by which a program is given more than is asked for it here, with a value in the same word or none. */
const PERMISSION_REGEXP = /^(?:-[A-Z](?:=|$)|--(?:allow|deny|ignore|permission-set|no-prompt)(?:-[a-z]+)?(?:=|$))/;
/** Keep Deno itself from fetching what a program imports. */
const CLOSED_WORDS: readonly string[] = ["--no-remote", "--no-npm"];
const INFO_MS = 30_000;
/** What runs a program; the others fetch, change or inspect. */
const VERBS: readonly string[] = ["run", "eval"];

/** What {@linkcode DenoPermissions} works with. */
export interface DenoPermissionsOptions {
  readonly files: Files;
  readonly processes: Processes;
}

/** Confines by flags of `deno run`. */
export class DenoPermissions {
  readonly #options: DenoPermissionsOptions;

  constructor(options: DenoPermissionsOptions) {
    this.#options = options;
  }

  confine(confinement: Confinement): Promise<Confined> {
    const { files, processes } = this.#options;
    return Promise.resolve({
      path: (path) => path,
      env: {},
      spawn: async (command) => {
        await this.#checkImports(command, confinement);
        const process = await inPrivateFolder(files, (folder) => {
          const line = { program: command.program, args: argumentsIn(command, folder) };
          const args = confineArguments(line, { confinement, folder, files });
          return processes.spawn({
            ...command,
            args,
            cwd: command.cwd ?? folder,
            env: { HOME: folder, ...command.env },
          });
        });
        return { ...process, env: { HOME: process.folder } };
      },
    });
  }

  /**
   * Looks at all that a program imports: Deno asks for no permission where that is written out, not even for a text.
   *
   * @throws {ToolError} when something lies where the program may not read.
   */
  async #checkImports({ program, args = [] }: ConfinedCommand, { mounts = [] }: Confinement): Promise<void> {
    const { files, processes } = this.#options;
    const { verb, options: all, rest: [file] } = readWords(argumentsIn({ args }, "/"));
    if (verb !== "run" || file === undefined) return;
    const options = all.filter((word) => /^--(?:config|import-map)=/.test(word));
    const { code, stdout, stderr } = await processes.run({
      program,
      args: ["info", "--json", ...CLOSED_WORDS, ...options, file],
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      timeoutMs: INFO_MS,
    });
    if (code !== 0) {
      throw new ToolError(`Cannot confine "${file}": Deno does not say what it imports: ${stderr.trim()}`);
    }
    const seen = bothPaths(mounts, files);
    for (const path of importedFiles(stdout)) {
      if (seen.some((folder) => isBelow(path, folder) && isBelow(realPath(files, path) ?? path, folder))) continue;
      throw new ToolError(
        `Cannot confine "${file}": it imports "${path}", which it may not read; ask for it with grants.read`,
      );
    }
  }
}

/**
 * Puts the permissions of a confinement in place of those in the words of a command.
 *
 * @throws {ToolError} when the command is not one of Deno.
 */
export function confineArguments(
  { program, args }: { readonly program: string; readonly args: readonly string[] },
  { confinement, folder, files }: {
    readonly confinement: Confinement;
    readonly folder: string;
    readonly files: Files;
  },
): readonly string[] {
  const { verb, options, rest } = readWords(args);
  if (!DENO_REGEXP.test(program) || !VERBS.includes(verb)) {
    throw new ToolError(
      `Cannot confine "${program}": the sandbox is "deno", which holds programs alone that are run by deno run`,
    );
  }
  const { network = false, mounts = [] } = confinement;
  const changed = mounts.filter(({ writable }) => writable === true);
  return [
    verb,
    "--no-prompt",
    ...allow("read", [folder, ...bothPaths(mounts, files)]),
    ...allow("write", [folder, ...bothPaths(changed, files)]),
    "--allow-env",
    ...(network === true ? ["--allow-net"] : allow("net", network || [])),
    ...(options.includes("--cached-only") ? [] : CLOSED_WORDS),
    ...options.filter((word) => !PERMISSION_REGEXP.test(word)),
    ...rest,
  ];
}

/** Divides the words of a command: what it does, options, and what is run with its arguments. */
function readWords([verb = "", ...words]: readonly string[]) {
  const at = words.findIndex((word) => !word.startsWith("-"));
  const end = at === -1 ? words.length : at;
  return { verb, options: words.slice(0, end), rest: words.slice(end) };
}

/** Gives the paths of mounts, as they were asked for and as they are. */
function bothPaths(mounts: readonly Mount[], files: Files): readonly string[] {
  return mounts.flatMap(({ from }) => [from, realPath(files, from) ?? from]);
}

// Deno reads a comma as the end of an item, and two as one comma
function allow(what: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  return [`--allow-${what}=${[...new Set(items)].map((it) => it.replaceAll(",", ",,")).join(",")}`];
}

/** Reads which files a program imports, from what `deno info --json` says of it. */
function importedFiles(text: string): readonly string[] {
  const found = text.matchAll(/"specifier": "(file:\/\/[^"]*)"/g);
  return [...new Set(Array.from(found, ([, url]) => decodeURIComponent(new URL(url!).pathname)))];
}
