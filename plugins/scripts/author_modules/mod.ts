/**
 * Modules for authors of script tools, and of scripts in skills: they are there without being installed. A script whose
 * source mentions one is started in an environment in which its language finds it.
 *
 * @module
 */
import type { Environment, Files } from "../../../kernel/mod.ts";
import { type Language, runtimeOf } from "../languages.ts";
import { ShippedFiles } from "../shipped_files.ts";
import { fileUrl, importMapArgument, readImports } from "./deno_imports.ts";
import type { Variables } from "./merge_environments.ts";
import { PLACES } from "./places.ts";

export { mergeEnvironments, type Variables } from "./merge_environments.ts";

/** Where the modules are kept, in the home folder. */
const MODULES_FOLDER = "author_modules";
const MENTION_REGEXP = /\b(?:collet_tool|collet_skill|dcc_mcp_core)\b/;
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

/** Writes the modules to disk on first use, and tells scripts where they are. */
export class AuthorModules {
  readonly #options: AuthorModulesOptions;
  readonly #files: ShippedFiles;

  constructor(options: AuthorModulesOptions) {
    this.#options = options;
    this.#files = new ShippedFiles({
      home: options.home,
      name: MODULES_FOLDER,
      load: async () => (await import("./files.ts")).FILES,
    });
  }

  /** Gives the folder that a script has to see to find what it needs, written if it is not there; none if it needs none. */
  async folderFor(language: Language | undefined, user: ModuleUser): Promise<string | undefined> {
    return language !== undefined && isNeeded(language, user) ? await this.#files.folder() : undefined;
  }

  /** Gives what a script needs to find the module of its language, and its packages. */
  async environmentFor(
    language: Language | undefined,
    { path = (it) => it, searchPath = "", ...script }: ModuleOptions,
  ): Promise<ScriptEnvironment> {
    if (language === undefined || !isNeeded(language, script)) return NOTHING;
    const folder = await this.#files.folder();
    const place = (name: keyof typeof PLACES) => path(`${folder}/${PLACES[name]}`);
    const isMentioned = MENTION_REGEXP.test(script.source);
    switch (runtimeOf(language)) {
      case "python":
        return { env: { PYTHONPATH: place("python") }, args: [] };
      case "ruby":
        return { env: { RUBYLIB: place("ruby") }, args: [] };
      case "shell":
        return { env: { PATH: this.#searchPath(searchPath, place("shell")) }, args: [] };
      case "deno":
        return { env: {}, args: await this.#importMap(place("module"), { ...script, path }) };
      default:
        return {
          env: {
            ...(isMentioned && { NODE_PATH: place("node") }),
            ...(isHooked(script) && { NODE_OPTIONS: `--import=${fileUrl(place("nodeHook"))}` }),
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
}

/** Whether a script of Node has to find by `import` what `NODE_PATH` names. */
function isHooked({ source, env = {} }: ModuleUser): boolean {
  return IMPORT_REGEXP.test(source) && (MENTION_REGEXP.test(source) || env["NODE_PATH"] !== undefined);
}

function isNeeded(language: Language, user: ModuleUser): boolean {
  const runtime = runtimeOf(language);
  const isMentioned = MENTION_REGEXP.test(user.source);
  if (NODE_LANGUAGES.has(runtime)) return isMentioned || isHooked(user);
  return isMentioned && MODULE_RUNTIMES.has(runtime);
}
