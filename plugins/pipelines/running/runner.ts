/**
 * Runs pipelines: the engine over the tools of this server, with runs that are kept.
 *
 * @module
 */
import { type Call, type JsonObject, type Log, type Toolbox, ToolError } from "../../../kernel/mod.ts";
import type { ToolLibrary } from "../../library/contract.ts";
import type { Store } from "../../store/contract.ts";
import { CallMark } from "../call_mark.ts";
import { type EngineLimits, runPipeline, type StepCount } from "../engine/engine.ts";
import type { Journal } from "../engine/journal.ts";
import { formatProblem } from "../problems.ts";
import { readSteps } from "../read_steps.ts";
import { type Execute, type FinishedRun, type RunLimits, type RunListener, Runs } from "../runs/runs.ts";
import type { StoredPipeline } from "../stored.ts";
import { ResultCache } from "./step_cache.ts";
import { makeStepTools } from "./step_tools.ts";

/** What pipelines are run with. */
export interface RunnerOptions {
  readonly toolbox: Toolbox;
  readonly library: ToolLibrary;
  readonly store: Store;
  readonly log: Log;
  readonly limits: { readonly engine: EngineLimits; readonly runs: Partial<RunLimits> };
  /** Hears that something of a run changed. */
  readonly onChange: (run: string) => void;
}

/** How a run is taken up. */
export interface ResumeOptions {
  readonly call: Call;
  /** Runs a step again that was in flight when its server died, though it may have taken effect. */
  readonly redo: boolean;
}

/** Runs pipelines. A server makes one. */
export class PipelineRunner {
  /** What was run. */
  readonly runs: Runs;
  /** Who wants to hear of the run that a call comes to, beside the result of the tool. */
  readonly listeners: CallMark<RunListener> = new CallMark();
  readonly #options: RunnerOptions;
  readonly #cache: ResultCache;
  /** Of the runs that are running, by id; those within a run count with it. */
  readonly #counts = new Map<string, StepCount>();

  constructor(options: RunnerOptions) {
    const { store, log, limits } = options;
    this.#options = options;
    this.#cache = new ResultCache(options);
    this.runs = new Runs({ store, log, limits: limits.runs });
  }

  /**
   * Runs a pipeline.
   *
   * @throws {ToolError} when the run cannot be kept; a run that failed is given like any other.
   */
  async run({ name, version, steps, output }: StoredPipeline, input: JsonObject, call: Call): Promise<FinishedRun> {
    const plan = { steps, ...(output !== undefined && { output }) };
    const finished = await this.runs.start({ name, version, plan }, { input, call, execute: this.#execute });
    return this.#ended(finished, call);
  }

  /**
   * Goes on with a run where it was.
   *
   * @throws {ToolError} when there is no such run, or it cannot be resumed.
   */
  async resume(id: string, { call, redo }: ResumeOptions): Promise<FinishedRun> {
    const pipeline = await this.runs.pipelineOf(id, call);
    // as if the pipeline was called by its name, in place of the tool that resumes it
    const within = call.derive({ path: [...call.path.slice(0, -1), pipeline] });
    return this.#ended(await this.runs.resume(id, { call: within, redo, execute: this.#execute }), within);
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    await this.runs.close();
  }

  #ended(finished: FinishedRun, call: Call): FinishedRun {
    this.#options.onChange(finished.run.id);
    this.listeners.of(call)?.(finished);
    return finished;
  }

  readonly #execute: Execute = async ({ id, plan, input, parent }, { journal, call }) => {
    const { toolbox, limits, onChange } = this.#options;
    onChange(id);
    const { steps, problems } = await readSteps(plan.steps);
    if (problems.hasErrors) {
      throw new ToolError(`its steps are not well formed: ${problems.all().map(formatProblem).join("; ")}`);
    }
    const count = (parent && this.#counts.get(parent.run)) ?? { steps: 0 };
    this.#counts.set(id, count);
    try {
      return await runPipeline({ steps, output: plan.output }, {
        input,
        journal: telling(journal, () => onChange(id)),
        tools: makeStepTools({ toolbox, runs: this.runs, listeners: this.listeners, run: id }),
        cache: this.#cache.of(call.principal?.id),
        call,
        limits: limits.engine,
        count,
      });
    } finally {
      this.#counts.delete(id);
    }
  };
}

/** Makes a journal that tells of what is written into it. */
function telling(journal: Journal, tell: () => void): Journal {
  return {
    finished: (key) => journal.finished(key),
    async begin(step) {
      await journal.begin(step);
      tell();
    },
    async finish(step) {
      await journal.finish(step);
      tell();
    },
  };
}
