/**
 * From a script to the command that runs it: by which program, in which surroundings, and how paths are called there.
 *
 * @module
 */
import { type Environment, type Files, type Processes, ToolError } from "../../kernel/mod.ts";
import {
  type Confined,
  type ConfinedCommand,
  type Confinement,
  isBelow,
  isThere,
  type Mount,
  type Sandbox,
  variablesInside,
  wordInside,
  WORK_FOLDER,
} from "../sandbox/contract.ts";
import { AuthorModules, mergeEnvironments } from "./author_modules/mod.ts";
import type { ScriptFile } from "./contract.ts";
import {
  findInterpreter,
  type FoundInterpreter,
  readShebang,
  scriptArguments,
  splitInterpreter,
} from "./interpreter.ts";
import { languageOf, runtimeOf } from "./languages.ts";
import { lookAtFiles, type ScriptFiles } from "./script_files.ts";
import type { CommandLine, WarmLaunch, WarmScripts } from "./warm_scripts.ts";

/** Where a script finds its folder, its packages and the modules for authors, where mounts can be moved. */
const TOOLS_INSIDE = "/tools";
const PACKAGES_INSIDE = "/packages";
const MODULES_INSIDE = "/author_modules";
/** Launches that are known for the next call. */
const MOST_KNOWN = 256;
/** How a process is held while a session talks with it: the session ends it, which tells the script first. */
const PIPES = { timeoutMs: Infinity, outputLimit: 256 * 1024 } as const;
/** What is larger is hardly a script, such as a program that is run without an interpreter; in bytes. */
const MOST_SOURCE = 4 * 1024 * 1024;

/** What a {@linkcode Launcher} works with. */
export interface LauncherOptions {
  readonly home: Files;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly sandbox: Sandbox;
  /** Interpreters that wait; none by default. */
  readonly warm?: WarmScripts | undefined;
}

/** A script that is ready to be started; paths are called what they are inside. */
export interface Launch {
  readonly confined: Confined;
  /** Without the words of one call, which come after the others. */
  readonly command: ConfinedCommand & Pick<CommandLine, "args">;
  /** The folder that has the folders of tools; `undefined` where it is not moved. */
  readonly toolsFolder: string | undefined;
  /** Names of its variables in whose place the sandbox has its own. */
  readonly replaced: readonly string[];
  /** How an interpreter that waits becomes the script, where one can. */
  readonly warm: WarmLaunch | undefined;
}

interface KnownLaunch {
  readonly fingerprint: string;
  readonly launch: Promise<Launch>;
}

