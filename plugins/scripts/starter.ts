/**
 * How a script's process comes about: one that serves many calls, an interpreter that waits, or one that is started.
 *
 * @module
 */
import { type Call, isKernelError, type Log, type Process, ToolError } from "../../kernel/mod.ts";
import type { ConfinedProcess } from "../sandbox/contract.ts";
import type { CapturedScript, OwnProgram, PlainScript, Script, ScriptFile } from "./contract.ts";
import { type Launch, Launcher, type LauncherOptions } from "./launch.ts";
import { PersistentProcesses, type PoolOptions } from "./warm/mod.ts";
import { WarmScripts } from "./warm_scripts.ts";

/** Tells modules for authors that another request may come. */
const PERSISTENT_VARIABLE = "COLLET_TOOL_PERSISTENT";
/** Tells them that there need be no handler, and that what is printed is output. */
const CODE_VARIABLE = "COLLET_TOOL_CODE";

/** Of a process that ended before its call began, which says so itself. */
const GONE: Surroundings = { workingFolder: "", toolsFolder: undefined, env: {} };
/** Of a program that was started elsewhere, and has no folder to work in. */
const ELSEWHERE: Surroundings = { workingFolder: "/", toolsFolder: undefined, env: {} };

/** What a {@linkcode Starter} works with. */
export interface StarterOptions extends Omit<LauncherOptions, "warm"> {
  readonly log: Log;
  /** Bounds of the interpreters that wait. */
  readonly warm: Omit<PoolOptions, "warn">;
}

/** Where a script runs, as its request tells it. */
export interface Surroundings {
  readonly workingFolder: string;
  /** The folder that has the folders of tools; `undefined` where it is what it is outside. */
  readonly toolsFolder: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** A process that waits for its request. */
export interface Started {
  readonly process: Process;
  /** Id that the request has to have. */
  readonly id: number;
  readonly surroundings: Surroundings;
}

/** Starts scripts. */
export class Starter {
  readonly #warm: WarmScripts | undefined;
  readonly #launcher: Launcher;
  readonly #persistent: PersistentProcesses;
  /** Where the processes run that serve many calls, by their number. */
  readonly #places = new Map<number, Surroundings>();

  constructor({ warm, log, ...options }: StarterOptions) {
    const isUsed = warm.perKey !== 0 && warm.total !== 0 && warm.idleMs !== 0;
    this.#warm = isUsed ? new WarmScripts({ ...options, ...warm, warn: (message) => log.warn(message) }) : undefined;
    this.#launcher = new Launcher({ ...options, warm: this.#warm });
    this.#persistent = new PersistentProcesses({
      onStray: (_, text) => log.debug("A script printed while it served nobody", { text }),
    });
  }

  /**
   * Starts a script.
   *
   * @throws {ToolError} when it cannot be.
   */
  async start(script: Script | OwnProgram, call: Call): Promise<Started> {
    if ("start" in script) return { process: await script.start(call.signal), id: 1, surroundings: ELSEWHERE };
    if (script.persistent !== undefined) return await this.#join(script, call);
    return await this.#startOne(script, [], call);
  }

  /**
   * Starts a script that speaks no protocol, with its words.
   *
   * @throws {ToolError} when it cannot be.
   */
  async startPlain(script: PlainScript | CapturedScript, call: Call): Promise<Started> {
    return await this.#startOne(script, script.words ?? [], call);
  }

  /**
   * Starts a script that speaks no protocol by itself, and whose messages are told from what else it prints.
   *
   * @throws {ToolError} when it cannot be.
   */
  async startTalking(script: CapturedScript, call: Call): Promise<Started> {
    return await this.startPlain(tellingModules(script, CODE_VARIABLE), call);
  }

  async #startOne(script: ScriptFile, words: readonly string[], call: Call): Promise<Started> {
    const launch = withWords(await this.#launcher.prepare(script), words);
    call.signal.throwIfAborted();
    await tellReplaced(script, launch, call);
    const process = (launch.warm && this.#warm?.take(launch.warm)) ?? await spawn(script, launch);
    return { process, id: 1, surroundings: surroundingsOf(launch, process) };
  }

  /** Waits for the turn of a call at the process that serves all calls of a script, of one principal each. */
  async #join(script: Script, call: Call): Promise<Started> {
    const { signal, principal } = call;
    const { arguments: _, timeoutMs: _timeoutMs, ...fixed } = script;
    const key = JSON.stringify([principal?.id ?? null, fixed]);
    const start = async () => {
      const launch = await this.#launcher.prepare(tellingModules(script, PERSISTENT_VARIABLE));
      await tellReplaced(script, launch, call);
      const process = await spawn(script, launch);
      this.#places.set(process.pid, surroundingsOf(launch, process));
      void process.exited.then(() => this.#places.delete(process.pid));
      return process;
    };
    const { process, id } = await this.#persistent.begin(key, start, signal);
    return { process, id, surroundings: this.#places.get(process.pid) ?? GONE };
  }

  /** Ends what waits and what serves; resolves when it is gone. */
  async close(): Promise<void> {
    await Promise.all([this.#warm?.close(), this.#persistent.close()]);
  }
}

/** Tells modules for authors something by a variable, which a script of Deno has to be let read. */
function tellingModules<T extends ScriptFile>(script: T, variable: string): T {
  const { env, permissions } = script;
  return {
    ...script,
    env: { ...env, [variable]: "1" },
    permissions: { ...permissions, env: [...permissions?.env ?? [], variable] },
  };
}

/** Adds words after the script's file, where it is started and where a waiting interpreter becomes it. */
function withWords(launch: Launch, words: readonly string[]): Launch {
  if (words.length === 0) return launch;
  const { command, warm } = launch;
  return {
    ...launch,
    command: { ...command, args: [...command.args, ...words] },
    warm: warm?.takesWords === true ? { ...warm, header: { ...warm.header, argv: words } } : undefined,
  };
}

/** Tells whoever calls which variables of a script are not what it says. */
async function tellReplaced({ name }: ScriptFile, { replaced }: Launch, call: Call): Promise<void> {
  if (replaced.length === 0) return;
  const text =
    `The sandbox has replaced ${replaced.join(", ")} of "${name}" by its own: of the network it was granted ` +
    "single addresses, and no other proxy leads to them";
  await call.log("warning", text, undefined, name);
}

function surroundingsOf({ confined, command, toolsFolder }: Launch, { folder, env }: ConfinedProcess): Surroundings {
  return { workingFolder: command.cwd ?? folder, toolsFolder, env: { ...confined.env, ...env } };
}

async function spawn(script: ScriptFile, { confined, command }: Launch): Promise<ConfinedProcess> {
  try {
    return await confined.spawn(command);
  } catch (error) {
    if (!isKernelError(error)) throw error;
    const hint = script.interpreter === undefined
      ? "; without an interpreter its first line has to name one, such as #!/bin/sh"
      : "";
    throw new ToolError(`Cannot run script "${script.name}": ${error.message}${hint}`, { cause: error });
  }
}
