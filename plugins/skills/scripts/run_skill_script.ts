/**
 * `run_skill_script`: runs a script that lies in a skill, and tells what it printed and how it ended.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  type Environment,
  type PluginContext,
  type Processes,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";
import { type Interpretation, Interpreters } from "../running/interpreters.ts";
import { importsAuthorModule } from "../running/tool_scripts.ts";
import { toldAsError } from "../tools/told_errors.ts";
import { CAPTURED_FIELDS, capturedOutcome, capturedText } from "./captured_text.ts";
import { OutputProgress } from "./output_progress.ts";
import { findScript, findWorkingFolder, type FoundScript } from "./script_path.ts";
import type { PackageSurroundings } from "./script_packages.ts";
import type { OpenSkill, SkillScripts } from "./skill_scripts.ts";
import { RUN_SKILL_SCRIPT_USAGE } from "./usage.ts";

/** Most arguments of one call, and most characters of all of them: a start of a process takes no more everywhere. */
const MOST_ARGUMENTS = 1_000;
const MOST_CHARACTERS = 100_000;
/** What `cmd` takes for nothing but itself, quoted or not. */
const HARMLESS_REGEXP = /^[\w.,:/\\@+-]*$/;

/** What no process is told, or each engine tells otherwise. */
const UNTOLD_REGEXP = /[\0\p{Surrogate}]/u;

/** What the tool works with. */
export interface RunSkillScriptOptions {
  readonly tool: PluginContext["tool"];
  readonly scripts: SkillScripts;
  readonly processes: Pick<Processes, "which" | "run">;
  readonly environment: Environment;
}

const Output = v.object({ skill_name: v.string(), script_path: v.string(), ...CAPTURED_FIELDS });

/** Registers the tool. */
export function registerRunSkillScript({ tool, scripts, ...machine }: RunSkillScriptOptions): void {
  const runner = new ScriptRun(scripts, machine);
  tool({
    name: "run_skill_script",
    description: RUN_SKILL_SCRIPT_USAGE,
    input: inputOf(scripts),
    output: Output,
    annotations: {
      title: "Run a script of a skill",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
    },
    run: (input, call) => toldAsError(call, () => runner.run(input, call)),
  });
}

/** What a call asks for. */
interface RunInput {
  readonly skill_name: string;
  readonly script_path: string;
  readonly args?: readonly string[] | null | undefined;
  readonly working_dir?: string | null | undefined;
  readonly timeout?: number | null | undefined;
}

/** Describes the arguments; each that is optional may be `null`. */
function inputOf({ timeoutMs, longestMs }: Pick<SkillScripts, "timeoutMs" | "longestMs">) {
  const Text = v.pipe(
    v.string(),
    v.check((it) => !UNTOLD_REGEXP.test(it), "Expected a text without NUL and halves of characters"),
  );
  return v.strictObject({
    skill_name: v.pipe(v.string(), v.minLength(1), v.description("Name of the skill")),
    script_path: v.pipe(Text, v.minLength(1), v.description("Relative path to the script within the skill directory")),
    args: v.nullish(v.pipe(
      v.array(Text),
      v.maxLength(MOST_ARGUMENTS),
      v.check(
        (words) => words.reduce((sum, { length }) => sum + length, 0) <= MOST_CHARACTERS,
        `Expected at most ${MOST_CHARACTERS} characters; write what is longer to a file of the skill`,
      ),
      v.description("Optional command-line arguments to pass to the script"),
    )),
    working_dir: v.nullish(v.pipe(
      Text,
      v.description("Optional working directory for script execution, relative to the skill directory"),
    )),
    timeout: v.nullish(v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(Math.max(1, Math.floor(longestMs / 1000))),
      v.description(`Optional timeout in seconds (defaults to ${timeoutMs / 1000} seconds if not specified)`),
    )),
  });
}

/** Runs scripts of skills. */
class ScriptRun {
  readonly #scripts: SkillScripts;
  readonly #interpreters: Interpreters;
  readonly #os: Environment["os"];

  constructor(scripts: SkillScripts, machine: Pick<RunSkillScriptOptions, "processes" | "environment">) {
    this.#scripts = scripts;
    this.#interpreters = new Interpreters(machine);
    this.#os = machine.environment.os;
  }

  async run(
    { skill_name: name, script_path: path, working_dir: at, timeout, args }: RunInput,
    call: Call,
  ): Promise<ToolResult> {
    const scripts = this.#scripts;
    const skill = await scripts.open(name, call);
    const script = await findScript(skill, path);
    const cwd = await findWorkingFolder(skill, at ?? undefined);
    const given = await scripts.give(skill, { call, timeout: timeout ?? undefined });
    const progress = new OutputProgress(call);
    const { isBatch, ...started } = await this.#prepare(skill, script, progress.call);
    const words = args ?? [];
    if (isBatch && !words.every((it) => HARMLESS_REGEXP.test(it))) {
      throw new ToolError(
        `Cannot run script "${script.path}" of skill "${skill.name}": arguments of batch files may have only letters, ` +
          "digits and _ . , : / \\ @ + -, since cmd takes others for commands",
      );
    }
    const begun = performance.now();
    const result = await scripts.run({
      ...given,
      name: skill.name,
      ...{ file: script.file, folder: skill.folder.path, isFolderWritable: skill.isWritable, cwd, words },
      ...started,
      env: { ...started.env, ...given.env, ...this.#ownVariables(skill, started) },
      redacted: skill.env,
      permissions: {
        ...given.permissions,
        env: [...given.permissions?.env ?? [], ...Object.keys(skill.env)],
      },
      ...(importsAuthorModule(script.source) && { tools: scripts.toolsOf(skill) }),
    }, progress);
    const outcome = capturedOutcome(result, { durationMs: performance.now() - begun });
    return answerOf(`${skill.name}/${script.path}`, {
      text: capturedText(result, given),
      content: { skill_name: skill.name, script_path: script.path, ...outcome },
    });
  }

  async #prepare(skill: OpenSkill, script: FoundScript, call: Call): Promise<Interpretation & PackageSurroundings> {
    const owner = `${skill.name}/${script.path}`;
    const project = await this.#scripts.packages.project(script, { place: skill, call });
    const { args = [], env, ...interpretation } = await this.#interpreters.find({
      title: `script "${script.path}" of skill "${skill.name}"`,
      path: script.path,
      dcc: skill.skill?.metadata.dcc ?? "",
      isExecutable: script.isExecutable,
      shebang: script.shebang,
      isNodeWanted: project !== undefined,
    });
    const { interpreter } = interpretation;
    const packages = await this.#scripts.packages.install(script, { place: skill, owner, call, interpreter, project });
    return {
      ...interpretation,
      ...packages,
      args: [...packages?.args ?? [], ...args],
      env: { ...env, ...packages?.env },
    };
  }

  // Python looks for modules beside the script first, and then where the skill begins; what the .env says goes over all
  #ownVariables({ folder, env }: OpenSkill, started: PackageSurroundings): Readonly<Record<string, string>> {
    const lists = [env["PYTHONPATH"], started.env?.["PYTHONPATH"], folder.path].filter((it) => (it ?? "") !== "");
    return { ...env, PYTHONPATH: lists.join(this.#os === "windows" ? ";" : ":") };
  }
}

function answerOf(
  script: string,
  { text, content }: { readonly text: string; readonly content: v.InferOutput<typeof Output> },
): ToolResult {
  return toolResult({
    content: [{ type: "text", text: `Script: ${script}\n${text}` }],
    structuredContent: content,
    isError: !content.success,
  });
}
