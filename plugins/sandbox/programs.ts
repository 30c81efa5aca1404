/**
 * Programs that lie where confined processes see nothing, such as an interpreter in the user's home: what of it is
 * mounted, and where.
 *
 * @module
 */
import { type Files, messageOf, type Processes, ToolError } from "../../kernel/mod.ts";
import type { Mount } from "./confinement.ts";
import { isBelow, realPath } from "./paths.ts";
import { isSeen } from "./system.ts";
import type { SystemEntry } from "./view.ts";

/** Where programs are mounted that are not part of the system. */
const PROGRAMS_INSIDE = "/runtime";
const ASK_MS = 30_000;

/** A program, as it is seen inside. */
export interface SeenProgram {
  /** Absolute path on this machine, as it was asked for. */
  readonly asked: string;
  /** Absolute path of the program itself on this machine, where `asked` only leads to it. */
  readonly program: string;
  /** Folders and files that it consists of. */
  readonly mounts: readonly Mount[];
  /** Variables without which it does not find its libraries there. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of packages on this machine that it finds by where it lies, and no more once it is moved. */
  readonly packages?: string | undefined;
  /** Whether `asked` will do as well where it is seen, since it leads to `program` by folders that are always seen. */
  readonly canStay?: boolean;
}

/** How the programs of a language say where they are. */
interface Question {
  readonly name: RegExp;
  readonly args: readonly string[];
  /** Gives the folders that the program needs beside itself, by the folder above its own. */
  needs(prefix: string, files: Files): Promise<readonly string[]> | readonly string[];
}

// what stands in PATH is often a small script that looks for the real one in the home
const QUESTIONS: readonly Question[] = [
  {
    name: /^python[\d.]*$/,
    args: ["-I", "-c", "import sys; print(sys.executable)"],
    needs: () => ["bin", "lib", "include"],
  },
  {
    name: /^node(?:js)?$/,
    args: ["-p", "process.execPath"],
    needs: async (prefix, files) => {
      const hasNpm = await files.open(prefix).stat("lib/node_modules/npm") !== undefined;
      return hasNpm ? ["bin", "lib/node_modules"] : [];
    },
  },
  { name: /^deno$/, args: ["eval", "--no-config", "--no-lock", "-p", "Deno.execPath()"], needs: () => [] },
  {
    name: /^ruby[\d.]*$/,
    args: ["-rrbconfig", "-e", "puts RbConfig.ruby"],
    needs: () => ["bin", "lib"],
  },
];

/** What {@linkcode Programs} works with. */
export interface ProgramsOptions {
  readonly files: Files;
  readonly processes: Processes;
}

