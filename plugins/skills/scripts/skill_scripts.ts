/**
 * What the tools share that run code of skills: whether it may run, what it is given, and how it is run.
 *
 * @module
 */
import { type Call, isToolError, type Toolbox, ToolError } from "../../../kernel/mod.ts";
import type { Dependencies } from "../../dependencies/contract.ts";
import type { CapturedResult, CapturedScript, GivenToScript, ReachedTools } from "../../scripts/contract.ts";
import { describeRefusals } from "../catalog/requirements.ts";
import type { KnownSkill } from "../contract.ts";
import { readSkillEnv } from "../env/env_file.ts";
import { SkillMetadata } from "../format/metadata.ts";
import type { SkillPlace, SkillPlaces } from "../management/skill_places.ts";
import type { SkillTurns } from "../management/skill_turns.ts";
import { AllowedTools } from "../running/allowed_tools.ts";
import type { RunSurroundings } from "../running/run_surroundings.ts";
import { knownSkill } from "../running/script_guards.ts";
import { SkillGrants } from "../running/skill_grants.ts";
import type { OutputProgress } from "./output_progress.ts";
import { ScriptPackages } from "./script_packages.ts";

/** Time limit of a call that names none, and the longest that one can name, in milliseconds. */
const TIMEOUT_MS = 30_000;
const DAY_MS = 86_400_000;

/** What {@linkcode SkillScripts} works with. */
export interface SkillScriptsOptions extends RunSurroundings {
  readonly places: Pick<SkillPlaces, "find">;
  /** Keeps changes of a skill and runs that may write in its folder apart. */
  readonly turns: Pick<SkillTurns, "beginRun">;
  readonly toolbox: Pick<Toolbox, "get">;
  /** What installs packages; without it no script has any. */
  readonly dependencies: Dependencies | undefined;
  /** Time limit of a call that names none, of a skill that asks for none, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** The longest that a call can name, in milliseconds; a day by default. */
  readonly longestMs?: number | undefined;
}

/** A skill whose code may run. */
export interface OpenSkill extends SkillPlace {
  /** What its `.env` says: goes over the minimal environment, and is to be `redacted`. */
  readonly env: Readonly<Record<string, string>>;
}

/** A call that is given what its skill asks for. */
export interface GivenCall {
  readonly call: Call;
  /** How long it may take, in seconds; as long as the skill asks for by default, else {@linkcode SkillScripts.timeoutMs}. */
  readonly timeout?: number | undefined;
}

/** Runs code of skills. */
export class SkillScripts {
  /** Time limit of a call that names none, of a skill that asks for none, in milliseconds. */
  readonly timeoutMs: number;
  /** The longest that a call can name, in milliseconds. */
  readonly longestMs: number;
  /** Installs what scripts need. */
  readonly packages: ScriptPackages;
  readonly #options: SkillScriptsOptions;
  readonly #grants: SkillGrants;

  constructor(options: SkillScriptsOptions) {
    this.#options = options;
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.longestMs = options.longestMs ?? DAY_MS;
    const limits = { timeoutMs: this.timeoutMs, longestMs: this.longestMs };
    this.#grants = new SkillGrants({ ...options, ...limits });
    this.packages = new ScriptPackages({ ...options, ...limits });
  }

  /**
   * Finds a skill whose code may run now: who guards it is asked, and what it requires is here.
   *
   * @throws {ToolError} when there is none, or it may not, with what would change that.
   */
  async open(name: string, call: Call): Promise<OpenSkill> {
    const { places, guards, requirements } = this.#options;
    const place = await places.find(name);
    await guards.check(toKnownSkill(place), call);
    const env = await this.prepareEnvironment(place);
    const refusals = place.skill === undefined ? [] : await requirements.check(place.skill.metadata, { given: env });
    if (refusals.length === 0) return { ...place, env };
    throw new ToolError(`Cannot run scripts of skill "${place.name}": ${describeRefusals(refusals)}`, {
      data: { refusals },
    });
  }

  /**
   * Reads the `.env` of a skill, as {@linkcode SkillScripts.open} does.
   *
   * @throws {ToolError} when it cannot be read.
   */
  async prepareEnvironment({ name, folder }: Pick<SkillPlace, "name" | "folder">): Promise<Record<string, string>> {
    try {
      return await readSkillEnv(folder);
    } catch (cause) {
      if (isToolError(cause)) throw cause;
      throw new ToolError(`Cannot read ".env" of skill "${name}": it is no file of the skill that can be read`, {
        cause,
      });
    }
  }

  /**
   * Gives what a skill asks for under `metadata` as `collet.grants`, as the policy decides; nothing to a folder without
   * a usable SKILL.md.
   *
   * @throws {ToolError} naming what is no grant, or when it is refused, or a secret is not there.
   */
  async give(place: OpenSkill, { call, timeout }: GivenCall): Promise<GivenToScript & { readonly timeoutMs: number }> {
    const { folder, env } = place;
    const metadata = place.skill?.metadata ?? new SkillMetadata({ name: place.name });
    const given = await this.#grants.give({ metadata, folder, env, timeoutHintSecs: timeout, call });
    return { ...given, timeoutMs: given.timeoutMs ?? this.timeoutMs };
  }

  /** Gives which tools code of a skill reaches: its own, and those that its `allowed-tools` names. */
  toolsOf({ name, skill }: Pick<SkillPlace, "name" | "skill">): ReachedTools {
    const metadata = skill?.metadata ?? { allowedTools: [] };
    return new AllowedTools({ ...this.#options, skillName: skill?.name ?? name, metadata });
  }

  /**
   * Runs code to its end, and tells what it prints as progress meanwhile. What may write in the folder of its skill begins
   * when nobody else changes that.
   *
   * @param progress Of the call, as installations had it before.
   * @throws {ToolError} when it cannot be started; what the call was aborted with, when it is cancelled.
   */
  async run(script: Omit<CapturedScript, "onOutput">, progress: OutputProgress): Promise<CapturedResult> {
    const { scripts, turns } = this.#options;
    if (scripts === undefined) {
      throw new ToolError(`Cannot run "${script.name}": nothing here runs scripts; the plugin "scripts" does`);
    }
    const { folder, isFolderWritable } = script;
    const end = folder !== undefined && isFolderWritable === true
      ? await turns.beginRun(folder, progress.call.signal)
      : undefined;
    progress.begin();
    try {
      return await scripts.runCaptured({
        longerBy: 'set "timeout"',
        ...script,
        isFolderWritable: end !== undefined,
        onOutput: (_, text) => progress.push(text),
      }, progress.call);
    } finally {
      await progress.end();
      await end?.();
    }
  }
}

/** Gives what guards know of a place: one without a usable SKILL.md is the user's own. */
function toKnownSkill({ name, path, skill }: SkillPlace): KnownSkill {
  return skill === undefined ? { name, path, scope: "user", origin: "user", description: "" } : knownSkill(skill);
}
