/**
 * Modules for authors of script tools: they speak the script protocol, and are there without being installed. A script
 * whose source mentions `collet_tool` is started in an environment in which its language finds the module.
 *
 * @module
 */
import { type Environment, type Files, sha256 } from "../../../kernel/mod.ts";
import type { Script } from "../contract.ts";
import { readShebang, splitInterpreter } from "../interpreter.ts";
import { languageOf } from "../languages.ts";
import { fileUrl, importMapArgument, type Imports, readImports } from "./deno_imports.ts";
import type { Variables } from "./merge_environments.ts";

export { mergeEnvironments, type Variables } from "./merge_environments.ts";

/** Where the modules are kept, in the home folder. */
const MODULES_FOLDER = "author_modules";
const MENTION_REGEXP = /\bcollet_tool\b/;
/** What a script has that loads ES modules. */
const IMPORT_REGEXP = /\bimport\b/;
/** What is larger is hardly a script, such as a program that is run without an interpreter; in bytes. */
const MOST_SOURCE = 4 * 1024 * 1024;
const NODE_LANGUAGES: ReadonlySet<string> = new Set(["node", "javascript", "typescript"]);

/** What a script is started with. */
export interface ScriptEnvironment {
  /** Added to the environment of the process, by {@linkcode mergeEnvironments}. */
  readonly env: Variables;
  /** Added to the arguments of the interpreter, before the path of the script. */
  readonly args: readonly string[];
}

/** What a script has beside the module. */
export interface ModuleOptions {
  /** Whether `NODE_PATH` names packages that ES modules are to find as well; `false` by default. */
  readonly hasPackages?: boolean;
  /** What a script of Deno imports by name; nothing by default. */
  readonly imports?: Imports;
}

const NOTHING: ScriptEnvironment = { env: {}, args: [] };

/** A script, as far as modules go. */
export type ScriptFile = Pick<Script, "file" | "interpreter" | "args" | "env">;

/** What {@linkcode AuthorModules} works with. */
export interface AuthorModulesOptions {
  /** The home folder of the server. */
  readonly home: Files;
  readonly environment: Pick<Environment, "os" | "variable">;
}

/** Absolute paths of what was written. */
type Places = Readonly<Record<keyof typeof import("./files.ts").PLACES, string>>;

/** Writes the modules to disk on first use, and tells scripts where they are. */
export class AuthorModules {
  readonly #options: AuthorModulesOptions;
  #writing: Promise<Places> | undefined;

  constructor(options: AuthorModulesOptions) {
    this.#options = options;
  }

  /**
   * Gives what a script needs to find the module of its language; nothing, unless its source mentions `collet_tool`.
   *
   * @param language `python`, `node` (or `javascript`, `typescript`), `deno`, `ruby` or `shell`; others have no module.
   * @param source The script.
   */
  async environmentFor(
    language: string,
    source: string,
    { hasPackages = false, imports = {} }: ModuleOptions = {},
  ): Promise<ScriptEnvironment> {
    const isMentioned = MENTION_REGEXP.test(source);
    if (NODE_LANGUAGES.has(language)) {
      const isHooked = (isMentioned || hasPackages) && IMPORT_REGEXP.test(source);
      return isMentioned || isHooked ? nodeEnvironment(await this.#places(), { isMentioned, isHooked }) : NOTHING;
    }
    if (!isMentioned) return NOTHING;
    switch (language) {
      case "python":
        return { env: { PYTHONPATH: (await this.#places()).python }, args: [] };
      case "ruby":
        return { env: { RUBYLIB: (await this.#places()).ruby }, args: [] };
      case "shell":
        return { env: { PATH: this.#searchPath((await this.#places()).shell) }, args: [] };
      case "deno":
        return {
          env: {},
          args: [importMapArgument({ collet_tool: fileUrl((await this.#places()).module), ...imports })],
        };
      default:
        return NOTHING;
    }
  }

  /** Reads a script, and gives what it needs to find the module of its language, and its packages. */
  async forScript({ file, interpreter, args = [], env = {} }: ScriptFile): Promise<ScriptEnvironment> {
    const { home } = this.#options;
    const cut = Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"));
    const folder = file.slice(0, cut);
    const name = file.slice(cut + 1);
    const { size = Infinity } = await home.open(folder).stat(name) ?? {};
    const source = size > MOST_SOURCE ? "" : await home.open(folder).readText(name) ?? "";
    const command = splitCommand(interpreter ?? readShebang(source));
    const language = languageOf(command);
    if (language === undefined) return NOTHING;
    const words = [...command, ...args];
    const isMapped = words.some((word) => word.startsWith("--import-map"));
    const needed = await this.environmentFor(language.runtime ?? language.name, source, {
      hasPackages: env["NODE_PATH"] !== undefined,
      imports: language.runtime === "deno" && !isMapped ? await readImports(home, { folder, args: words }) : {},
    });
    // Deno takes one import map; an author who names one has put the module into it, or does without
    return isMapped ? { ...needed, args: [] } : needed;
  }

  // a process that is given a PATH does not get that of the server
  #searchPath(folder: string): string {
    const { os, variable } = this.#options.environment;
    return [variable("PATH") ?? "", folder].filter((it) => it !== "").join(os === "windows" ? ";" : ":");
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
    return Object.fromEntries(Object.entries(PLACES).map(([name, path]) => [name, `${root}/${path}`])) as Places;
  }
}

function splitCommand(command: string | undefined): readonly string[] {
  return command === undefined ? [] : splitInterpreter(command);
}

function nodeEnvironment(
  { node, nodeHook }: Places,
  { isMentioned, isHooked }: { readonly isMentioned: boolean; readonly isHooked: boolean },
): ScriptEnvironment {
  return {
    env: {
      ...(isMentioned && { NODE_PATH: node }),
      ...(isHooked && { NODE_OPTIONS: `--import=${fileUrl(nodeHook)}` }),
    },
    args: [],
  };
}

/** Names files by their content. */
async function digestOf(files: Readonly<Record<string, string>>): Promise<string> {
  return (await sha256(JSON.stringify(files))).slice(0, 16);
}
