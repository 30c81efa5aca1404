/**
 * Runs Python code of a client, which calls tools, in the sandbox of scripts. The code goes to a program that ships, whose
 * interpreter can wait for it like that of any script.
 *
 * @module
 */
import { type Call, type Environment, type Files, isToolError, sha256, ToolError } from "../../../kernel/mod.ts";
import type { Dependencies } from "../../dependencies/contract.ts";
import { Granting, type GrantPolicy } from "../../grants/contract.ts";
import {
  type GivenToScript,
  givenToScript,
  type Script,
  type ScriptRunner,
  ShippedFiles,
} from "../../scripts/contract.ts";
import { redactionOf } from "../../secrets/contract.ts";
import { type ImportedSkills, preparePython, type PythonCommand, type SkillImports } from "../../skills/contract.ts";
import type { CodeOutcome, CodeRun, CodeRunner } from "../../wasm/contract.ts";
import { readOutcome } from "./outcome.ts";
import { PROGRAM_FILE } from "./places.ts";
import { Printed } from "./printed.ts";
import { TimeLimit } from "./time_limit.ts";

/** Where the program is kept, in the home folder. */
const PROGRAM_FOLDER = "code_programs";
/** UTF-8 whatever the locale; and what is imported lies in folders that are not ours. */
const PYTHON: PythonCommand = {
  interpreter: "python3",
  env: { PYTHONIOENCODING: "utf-8", PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1" },
};
/** Revision of the script protocol. */
const PROTOCOL = 2;

/** What {@linkcode PythonCode} works with: contracts of the plugin's context, and `files` the home folder of the server. */
export interface PythonCodeOptions {
  readonly scripts: ScriptRunner;
  readonly files: Files;
  readonly environment: Environment;
  /** What installs packages; without it code has none. */
  readonly dependencies: Dependencies | undefined;
  /** What opens skills for imports; without it code has none. */
  readonly imports: SkillImports | undefined;
  /** What sets limits for all that runs; without it those of the run count alone. */
  readonly policy: GrantPolicy | undefined;
}

/** Runs code; the same shape as that which runs JavaScript. */
export class PythonCode implements CodeRunner {
  readonly #options: PythonCodeOptions;
  readonly #program: ShippedFiles;

  constructor(options: PythonCodeOptions) {
    this.#options = options;
    this.#program = new ShippedFiles({
      home: options.files,
      name: PROGRAM_FOLDER,
      load: async () => (await import("./program.ts")).FILES,
    });
  }

  /**
   * Runs code to its end. The time of its limit begins when packages are installed, and users were asked for grants.
   *
   * @throws {ToolError} with the traceback of what the code raised, in its own lines, and the end of what was printed; when
   * it cannot be read, packages or skills that it declares are not to be had, or it goes beyond a limit.
   */
  async run(run: CodeRun, { call }: { readonly call: Call }): Promise<CodeOutcome> {
    const { limits } = run;
    const imported = await this.#import(run, call);
    const base = await this.#base(run, call);
    const given = await imported?.give(base, call) ?? base;
    const python = await this.#prepare(run, imported, call);
    const over = new AbortController();
    const printed = new Printed(limits.outputBytes, () => over.abort(tooMuchPrinted(run.name)));
    const time = new TimeLimit(
      { ms: Math.min(limits.timeoutMs, given.timeoutMs), waitedMs: limits.waitedMs },
      (ms) => over.abort(timeOver(run.name, { ms, printed })),
    );
    try {
      const own = call.derive({ signal: AbortSignal.any([call.signal, over.signal]) });
      const script = await this.#scriptOf(run, { given, python, imported });
      const output = await this.#options.scripts.run({ ...script, onStderr: (text) => printed.add(text) }, own)
        .catch((thrown) => {
          throw asCodeError(thrown, { name: run.name, printed });
        });
      return readOutcome(imported === undefined ? output : redactionOf(imported.variables).redactValue(output), {
        run,
        printed,
      });
    } finally {
      time.end();
    }
  }

  /** Opens the skills that the code declares, in the table `[tool.collet]` of its inline metadata. */
  async #import({ code }: CodeRun, call: Call): Promise<ImportedSkills | undefined> {
    const { dependencies, imports } = this.#options;
    const { skills = [] } = await dependencies?.declared("python", code) ?? {};
    if (skills.length === 0) return undefined;
    if (imports !== undefined) return await imports.open(skills, call);
    throw new ToolError('Cannot import from skills: nothing here has any; the plugin "skills" does');
  }

  /** Gives what all code has: nothing but the limits of the operator. */
  async #base({ name, code, limits }: CodeRun, call: Call): Promise<GivenToScript & { readonly timeoutMs: number }> {
    const { environment, policy } = this.#options;
    const granting = new Granting({ environment, policy, secrets: undefined, timeoutMs: limits.timeoutMs });
    const given = await granting.give({ tool: name, digest: () => sha256(code), grants: {} }, call);
    return { ...givenToScript(given), timeoutMs: given.timeoutMs };
  }

  async #prepare({ name, code }: CodeRun, imported: ImportedSkills | undefined, call: Call): Promise<PythonCommand> {
    const { dependencies } = this.#options;
    return await preparePython({ code, sources: imported?.sources ?? [] }, {
      plain: PYTHON,
      dependencies,
      install: async (set) =>
        await (imported?.install(set, { owner: name, call }) ?? dependencies!.install(set, { owner: name, call })),
    });
  }

  async #scriptOf(
    { name, code, tools, session, limits, toolbox, serve }: CodeRun,
    { given, python, imported }: {
      readonly given: GivenToScript;
      readonly python: PythonCommand;
      readonly imported: ImportedSkills | undefined;
    },
  ): Promise<Script> {
    const folder = await this.#program.folder();
    const memoryBytes = Math.min(limits.memoryBytes, given.limits?.memoryBytes ?? Infinity);
    return {
      ...given,
      ...python,
      ...{ name, folder, protocol: PROTOCOL, toolbox, serve, redacted: imported?.variables },
      file: `${folder}/${PROGRAM_FILE}`,
      arguments: { code, tools, ...(session !== undefined && { session }), most_bytes: limits.outputBytes },
      env: { ...given.env, ...python.env, ...imported?.variables, ...this.#searchPath(imported, python) },
      limits: { ...given.limits, memoryBytes },
      // that of the run may stand still, and ends it
      timeoutMs: Infinity,
    };
  }

  /** Lets Python find modules of skills, and what it would have found without them. */
  #searchPath(imported: ImportedSkills | undefined, { env = {} }: PythonCommand): Record<string, string> {
    if (imported === undefined) return {};
    const separator = this.#options.environment.os === "windows" ? ";" : ":";
    const listed = [...imported.folders, env["PYTHONPATH"], imported.variables["PYTHONPATH"]];
    return { PYTHONPATH: listed.filter((it) => it !== undefined && it !== "").join(separator) };
  }
}

/** Says of code what is said of a script that ended without an answer, and what it printed. */
function asCodeError(
  thrown: unknown,
  { name, printed }: { readonly name: string; readonly printed: Printed },
): unknown {
  const head = `Script "${name}" `;
  if (!isToolError(thrown) || !thrown.message.startsWith(head)) return thrown;
  const [what = ""] = thrown.message.slice(head.length).split("\n");
  return new ToolError(`Code of "${name}" ${what}${printed.tail()}`, { cause: thrown });
}

function tooMuchPrinted(name: string): ToolError {
  return new ToolError(`Code of "${name}" was ended: it printed without end; print less, or write a file`);
}

function timeOver(name: string, { ms, printed }: { readonly ms: number; readonly printed: Printed }): ToolError {
  const what =
    `Code of "${name}" did not end within its time limit of ${ms / 1000} s, and was ended; code that needs ` +
    "longer is given a longer `timeout`";
  return new ToolError(`${what}${printed.tail()}`);
}
