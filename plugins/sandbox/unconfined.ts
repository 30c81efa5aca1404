/**
 * Commands where nothing confines them: they run as they are, each in a private working folder.
 *
 * @module
 */
import type { Files, Process, Processes } from "../../kernel/mod.ts";
import type { Confined, ConfinedCommand, ConfinedProcess } from "./confinement.ts";

/** Holds private folders of running commands, in the home folder. */
export const WORK_FOLDER = "work";

/** What {@linkcode Unconfined} works with. */
export interface UnconfinedOptions {
  readonly home: Files;
  readonly processes: Processes;
}

/** A `Sandbox` that holds nothing back. */
export class Unconfined {
  /** Of what holds itself back, as Deno does by its permissions; nothing else asks. */
  readonly hasNetwork = false;
  readonly #options: UnconfinedOptions;

  constructor(options: UnconfinedOptions) {
    this.#options = options;
  }

  /** Names no mechanism. */
  mechanism(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Says that paths are called what they are. */
  canMove(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** Gives what starts commands as they are. */
  confine(): Promise<Confined> {
    return Promise.resolve({
      path: (path) => path,
      env: {},
      spawn: async (command) => {
        const { home, processes } = this.#options;
        const { cwd } = command;
        const start = (folder: string) =>
          processes.spawn({ ...command, args: argumentsIn(command, folder), cwd: folder });
        return cwd === undefined ? await inPrivateFolder(home, start) : ownFolder(await start(cwd), { folder: cwd });
      },
    });
  }
}

/** Starts a command that has a private folder on disk; the folder goes with it. */
export async function inPrivateFolder(
  home: Files,
  start: (folder: string) => Promise<Process>,
): Promise<ConfinedProcess> {
  const name = `${WORK_FOLDER}/${crypto.randomUUID()}`;
  await home.makeFolder(name);
  // what a process that cannot be ended holds is left to a later start
  const remove = () => home.remove(name).then(() => {}, () => {});
  try {
    const folder = await home.resolve(name);
    const process = await start(folder);
    return ownFolder(process, { folder, exited: process.exited.finally(remove) });
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Gives the arguments of a command, now that its private folder is known. */
export function argumentsIn({ args = [] }: Pick<ConfinedCommand, "args">, folder: string): readonly string[] {
  return typeof args === "function" ? args(folder) : args;
}

/** What a process gets when it is confined. */
export interface OwnFolder extends Pick<ConfinedProcess, "folder"> {
  /** Resolves when its folder is gone as well. */
  readonly exited?: Process["exited"];
  readonly env?: ConfinedProcess["env"];
}

/** Tells of a process what its folder is. */
export function ownFolder(process: Process, { folder, exited = process.exited, env = {} }: OwnFolder): ConfinedProcess {
  const { pid, stdout, stderr } = process;
  return {
    ...{ pid, stdout, stderr, folder, env, exited },
    write: (text) => process.write(text),
    end: () => process.end(),
    async kill(graceMs) {
      await process.kill(graceMs);
      await exited;
    },
  };
}
