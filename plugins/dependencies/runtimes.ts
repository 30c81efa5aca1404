/**
 * Finds interpreters, and asks them what they are: once each, for the life of the server.
 *
 * @module
 */
import { type Environment, messageOf, type Processes, ToolError } from "../../kernel/mod.ts";
import { type FinishedProcess, readAll, type Sandbox } from "../sandbox/contract.ts";
import { LONGEST_OUTPUT } from "./commands.ts";
import type { PackageLanguage, PackageSet } from "./contract.ts";
import type { Runtime } from "./installer.ts";
import { isVersionWithin } from "./version_ranges.ts";

const PROBE_MS = 30_000;
/** Minor versions of Python 3 that are looked for, newest first. */
const PYTHON_MINORS: readonly number[] = Array.from({ length: 14 }, (_, index) => 20 - index);

/** What an interpreter is asked: it answers with one line of JSON, `[version, program, …what its packages depend on]`. */
const QUESTIONS: Readonly<Record<PackageLanguage, readonly string[]>> = {
  python: [
    "-I",
    "-c",
    "import json,platform,sys,sysconfig;print(json.dumps([platform.python_version(),sys.executable," +
    "sys.implementation.name,sysconfig.get_config_var('SOABI')or sys.implementation.cache_tag," +
    "sysconfig.get_platform(),sys.executable]))",
  ],
  node: [
    "-p",
    "const p=process;JSON.stringify([p.versions.node,p.execPath,p.versions.modules,p.platform,p.arch])",
  ],
  deno: [
    "eval",
    "--no-config",
    "--no-lock",
    "-p",
    "JSON.stringify([Deno.version.deno,Deno.execPath(),Deno.build.target])",
  ],
  ruby: [
    "-rjson",
    "-e",
    "puts JSON.generate([RUBY_VERSION,Gem.ruby,RUBY_ENGINE,Gem.extension_api_version,Gem::Platform.local.to_s])",
  ],
};
const PROGRAMS: Readonly<Record<PackageLanguage, readonly string[]>> = {
  python: ["python3", "python"],
  node: ["node", "nodejs"],
  deno: ["deno"],
  ruby: ["ruby"],
};
/** Names of the languages, for people. */
export const TITLES: Readonly<Record<PackageLanguage, string>> = {
  python: "Python",
  node: "Node",
  deno: "Deno",
  ruby: "Ruby",
};

/** What interpreters are found with. */
export interface RuntimeOptions {
  readonly processes: Processes;
  readonly environment: Environment;
  readonly sandbox: Sandbox;
}

/** Finds interpreters. */
export class Runtimes {
  readonly #options: RuntimeOptions;
  readonly #known = new Map<string, Promise<Runtime>>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  /**
   * Finds the interpreter of a set: the one that is named, or the usual one of its language, if it fits.
   *
   * @param others Gives more, best first, when that one does not fit.
   * @throws {ToolError} when there is none that fits.
   */
  async find(
    { language, interpreter, requires }: Pick<PackageSet, "language" | "interpreter" | "requires">,
    others?: (requires: string) => AsyncIterable<string>,
  ): Promise<Runtime> {
    const program = interpreter ?? await this.#usual(language);
    const usual = await this.probe(language, program);
    if (requires === undefined || isVersionWithin(usual.version, requires)) return usual;
    for await (const candidate of others?.(requires) ?? []) {
      const other = await this.probe(language, candidate).catch(() => undefined);
      if (other !== undefined && isVersionWithin(other.version, requires)) return other;
    }
    throw new ToolError(
      `Cannot find a ${TITLES[language]} for the packages: the script requires ${requires}, ${program} is ` +
        `${usual.version}, and no other on this machine fits; install one that does, or change what is required`,
    );
  }

  async #usual(language: PackageLanguage): Promise<string> {
    const { processes, environment } = this.#options;
    for (const name of PROGRAMS[language]) {
      const found = await processes.which(name);
      if (found !== undefined) return found;
    }
    if (environment.runtime === language) return environment.executable;
    throw new ToolError(`Cannot install packages: ${TITLES[language]} is not installed on this machine`);
  }

  /** Lists the programs that are Pythons by their names. */
  async *pythons(): AsyncIterable<string> {
    for (const name of [...PYTHON_MINORS.map((minor) => `python3.${minor}`), ...PROGRAMS.python]) {
      const found = await this.#options.processes.which(name);
      if (found !== undefined) yield found;
    }
  }

  /**
   * Asks a program what it is.
   *
   * @throws {ToolError} when it does not answer as an interpreter of that language does.
   */
  async probe(language: PackageLanguage, program: string): Promise<Runtime> {
    const key = `${language} ${program}`;
    const known = this.#known.get(key) ?? this.#ask(language, program);
    this.#known.set(key, known);
    try {
      return await known;
    } catch (error) {
      this.#known.delete(key);
      throw error;
    }
  }

  async #ask(language: PackageLanguage, program: string): Promise<Runtime> {
    const isOfMachine = await this.#isOfMachine(program);
    const { exit: { code }, stdout, stderr } = await this.#run(language, program, isOfMachine);
    try {
      if (code !== 0) throw new Error(stderr.trim().slice(-1_000) || `it ended with exit code ${code}`);
      const [version = "", own = "", ...rest] = JSON.parse(stdout) as string[];
      const title = `${TITLES[language]} ${version}`;
      return { program: isOfMachine ? own : program, version, id: [language, ...rest].join(" "), title };
    } catch (error) {
      throw new ToolError(`Cannot ask "${program}" for its version: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Tells whether a program is one that the operator put there; another may be the work of a confined script. */
  async #isOfMachine(program: string): Promise<boolean> {
    const { processes, environment } = this.#options;
    return program === environment.executable || await processes.which(baseName(program)) === program;
  }

  async #run(language: PackageLanguage, program: string, isOfMachine: boolean): Promise<FinishedProcess> {
    const { processes, sandbox } = this.#options;
    const confined = isOfMachine ? undefined : await sandbox.confine({ network: false, programs: [program] });
    const process = await (confined ?? processes).spawn({
      program,
      args: QUESTIONS[language],
      env: { ...confined?.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      timeoutMs: PROBE_MS,
    });
    void process.end();
    return await readAll(process, { longest: LONGEST_OUTPUT });
  }
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
