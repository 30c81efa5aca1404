/**
 * Commands inside a mechanism: what they see, how paths are called there, and how they are started.
 *
 * @module
 */
import { type Environment, type Files, type Process, type Processes, ToolError } from "../../kernel/mod.ts";
import type { Confined, ConfinedCommand, ConfinedProcess, Confinement, Mount } from "./confinement.ts";
import type { OwnFiles } from "./files.ts";
import { type CommandLine, type NetworkAccess, prepareAccess } from "./network/access.ts";
import type { NetworkGate } from "./network/gate.ts";
import { type Programs, searchedFolders, type SeenProgram } from "./programs.ts";
import type { Chosen } from "./selection.ts";
import { lookAtMachine, type Machine } from "./machine.ts";
import { checked, isBelowAny, pathsInside, type SeenMount } from "./mounts.ts";
import { realPath } from "./paths.ts";
import { isSeen } from "./system.ts";
import { argumentsIn, inPrivateFolder, ownFolder } from "./unconfined.ts";
import { FILTER_DESCRIPTOR, HOME_INSIDE, type SystemEntry, type View } from "./view.ts";

/** What the kernel counts inside are threads. */
const THREADS_OF_PROCESS = 32;
/** Variables that the wrapper would heed itself, outside: they are set inside. */
const LOADER_REGEXP =
  /^(?:LD_(?:PRELOAD|LIBRARY_PATH|AUDIT|DEBUG|DEBUG_OUTPUT|PROFILE|PROFILE_OUTPUT)|DYLD_\w+|GLIBC_TUNABLES|GCONV_PATH|BASH_ENV|ENV)$/;
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";
/** The processes of a mechanism itself, and the one that leads to single addresses. */
const OWN_PROCESSES = 4;

/** Bounds of every confined command, beside its own. */
export interface Bounds {
  /** Bytes that each folder in memory may hold. */
  readonly diskBytes: number;
  /** Bytes of the largest file. */
  readonly fileBytes: number;
  /** Open files of each process. */
  readonly descriptors: number;
}

/** What {@linkcode Confiner} works with. */
export interface ConfinerOptions {
  readonly chosen: Chosen;
  readonly files: Files;
  readonly own: OwnFiles;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly programs: Programs;
  readonly bounds: Bounds;
  /** Folders that no confined process sees unless it is given them. */
  readonly hidden: readonly string[];
  /** The filter of system calls, where there is one for this machine. */
  readonly filter: Uint8Array | undefined;
  /** The way to single addresses, where sockets can be opened. */
  readonly gate: NetworkGate | undefined;
}

/** What the commands of one confinement have in common, and the socket of one of them. */
interface Surroundings {
  readonly machine: Machine;
  readonly mounts: readonly SeenMount[];
  readonly folders: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly path: (path: string) => string;
  readonly hasNetwork: boolean;
  readonly access?: NetworkAccess;
  readonly socket?: SeenMount | undefined;
}

/** Confines by one mechanism. */
export class Confiner {
  readonly #options: ConfinerOptions;
  #machine: Promise<Machine> | undefined;

  constructor(options: ConfinerOptions) {
    this.#options = options;
  }

  /** Prepares a confinement. */
  async confine({ network = false, mounts = [], folders = [], programs = [] }: Confinement): Promise<Confined> {
    const { chosen: { mechanism }, environment, own } = this.#options;
    const { gate } = this.#options;
    const access = Array.isArray(network) && network.length > 0
      ? await prepareAccess(network as readonly string[], { own, environment })
      : undefined;
    if (access !== undefined && gate === undefined) {
      throw new ToolError("Cannot open the network to single addresses: nothing here opens sockets");
    }
    const machine = await this.#known();
    const needed = access === undefined ? programs : [...programs, environment.executable];
    const seen = await Promise.all(needed.map((program) => this.#options.programs.find(program, machine.system)));
    const all = this.#toView([...seen.flatMap((program) => program.mounts), ...mounts, ...access?.mounts ?? []]);
    const moved = seen.filter(({ asked, program, canStay }) =>
      program !== asked && !(canStay && isBelowAny(asked, all))
    );
    const path = pathsInside(all, moved);
    const packages = moved.flatMap((program) => program.packages ?? []).map(path);
    const env = {
      ...this.#variables(seen, machine.system),
      ...(mechanism.canMove && packages.length > 0 && { PYTHONPATH: packages.join(":") }),
    };
    const surroundings = { machine, mounts: all, folders, env, path, hasNetwork: network === true };
    return {
      path,
      env,
      ...(access !== undefined && { fixedEnv: access.env }),
      spawn: async (command) => {
        if (access === undefined) return await this.#spawn(command, surroundings);
        const { socketPath, release } = await gate!.open(network as readonly string[]);
        try {
          const [socket] = this.#toView([access.socketMount(socketPath)]);
          const process = await this.#spawn(command, {
            ...surroundings,
            access,
            socket,
            path: pathsInside([...all, socket!], moved),
          });
          void process.exited.then(release);
          return process;
        } catch (error) {
          await release();
          throw error;
        }
      },
    };
  }

