/**
 * Takes up tasks whose server is gone: those that may be repeated are run again, the others end as interrupted.
 *
 * @module
 */
import {
  createCall,
  type Disposer,
  isObject,
  type JsonObject,
  type Log,
  messageOf,
  type Toolbox,
  type ToolResult,
  type ToolSummary,
} from "../../kernel/mod.ts";
import { after, type Lease, type Namespace } from "../store/contract.ts";
import { settle } from "./detachable.ts";
import { isRepeatable } from "./plan.ts";
import { interrupted, isTerminal, resumedBy, type TaskForm, type TaskRecord } from "./record.ts";
import type { Found, Records } from "./records.ts";
import type { Run } from "./run.ts";

// tools made at run time are registered some time after the start
const TOOL_WAIT_MS = 30_000;
const TOOL_LOOK_MS = 250;
// a call that ends its server each time is not repeated for ever
const MAX_RESUMED = 3;
// a lease is over a moment after its time
const MARGIN_MS = 50;

/** What is needed to take up tasks. */
export interface AdoptionOptions {
  readonly records: Records;
  readonly lease: Lease;
  /** Where servers keep their leases. */
  readonly servers: Namespace;
  readonly toolbox: Toolbox;
  readonly log: Log;
  /** Begins the run of a task. */
  run(found: Found, controller: AbortController, onOver: () => void): Run;
}

/** Looks for tasks that nobody runs, when this server starts and when another one ends. */
export class Adoption {
  readonly #options: AdoptionOptions;
  readonly #closing = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #stopTimer: (() => void) | undefined;
  #stopWatching: Disposer | undefined;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#stopWatching = await this.#options.servers.watch("", (changes) => {
      if (changes.some(({ kind }) => kind !== "set")) this.#look();
    });
    this.#look();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopTimer?.();
    await this.#stopWatching?.();
    await this.#looking;
  }

  #look(): void {
    const { log } = this.#options;
    this.#looking = this.#looking.then(() => this.#takeUpAll()).catch((thrown) => {
      if (!this.#closing.signal.aborted) log.error(`Tasks are not taken up: ${messageOf(thrown)}`, { error: thrown });
    });
  }

  async #takeUpAll(): Promise<void> {
    const { records, lease } = this.#options;
    const living = await lease.living();
    let nextDeath = Infinity;
    for await (const found of records.all()) {
      if (this.#closing.signal.aborted) return;
      const { record } = found;
      if (isTerminal(record) || record.server === lease.id) continue;
      const isLivingUntil = record.server === undefined ? undefined : living.get(record.server);
      if (isLivingUntil === undefined) await this.#takeUp(found);
      else nextDeath = Math.min(nextDeath, isLivingUntil);
    }
    this.#stopTimer?.();
    // the store tells of the end of a lease too, only later
    if (nextDeath < Infinity) this.#stopTimer = after(nextDeath - Date.now() + MARGIN_MS, () => this.#look());
  }

  async #takeUp({ key, record: { args, resumed, server } }: Found): Promise<void> {
    const { records, lease } = this.#options;
    // another server may be faster
    const isLeft = (it: TaskRecord) => !isTerminal(it) && it.server === server;
    if (args === undefined || resumed >= MAX_RESUMED) {
      await records.change(key, (it) => isLeft(it) ? interrupted(it, Date.now()) : undefined);
      return;
    }
    const leave = await lease.hold();
    let record: TaskRecord | undefined;
    try {
      record = await records.change(key, (it) => isLeft(it) ? resumedBy(it, lease.id) : undefined);
    } finally {
      if (record === undefined) leave();
    }
    if (record !== undefined) void this.#resume({ key, record }, { args, onOver: leave });
  }

  // never fails
  async #resume(
    found: Found,
    { args, onOver }: { readonly args: JsonObject; readonly onOver: () => void },
  ): Promise<void> {
    const { log, toolbox } = this.#options;
    const { client, form, principal, tool: name } = found.record;
    const controller = new AbortController();
    const { signal } = controller;
    const run = this.#options.run(found, controller, onOver);
    const tool = await this.#untilTool(name, signal);
    if (signal.aborted) return await run.interrupt();
    if (tool === undefined || !isRepeatable(tool)) {
      log.warn(
        `A call of tool "${name}" is not taken up: ${tool ? "it may not be repeated" : "there is no such tool"}`,
      );
      return await run.interrupt();
    }
    log.info(`A call of tool "${name}" is taken up where a server left it`);
    const call = createCall({ ...run.handlers, signal, principal, client, detach: () => Promise.resolve(true) });
    const result = toolbox.call(name, args, call).then((it) => resultFor(it, form));
    await run.end(await settle(result, log));
  }

  // gives up when the run ends meanwhile
  async #untilTool(name: string, signal: AbortSignal): Promise<ToolSummary | undefined> {
    for (const start = Date.now(); Date.now() - start < TOOL_WAIT_MS && !signal.aborted;) {
      const tool = this.#options.toolbox.get(name);
      if (tool !== undefined) return tool;
      await new Promise<void>((resolve) => after(TOOL_LOOK_MS, resolve));
    }
    return undefined;
  }
}

// clients before 2026-07-28 take structured content only when it is an object
function resultFor(result: ToolResult, form: TaskForm): JsonObject {
  const { structuredContent, ...rest } = result;
  return form === "legacy" && !isObject(structuredContent) ? rest : { ...result };
}
