/**
 * Runs artifacts in workers.
 *
 * @module
 */
import { type Call, type Process, ToolError, type Workers } from "../../../kernel/mod.ts";
import type { ToolOutput } from "../../library/contract.ts";
import type { ConversationOptions, ScriptRunner } from "../../scripts/contract.ts";
import type { CodeOutcome, CodeRun } from "../contract.ts";
import type { RunOutcome } from "../worker/messages.ts";
import { CodeTalk } from "./code_talk.ts";
import { codeDied, codeTimeout, concludeCode, toTask } from "./code_task.ts";
import { Pacer } from "./pacer.ts";
import { WorkerPool } from "./pool.ts";
import { Programs } from "./programs.ts";
import { conclude, endedError, timeoutError } from "./results.ts";
import type { Program, WasmRuntime } from "./runtime.ts";
import { type Stop, Stops } from "./stop.ts";
import { Talk } from "./talk.ts";
import { CODE_DIGEST, type FullRun, WorkerDied } from "./thread.ts";
import { ToolProcess } from "./tool_process.ts";

/** How much longer than its time a bundle has, which ends itself; in milliseconds. */
const GRACE_MS = 500;
/** The same of code: whoever wrote it may mean to take what it can get. */
const CODE_GRACE_MS = 50;

/** What a {@linkcode WorkerRuntime} works with. */
export interface WorkerRuntimeOptions {
  readonly workers: Workers;
  /** Most runs at the same time, of each depth of nesting. */
  readonly most: number;
  /** How long a worker waits without a run, in milliseconds. */
  readonly idleMs: number;
  /** Most bytes of modules that are kept compiled, and of texts of bundles. */
  readonly cacheBytes: number;
  readonly conversation: ConversationOptions;
  /** Talks with modules that speak the script protocol over stdin and stdout, if there is such a thing. */
  readonly scripts: ScriptRunner | undefined;
}

/** One run. */
interface Run {
  readonly program: Program;
  readonly call: Call;
  readonly talk: Talk;
  readonly stop: Stop;
}

/** Runs artifacts in workers, which are ended when that is the only way. */
export class WorkerRuntime implements WasmRuntime {
  readonly #options: WorkerRuntimeOptions;
  readonly #pool: WorkerPool;
  readonly #programs: Programs;
  readonly #stops = new Stops();
  readonly #pacer = new Pacer();
  /** Runs that are ended by whoever talks with them. */
  readonly #processes = new Set<ToolProcess>();

  constructor(options: WorkerRuntimeOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
    const { cacheBytes, workers } = options;
    // a thread that cannot be ended from outside looks now and then whether it should
    this.#programs = new Programs({ cacheBytes, metering: workers.canInterrupt ? undefined : { isRefilled: true } });
  }

  run(program: Program, call: Call): Promise<ToolOutput> {
    const isInteractive = program.kind === "module" && program.protocol !== undefined;
    return isInteractive ? this.#converse(program, call) : this.#runOnce(program, call);
  }

  async #runOnce(program: Program, call: Call): Promise<ToolOutput> {
    const run = this.#open(program, call);
    try {
      const outcome = await this.#outcomeOf(run);
      // who logs waits for the client
      return await run.stop.race(conclude(program, outcome, run.talk));
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      throw endedError(`Tool "${program.name}" was ended, since its worker failed: ${error.message}`, run.talk);
    } finally {
      this.#close(run);
    }
  }

  #open(program: Program, call: Call): Run {
    const { name, memory, kind, timeoutMs } = program;
    const onExcess = (reason: string) => stop.stop(new ToolError(`Tool "${name}" was ended: ${reason}`));
    const talk = new Talk({ name, memory }, { conversation: this.#options.conversation, call, onExcess });
    const stop: Stop = this.#stops.open({
      call,
      timeoutMs: kind === "bundle" ? timeoutMs + GRACE_MS : timeoutMs,
      onTimeout: () => timeoutError(program, talk),
    });
    return { program, call, talk, stop };
  }

  #close({ stop, talk }: Pick<Run, "stop" | "talk">): void {
    stop.release();
    void talk.end().catch(() => {});
  }

  async #outcomeOf({ program, call, talk, stop }: Run): Promise<RunOutcome> {
    const ready: Promise<FullRun> = program.kind === "bundle"
      ? this.#programs.readyBundle(program)
      : this.#programs.readyModule(program, { isInteractive: false });
    const task = await stop.race(ready);
    return await this.#runTask(task, { call, talk, stop });
  }

  async #runTask(task: FullRun, { call, talk, stop }: Pick<Run, "call" | "talk" | "stop">): Promise<RunOutcome> {
    const digest = task.kind === "code" ? CODE_DIGEST : task.digest;
    const loan = await this.#pool.take({ depth: call.path.length, digest, stop });
    let isOver = false;
    try {
      const outcome = await stop.race(loan.thread.run(task, talk));
      isOver = true;
      return outcome;
    } finally {
      // each run of code has an instance of the engine, so a worker is as good as before when it went beyond a limit
      if (isOver) this.#pool.giveBack(loan);
      else if (task.kind === "code") void this.#pool.recall(loan);
      else void this.#pool.discard(loan);
    }
  }

  async runCode(run: CodeRun, call: Call): Promise<CodeOutcome> {
    const task = toTask(run);
    const { name, limits } = run;
    const pacer = this.#pacer;
    const onExcess = (reason: string) => stop.stop(new ToolError(`Code of "${name}" was ended: ${reason}`));
    const talk = new CodeTalk(run, { conversation: this.#options.conversation, call, onExcess, pacer });
    const stop: Stop = this.#stops.open({
      call,
      timeoutMs: limits.waitedMs === undefined ? limits.timeoutMs + CODE_GRACE_MS : limits.timeoutMs,
      waitedMs: limits.waitedMs,
      onTimeout: () => codeTimeout(run, talk),
    });
    try {
      const outcome = await this.#runTask(task, { call, talk, stop });
      await stop.race(talk.end());
      return await concludeCode(outcome, { run, talk, pacer });
    } catch (error) {
      throw error instanceof WorkerDied ? codeDied(run, error.message, talk) : error;
    } finally {
      this.#close({ stop, talk });
    }
  }

  async #converse(program: Program, call: Call): Promise<ToolOutput> {
    const { name, args, env, secrets, memory, timeoutMs, protocol, isJsonWanted } = program;
    const { scripts } = this.#options;
    if (scripts === undefined) {
      throw new ToolError(`Cannot run "${name}": it speaks the script protocol, which the plugin "scripts" serves`);
    }
    return await scripts.run({
      ...{ name, arguments: args, memory, timeoutMs, protocol, isJsonWanted },
      secrets: Object.fromEntries(secrets.map((it) => [it, env[it] ?? ""])),
      start: (signal) => this.#start(program, call.derive({ signal })),
    }, call);
  }

  /** Starts a run that is ended by whoever talks with it. */
  async #start(program: Program, call: Call): Promise<Process> {
    const run = this.#open(program, call);
    try {
      const task = await run.stop.race(this.#programs.readyModule(program, { isInteractive: true }));
      const loan = await this.#pool.take({ depth: call.path.length, digest: task.digest, stop: run.stop });
      const process = new ToolProcess(task, { pool: this.#pool, loan, talk: run.talk });
      this.#processes.add(process);
      void process.exited.then(() => this.#processes.delete(process));
      return process;
    } finally {
      run.stop.release();
    }
  }

  async close(): Promise<void> {
    this.#stops.close(new ToolError("Cancelled: the server stops its workers"));
    await Promise.all([...this.#processes].map((it) => it.kill()));
    await this.#pool.close();
  }
}
