/**
 * What runs a script of a skill, by the ending of its name.
 *
 * @module
 */
import { type Environment, type Processes, ToolError } from "../../../kernel/mod.ts";
import type { ScriptFile } from "../../scripts/contract.ts";

/** Applications whose scripts need their own Python; any other would fail at the first import of theirs. */
const HOST_APPLICATIONS: ReadonlySet<string> = new Set([
  ...["maya", "blender", "houdini", "3dsmax", "max", "nuke", "katana", "cinema4d", "c4d", "modo", "motionbuilder"],
]);
const PYTHON_VARIABLE = "DCC_MCP_PYTHON_EXECUTABLE";
const SNIPPET_VARIABLE = "DCC_MCP_PYTHON_INIT_SNIPPET";
const AMBIENT_VARIABLE = "DCC_MCP_ALLOW_AMBIENT_PYTHON";
/** Runs the file that follows as the main module, once the snippet before it has run. */
const RUN_MAIN = "import os, runpy, sys\nsys.argv = sys.argv[1:]\n" +
  "sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))\nrunpy.run_path(sys.argv[0], run_name='__main__')\n";
/** UTF-8 whatever the locale, so that a script may print any text. */
const PYTHON_ENV = { PYTHONIOENCODING: "utf-8", PYTHONUTF8: "1" };

/** The first version of Node, by its major number, that runs TypeScript by itself; with a word before, and without. */
const NODE_STRIPS: ReadonlyMap<number, { readonly asked: number; readonly unasked: number }> = new Map([
  [22, { asked: 6, unasked: 18 }],
  [23, { asked: 0, unasked: 6 }],
]);

/** Endings of JavaScript, and of TypeScript, without the dot. */
const JAVASCRIPT = ["js", "mjs", "cjs"] as const;
const TYPESCRIPT = ["ts", "mts", "cts"] as const;
/** Interpreters of the others, the first that is there. */
const SIMPLE: ReadonlyMap<string, readonly string[]> = new Map([
  ["sh", ["bash", "sh"]],
  ["bash", ["bash"]],
  ["zsh", ["zsh"]],
  ["rb", ["ruby"]],
  ["pl", ["perl"]],
  ["php", ["php"]],
  ["lua", ["lua"]],
  ["r", ["Rscript"]],
]);
const BATCH: ReadonlySet<string> = new Set(["bat", "cmd"]);
const KNOWN = ["py", ...JAVASCRIPT, ...TYPESCRIPT, ...SIMPLE.keys(), "ps1", ...BATCH];

/** How a script is run. */
export interface Interpretation extends Pick<ScriptFile, "interpreter" | "args" | "env"> {
  /** Whether `cmd` reads the words of the script. */
  readonly isBatch?: boolean;
}

/** A script to find an interpreter for. */
export interface Interpretable {
  /** Names what is run, for errors: `tool "greet"`. */
  readonly title: string;
  /** Its path in its skill. */
  readonly path: string;
  /** The application that its skill is for. */
  readonly dcc: string;
  /** Whether the file may be run as it is. */
  readonly isExecutable: boolean;
  /** The command that its first line names, which runs it when its ending tells nothing; none by default. */
  readonly shebang?: string | undefined;
  /** Whether TypeScript is to be run by what finds packages of npm, where there is such a thing; `false` by default. */
  readonly isNodeWanted?: boolean | undefined;
}

/** What interpreters are looked up with. */
export interface InterpretersOptions {
  readonly processes: Pick<Processes, "which" | "run">;
  readonly environment: Pick<Environment, "variable" | "runtime" | "runtimeVersion" | "os">;
}

/** Finds interpreters. */
export class Interpreters {
  readonly #options: InterpretersOptions;
  /** Versions of Node by the path of the program. */
  readonly #versions = new Map<string, Promise<string>>();

  constructor(options: InterpretersOptions) {
    this.#options = options;
  }

