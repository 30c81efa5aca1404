/**
 * Durable runs of pipelines: a run that is cut off, at whatever moment, goes on from the last step that finished.
 *
 * A run belongs to the principal that started it, and to one server at a time. That server has a lease; when it is over
 * another server may take the run up, which fences the first one (see `Ledger`). A pipeline that is a step of another one
 * has a run of its own, and goes on where it was when the outer one does.
 *
 * @module
 */
import { type Call, type JsonObject, type Log, ToolError } from "../../../kernel/mod.ts";
import { DAY_MS } from "../../library/contract.ts";
import { Lease, type Namespace, type Operation, type Page, type Store } from "../../store/contract.ts";
import { CallMark } from "../call_mark.ts";
import { RunStopped } from "../engine/journal.ts";
import type { ActiveRun } from "./active_run.ts";
import { ActiveRuns, type HoldOptions, type RunToActivate } from "./active_runs.ts";
import { cancelRun } from "./cancellation.ts";
import type { FinishedRun, PipelineToRun, ResumeOptions, StartOptions } from "./execution.ts";
import { cutText } from "./kept_journal.ts";
import { readMemory, type RunMemory } from "./kept_steps.ts";
import { ownerOf, placeOf } from "./places.ts";
import {
  newRunId,
  type RunHead,
  type RunRecord,
  type RunStep,
  type RunSummary,
  shownRun,
  type StepOfRun,
  summaryOf,
} from "./record.ts";
import { type FoundRun, type KeptChild, type Made, type RunFilter, RunRecords } from "./records.ts";
import { Retention } from "./retention.ts";

export type { Execute, FinishedRun, PipelineToRun, ResumeOptions, RunListener, StartOptions } from "./execution.ts";
export type { RunPlan, RunRecord, RunStatus, RunStep, RunSummary, StepOfRun } from "./record.ts";
export type { RunFilter } from "./records.ts";

/** Bounds of runs. */
export interface RunLimits {
  /** How long a run is kept after its end, in milliseconds; seven days by default. */
  readonly keptMs: number;
  /** Most runs of a principal that are kept, runs within runs aside; 1,000 by default. A few more may be, for a while. */
  readonly keptRuns: number;
  /**
   * About how much of a principal's runs is kept, in bytes; 1 GiB by default. The oldest give way; a single run is ended
   * at a quarter of it.
   */
  readonly keptBytes: number;
  /** Time after which a silent server counts as dead, in milliseconds; 15,000 by default. */
  readonly leaseMs: number;
}

/** What runs are made with. */
export interface RunsOptions {
  readonly store: Store;
  readonly log: Log;
  readonly limits?: Partial<RunLimits>;
  /** Gives the time, in milliseconds since 1970. */
  readonly now?: () => number;
}

const LIMITS: RunLimits = { keptMs: 7 * DAY_MS, keptRuns: 1_000, keptBytes: 2 ** 30, leaseMs: 15_000 };
// of what is kept of all runs, the part that one may come to
const SHARE_OF_ONE = 4;
const NOTHING: RunMemory = { finished: new Map(), cut: new Map() };
// named in messages
const MOST_CUT = 20;

/** Starts, resumes, cancels and shows runs. A server makes one. */
export class Runs {
  readonly #now: () => number;
  readonly #entries: Namespace;
  readonly #records: RunRecords;
  readonly #lease: Lease;
  readonly #active: ActiveRuns;
  readonly #retention: Retention;
  /** Which step of which run a call comes from. */
  readonly #steps = new CallMark<StepOfRun>();

  constructor({ store, log, limits, now = Date.now }: RunsOptions) {
    const { keptMs, keptRuns, keptBytes, leaseMs } = { ...LIMITS, ...limits };
    const entries = store.namespace("pipelines/runs");
    this.#now = now;
    this.#entries = entries;
    this.#records = new RunRecords(entries);
    this.#lease = new Lease(store.namespace("pipelines/servers"), { leaseMs, log });
    const mostCharacters = keptBytes / SHARE_OF_ONE;
    this.#active = new ActiveRuns({ entries, lease: this.#lease, mostCharacters, log, now });
    const served = () => this.#active.served();
    this.#retention = new Retention({ entries, keptMs, keptRuns, keptCharacters: keptBytes, log, now, served });
  }

