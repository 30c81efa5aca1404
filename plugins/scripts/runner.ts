/**
 * Runs scripts: finds the interpreter, makes a working folder, starts the process and talks with it.
 *
 * @module
 */
import {
  type Call,
  type Environment,
  type Folder,
  isKernelError,
  type Process,
  type Processes,
  type Toolbox,
  ToolError,
} from "../../kernel/mod.ts";
import type { ToolOutput } from "../library/contract.ts";
import type { Memory } from "../memory/contract.ts";
import type { Script, ScriptRunner } from "./contract.ts";
import { findInterpreter, scriptArguments, splitInterpreter } from "./interpreter.ts";
import { languageOf } from "./languages.ts";
import { OUTPUT_LIMIT } from "./output_lines.ts";
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
  readonly home: Folder;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly toolbox: Toolbox;
  /** Where scripts remember things, if there is such a place. */
  readonly memory: Memory | undefined;
  readonly toolsFolder: string;
  /** Aborts when no script may run any more. */
  readonly signal: AbortSignal;
  /** Time limit of scripts that have none of their own. */
  readonly timeoutMs: number;
}

/** Runs scripts, and sees each one to its end. */
export class Runner implements ScriptRunner {
  readonly #options: RunnerOptions;
  /** Runs, and what is left to do of runs that have answered. */
  readonly #unfinished = new Set<Promise<unknown>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
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
      const request = await this.#request(script, { call, cwd });
      process = await this.#start(script, { cwd, signal });
      session = new ScriptSession(process, {
        name: script.name,
        call: call.derive({ signal }),
        toolbox: this.#options.toolbox,
        memory: this.#options.memory?.open(script.name, call.principal),
        protocol: script.protocol ?? 1,
        request,
        isStdinClosed: script.isStdinClosed ?? false,
      });
      return toOutput(readAnswer(await session.converse(), script), script.protocol ?? 1);
    } finally {
      // the caller has its answer; the process gets its time to end
      this.#track(this.#seeToTheEnd(session?.end(), folder));
    }
  }

  async #request(script: Script, { call, cwd }: { readonly call: Call; readonly cwd: string }): Promise<string> {
    const { environment, toolsFolder, memory } = this.#options;
    return executeRequest({
      name: script.name,
      arguments: script.arguments,
      env: script.env ?? {},
      workingFolder: cwd,
      toolsFolder,
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
    const { interpreter, file, env, name } = script;
    const found = interpreter === undefined ? undefined : await findInterpreter(interpreter, this.#options);
    const language = interpreter === undefined ? undefined : languageOf(splitInterpreter(interpreter));
    signal.throwIfAborted();
    try {
      return await this.#options.processes.spawn({
        program: found?.program ?? file,
        args: found === undefined ? [] : scriptArguments(found, file),
        cwd,
        env: { ...language?.env, ...env },
        timeoutMs: script.timeoutMs ?? this.#options.timeoutMs,
        outputLimit: PIPE_LIMIT,
        signal,
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
