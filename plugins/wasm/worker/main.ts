/**
 * The module of a worker that runs artifacts, one after the other.
 *
 * @module
 */
import type { WorkerMain, WorkerScope } from "../../../kernel/mod.ts";
import { Kept } from "./kept.ts";
import type { BundleRun, ModuleRun, RunOutcome, ToWorker } from "./messages.ts";
import { runModule } from "./module_run.ts";
import { ReplyReader } from "./reply_channel.ts";
import { WorkerBundleHost, WorkerModuleHost } from "./run_host.ts";

/** Serves the runs of one worker. */
class RunServer {
  readonly #scope: WorkerScope;
  readonly #modules = new Kept<WebAssembly.Module>();
  readonly #bundles = new Kept<string>();
  #replies: ReplyReader | undefined;
  /** Of the bundle that runs. */
  #bundleHost: WorkerBundleHost | undefined;

  constructor(scope: WorkerScope) {
    this.#scope = scope;
  }

  take(message: ToWorker): void {
    if (message.kind === "reply") return this.#bundleHost?.settle(message.id, message);
    if (message.replies !== undefined) {
      this.#replies = new ReplyReader(message.replies, {
        askForMore: () => this.#scope.post({ kind: "more" }),
        checkEnd: () => this.#scope.checkEnd(),
      });
    }
    if (message.kind === "module") this.#finish(this.#runModule(message));
    else void this.#runBundle(message).then((outcome) => this.#finish(outcome));
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
}

// the kernel has this as well, and is not needed for anything else in a worker
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const main: WorkerMain = (scope) => {
  const server = new RunServer(scope);
  scope.listen((message) => server.take(message as ToWorker));
};

export default main;