/** Looks programs up, each once. */
export class Programs {
  readonly #options: ProgramsOptions;
  readonly #known = new Map<string, Promise<SeenProgram>>();

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /**
   * Says what is to be mounted for a program; nothing for one of the system.
   *
   * @throws {ToolError} when it does not say where it is.
   */
  find(asked: string, system: readonly SystemEntry[]): Promise<SeenProgram> {
    const known = this.#known.get(asked);
    if (known !== undefined) return known;
    const finding = this.#find(asked, system);
    this.#known.set(asked, finding);
    finding.catch(() => this.#known.delete(asked));
    return finding;
  }

  async #find(asked: string, system: readonly SystemEntry[]): Promise<SeenProgram> {
    const { files } = this.#options;
    const real = realPath(files, asked);
    if (real === undefined) return { asked, program: asked, mounts: [], env: {} };
    if (isSeen(real, system)) return await this.#findLinked(asked, real, system);
    const question = QUESTIONS.find(({ name }) => name.test(nameOf(asked)));
    if (question === undefined) return single(asked, real);
    // whatever else is called so may be the work of a confined script, and would run unconfined here
    const isOfPath = await this.#options.processes.which(nameOf(asked)) === asked;
    const program = isOfPath ? realPath(files, await this.#ask(asked, question)) ?? real : real;
    if (isSeen(program, system)) return { asked, program, mounts: [], env: {} };
    const found = await this.#withFolders(asked, program, await question.needs(folderOf(folderOf(program)), files));
    return { ...found, packages: await this.#packagesAround(asked) };
  }

  /** Says what a path stands for that leads to a program of the system, maybe from where nothing is seen. */
  async #findLinked(asked: string, program: string, system: readonly SystemEntry[]): Promise<SeenProgram> {
    const { files } = this.#options;
    const isSystem = (folder: string) => folder !== "" && isSeen(realPath(files, folder) ?? "", system);
    // a program may go by the name that it is called by
    if (isSystem(folderOf(asked))) return { asked, program: asked, mounts: [], env: {} };
    const place = folderOf(folderOf(asked));
    const config = place === "" ? undefined : await files.open(place).readText("pyvenv.cfg");
    const home = /^home\s*=\s*(.+?)\s*$/m.exec(config ?? "")?.[1];
    return {
      ...{ asked, program, mounts: [], env: {} },
      packages: await this.#packagesAround(asked),
      canStay: home !== undefined && isSeen(home, system) && isSystem(home),
    };
  }

  /** Finds the packages of the virtual environment of Python in which a program lies, if it does. */
  async #packagesAround(program: string): Promise<string | undefined> {
    const place = folderOf(folderOf(program));
    const environment = this.#options.files.open(place);
    if (await environment.stat("pyvenv.cfg") === undefined) return undefined;
    const version = (await environment.list("lib")).find(({ path }) => /^python[\d.]+$/.test(path));
    return version === undefined ? undefined : `${place}/lib/${version.path}/site-packages`;
  }

  async #ask(program: string, { args }: Question): Promise<string> {
    const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const { code, stdout, stderr } = await this.#options.processes.run({ program, args, env, timeoutMs: ASK_MS })
      .catch((error) => ({ code: undefined, stdout: "", stderr: messageOf(error) }));
    const path = stdout.trim();
    if (code === 0 && path.startsWith("/")) return path;
    throw new ToolError(`Cannot confine "${program}": it does not say where it is: ${stderr.trim().slice(-500)}`);
  }

  async #withFolders(asked: string, program: string, folders: readonly string[]): Promise<SeenProgram> {
    // what lies in the home of the server is a tool's, and has the folders of others beside it
    const isInstalled = nameOf(folderOf(program)) === "bin" && !isBelow(program, this.#options.files.path);
    if (folders.length === 0 || !isInstalled) return single(asked, program);
    const prefix = folderOf(folderOf(program));
    const inside = `${PROGRAMS_INSIDE}/${nameOf(program)}`;
    const found = this.#options.files.open(prefix);
    const there = await Promise.all(folders.map((folder) => found.stat(folder)));
    const libraries = await found.list("lib");
    // its libraries are looked for where it was built to be
    const isShared = libraries.some(({ path }) => /^lib(?:python|ruby)[\d.-]*\.so/.test(path));
    return {
      asked,
      program,
      mounts: folders.filter((_, index) => there[index] !== undefined)
        .map((folder) => ({ from: `${prefix}/${folder}`, to: `${inside}/${folder}` })),
      env: isShared ? { LD_LIBRARY_PATH: `${inside}/lib` } : {},
    };
  }
}

function single(asked: string, program: string): SeenProgram {
  const name = nameOf(program);
  return { asked, program, mounts: [{ from: program, to: `${PROGRAMS_INSIDE}/${name}/bin/${name}` }], env: {} };
}

/** Gives the folders of programs that were mounted, for PATH. */
export function searchedFolders(mounts: readonly Mount[]): readonly string[] {
  return mounts.map(({ to = "" }) => to).filter((to) => isBelow(to, PROGRAMS_INSIDE))
    .map((to) => to.endsWith("/bin") ? to : folderOf(to)).filter((folder) => folder.endsWith("/bin"));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
