/**
 * Runs artifacts in the thread of the server, where there are no others: modules count their work, since nothing can end
 * them, and reach no files; nobody else is served meanwhile.
 *
 * @module
 */
import { type Call, ErrorCode, Lazy, type SyncFolder, ToolError } from "../../../kernel/mod.ts";
import type { ToolOutput } from "../../library/contract.ts";
import type { ConversationOptions } from "../../scripts/contract.ts";
import type { CodeOutcome, CodeRun } from "../contract.ts";
import { type BundleHost, type CodeHost, type ModuleHost, RequestFailure } from "../worker/hosts.ts";
import type { ReplyError, RunOutcome } from "../worker/messages.ts";
import { Answers } from "./answers.ts";
import { CodeTalk } from "./code_talk.ts";
import { codeTimeout, concludeCode, toTask } from "./code_task.ts";
import { Pacer } from "./pacer.ts";
import { Programs } from "./programs.ts";
import { conclude, timeoutError } from "./results.ts";
import type { Program, WasmRuntime } from "./runtime.ts";
import { type Stop, Stops } from "./stop.ts";
import { Talk } from "./talk.ts";

/**
 * How often a run may look at a clock that stands still, as that of an edge does until something comes from outside: some
 * seconds of work, more of it in a module that does much at each step.
 */
const MOST_LOOKS = 100_000;

// most servers have threads, and need none of this
const moduleRunner = new Lazy(() => import("../worker/module_run.ts"));
const codeRunner = new Lazy(() => import("../worker/code_run.ts"));
const bundleRunner = new Lazy(() => import("../worker/bundle_run.ts"));

/** What an {@linkcode InlineRuntime} works with. */
export interface InlineRuntimeOptions {
  /** Most bytes of modules that are kept compiled, and of texts of bundles. */
  readonly cacheBytes: number;
  readonly conversation: ConversationOptions;
}

/** Runs artifacts where they were called. */
export class InlineRuntime implements WasmRuntime {
  readonly #options: InlineRuntimeOptions;
  readonly #programs: Programs;
  readonly #stops = new Stops();
  readonly #pacer = new Pacer();

  constructor(options: InlineRuntimeOptions) {
    this.#options = options;
    this.#programs = new Programs({ cacheBytes: options.cacheBytes, metering: { isRefilled: true } });
  }

  async run(program: Program, call: Call): Promise<ToolOutput> {
    const { name, memory, timeoutMs } = program;
    checkProgram(program);
    const onExcess = (reason: string) => stop.stop(new ToolError(`Tool "${name}" was ended: ${reason}`));
    const talk = new Talk({ name, memory }, { conversation: this.#options.conversation, call, onExcess });
    const onTimeout = () => timeoutError(program, talk);
    const stop: Stop = this.#stops.open({ call, timeoutMs, onTimeout });
    try {
      const running = program.kind === "bundle" ? this.#runBundle(program, talk, stop) : this.#runModule(program, talk);
      const outcome = await stop.race(running);
      // who logs waits for the client
      return await stop.race(conclude(program, outcome, talk));
    } finally {
      stop.release();
      void talk.end().catch(() => {});
    }
  }

  async #runModule(program: Program, talk: Talk): Promise<RunOutcome> {
    const task = await this.#programs.readyModule(program, { isInteractive: false });
    const { runModule } = await moduleRunner.get();
    return runModule(task, moduleHost(talk, new Deadline(program.timeoutMs)));
  }

  async #runBundle(program: Program, talk: Talk, stop: Stop): Promise<RunOutcome> {
    const task = await this.#programs.readyBundle(program);
    const { runBundle } = await bundleRunner.get();
    return await runBundle(task, bundleHost(talk, stop));
  }

  async runCode(run: CodeRun, call: Call): Promise<CodeOutcome> {
    const task = toTask(run);
    const pacer = this.#pacer;
    const onExcess = (reason: string) => stop.stop(new ToolError(`Code of "${run.name}" was ended: ${reason}`));
    const talk = new CodeTalk(run, { conversation: this.#options.conversation, call, onExcess, pacer });
    const stop: Stop = this.#stops.open({
      call,
      timeoutMs: run.limits.timeoutMs,
      waitedMs: run.limits.waitedMs,
      onTimeout: () => codeTimeout(run, talk),
    });
    try {
      const { runCode } = await codeRunner.get();
      const outcome = await stop.race(runCode(task, codeHost(talk, stop)));
      await stop.race(talk.end());
      return await concludeCode(outcome, { run, talk, pacer });
    } finally {
      stop.release();
      void talk.end().catch(() => {});
    }
  }

  close(): Promise<void> {
    this.#stops.close(new ToolError("Cancelled: the server stops"));
    return Promise.resolve();
  }
}

function checkProgram({ name, kind, protocol, folders }: Program): void {
  const why = folders.length > 0
    ? "it was granted folders"
    : kind === "module" && protocol !== undefined
    ? "it speaks the script protocol over stdin"
    : undefined;
  if (why !== undefined) throw new ToolError(`Cannot run "${name}": ${why}, for which this server needs threads`);
}

function openNoFolder(): SyncFolder {
  throw new Error("Cannot open a folder: there are none without threads");
}

/** When a run is over that has the only thread: whoever is to end it has to wait for it. */
class Deadline {
  readonly #begun = performance.now();
  readonly #ms: number;
  #looks = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Looks at the clock. */
  isOver(): boolean {
    const passed = performance.now() - this.#begun;
    return passed > 0 ? passed >= this.#ms : ++this.#looks > MOST_LOOKS;
  }
}

function moduleHost(talk: Talk, deadline: Deadline): ModuleHost {
  return {
    canWait: false,
    openFolder: openNoFolder,
    isEnded: () => deadline.isOver(),
    stderr: (text) => talk.stderr(text),
    stdout: () => {},
    readStdin: () => undefined,
    notify: (method, params) => talk.notify(method, params),
    request(method) {
      const why = "a module waits for the reply, which this server cannot without threads";
      throw new RequestFailure(ErrorCode.internalError, `Cannot send "${method}": ${why}`);
    },
  };
}

function bundleHost(talk: Talk, stop: Stop): BundleHost {
  return {
    openFolder: openNoFolder,
    isEnded: () => stop.isStopped,
    notify: (method, params) => talk.notify(method, params),
    async request(method, params) {
      const { result, error } = await talk.request(method, params) as { result?: unknown; error?: ReplyError };
      if (error !== undefined) throw new RequestFailure(error.code, error.message, error.data);
      return result;
    },
  };
}

function codeHost(talk: CodeTalk, stop: Stop): CodeHost {
  let take: (text: string) => void = () => {};
  const answers = new Answers({ hasRoom: () => true, give: (text) => take(text) });
  return {
    // a timer waits for the thread that the code has
    isEnded: () => stop.stopWhenOver(),
    notify: (method, params) => talk.notify(method, params),
    ask(asks) {
      answers.expect(asks.length);
      for (const { id, method, text } of asks) void talk.ask(method, text).then((answer) => answers.add(id, answer));
    },
    onAnswers: (give) => void (take = give),
  };
}