  /**
   * Runs a pipeline; as a part of another run, where the call is one of {@linkcode callOf}. A run that fails is in what
   * it gives.
   *
   * @throws {ToolError} when nothing can be run, since the server is stopping or the store fails.
   */
  async start(pipeline: PipelineToRun, { input, call, execute }: StartOptions): Promise<FinishedRun> {
    const step = this.#steps.of(call);
    const outer = step && this.#active.get(step.run);
    const within = outer && { outer, key: step.key };
    const earlier = within && await this.#earlier({ ...within, pipeline, input });
    if (earlier !== undefined) return await this.#goOn(earlier, { call, execute, redo: within!.outer.redo, within });
    const id = newRunId(this.#now(), outer?.record.id);
    const make = async (): Promise<RunToActivate> => {
      const place = placeOf(await ownerOf(call.principal), id)!;
      const head = this.#newHead(id, { pipeline, call, parent: within && step });
      const made: Made = { input, plan: pipeline.plan };
      const first: Operation[] = [{ type: "set", key: place.made, value: made }];
      if (within) first.push(childOf(within, id));
      else this.#retention.noteBegin();
      const record: RunRecord = { ...summaryOf(head), ...made };
      return { record, place, head, version: 0, first, memory: NOTHING, redo: false, outer };
    };
    return await this.#run(id, { make, call, execute });
  }

  /**
   * Goes on with a run where it was. Where steps were in flight that may not be repeated, it is left `interrupted`, and
   * what it gives says so.
   *
   * @throws {ToolError} when there is no such run, it has completed, or a server runs it.
   */
  async resume(id: string, { call, execute, redo = false }: ResumeOptions): Promise<FinishedRun> {
    const found = await this.#records.find(id, call);
    if (found.head.status === "completed") throw new ToolError(`Cannot resume run ${id}: it has completed`);
    return await this.#goOn(found, { call, execute, redo, within: undefined });
  }

  /**
   * Ends a run, whichever server runs it, and the runs within it; gives what it is once that is done.
   *
   * @throws {ToolError} when there is no such run, or it has ended.
   */
  async cancel(id: string, call: Call): Promise<RunSummary> {
    const { head } = await cancelRun(id, {
      call,
      entries: this.#entries,
      records: this.#records,
      active: this.#active,
      now: this.#now,
    });
    return shownRun(head, await this.#active.served());
  }

  /** Lists the runs of whoever calls, the newest first; those that are parts of others are not listed. */
  async list(filter: RunFilter, { principal }: Call): Promise<Page<RunSummary>> {
    const isServed = await this.#active.served();
    return await this.#records.list(filter, {
      owner: await ownerOf(principal),
      show: (head) =>
        head.isRemoved || (!isServed(head) && this.#retention.isOver(head)) ? undefined : shownRun(head, isServed),
    });
  }

  /**
   * Gives a run of whoever calls.
   *
   * @throws {ToolError} when there is no such run.
   */
  async get(id: string, call: Call): Promise<RunRecord> {
    const found = await this.#records.find(id, call);
    const { input, plan } = await this.#records.made(found);
    const shown = shownRun(found.head, await this.#active.served());
    const isLeft = shown.status !== found.head.status;
    const cut = isLeft ? await this.#records.inFlight(found, { most: MOST_CUT }) : [];
    return { ...shown, ...(cut.length > 0 && { error: cutText(cut) }), input, plan };
  }

  /**
   * Gives the name of the pipeline that a run is of.
   *
   * @throws {ToolError} when there is no such run.
   */
  async pipelineOf(id: string, call: Call): Promise<string> {
    return (await this.#records.find(id, call)).head.pipeline;
  }

  /**
   * Gives the steps of a run in the order of their places, 1,000 at most of a page.
   *
   * @throws {ToolError} when there is no such run.
   */
  async steps(
    id: string,
    { call, ...page }: { readonly call: Call; readonly limit?: number; readonly cursor?: string },
  ): Promise<Page<RunStep>> {
    const found = await this.#records.find(id, call);
    // before the steps are read: in a run that ends meanwhile none is running
    const isServed = (await this.#active.served())(found.head);
    const { items, cursor } = await this.#records.steps(found, page);
    if (isServed) return { items, cursor };
    const shown = items.map((it): RunStep => it.status === "running" ? { ...it, status: "interrupted" } : it);
    return { items: shown, cursor };
  }

  /**
   * Gives the output of a step, or without a key that of the run; `undefined` where there is none.
   *
   * @throws {ToolError} when there is no such run.
   */
  async output(id: string, { call, key }: { readonly call: Call; readonly key?: string }): Promise<unknown> {
    return await this.#records.output(await this.#records.find(id, call), key);
  }

  /**
   * Makes the call with which a step calls its tool: if that is a pipeline, its run is a part of this one. The tools that
   * it calls have nothing of that, and no client can claim it.
   */
  callOf(step: StepOfRun, call: Call): Call {
    return this.#steps.put(call, step);
  }

  /** Ends what runs here as interrupted, so that it can be resumed. To be called before tools are ended otherwise. */
  async close(): Promise<void> {
    await this.#active.close();
    await this.#retention.close();
    await this.#lease.release();
  }

  async #goOn(asked: FoundRun, { call, execute, redo, within }: GoOnOptions): Promise<FinishedRun> {
    const { id, status } = asked.head;
    const made = await this.#records.made(asked);
    if (status === "completed") {
      // its step was cut off, and nothing of it is left to do
      const output = await this.#records.output(asked, undefined);
      return { run: { ...summaryOf(asked.head), ...made }, output: output ?? null };
    }
    const make = async (): Promise<RunToActivate> => {
      const found = await this.#take(asked, { call, within });
      const { place, head, version } = found;
      // nobody else writes any more: what is read now stays as it is
      const memory = await readMemory(this.#entries, place);
      const cut = redo ? [] : await this.#records.inFlight(found, { memory, most: MOST_CUT });
      const record: RunRecord = { ...summaryOf(head), ...made };
      const first = within && [childOf(within, id)];
      const refusal = cut.length === 0 ? undefined : new RunStopped(cutText(cut));
      return { record, place, head, version, first, memory, redo, refusal, outer: within?.outer };
    };
    return await this.#run(id, { make, call, execute });
  }

  async #run(id: string, options: HoldOptions): Promise<FinishedRun> {
    const finished = await this.#active.hold(id, options);
    const { parent, characters = 0 } = finished.run;
    if (parent === undefined) this.#retention.noteEnd(characters);
    return finished;
  }

  // makes this server the one that has a run
  async #take(asked: FoundRun, { call, within }: Pick<GoOnOptions, "call" | "within">): Promise<FoundRun> {
    const { id } = asked.head;
    for (let found = asked;; found = await this.#records.find(id, call)) {
      const { head: { endedAt: _ended, error: _error, failedStep: _failed, isCancelled: _cancelled, ...rest } } = found;
      const why = rest.status === "completed" ? "it has completed" : await this.#whyHeld(found.head, within);
      if (why !== undefined) throw new ToolError(`Cannot resume run ${id}: ${why}`);
      const more = { updatedAt: this.#now(), server: this.#lease.id, attempt: rest.attempt + 1 };
      const head: RunHead = { ...rest, ...more, status: "running" };
      const ifVersion = found.version;
      const version = await this.#entries.compareAndSet(found.place.head, head, { ifVersion });
      if (version !== undefined) return { ...found, head, version };
    }
  }

  async #whyHeld(head: RunHead, within: Within | undefined): Promise<string | undefined> {
    // whoever has the outer run may take the inner one from the server that had both
    if (within !== undefined || head.server === this.#lease.id) return undefined;
    if (!(await this.#active.served())(head)) return undefined;
    const why = `server ${head.server} is running it`;
    const until = (await this.#lease.living()).get(head.server);
    if (until === undefined) return why;
    const seconds = Math.max(Math.ceil((until - Date.now()) / 1_000), 1);
    return `${why}; if that one was killed, this is known in ${seconds} s at most: try again then`;
  }

  // the run that a step started in an earlier attempt at the outer run, if it is the same that is asked for now
  async #earlier({ outer, key, pipeline, input }: Within & { pipeline: PipelineToRun; input: JsonObject }) {
    const { attempt } = outer.record;
    if (attempt === 1) return undefined;
    const child = await this.#records.child(outer.place, key);
    // of this attempt: the step is tried again, and begins anew
    if (child === undefined || child.attempt >= attempt) return undefined;
    const found = await this.#records.find(child.run, outer.record);
    const made = await this.#records.made(found);
    const isSame = found.head.pipeline === pipeline.name && JSON.stringify(made.input) === JSON.stringify(input);
    return isSame ? found : undefined;
  }

  #newHead(
    id: string,
    { pipeline: { name, version }, call: { principal }, parent }: {
      readonly pipeline: PipelineToRun;
      readonly call: Call;
      readonly parent: StepOfRun | undefined;
    },
  ): RunHead {
    const now = this.#now();
    return {
      id,
      pipeline: name,
      ...(version !== undefined && { version }),
      ...(principal !== undefined && { principal }),
      status: "running",
      startedAt: now,
      updatedAt: now,
      server: this.#lease.id,
      attempt: 1,
      ...(parent && { parent }),
    };
  }
}

/** The step that a run is a part of. */
interface Within {
  readonly outer: ActiveRun;
  readonly key: string;
}

interface GoOnOptions extends Omit<StartOptions, "input"> {
  readonly redo: boolean;
  readonly within: Within | undefined;
}

// notes which run a step started, and in which attempt at the outer one
function childOf({ outer, key }: Within, run: string): Operation {
  const child: KeptChild = { key, run, attempt: outer.record.attempt };
  return { type: "set", key: outer.place.child(key), value: child };
}
