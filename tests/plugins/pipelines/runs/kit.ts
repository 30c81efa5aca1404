/**
 * Servers with runs, over a store that they share: their tools count their calls, and each can die at any of its writes.
 *
 * @module
 */
import { type Call, createCall, type JsonObject, LOCAL_PRINCIPAL, ToolError } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { runPipeline, RunStopped, type StepTools } from "../../../../plugins/pipelines/engine/engine.ts";
import { readSteps } from "../../../../plugins/pipelines/read_steps.ts";
import { type Execute, type FinishedRun, type RunLimits, Runs } from "../../../../plugins/pipelines/runs/runs.ts";
import type { Namespace, Store } from "../../../../plugins/store/contract.ts";
import { defer } from "../../../support/wait.ts";

/** The call of the user of this machine. */
export const LOCAL: Call = createCall({ principal: LOCAL_PRINCIPAL, path: ["pipe_main"] });

/** A tool of steps: its name begins with `again` if it may be repeated. */
export type TestTool = (args: JsonObject, call: Call) => unknown;

/** A pipeline, by name. */
export interface TestPipeline {
  readonly steps: readonly JsonObject[];
  readonly output?: unknown;
}

/** What a server is started with. */
export interface ServerOptions {
  readonly store: Store;
  readonly tools: Readonly<Record<string, TestTool>>;
  /** Their names begin with `pipe_`. */
  readonly pipelines: Readonly<Record<string, TestPipeline>>;
  readonly limits?: Partial<RunLimits>;
  readonly now?: () => number;
}

/** A server that runs pipelines. */
export class TestServer {
  readonly runs: Runs;
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    const { store, limits, now } = options;
    this.#options = options;
    this.runs = new Runs({ store, log: fakeLog(), ...(limits && { limits }), ...(now && { now }) });
  }

  start(name: string, { input = {}, call = LOCAL }: { input?: JsonObject; call?: Call } = {}): Promise<FinishedRun> {
    const pipeline = this.#options.pipelines[name];
    if (pipeline === undefined) throw new Error(`no pipeline ${name}`);
    return this.runs.start({ name, plan: pipeline }, { input, call, execute: this.#execute });
  }

  resume(id: string, { redo = false, call = LOCAL }: { redo?: boolean; call?: Call } = {}): Promise<FinishedRun> {
    return this.runs.resume(id, { call, redo, execute: this.#execute });
  }

  readonly #execute: Execute = async ({ id, plan, input }, { journal, call }) => {
    const { steps, problems } = await readSteps(plan.steps);
    if (problems.hasErrors) throw new Error(JSON.stringify(problems.all()));
    const { output } = plan;
    return await runPipeline({ steps, ...(output !== undefined && { output }) }, {
      input,
      journal,
      tools: this.#stepTools(id),
      call,
    });
  };

  #stepTools(run: string): StepTools {
    return {
      call: async (name, args, { call, key }) => {
        const marked = this.runs.callOf({ run, key }, call);
        const inner = marked.derive({ path: [...marked.path, name] });
        if (!name.startsWith("pipe_")) {
          const value = await this.#options.tools[name]!(args, inner);
          return value === undefined ? null : value;
        }
        const { run: { status, error }, output } = await this.start(name, { input: args, call: inner });
        if (status === "completed") return output;
        throw status === "interrupted" ? new RunStopped(error!) : new ToolError(error ?? "failed");
      },
      isRepeatable: (name) => name.startsWith("again") || name.startsWith("pipe_"),
    };
  }
}

/** What never comes. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}

const WRITES: ReadonlySet<string> = new Set(["set", "compareAndSet", "delete", "increment", "batch", "deletePrefix"]);

/** When a server dies: at the write of this number, from 1, before it is done or after. */
export interface Death {
  readonly write: number;
  readonly isDone: boolean;
}

/** A store as one process sees it, that may die. */
export class MortalStore implements Store {
  readonly namespaces: Store["namespaces"];
  readonly #store: Store;
  readonly #death: Death | undefined;
  readonly #died = defer();
  /** Whether the process hears nothing of what others change. */
  isDeaf = false;
  /** How many writes there were, those of leases aside. */
  writes = 0;
  isDead = false;

  constructor(store: Store, death?: Death) {
    this.#store = store;
    this.#death = death;
    this.namespaces = (options) => store.namespaces(options);
  }

  /** Settles when it dies. */
  get died(): Promise<void> {
    return this.#died.promise;
  }

  /** Ends the process: nothing that it asks for is answered. Others see at once that it is gone. */
  async die(): Promise<void> {
    this.isDead = true;
    await this.#store.namespace("pipelines/servers").deletePrefix("");
    this.#died.resolve();
  }

  namespace(name: string): Namespace {
    const inner = this.#store.namespace(name);
    return new Proxy(inner, {
      get: (target, property) => {
        const method = Reflect.get(target, property) as unknown;
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          if (this.isDead) return await never();
          if (this.isDeaf && property === "watch") return () => {};
          const isCounted = name === "pipelines/runs" && WRITES.has(String(property));
          const isLast = isCounted && ++this.writes === this.#death?.write;
          if (isLast && !this.#death!.isDone) return await this.die().then(() => never());
          const result = await (method as (...args: unknown[]) => unknown).apply(target, args);
          if (isLast) await this.die();
          return this.isDead ? await never() : result;
        };
      },
    });
  }
}
