/**
 * Runs Python code that somebody wrote for one call, with what skills have to offer to it.
 *
 * @module
 */
import type { Call, Environment, Files, Processes } from "../../../../kernel/mod.ts";
import type { Dependencies } from "../../../dependencies/contract.ts";
import { WORK_FOLDER } from "../../../sandbox/contract.ts";
import type { CapturedResult, ReachedTools } from "../../../scripts/contract.ts";
import type { ImportedSkills, SkillImports } from "../../contract.ts";
import { Interpreters } from "../../running/interpreters.ts";
import { importsAuthorModule } from "../../running/tool_scripts.ts";
import { OutputProgress } from "../output_progress.ts";
import type { OpenSkill, SkillScripts } from "../skill_scripts.ts";
import { preparePython, type PythonCommand } from "./python_packages.ts";

/** Names the tool, and the file of the code: neither Python nor a skill has a module of this name. */
export const TOOL_NAME = "execute_python_code";
const FILE_NAME = `${TOOL_NAME}.py`;
const MODULE_REGEXP = /\bcollet_tool\b/;
/** Names the module at the end of code that does not, for the sake of the modules that it imports. */
const MODULE_NOTE = "\n# uses collet_tool\n";
/** The code is the model's own, which reaches these tools without it as well. */
const EVERY_TOOL: ReachedTools = { has: () => true, refusal: (name) => `Cannot call tool "${name}"` };

/** What {@linkcode PythonCode} works with. */
export interface PythonCodeOptions {
  readonly scripts: SkillScripts;
  readonly imports: SkillImports;
  /** The home folder of the server. */
  readonly files: Files;
  readonly processes: Pick<Processes, "which" | "run">;
  readonly environment: Environment;
  /** What installs packages; without it code has none. */
  readonly dependencies: Dependencies | undefined;
}

/** One run. */
export interface PythonRun {
  readonly code: string;
  /** Files of skills that it imports: `skill:path/to/file.py`. */
  readonly references: readonly string[];
  /** Seconds; as long as the operator set when left out. */
  readonly timeout: number | undefined;
}

/** How a run ended. */
export interface PythonOutcome {
  readonly result: CapturedResult;
  readonly timeoutMs: number;
  readonly durationMs: number;
  /** Names of the variables that the skills set, sorted; never a value. */
  readonly variables: readonly string[];
}

/** A run, and what it refers to. */
interface Referring {
  readonly run: PythonRun;
  readonly imported: ImportedSkills;
  /** Whether it talks with the server. */
  readonly hasTools: boolean;
  /** The folder of the code, as a skill that asks for nothing. */
  readonly own: OpenSkill;
}

/** Runs code. */
export class PythonCode {
  readonly #options: PythonCodeOptions;
  readonly #interpreters: Interpreters;

  constructor(options: PythonCodeOptions) {
    this.#options = options;
    this.#interpreters = new Interpreters(options);
  }

  /**
   * Runs code to its end.
   *
   * @throws {ToolError} when a reference cannot be used, skills contradict each other, packages cannot be installed, or it
   * cannot be started.
   */
  async run(run: PythonRun, call: Call): Promise<PythonOutcome> {
    const { imports, files } = this.#options;
    const imported = await imports.open(run.references, call);
    const hasTools = [run.code, ...imported.sources.map(({ source }) => source)].some(importsAuthorModule);
    const folder = `${WORK_FOLDER}/${crypto.randomUUID()}`;
    try {
      const own = await this.#write(run.code, { folder, hasTools });
      return await this.#run({ run, imported, hasTools, own }, call);
    } finally {
      await files.remove(folder);
    }
  }

  async #run({ run: { code, timeout }, imported, own, hasTools }: Referring, call: Call): Promise<PythonOutcome> {
    const { scripts, dependencies } = this.#options;
    const { variables, sources } = imported;
    const progress = new OutputProgress(call);
    // the operator's limits alone, in the time that the code has
    const { timeoutMs, ...given } = await imported.give(await scripts.give(own, { call, timeout }), call);
    const python = await preparePython({ code, sources }, {
      dependencies,
      plain: await this.#interpreters.find({ title: "the code", path: FILE_NAME, dcc: "", isExecutable: false }),
      install: (set) => imported.install(set, { owner: TOOL_NAME, call: progress.call }),
    });
    const startedAt = performance.now();
    const result = await scripts.run({
      ...given,
      ...python,
      name: TOOL_NAME,
      file: await own.folder.resolve(FILE_NAME),
      folder: own.path,
      timeoutMs,
      env: { ...given.env, ...python.env, ...variables, ...this.#variables(imported, python) },
      redacted: variables,
      ...(hasTools && { tools: EVERY_TOOL }),
    }, progress);
    return { result, timeoutMs, durationMs: performance.now() - startedAt, variables: Object.keys(variables).sort() };
  }

  /** Gives the variables that are ours. */
  #variables({ folders: imported, variables }: ImportedSkills, python: PythonCommand): Record<string, string> {
    const { environment } = this.#options;
    const separator = environment.os === "windows" ? ";" : ":";
    const listed = [...imported, python.env?.["PYTHONPATH"], variables["PYTHONPATH"]];
    const folders = listed.filter((it) => it !== undefined && it !== "").join(separator);
    return {
      ...(folders !== "" && { PYTHONPATH: folders }),
      // what is imported lies in folders of skills
      PYTHONDONTWRITEBYTECODE: "1",
    };
  }

  /** Writes the code to a folder of its own. */
  async #write(
    code: string,
    { folder, hasTools }: { readonly folder: string; readonly hasTools: boolean },
  ): Promise<OpenSkill> {
    const { files } = this.#options;
    const text = hasTools && !MODULE_REGEXP.test(code) ? code + MODULE_NOTE : code;
    await files.writeAtomic(`${folder}/${FILE_NAME}`, text, { mode: 0o600 });
    const place = files.open(await files.resolve(folder));
    return {
      name: TOOL_NAME,
      folderName: TOOL_NAME,
      folder: place,
      path: place.path,
      isWritable: false,
      skill: undefined,
      env: {},
    };
  }
}
