/**
 * The tasks of this server: begun, answered, cancelled, and given up in order when it stops.
 *
 * @module
 */
import {
  type Call,
  type Disposer,
  ErrorCode,
  isObject,
  isToolError,
  type JsonObject,
  type Log,
  ProtocolError,
  type Question,
  type Toolbox,
  ToolError,
  type ToolSummary,
} from "../../kernel/mod.ts";
import { Lease, type Store } from "../store/contract.ts";
import { Adoption } from "./adoption.ts";
import { DetachableCall } from "./detachable.ts";
import { isRepeatable, type Plan } from "./plan.ts";
import { type Answer, cancelled, isTerminal, newRecord, type TaskRecord, withAnswers } from "./record.ts";
import { type Found, Records } from "./records.ts";
import { Run } from "./run.ts";

/** Bounds of tasks. */
export interface TaskLimits {
  /** Life of a task from its creation, in milliseconds, where the client asks for none. */
  readonly ttlMs: number;
  /** The longest that is granted, and the life of a job. */
  readonly maxTtlMs: number;
  /** Most tasks of a principal that are kept. */
  readonly maxTasks: number;
  /** Most tasks of a principal that this server runs at one time. */
  readonly maxRunning: number;
  /** Time after which a silent server counts as dead, in milliseconds. */
  readonly leaseMs: number;
}

/** What tasks are made with. */
export interface TasksOptions {
  readonly store: Store;
  readonly toolbox: Toolbox;
  readonly limits: TaskLimits;
  readonly log: Log;
  /** Hears of each change, whichever server made it. */
  onChange(found: Found): Promise<void>;
}

/** A tool call that may run as a task. */
export interface TaskCall {
  readonly tool: ToolSummary;
  readonly args: unknown;
  readonly call: Call;
  readonly plan: Plan;
}