  /**
   * Says how a script is run.
   *
   * @throws {ToolError} when it cannot be, with what would change that.
   */
  async find(script: Interpretable): Promise<Interpretation> {
    const ending = endingOf(script.path);
    const simple = SIMPLE.get(ending);
    if (simple !== undefined) return { interpreter: await this.#firstOf(simple) };
    if (ending === "py") return this.#python(script);
    if (includes(JAVASCRIPT, ending)) return { interpreter: await this.#firstOf(["node", "deno"]) };
    if (includes(TYPESCRIPT, ending)) return await this.#typeScript(script);
    if (ending === "ps1") {
      const interpreter = await this.#firstOf(this.#isWindows ? ["pwsh", "powershell"] : ["pwsh"]);
      return { interpreter, args: ["-NoProfile", "-NonInteractive", "-File"] };
    }
    if (BATCH.has(ending) && this.#isWindows) return { interpreter: "cmd", args: ["/d", "/c"], isBatch: true };
    if (!BATCH.has(ending) && script.shebang !== undefined) return { interpreter: script.shebang };
    if (!BATCH.has(ending) && (script.isExecutable || this.#isWindows && ending === "exe")) return {};
    throw new ToolError(
      `Cannot run ${script.title}: nothing here runs "${script.path}"; expected one of the endings ` +
        `${KNOWN.map((it) => `.${it}`).join(" ")}, or an executable file whose first line names its interpreter`,
    );
  }

  get #isWindows(): boolean {
    return this.#options.environment.os === "windows";
  }

  #python({ title, dcc }: Interpretable): Interpretation {
    const program = this.#variable(PYTHON_VARIABLE);
    const snippet = this.#variable(SNIPPET_VARIABLE);
    const isConfigured = program !== undefined || snippet !== undefined || this.#variable(AMBIENT_VARIABLE) === "1";
    if (HOST_APPLICATIONS.has(dcc.toLowerCase()) && !isConfigured) {
      throw new ToolError(
        `Cannot run ${title}: its skill is for ${dcc}, and its script needs the Python of that application; ` +
          `set ${PYTHON_VARIABLE} to that program in the environment of the server, or ${AMBIENT_VARIABLE}=1 ` +
          "if any Python will do",
      );
    }
    return {
      interpreter: program ?? "python3",
      env: PYTHON_ENV,
      ...(snippet !== undefined && { args: ["-c", `${snippet}\n${RUN_MAIN}`] }),
    };
  }

  async #typeScript({ title, isNodeWanted = false }: Interpretable): Promise<Interpretation> {
    if (!isNodeWanted && await this.#has("deno")) return { interpreter: "deno" };
    const [major = 0, minor = 0] = (await this.#nodeVersion()).replace(/^v/, "").split(".").map(Number);
    const strips = NODE_STRIPS.get(major);
    if (major > 23 || strips !== undefined && minor >= strips.unasked) return { interpreter: "node" };
    if (strips !== undefined && minor >= strips.asked) {
      return { interpreter: "node", args: ["--experimental-strip-types"] };
    }
    for (const name of [...(isNodeWanted ? ["tsx"] : []), "bun", "tsx", "deno"]) {
      if (await this.#has(name)) return { interpreter: name };
    }
    const found = major === 0 ? "" : `; Node here is ${major}.${minor}`;
    throw new ToolError(
      `Cannot run ${title}: TypeScript is run by Deno, Node 22.6 or later, Bun or tsx, and none is installed${found}`,
    );
  }

  async #nodeVersion(): Promise<string> {
    const { processes, environment } = this.#options;
    const program = await processes.which("node");
    if (program === undefined) return environment.runtime === "node" ? environment.runtimeVersion : "";
    const known = this.#versions.get(program) ??
      processes.run({ program, args: ["--version"], timeoutMs: 10_000 }).then(({ stdout }) => stdout.trim(), () => "");
    this.#versions.set(program, known);
    return await known;
  }

  /** Gives the first program that is there; without any the last one, whose absence is told when it is started. */
  async #firstOf(names: readonly string[]): Promise<string> {
    for (const name of names.slice(0, -1)) if (await this.#has(name)) return name;
    return names.at(-1)!;
  }

  async #has(name: string): Promise<boolean> {
    const { processes, environment } = this.#options;
    return await processes.which(name) !== undefined || environment.runtime === name;
  }

  #variable(name: string): string | undefined {
    const value = this.#options.environment.variable(name)?.trim();
    return value === "" ? undefined : value;
  }
}

function includes(list: readonly string[], ending: string): boolean {
  return list.includes(ending);
}

/** Gives the ending of a file's name in lower case, without the dot. */
function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}
