/**
 * The runs of this server: others see them as taken while its lease lasts, and tell it what to end through the store.
 *
 * @module
 */
import { type Call, type Disposer, type Log, ToolError } from "../../../kernel/mod.ts";
import type { Change, Lease, Namespace, Operation } from "../../store/contract.ts";
import type { RunStopped } from "../engine/journal.ts";
import { ActiveRun } from "./active_run.ts";
import type { Execute, FinishedRun } from "./execution.ts";
import type { RunMemory } from "./kept_steps.ts";
import { Ledger } from "./ledger.ts";
import { HEADS, type RunPlace } from "./places.ts";
import { hasEnded, type RunHead, type RunRecord } from "./record.ts";

// steps that do not end when they are told to are left behind
const STOP_MS = 5_000;

/** What the runs of a server need. */
export interface ActiveRunsOptions {
  readonly entries: Namespace;
  readonly lease: Lease;
  /** Of one run that is no part of another, with those within it. */
  readonly mostCharacters: number;
  readonly log: Log;
  readonly now: () => number;
}

/** A run that this server is to run. */
export interface RunToActivate {
  readonly record: RunRecord;
  readonly place: RunPlace;
  readonly head: RunHead;
  /** Of its head in the store; 0 where there is none yet. */
  readonly version: number;
  readonly memory: RunMemory;
  readonly redo: boolean;
  /** What is to be written with its head, or before its first step begins. */
  readonly first?: readonly Operation[] | undefined;
  /** Why nothing of it is run. */
  readonly refusal?: RunStopped | undefined;
  /** The run that it is a part of. */
  readonly outer: ActiveRun | undefined;
}

/** How a run is held. */
export interface HoldOptions {
  /** Makes what is to be run, once it is held. */
  make(): Promise<RunToActivate>;
  readonly execute: Execute;
  readonly call: Call;
}

/** Keeps the runs that this server runs. */
export class ActiveRuns {
  readonly #options: ActiveRunsOptions;
  readonly #runs = new Map<string, ActiveRun>();
  /** Ids of runs that are here, or are being taken up. */
  readonly #held = new Set<string>();
  #watching: Promise<Disposer> | undefined;
  #isClosed = false;

  constructor(options: ActiveRunsOptions) {
    this.#options = options;
  }

  /** Gives a run that this server runs. */
  get(id: string): ActiveRun | undefined {
    return this.#runs.get(id);
  }

  /** Gives a test of whether a server runs a run. */
  async served(): Promise<(head: RunHead) => boolean> {
    const { lease } = this.#options;
    const living = await lease.living();
    return (head) => !hasEnded(head) && (head.server === lease.id ? this.#held.has(head.id) : living.has(head.server));
  }

  /**
   * Runs what `make` gives, and holds it until that is over.
   *
   * @throws {ToolError} when it is held already, or the server is stopping; and what `make` throws.
   */
  async hold(id: string, { make, execute, call }: HoldOptions): Promise<FinishedRun> {
    if (this.#isClosed) throw new ToolError("Cannot run a pipeline: the server is stopping");
    if (this.#held.has(id)) throw new ToolError(`Cannot resume run ${id}: this server is running it`);
    this.#held.add(id);
    const undo: (() => void)[] = [() => void this.#held.delete(id)];
    try {
      undo.push(await this.#options.lease.hold());
      await this.#watch();
      const run = this.#activate(await make());
      undo.push(() => void this.#runs.delete(id));
      return await run.run(execute, call);
    } finally {
      for (const step of undo.reverse()) step();
    }
  }

  /** Ends all as interrupted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const runs = [...this.#runs.values()];
    for (const run of runs) run.end("stopping");
    if (runs.length > 0) await untilSettled(runs);
    await Promise.all([...this.#runs.values()].map((run) => run.abandon()));
    await (await this.#watching?.catch(() => undefined))?.();
  }

  #activate(options: RunToActivate): ActiveRun {
    const { entries, log, now, mostCharacters } = this.#options;
    const { record, place, head, version, outer, first = [] } = options;
    const ledger: Ledger = new Ledger({
      entries,
      log,
      key: place.head,
      head,
      version,
      outer: outer?.ledger,
      mostCharacters,
      onCancel: () => run.end("cancelled"),
      onLost: () => run.end("lost"),
    });
    const run: ActiveRun = new ActiveRun({ ...options, ledger, log, now });
    for (const operation of first) ledger.add(operation);
    this.#runs.set(record.id, run);
    if (this.#isClosed) run.end("stopping");
    return run;
  }

  async #watch(): Promise<void> {
    const watching = this.#watching ??= this.#options.entries.watch(HEADS, (changes) => this.#hear(changes));
    try {
      await watching;
    } catch (thrown) {
      // the next run tries again
      if (this.#watching === watching) this.#watching = undefined;
      throw thrown;
    }
  }

  async #hear(changes: readonly Change[]): Promise<void> {
    for (const { ledger } of [...this.#runs.values()]) {
      const isChanged = changes.some(({ kind, key, version }) =>
        kind === "missed" || (key === ledger.key && version !== ledger.version)
      );
      if (isChanged) await ledger.refresh();
    }
  }
}

async function untilSettled(runs: readonly ActiveRun[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, STOP_MS));
  await Promise.race([Promise.all(runs.map((run) => run.settled)), late]);
  clearTimeout(timer);
}
