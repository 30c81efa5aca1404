/**
 * Modules for authors of script tools: they speak the script protocol, and are there without being installed. A script
 * whose source mentions `collet_tool` is started in an environment in which its language finds the module.
 *
 * @module
 */
import { type Environment, type Files, sha256 } from "../../../kernel/mod.ts";
import { type Language, runtimeOf } from "../languages.ts";
import { fileUrl, importMapArgument, readImports } from "./deno_imports.ts";
import type { Variables } from "./merge_environments.ts";

export { mergeEnvironments, type Variables } from "./merge_environments.ts";

/** Where the modules are kept, in the home folder. */
const MODULES_FOLDER = "author_modules";
const MENTION_REGEXP = /\bcollet_tool\b/;
/** What a script has that loads ES modules. */
const IMPORT_REGEXP = /\bimport\b/;
const MODULE_RUNTIMES: ReadonlySet<string> = new Set(["python", "ruby", "shell", "deno"]);
const NODE_LANGUAGES: ReadonlySet<string> = new Set(["node", "javascript", "typescript"]);

/** What a script is started with. */
export interface ScriptEnvironment {
  /** Added to the environment of the process, by {@linkcode mergeEnvironments}. */
  readonly env: Variables;
  /** Added to the arguments of the interpreter, before the path of the script. */
  readonly args: readonly string[];
}

/** A script, as far as modules go. */
export interface ModuleUser {
  readonly source: string;
  /** Its own variables; `NODE_PATH` names packages that ES modules are to find as well. */
  readonly env?: Variables | undefined;
}

/** What a script is started with. */
export interface ModuleOptions extends ModuleUser {
  /** Absolute path of the script on this machine. */
  readonly file?: string;
  /** Words of its interpreter; none by default. */
  readonly args?: readonly string[];
  /** Gives how a path of this machine is called where the script runs; itself by default. */
  readonly path?: (path: string) => string;
  /** Where programs are searched there. */
  readonly searchPath?: string | undefined;
}

const NOTHING: ScriptEnvironment = { env: {}, args: [] };

/** What {@linkcode AuthorModules} works with. */
export interface AuthorModulesOptions {
  /** The home folder of the server. */
  readonly home: Files;
  readonly environment: Pick<Environment, "os">;
}

/** Absolute paths of what was written. */
type Places = Readonly<Record<keyof typeof import("./files.ts").PLACES | "root", string>>;

/** Writes the modules to disk on first use, and tells scripts where they are. */
export class AuthorModules {
  readonly #options: AuthorModulesOptions;
  #writing: Promise<Places> | undefined;

  constructor(options: AuthorModulesOptions) {
    this.#options = options;
  }

  /** Gives the folder that a script has to see to find what it needs, written if it is not there; none if it needs none. */
  async folderFor(language: Language | undefined, user: ModuleUser): Promise<string | undefined> {
    return language !== undefined && isNeeded(language, user) ? (await this.#places()).root : undefined;
  }

  /** Gives what a script needs to find the module of its language, and its packages. */
  async environmentFor(
    language: Language | undefined,
    { path = (it) => it, searchPath = "", ...script }: ModuleOptions,
  ): Promise<ScriptEnvironment> {
    if (language === undefined || !isNeeded(language, script)) return NOTHING;
    const places = await this.#places();
    const isMentioned = MENTION_REGEXP.test(script.source);
    switch (runtimeOf(language)) {
      case "python":
        return { env: { PYTHONPATH: path(places.python) }, args: [] };
      case "ruby":
        return { env: { RUBYLIB: path(places.ruby) }, args: [] };
      case "shell":
        return { env: { PATH: this.#searchPath(searchPath, path(places.shell)) }, args: [] };
      case "deno":
        return { env: {}, args: await this.#importMap(path(places.module), { ...script, path }) };
      default:
        return {
          env: {
            ...(isMentioned && { NODE_PATH: path(places.node) }),
            ...(isHooked(script) && { NODE_OPTIONS: `--import=${fileUrl(path(places.nodeHook))}` }),
          },
          args: [],
        };
    }
  }

  // Deno takes one import map; an author who names one has put the module into it, or does without
  async #importMap(
    module: string,
    { file = "", args = [], path }: Pick<ModuleOptions, "file" | "args"> & { readonly path: (path: string) => string },
  ): Promise<readonly string[]> {
    if (args.some((word) => word.startsWith("--import-map"))) return [];
    const folder = file.slice(0, Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")));
    const own = await readImports(this.#options.home, { folder, args, path });
    return [importMapArgument({ collet_tool: fileUrl(module), ...own })];
  }

  // a process that is given a PATH does not get that of the server
  #searchPath(folders: string, own: string): string {
    return [folders, own].filter((it) => it !== "").join(this.#options.environment.os === "windows" ? ";" : ":");
  }

  async #places(): Promise<Places> {
    this.#writing ??= this.#write();
    try {
      return await this.#writing;
    } catch (error) {
      this.#writing = undefined;
      throw error;
    }
  }

  /** Writes what is not there; two servers at once write the same. */
  async #write(): Promise<Places> {
    const { FILES, PLACES } = await import("./files.ts");
    const { home } = this.#options;
    const name = `${MODULES_FOLDER}/${await digestOf(FILES)}`;
    for (const [path, text] of Object.entries(FILES)) {
      if (await home.stat(`${name}/${path}`) === undefined) await home.writeAtomic(`${name}/${path}`, text);
    }
    const root = await home.resolve(name);
    const places = Object.entries(PLACES).map(([name, path]) => [name, `${root}/${path}`]);
    return Object.fromEntries([["root", root], ...places]) as Places;
  }
}

/** Whether a script of Node has to find by \`import\` what \`NODE_PATH\` names. */
function isHooked({ source, env = {} }: ModuleUser): boolean {
  return IMPORT_REGEXP.test(source) && (MENTION_REGEXP.test(source) || env["NODE_PATH"] !== undefined);
}

function isNeeded(language: Language, user: ModuleUser): boolean {
  const runtime = runtimeOf(language);
  const isMentioned = MENTION_REGEXP.test(user.source);
  if (NODE_LANGUAGES.has(runtime)) return isMentioned || isHooked(user);
  return isMentioned && MODULE_RUNTIMES.has(runtime);
}

/** Names files by their content. */
async function digestOf(files: Readonly<Record<string, string>>): Promise<string> {
  return (await sha256(JSON.stringify(files))).slice(0, 16);
}
