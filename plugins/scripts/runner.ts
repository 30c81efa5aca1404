/**
 * Runs scripts: starts the process in its sandbox, and talks with it.
 *
 * @module
 */
import type { Call, Catalog, Root, Toolbox } from "../../kernel/mod.ts";
import type { ToolLibrary, ToolOutput } from "../library/contract.ts";
import type { Memory } from "../memory/contract.ts";
import type { Secrets } from "../secrets/contract.ts";
import { WORK_FOLDER } from "../sandbox/contract.ts";
import type {
  CapturedResult,
  CapturedScript,
  OwnProgram,
  PlainResult,
  PlainScript,
  ProtocolRun,
  Script,
  ScriptRunner,
} from "./contract.ts";
import { CapturedSession } from "./captured_session.ts";
import { LONGER_BY } from "./ending.ts";
import { CURRENT_VERSIONS, type MessageHost } from "./message_host.ts";
import { OUTPUT_LIMIT } from "./output_lines.ts";
import { PlainSession } from "./plain_session.ts";
import { NO_REDACTION, redactionWith } from "./redaction.ts";
import { executeRequest, rootsOf } from "./request.ts";
import { type Answer, ScriptSession } from "./session.ts";
import { type Started, Starter, type StarterOptions } from "./starter.ts";
import { toOutput } from "./whole_result.ts";

/** A working folder that is older was left by a server that died. */
const WORK_MS = 24 * 60 * 60 * 1000;

/** Characters of each stream that are kept of a script, unless it says otherwise. */
const MOST_OUTPUT = 100_000;

/** What a {@linkcode Runner} works with. */
export interface RunnerOptions extends StarterOptions {
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
  readonly #starter: Starter;
  /** Runs, and what is left to do of runs that have answered. */
  readonly #unfinished = new Set<Promise<unknown>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#starter = new Starter(options);
  }

  run(script: Script | OwnProgram, call: Call): Promise<ToolOutput> {
    const running = this.#run(script, call);
    this.#track(running);
    return running;
  }

  runPlain(script: PlainScript, call: Call): Promise<PlainResult> {
    const running = this.#runPlain(script, call);
    this.#track(running);
    return running;
  }

  runCaptured(script: CapturedScript, call: Call): Promise<CapturedResult> {
    const running = this.#runCaptured(script, call);
    this.#track(running);
    return running;
  }

  async #runPlain(script: PlainScript, call: Call): Promise<PlainResult> {
    const { secrets: redaction = NO_REDACTION, signal, timeoutMs } = this.#options;
    const own = call.derive({ signal: AbortSignal.any([call.signal, signal]) });
    const { name, input, longerBy = LONGER_BY } = script;
    const { process } = await this.#starter.startPlain(script, own);
    const session = new PlainSession(process, {
      ...{ call: own, name, input, redaction, longerBy },
      title: `Script "${name}"`,
      timeoutMs: script.timeoutMs ?? timeoutMs,
    });
    try {
      return await session.finish();
    } finally {
      this.#track(session.end());
    }
  }

  async #runCaptured(script: CapturedScript, call: Call): Promise<CapturedResult> {
    const { secrets, signal, timeoutMs } = this.#options;
    const own = call.derive({ signal: AbortSignal.any([call.signal, signal]) });
    const { input = "", tools, mostOutput = MOST_OUTPUT, redacted, onOutput } = script;
    const roots = tools === undefined ? [] : await rootsOf(own, this.#options.environment);
    const started = tools === undefined
      ? await this.#starter.startPlain(script, own)
      : await this.#starter.startTalking(script, own);
    const run = { ...script, arguments: {} };
    const session = new CapturedSession(started.process, {
      ...{ call: own, id: started.id, input, mostOutput, onOutput },
      talk: tools && { ...this.#host(run, own), request: this.#request(run, { call: own, roots, started }) },
      redaction: redactionWith(redacted, secrets),
      timeoutMs: script.timeoutMs ?? timeoutMs,
    });
    try {
      return await session.finish();
    } finally {
      this.#track(session.end());
    }
  }

  async #run(script: Script | OwnProgram, call: Call): Promise<ToolOutput> {
    const signal = AbortSignal.any([call.signal, this.#options.signal]);
    let started: Started | undefined;
    let session: ScriptSession | undefined;
    try {
      const own = call.derive({ signal });
      // first, since a client may take its time to say, and the process would wait for it
      const roots = await rootsOf(own, this.#options.environment);
      started = await this.#starter.start(script, own);
      const request = this.#request(script, { call: own, roots, started });
      session = this.#openSession(started, script, { call: own, request });
      return toOutput(readAnswer(await session.converse(), script), script.protocol ?? 1);
    } finally {
      // the caller has its answer; the process gets its time to end
      this.#track(session?.end() ?? started?.process.kill(0));
    }
  }

  #openSession(
    { process, id }: Started,
    script: Script | OwnProgram,
    { call, request }: { readonly call: Call; readonly request: string },
  ): ScriptSession {
    const { secrets, timeoutMs } = this.#options;
    const { name, isStdinClosed = false, redacted, onStderr } = script;
    return new ScriptSession(process, {
      ...this.#host(script, call),
      ...{ id, request, isStdinClosed, onStderr },
      title: `${"start" in script ? "Tool" : "Script"} "${name}"`,
      timeoutMs: script.timeoutMs ?? timeoutMs,
      longerBy: script.longerBy ?? LONGER_BY,
      redaction: redactionWith(redacted, secrets),
    });
  }

  /** Gives what the messages of a program act on. */
  #host(
    { name, memory: memoryName = name, protocol = 1, tools, toolbox: own, serve }: ProtocolRun,
    call: Call,
  ): Omit<MessageHost, "streamed"> {
    const { toolbox, catalog, memory, environment } = this.#options;
    const library = own === undefined ? this.#options.library : CURRENT_VERSIONS;
    return {
      ...{ name, protocol, call, toolbox: own ?? toolbox, catalog, library, tools, serve },
      memory: memory?.open(memoryName, call.principal),
      roots: () => rootsOf(call, environment),
    };
  }

  #request(
    script: ProtocolRun,
    { call, roots, started: { id, surroundings } }: {
      readonly call: Call;
      readonly roots: readonly Root[];
      readonly started: Started;
    },
  ): string {
    const { environment, library, memory } = this.#options;
    const { workingFolder, toolsFolder = library.path, env } = surroundings;
    return executeRequest({
      ...{ id, workingFolder, toolsFolder, roots, call, environment },
      name: script.name,
      arguments: script.arguments,
      secrets: script.secrets ?? {},
      surroundings: env,
      hasMemory: memory !== undefined,
    });
  }

  #track(work: Promise<unknown> | undefined): void {
    if (work === undefined) return;
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
    await this.#starter.close();
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }
}

function readAnswer(answer: Answer, { isJsonWanted = false }: ProtocolRun): unknown {
  if (answer.kind === "result") return answer.result;
  if (!isJsonWanted || answer.text.length > OUTPUT_LIMIT) return answer.text;
  try {
    return JSON.parse(answer.text);
  } catch {
    return answer.text;
  }
}