  #toView(mounts: readonly Mount[]): readonly SeenMount[] {
    const { files, chosen: { mechanism } } = this.#options;
    return mounts.map(({ from, to = from, writable = false }) => ({
      from: checked(realPath(files, from) ?? from),
      asked: from,
      to: mechanism.canMove ? to : from,
      isWritable: writable,
    }));
  }

  async #spawn(
    { program, args = [], env: own = {}, cwd, processes: most, ...rest }: ConfinedCommand,
    { machine, mounts, folders, env, path, hasNetwork, access, socket }: Surroundings,
  ): Promise<ConfinedProcess> {
    const { files, chosen, bounds } = this.#options;
    const { mechanism } = chosen;
    const start = (folder: string | undefined): Promise<Process> => {
      const home = folder ?? HOME_INSIDE;
      const view: View = {
        system: machine.system,
        etc: hasNetwork ? machine.networkEtc : { ...machine.etc, ...(access && { "/etc/hosts": access.hosts }) },
        hidden: machine.hidden,
        barred: machine.barred,
        isRoot: machine.isRoot,
        folders,
        mounts: socket === undefined ? mounts : [...mounts, socket],
        folder,
        cwd: cwd ?? home,
        hasNetwork,
        diskBytes: bounds.diskBytes,
        processes: machine.areProcessesCounted || most === undefined ? undefined : most * THREADS_OF_PROCESS,
        hasFilter: machine.filterFile !== undefined,
        ...(machine.architecture !== "other" && { architecture: machine.architecture }),
      };
      const line: CommandLine = {
        program: path(program),
        args: argumentsIn({ args }, home),
        env: { ...env, HOME: home, ...own },
      };
      const inner = access === undefined || socket === undefined
        ? line
        : access.wrap(line, { path, socketPath: socket.asked });
      const [wrapper = chosen.path, ...before] = [...machine.deathWords, chosen.path];
      const filter = mechanism.readsFilter ? machine.filterFile : undefined;
      const entries = Object.entries(inner.env);
      const loaded = entries.filter(([name]) => LOADER_REGEXP.test(name)).map(([name, value]) => `${name}=${value}`);
      return this.#options.processes.spawn({
        fileBytes: bounds.fileBytes,
        descriptors: bounds.descriptors,
        ...rest,
        ...(most !== undefined && { processes: most + OWN_PROCESSES }),
        program: wrapper,
        args: [
          ...before,
          ...mechanism.wrap(view),
          ...(loaded.length > 0 ? ["/usr/bin/env", ...loaded] : []),
          ...[inner.program, ...inner.args],
        ],
        // the wrapper has no business in a folder of its own
        cwd: "/",
        env: Object.fromEntries(entries.filter(([name]) => !LOADER_REGEXP.test(name))),
        isWrapper: true,
        ...(filter !== undefined && { open: { [FILTER_DESCRIPTOR]: filter } }),
      });
    };
    if (mechanism.canMove) {
      return ownFolder(await start(undefined), { folder: HOME_INSIDE, env: { HOME: HOME_INSIDE } });
    }
    const process = await inPrivateFolder(files, start);
    return { ...process, env: { HOME: process.folder } };
  }

  #variables(programs: readonly SeenProgram[], system: readonly SystemEntry[]): Readonly<Record<string, string>> {
    const { chosen: { mechanism }, environment, files } = this.#options;
    const folders = (environment.variable("PATH") ?? DEFAULT_PATH).split(":")
      .filter((folder) => isSeen(realPath(files, folder) ?? "", system));
    const own = programs.flatMap(({ mounts }) =>
      searchedFolders(mechanism.canMove ? mounts : mounts.map(({ from }) => ({ from, to: from })))
    );
    return {
      PATH: [...new Set([...own, ...folders, ...DEFAULT_PATH.split(":")])].join(":"),
      TMPDIR: "/tmp",
      USER: "tool",
      ...(mechanism.canMove && Object.assign({}, ...programs.map((it) => it.env))),
    };
  }

  #known(): Promise<Machine> {
    this.#machine ??= lookAtMachine({ ...this.#options, mechanism: this.#options.chosen.mechanism });
    this.#machine.catch(() => this.#machine = undefined);
    return this.#machine;
  }
}
