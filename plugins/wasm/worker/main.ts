/**
 * The module of a worker that runs artifacts, one after the other.
 *
 * @module
 */
import type { WorkerMain, WorkerScope } from "../../../kernel/mod.ts";
import { AskWriter } from "./ask_channel.ts";
import { Kept } from "./kept.ts";
import type { BundleRun, CodeTask, ModuleRun, RunOutcome, ToWorker } from "./messages.ts";
import { runModule } from "./module_run.ts";
import { ReplyReader } from "./reply_channel.ts";
import { WorkerBundleHost, WorkerCodeHost, WorkerModuleHost } from "./run_host.ts";

/** Serves the runs of one worker. */
class RunServer {
  readonly #scope: WorkerScope;
  readonly #modules = new Kept<WebAssembly.Module>();
  readonly #bundles = new Kept<string>();
  readonly #replies: ReplyReader;
  readonly #asks: AskWriter;
  /** Of the bundle that runs. */
  #bundleHost: WorkerBundleHost | undefined;

  constructor(scope: WorkerScope, { memory, asks }: Extract<ToWorker, { readonly kind: "channel" }>) {
    this.#scope = scope;
    this.#asks = new AskWriter(asks);
    this.#replies = new ReplyReader(memory, {
      askForMore: () => scope.post({ kind: "more" }),
      checkEnd: () => scope.checkEnd(),
    });
  }

  take(message: Exclude<ToWorker, { readonly kind: "channel" }>): void {
    if (message.kind === "answer") return this.#bundleHost?.settle(message.id, message.text);
    if (message.kind === "module") this.#finish(this.#runModule(message));
    else {
      const running = message.kind === "bundle" ? this.#runBundle(message) : this.#runCode(message);
      // whoever needs the engine is told why there is none
      void running.then((outcome) => this.#finish(outcome)).then(() => readyEngine(message)).catch(() => {});
    }
  }

  #finish(outcome: RunOutcome): void {
    this.#scope.post({ kind: "finished", outcome });
  }

  #runModule({ module: given, ...run }: ModuleRun): RunOutcome {
    const module = this.#modules.use(run.digest, given);
    try {
      if (module === undefined) throw new Error("the worker was not sent its module");
      return runModule({ ...run, module }, new WorkerModuleHost(this.#scope, this.#replies));
    } catch (error) {
      return { kind: "trap", reason: reasonOf(error) };
    }
  }

  async #runBundle({ bundle: given, ...run }: BundleRun): Promise<RunOutcome> {
    const bundle = this.#bundles.use(run.digest, given);
    try {
      if (bundle === undefined) throw new Error("the worker was not sent its bundle");
      this.#bundleHost = new WorkerBundleHost(this.#scope, this.#replies);
      // the engine is large, and most workers need none
      const { runBundle } = await import("./bundle_run.ts");
      return await runBundle({ ...run, bundle }, this.#bundleHost);
    } catch (error) {
      return { kind: "trap", reason: reasonOf(error) };
    } finally {
      this.#bundleHost = undefined;
    }
  }

  async #runCode(task: CodeTask): Promise<RunOutcome> {
    try {
      const { runCode } = await import("./code_run.ts");
      return await runCode(task, new WorkerCodeHost(this.#scope, { replies: this.#replies, asks: this.#asks }));
    } catch (error) {
      return { kind: "trap", reason: reasonOf(error) };
    }
  }
}

/** Readies the engine for the next run, once the outcome of this one is sent. */
async function readyEngine({ memoryBytes }: BundleRun | CodeTask): Promise<void> {
  const { readyMachine } = await import("./javascript/kept_machine.ts");
  readyMachine(memoryBytes);
}

// the kernel has this as well, and is not needed for anything else in a worker
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const main: WorkerMain = (scope) => {
  let server: RunServer | undefined;
  scope.listen((given) => {
    const message = given as ToWorker;
    if (message.kind === "channel") server = new RunServer(scope, message);
    else server?.take(message);
  });
};

export default main;
