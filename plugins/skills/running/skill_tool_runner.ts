/**
 * Runs the tools of loaded skills: each call is one run of the tool's script.
 *
 * @module
 */
import {
  type Call,
  isToolError,
  type JsonObject,
  messageOf,
  type Toolbox,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";
import type { PlainResult, ScriptFile, ScriptRunner } from "../../scripts/contract.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { InProcessExecutor } from "../catalog/catalog_options.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { RegisteredTool } from "../catalog/registry.ts";
import { describeRefusals, refuseGroup } from "../catalog/requirements.ts";
import { openSkill } from "../discovery/open_skill.ts";
import { AllowedTools, foreignTools } from "./allowed_tools.ts";
import { argumentWords } from "./argument_words.ts";
import { Interpreters } from "./interpreters.ts";
import { withNextTools } from "./next_tools.ts";
import { readPlainAnswer } from "./plain_answer.ts";
import type { RunSurroundings } from "./run_surroundings.ts";
import { knownSkill } from "./script_guards.ts";
import { SkillGrants } from "./skill_grants.ts";
import { skillResult } from "./skill_result.ts";
import { type ToolScript, ToolScripts } from "./tool_scripts.ts";

const TIMEOUT_MS = 300_000;
const DAY_MS = 86_400_000;
/** Most characters of what was printed beside an answer that are logged. */
const MOST_NOISE = 8_000;
const LONGER_BY = "declares timeout_hint_secs";
/** Tells a script that serves several tools which one is called. */
const TOOL_VARIABLE = "COLLET_TOOL_NAME";

/** What a {@linkcode SkillToolRunner} works with. */
export interface SkillToolRunnerOptions extends RunSurroundings {
  readonly catalog: Pick<SkillCatalog, "find" | "inProcessExecutor">;
  readonly toolbox: Toolbox;
  /** Time limit of a call whose tool gives no hint, in milliseconds; 300,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** The longest that a hint can have, in milliseconds; a day by default. */
  readonly longestMs?: number | undefined;
}

/** What one call runs. */
interface Run {
  readonly tool: RegisteredTool;
  readonly skill: CatalogSkill;
  readonly script: ToolScript;
  readonly args: JsonObject;
  readonly call: Call;
  readonly scripts: ScriptRunner;
}

/** Runs tools of skills by name. */
export class SkillToolRunner {
  readonly #options: SkillToolRunnerOptions;
  readonly #scripts: ToolScripts;
  readonly #interpreters: Interpreters;
  readonly #grants: SkillGrants;
  /** Skills of which it was told what of their `allowed-tools` is not ours. */
  readonly #noted = new WeakSet<CatalogSkill["metadata"]>();

  constructor(options: SkillToolRunnerOptions) {
    const { timeoutMs = TIMEOUT_MS, longestMs = DAY_MS } = options;
    this.#options = options;
    this.#scripts = new ToolScripts(options.files);
    this.#interpreters = new Interpreters(options);
    this.#grants = new SkillGrants({ ...options, timeoutMs, longestMs });
  }

  /** Runs a registered tool. Every failure but a `ProtocolError` is a result, which says what may be worth calling next. */
  async run(name: string, args: JsonObject, call: Call): Promise<ToolResult> {
    const { catalog, registry, toolbox } = this.#options;
    const tool = registry.get(name);
    if (tool === undefined) throw new ToolError(`Cannot run tool "${name}": its skill is not loaded any more`);
    const { skillName } = tool;
    const nextTools = tool.nextTools ?? catalog.find(skillName)?.metadata.nextTools;
    const result = await this.#run(tool, args, call).catch(toFailure);
    return toolResult(withNextTools(result, { skillName, nextTools, hasTool: (it) => toolbox.get(it) !== undefined }));
  }

  async #run(tool: RegisteredTool, args: JsonObject, call: Call): Promise<ToolResult> {
    const { scripts, catalog: { inProcessExecutor: execute } } = this.#options;
    const skill = await this.#check(tool, call);
    const script = await this.#scripts.find(tool, skill);
    if (execute !== null) return skillResult(toJson(await runWithin(execute, { file: script.file, args, tool })));
    if (scripts === undefined) {
      throw new ToolError(`Cannot run tool "${tool.name}": nothing here runs scripts; the plugin "scripts" does`);
    }
    const run = { tool, skill, script, args, call, scripts };
    const file = await this.#prepare(run);
    return script.protocol === undefined ? await this.#runPlain(file, run) : await this.#converse(file, run);
  }

  /**
   * Gives the skill of a tool that may be called.
   *
   * @throws {ToolError} saying which rule forbids it, where it is written, and what to do.
   */
  async #check(tool: RegisteredTool, call: Call): Promise<CatalogSkill> {
    const { catalog, requirements, guards } = this.#options;
    const skill = catalog.find(tool.skillName);
    if (skill === undefined) {
      throw new ToolError(`Cannot run tool "${tool.name}": skill "${tool.skillName}" is not there any more`);
    }
    const refusals = tool.enabled ? await requirements.check(skill.metadata) : [refuseGroup(tool)];
    if (refusals.length > 0) {
      throw new ToolError(`Cannot run tool "${tool.name}": ${describeRefusals(refusals)}`, { data: { refusals } });
    }
    await guards.check(knownSkill(skill), call);
    return skill;
  }

  async #prepare({ tool, skill, script, call }: Run): Promise<PreparedScript> {
    const { metadata } = skill;
    const { isBatch = false, env, ...interpretation } = await this.#interpreters.find({
      title: `tool "${tool.name}"`,
      path: script.path,
      dcc: tool.dcc,
      isExecutable: script.isExecutable,
    });
    const folder = openSkill(this.#options.files, script.folder);
    const given = await this.#grants.give({ metadata, folder, timeoutHintSecs: tool.timeoutHintSecs, call });
    const { permissions } = given;
    return {
      isBatch,
      ...given,
      ...{ name: tool.name, file: script.file, folder: script.folder, longerBy: LONGER_BY },
      ...interpretation,
      env: { [TOOL_VARIABLE]: tool.name, ...env, ...given.env },
      permissions: { ...permissions, env: [...permissions?.env ?? [], TOOL_VARIABLE] },
    };
  }

  /** Passes the arguments as skills take them: JSON on stdin, and scalars as words. */
  async #runPlain({ isBatch, ...file }: PreparedScript, { args, call, scripts }: Run): Promise<ToolResult> {
    const { os } = this.#options.environment;
    const output = await scripts.runPlain(
      { ...file, input: JSON.stringify(args), words: argumentWords(args, { os, isBatch }) },
      call,
    );
    return this.#read(output, { name: file.name, call });
  }

  async #read(
    output: PlainResult,
    { name, call }: { readonly name: string; readonly call: Call },
  ): Promise<ToolResult> {
    const { secrets } = this.#options;
    const { value, noise } = readPlainAnswer(output.stdout);
    const result = skillResult(value);
    // a script that says itself what failed says it better than its exit code
    if (output.failure !== undefined && result.isError !== true) throw output.failure;
    const shown = (secrets?.redact(noise) ?? noise).slice(0, MOST_NOISE);
    if (shown !== "") await (secrets?.guard(call) ?? call).log("info", shown, undefined, name);
    return result;
  }

  /** Sends the request of the script protocol, and serves what the script asks for. */
  async #converse({ isBatch: _, ...file }: PreparedScript, run: Run): Promise<ToolResult> {
    const { tool, skill: { metadata }, script, args, call, scripts } = run;
    const { registry, toolbox } = this.#options;
    this.#note(tool.skillName, metadata);
    const output = await scripts.run({
      ...file,
      arguments: args,
      protocol: script.protocol,
      isStdinClosed: script.isStdinClosed,
      isJsonWanted: true,
      tools: new AllowedTools({ skillName: tool.skillName, metadata, registry, toolbox }),
    }, call);
    return "result" in output ? output.result : skillResult(output.value);
  }

  #note(skill: string, metadata: CatalogSkill["metadata"]): void {
    if (metadata.allowedTools.length === 0 || this.#noted.has(metadata)) return;
    this.#noted.add(metadata);
    const { log, toolbox } = this.#options;
    const foreign = foreignTools(metadata, toolbox.list().map(({ name }) => name));
    if (foreign.length > 0) {
      log.info(`"allowed-tools" of skill "${skill}" names what is no tool here`, { tools: foreign });
    }
  }
}

type PreparedScript = ScriptFile & { readonly isBatch: boolean };

/** @throws {ToolError} with what the function of the host throws: to the model it is a script that failed. */
async function runWithin(
  execute: InProcessExecutor,
  { file, args, tool }: { readonly file: string; readonly args: JsonObject; readonly tool: RegisteredTool },
): Promise<unknown> {
  try {
    return await execute(file, args, tool);
  } catch (thrown) {
    if (isToolError(thrown)) throw thrown;
    throw new ToolError(`Tool "${tool.name}" failed: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Gives what an object of a host's own writes of itself. */
function toJson(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

/** @throws what is no failure of a tool. */
function toFailure(thrown: unknown): ToolResult {
  if (!isToolError(thrown)) throw thrown;
  const { message, data } = thrown;
  return {
    content: [{ type: "text", text: message }],
    ...(data !== undefined && { structuredContent: data }),
    isError: true,
  };
}