/** Keeps and runs tasks. */
export class Tasks {
  readonly records: Records;
  readonly #options: TasksOptions;
  readonly #lease: Lease;
  readonly #adoption: Adoption;
  readonly #runs = new Map<string, Run>();
  /** By the id of their principal; counted before they run, since many may be begun at once. */
  readonly #running = new Map<string | undefined, number>();
  #opening: Promise<Disposer> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: TasksOptions) {
    this.#options = options;
    const servers = options.store.namespace("tasks/servers");
    this.records = new Records(options.store.namespace("tasks"));
    this.#lease = new Lease(servers, { leaseMs: options.limits.leaseMs, log: options.log });
    this.#adoption = new Adoption({
      records: this.records,
      lease: this.#lease,
      servers,
      toolbox: options.toolbox,
      log: options.log,
      run: (found, controller, onOver) => this.#run(found, controller, onOver),
    });
  }

  /**
   * Listens for changes, and takes up what other servers left behind. Every use of tasks begins with this.
   *
   * @throws {ProtocolError} when the tasks are closed.
   */
  async open(): Promise<void> {
    this.#assertOpen();
    const opening = this.#opening ??= this.#open();
    try {
      await opening;
    } catch (thrown) {
      // the next use tries again
      if (this.#opening === opening) this.#opening = undefined;
      throw thrown;
    }
  }

  async #open(): Promise<Disposer> {
    const stopWatching = await this.records.watch((found) => this.#options.onChange(found));
    await this.#adoption.open();
    return stopWatching;
  }

  /** Makes the call that a tool is to be run with. */
  detachable(asked: TaskCall): DetachableCall {
    return new DetachableCall(asked.call, {
      begin: (controller) => this.#begin(asked, controller),
      log: this.#options.log,
    });
  }

  /**
   * Finds a task of whoever calls.
   *
   * @throws {ProtocolError} `-32602`, one and the same for an id that is forged, unknown, over, or another's.
   */
  async find(call: Call, id: unknown): Promise<Found> {
    await this.open();
    const found = await this.records.find(call.principal, id);
    if (found === undefined) throw notFound();
    return found;
  }

  /**
   * Gives the result of a task; `undefined` where it has none.
   *
   * @throws {ProtocolError} as {@linkcode find} does, when it is gone by now.
   */
  async resultOf({ key, record }: Found): Promise<JsonObject | undefined> {
    if (record.status !== "completed") return undefined;
    const result = await this.records.result(key);
    if (result === undefined) throw notFound();
    return result;
  }

  /** Cancels a task, and the jobs that name it as their parent; `undefined` when it had ended already. */
  async cancel({ key, record: { principal, id } }: Found): Promise<TaskRecord | undefined> {
    const record = await this.records.change(key, (it) => isTerminal(it) ? undefined : cancelled(it, Date.now()));
    if (record === undefined) return undefined;
    this.#runs.get(key)?.abort(new ToolError("Cancelled by the client"));
    for await (const found of this.records.of(principal)) {
      if (found.record.parentJobId === id && !isTerminal(found.record)) await this.cancel(found);
    }
    return record;
  }

  /** Answers open questions of a task; whichever server runs it goes on with the answers. */
  async answer({ key }: Found, answerTo: (key: string, question: Question) => Answer | undefined): Promise<void> {
    const record = await this.records.change(key, (it) => withAnswers(it, answerTo));
    if (record !== undefined) this.records.announce(key, record);
  }

  /** Forgets tasks of a principal that ended before a time; gives how many. */
  async forget(call: Call, endedBefore: number): Promise<number> {
    await this.open();
    let removed = 0;
    for await (const { key, record } of this.records.of(call.principal)) {
      if (!isTerminal(record) || (record.endedAt ?? record.updatedAt) > endedBefore) continue;
      await this.records.remove(key);
      removed++;
    }
    return removed;
  }

  /** Ends the calls that run as tasks, and leaves them to the next server, or marks them as interrupted. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const adopting = this.#adoption.close();
    await this.#releaseAll();
    await adopting;
    // what was taken up meanwhile
    await this.#releaseAll();
    const stopWatching = await this.#opening?.catch(() => undefined);
    await stopWatching?.();
    await this.#lease.release();
  }

  async #releaseAll(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.release()));
  }

  async #begin({ tool, args, call, plan }: TaskCall, controller: AbortController): Promise<Run> {
    const undo: (() => void)[] = [];
    const onOver = () => {
      for (const step of undo) step();
    };
    try {
      undo.push(this.#reserve(call));
      await this.open();
      undo.push(await this.#lease.hold());
      await this.#assertRoom(call);
      const found = await this.records.create(newRecord(this.#seed({ tool, args, call, plan }), Date.now()));
      if (!controller.signal.aborted && this.#closing === undefined) return this.#run(found, controller, onOver);
      await this.records.remove(found.key);
      throw new ProtocolError(ErrorCode.internalError, "Cancelled before the task began");
    } catch (thrown) {
      onOver();
      throw isToolError(thrown) ? new ProtocolError(ErrorCode.internalError, thrown.message) : thrown;
    }
  }

  #seed({ tool, args, call, plan }: TaskCall): Parameters<typeof newRecord>[0] {
    const { ttlMs, maxTtlMs } = this.#options.limits;
    const wanted = plan.form === "job" ? maxTtlMs : plan.ttlMs ?? ttlMs;
    return {
      form: plan.form,
      tool: tool.name,
      client: call.client,
      principal: call.principal,
      args: isRepeatable(tool) ? isObject(args) ? args : {} : undefined,
      parentJobId: plan.parentJobId,
      ttlMs: Math.max(1, Math.min(Math.ceil(wanted), maxTtlMs)),
      server: this.#lease.id,
    };
  }

  #run(found: Found, controller: AbortController, onOver: () => void): Run {
    const run = new Run(found, {
      records: this.records,
      server: this.#lease.id,
      controller,
      log: this.#options.log,
      onOver: () => {
        this.#runs.delete(found.key);
        onOver();
      },
    });
    this.#runs.set(found.key, run);
    return run;
  }

  // takes a place among the running tasks of a principal; the function it gives frees it
  #reserve({ principal }: Call): () => void {
    const { maxRunning } = this.#options.limits;
    const count = this.#running.get(principal?.id) ?? 0;
    if (count >= maxRunning) {
      throw new ToolError(`Cannot start a task: ${count} are running, which is the limit; wait for one, or cancel it`);
    }
    this.#running.set(principal?.id, count + 1);
    return () => {
      const left = this.#running.get(principal?.id)! - 1;
      if (left === 0) this.#running.delete(principal?.id);
      else this.#running.set(principal?.id, left);
    };
  }

  async #assertRoom({ principal }: Call): Promise<void> {
    const { maxTasks } = this.#options.limits;
    if (await this.records.count(principal, maxTasks) < maxTasks) return;
    throw new ToolError(
      `Cannot start a task: ${maxTasks} are kept, which is the limit; call jobs_cleanup to forget those that have ended`,
    );
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new ProtocolError(ErrorCode.internalError, "Cannot serve tasks: the server is stopping");
  }
}

/** The error that answers every id which names no task of whoever asks. */
export function notFound(): ProtocolError {
  return new ProtocolError(ErrorCode.invalidParams, "Task not found");
}
