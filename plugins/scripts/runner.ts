/**
 * Runs scripts: finds the interpreter, makes a working folder, starts the process and talks with it.
 *
 * @module
 */
import {
  type Call,
  type Catalog,
  type Environment,
  type Files,
  isKernelError,
  type Process,
  type Processes,
  type Toolbox,
  ToolError,
} from "../../kernel/mod.ts";
import type { ToolLibrary, ToolOutput } from "../library/contract.ts";
import type { Memory } from "../memory/contract.ts";
import type { Secrets } from "../secrets/contract.ts";
import { AuthorModules, mergeEnvironments } from "./author_modules/mod.ts";
import type { Script, ScriptRunner } from "./contract.ts";
import { findInterpreter, scriptArguments, splitInterpreter } from "./interpreter.ts";
import { languageOf } from "./languages.ts";
import { OUTPUT_LIMIT } from "./output_lines.ts";
import { NO_REDACTION } from "./redaction.ts";
import { executeRequest, rootsOf } from "./request.ts";
import { type Answer, ScriptSession } from "./session.ts";
import { toOutput } from "./whole_result.ts";

/** Working folders of runs, in the home folder. */
export const WORK_FOLDER = "work";
/** A working folder that is older was left by a server that died. */
const WORK_MS = 24 * 60 * 60 * 1000;
/** How much of stderr is kept for a reader who is slow. */
const PIPE_LIMIT = 256 * 1024;

/** What a {@linkcode Runner} works with. */
export interface RunnerOptions {
  readonly home: Files;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly toolbox: Toolbox;
  readonly catalog: Catalog;
  readonly library: ToolLibrary;
  /** What keeps secrets out of logs, if there is such a thing. */
  readonly secrets?: Secrets | undefined;
  /** Where scripts remember things, if there is such a place. */
  readonly memory: Memory | undefined;
  /** Aborts when no script may run any more. */
  readonly signal: AbortSignal;
  /** Time limit of scripts that have none of their own. */
  readonly timeoutMs: number;
}

/** Runs scripts, and sees each one to its end. */
export class Runner implements ScriptRunner {
  readonly #options: RunnerOptions;
  readonly #modules: AuthorModules;
  /** Runs, and what is left to do of runs that have answered. */
  readonly #unfinished = new Set<Promise<unknown>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#modules = new AuthorModules(options);
  }

  run(script: Script, call: Call): Promise<ToolOutput> {
    const running = this.#run(script, call);
    this.#track(running);
    return running;
  }

  async #run(script: Script, call: Call): Promise<ToolOutput> {
    const signal = AbortSignal.any([call.signal, this.#options.signal]);
    const folder = script.cwd === undefined ? await this.#makeFolder() : undefined;
    let process: Process | undefined;
    let session: ScriptSession | undefined;
    try {
      const cwd = folder?.path ?? script.cwd!;
      const own = call.derive({ signal });
      const request = await this.#request(script, { call: own, cwd });
      process = await this.#start(script, { cwd, signal });
      session = this.#openSession(process, script, { call: own, request });
      return toOutput(readAnswer(await session.converse(), script), script.protocol ?? 1);
    } finally {
      // the caller has its answer; the process gets its time to end
      this.#track(this.#seeToTheEnd(session?.end(), folder));
    }
  }

  #openSession(
    process: Process,
    { name, memory: memoryName = name, protocol = 1, isStdinClosed = false, timeoutMs = this.#options.timeoutMs }:
      Script,
    { call, request }: { readonly call: Call; readonly request: string },
  ): ScriptSession {
    const { toolbox, catalog, library, memory, environment, secrets = NO_REDACTION } = this.#options;
    return new ScriptSession(process, {
      name,
      protocol,
      call,
      toolbox,
      catalog,
      library,
      memory: memory?.open(memoryName, call.principal),
      roots: () => rootsOf(call, environment),
      request,
      isStdinClosed,
      timeoutMs,
      redaction: secrets,
    });
  }

  async #request(script: Script, { call, cwd }: { readonly call: Call; readonly cwd: string }): Promise<string> {
    const { environment, library, memory } = this.#options;
    return executeRequest({
      name: script.name,
      arguments: script.arguments,
      secrets: script.secrets ?? {},
      workingFolder: cwd,
      toolsFolder: library.path,
      roots: await rootsOf(call, environment),
      hasMemory: memory !== undefined,
      call,
      environment,
    });
  }

  async #start(
    script: Script,
    { cwd, signal }: { readonly cwd: string; readonly signal: AbortSignal },
  ): Promise<Process> {
    const { interpreter, args = [], file, env, secrets, limits, permissions, name } = script;
    const found = interpreter === undefined ? undefined : await findInterpreter(interpreter, this.#options);
    const language = interpreter === undefined ? undefined : languageOf(splitInterpreter(interpreter));
    const modules = await this.#modules.forScript(script);
    signal.throwIfAborted();
    try {
      return await this.#options.processes.spawn({
        program: found?.program ?? file,
        args: found === undefined
          ? []
          : scriptArguments(found, { file, words: [...args, ...modules.args], permissions }),
        cwd,
        env: mergeEnvironments([language?.env, env, modules.env, secrets], this.#options.environment),
        ...limits,
        // the session ends it, which tells the script first
        timeoutMs: Infinity,
        outputLimit: PIPE_LIMIT,
      });
    } catch (error) {
      if (!isKernelError(error)) throw error;
      const hint = found === undefined
        ? "; without an interpreter its first line has to name one, such as #!/bin/sh"
        : "";
      throw new ToolError(`Cannot run script "${name}": ${error.message}${hint}`, { cause: error });
    }
  }

  async #makeFolder(): Promise<{ readonly path: string; remove(): Promise<unknown> }> {
    const { home } = this.#options;
    const name = `${WORK_FOLDER}/${crypto.randomUUID()}`;
    await home.makeFolder(name);
    return { path: await home.resolve(name), remove: () => home.remove(name) };
  }

  async #seeToTheEnd(
    ending: Promise<void> | undefined,
    folder: { remove(): Promise<unknown> } | undefined,
  ): Promise<void> {
    await ending?.catch(() => {});
    // what a process that cannot be ended holds is left to the next start
    await folder?.remove().catch(() => {});
  }

  #track(work: Promise<unknown>): void {
    const settled = work.then(() => {}, () => {});
    this.#unfinished.add(settled);
    settled.then(() => this.#unfinished.delete(settled));
  }

  /** Removes the working folders of servers that died. */
  async cleanUp(): Promise<void> {
    const { home } = this.#options;
    for (const { path } of await home.list(WORK_FOLDER)) {
      const stat = await home.stat(`${WORK_FOLDER}/${path}`);
      if (stat && Date.now() - stat.modified.getTime() > WORK_MS) await home.remove(`${WORK_FOLDER}/${path}`);
    }
  }

  /** Resolves when every process has ended. */
  async close(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }
}

function readAnswer(answer: Answer, { isJsonWanted = false }: Script): unknown {
  if (answer.kind === "result") return answer.result;
  if (!isJsonWanted || answer.text.length > OUTPUT_LIMIT) return answer.text;
  try {
    return JSON.parse(answer.text);
  } catch {
    return answer.text;
  }
}