/** Readies scripts. */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #modules: AuthorModules;
  /** What was readied, that of the longest ago first. */
  readonly #known = new Map<string, KnownLaunch>();

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#modules = new AuthorModules(options);
  }

  /**
   * Readies a script; as it was readied before when nothing has changed.
   *
   * @throws {ToolError} when its interpreter or what it was granted is not there, or it cannot be confined.
   */
  async prepare(script: ScriptFile): Promise<Launch> {
    const folder = script.folder ?? folderOf(script.file);
    const files = await lookAtFiles(this.#options.home, { folder, file: script.file });
    const isOfOneRun = this.#isOfOneRun(folder);
    if (isOfOneRun) return await this.#prepare(script, { folder, files, isOfOneRun });
    const id = identify(script);
    const known = this.#known.get(id);
    this.#known.delete(id);
    const ready = known?.fingerprint === files.fingerprint
      ? known
      : { fingerprint: files.fingerprint, launch: this.#prepare(script, { folder, files, isOfOneRun }) };
    this.#known.set(id, ready);
    ready.launch.catch(() => {
      if (this.#known.get(id) === ready) this.#known.delete(id);
    });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    return await ready.launch;
  }

  async #prepare(
    script: ScriptFile,
    { folder, files, isOfOneRun }: {
      readonly folder: string;
      readonly files: ScriptFiles;
      readonly isOfOneRun: boolean;
    },
  ): Promise<Launch> {
    const { environment, sandbox } = this.#options;
    const { name, interpreter, packages, programs = [], isFolderWritable: writable = false } = script;
    const { permissions = {} } = script;
    const isCwdWithin = await this.#isCwdWithin(script, folder);
    const found = await this.#find(script);
    const source = await this.#readSource(script.file);
    const command = interpreter ?? readShebang(source);
    const words = command === undefined ? [] : splitInterpreter(command);
    const language = languageOf(words);
    const modules = await this.#modules.folderFor(language, { source, env: script.env });
    const network = permissions.network ?? sandbox.hasNetwork;
    const place = `${TOOLS_INSIDE}/${name.replace(/[^\w.-]/g, "_")}`;
    const confinement: Confinement = {
      network,
      mounts: [
        ...(packages === undefined ? [] : [{ from: packages, to: PACKAGES_INSIDE }]),
        ...(modules === undefined ? [] : [{ from: modules, to: MODULES_INSIDE }]),
        ...await this.#granted(script),
        ...(script.cwd === undefined || isCwdWithin ? [] : [{ from: script.cwd, writable: true }]),
      ],
      programs: found === undefined || isIn(found.program, packages) ? programs : [found.program, ...programs],
    };
    const own: Mount = { from: folder, to: place, writable };
    const confined = await sandbox.confine({ ...confinement, mounts: [own, ...confinement.mounts!] });
    const given = await this.#modules.environmentFor(language, {
      source,
      file: script.file,
      args: [...words, ...script.args ?? []],
      env: script.env,
      path: confined.path,
      searchPath: confined.env["PATH"] ?? environment.variable("PATH"),
    });
    const file = confined.path(script.file);
    const inside = (list: readonly string[] = []) => list.map((word) => wordInside(word, confined));
    const line: CommandLine = {
      program: found === undefined ? file : confined.path(found.program),
      args: found === undefined ? [] : scriptArguments(
        { program: found.program, args: inside(found.args) },
        {
          ...{ file, folder: confined.path(folder), words: [...inside(script.args), ...given.args] },
          permissions: {
            ...permissions,
            network,
            ...(writable && { write: [...permissions.write ?? [], confined.path(folder)] }),
          },
        },
      ),
      env: mergeEnvironments(
        [language?.env, confined.env, variablesInside(script.env ?? {}, confined), given.env, script.secrets],
        environment,
      ),
    };
    const cwd = script.cwd === undefined ? undefined : confined.path(script.cwd);
    const isMoved = file !== script.file;
    const held = { ...script.limits, ...PIPES };
    // a copy would take what is written there, and what is worked in has to be as writable as it is outside
    const sent = isMoved && !writable && !isCwdWithin ? await files.read() : undefined;
    // who waits with the folder of one run waits in vain
    const warm = sent === undefined && isOfOneRun ? undefined : this.#options.warm;
    return {
      confined,
      command: { ...line, ...(cwd !== undefined && { cwd }), ...held },
      toolsFolder: isMoved ? TOOLS_INSIDE : undefined,
      replaced: Object.entries(confined.fixedEnv ?? {})
        .filter(([name, value]) => (line.env[name] ?? value) !== value)
        .map(([name]) => name),
      // a Python that has to start itself anew cannot keep its place on Windows
      warm: found === undefined || language === undefined || environment.os === "windows"
        ? undefined
        : await warm?.ready({
          ...{ confinement, own, file, line, cwd, language: runtimeOf(language) },
          held,
          files: sent,
          fingerprint: files.fingerprint,
          folderInside: isMoved ? place : folder,
        }),
    };
  }

  /** Tells whether a folder was made for one run, as that of code is. */
  #isOfOneRun(folder: string): boolean {
    // by its words alone, since it is asked for at each run
    const [own, work] = [folder, `${this.#options.home.path}/${WORK_FOLDER}`].map((it) => it.replaceAll("\\", "/"));
    return isBelow(own!, work!) && own !== work;
  }

  async #find({ interpreter, packages }: ScriptFile): Promise<FoundInterpreter | undefined> {
    if (interpreter === undefined) return undefined;
    // what it leads to may be called something else on this machine
    if (isIn(interpreter, packages)) return { program: interpreter, args: [] };
    return await findInterpreter(interpreter, this.#options);
  }

  async #readSource(file: string): Promise<string> {
    const folder = this.#options.home.open(folderOf(file));
    const name = file.slice(folderOf(file).length + 1);
    const { size = Infinity } = await folder.stat(name) ?? {};
    return size > MOST_SOURCE ? "" : await folder.readText(name) ?? "";
  }

  /**
   * Tells whether a script works in its own folder.
   *
   * @throws {ToolError} when there is no such folder, or it seems to lie in that of the script and leads out of it.
   */
  async #isCwdWithin({ name, cwd }: ScriptFile, folder: string): Promise<boolean> {
    if (cwd === undefined) return false;
    const { home } = this.#options;
    const [real, own] = [cwd, folder].map((path) => home.open(path).path.replaceAll("\\", "/"));
    const isWithin = isBelow(real!, own!);
    if (!isWithin && isBelow(cwd, folder)) {
      throw new ToolError(`Cannot run script "${name}": its working folder "${cwd}" leads out of "${folder}"`);
    }
    const { path } = home.open(cwd);
    if (await isFolder(home, path)) return isWithin;
    throw new ToolError(`Cannot run script "${name}": its working folder "${cwd}" does not exist, or is no folder`);
  }

  /** What is granted by its own path. */
  async #granted({ name, permissions = {} }: ScriptFile): Promise<readonly Mount[]> {
    const { read = [], write = [] } = permissions;
    const mounts = [
      ...read.map((from) => ({ from, writable: false })),
      ...write.map((from) => ({ from, writable: true })),
    ];
    for (const { from } of mounts) {
      // that of everything is refused by the sandbox, which says why
      if (from === "/" || await isThere(this.#options.home, from)) continue;
      throw new ToolError(`Cannot run script "${name}": "${from}", which it was granted, does not exist`);
    }
    return mounts;
  }
}

/** Names a script with all that its launch depends on: not what calls of it differ in. */
function identify(script: ScriptFile): string {
  const { name, file, folder, isFolderWritable, cwd, packages, programs, interpreter, args } = script;
  const { env, limits, permissions, secrets } = script;
  return JSON.stringify([
    ...[name, file, folder, isFolderWritable, cwd, packages, programs, interpreter, args],
    ...[env, limits, permissions, secrets],
  ]);
}

async function isFolder(home: Files, path: string): Promise<boolean> {
  const cut = path.lastIndexOf("/");
  if (cut === -1 || path === "/") return true;
  const stat = await home.open(path.slice(0, cut) || "/").stat(path.slice(cut + 1)).catch(() => undefined);
  return stat?.kind === "folder";
}

function isIn(path: string, folder: string | undefined): boolean {
  return folder !== undefined && isBelow(path, folder);
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf("/"), file.lastIndexOf("\\")));
}
