/**
 * Tasks in the store: one entry each, below whoever it belongs to, and one for its result. Whoever shares the store sees
 * the same, and hears of each change.
 *
 * @module
 */
import { type Disposer, type JsonObject, type Principal, sha256 } from "../../kernel/mod.ts";
import { type Change, type Namespace, type Operation, scanAll } from "../store/contract.ts";
import { expiryOf, isTerminal, TASK_ID_REGEXP, type TaskRecord } from "./record.ts";

const TASKS = "task/";
const RESULTS = "result/";
// who the server does not know shares what it makes with all whom it does not know
const NOBODY = "-";

/** A task and where it is kept. */
export interface Found {
  /** `<owner>/<id>`. */
  readonly key: string;
  readonly record: TaskRecord;
}

/** Gives a task a new state; `undefined` leaves it as it is. */
export type TaskChange = (record: TaskRecord) => TaskRecord | undefined;

/** Hears of the state of a task; `undefined` when it is gone. */
export type TaskFollower = (record: TaskRecord | undefined) => void;

/** The tasks of a store. */
export class Records {
  readonly #entries: Namespace;
  readonly #followers = new Map<string, Set<TaskFollower>>();

  constructor(entries: Namespace) {
    this.#entries = entries;
  }

  /** Finds a task of a principal; what is unknown, over, or another's is not there. */
  async find(principal: Principal | undefined, id: unknown): Promise<Found | undefined> {
    // whatever is no id has no place in a key
    if (typeof id !== "string" || !TASK_ID_REGEXP.test(id)) return undefined;
    const key = `${await ownerOf(principal)}/${id}`;
    const record = await this.get(key);
    if (record === undefined || record.principal?.id !== principal?.id) return undefined;
    return { key, record };
  }

  async get(key: string): Promise<TaskRecord | undefined> {
    return (await this.#entries.get(TASKS + key))?.value as TaskRecord | undefined;
  }

  /** Gives the result of a task that has completed. */
  async result(key: string): Promise<JsonObject | undefined> {
    return (await this.#entries.get(RESULTS + key))?.value as JsonObject | undefined;
  }

  /** Writes a new task. */
  async create(record: TaskRecord): Promise<Found> {
    const key = `${await ownerOf(record.principal)}/${record.id}`;
    await this.#entries.set(TASKS + key, record, { ttlMs: record.ttlMs });
    return { key, record };
  }

  /**
   * Changes a task, however many do the same at once. With a result, that is written in the same step.
   *
   * @returns Its new state, or `undefined` when it is gone or was left as it is.
   */
  async change(key: string, change: TaskChange, result?: JsonObject): Promise<TaskRecord | undefined> {
    while (true) {
      const entry = await this.#entries.get(TASKS + key);
      const changed = entry && change(entry.value as unknown as TaskRecord);
      if (entry === undefined || changed === undefined) return undefined;
      const now = Date.now();
      const record = { ...changed, updatedAt: now, revision: changed.revision + 1 };
      const ttlMs = expiryOf(record) - now;
      if (ttlMs <= 0) return undefined;
      const operations: Operation[] = [
        { type: "set", key: TASKS + key, value: record, ttlMs, ifVersion: entry.version },
      ];
      if (result !== undefined) operations.push({ type: "set", key: RESULTS + key, value: result, ttlMs });
      if ((await this.#entries.batch(operations)).committed) return record;
    }
  }

  async remove(key: string): Promise<void> {
    await this.#entries.batch([TASKS, RESULTS].map((prefix) => ({ type: "delete", key: prefix + key })));
  }

  /** Counts the tasks of a principal, as far as it takes to reach `limit`. */
  async count(principal: Principal | undefined, limit: number): Promise<number> {
    const prefix = `${TASKS}${await ownerOf(principal)}/`;
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await this.#entries.keys({ prefix, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      count += page.items.length;
      cursor = page.cursor;
    } while (cursor !== undefined && count < limit);
    return count;
  }

  /** Gives a page of a principal's tasks, the newest first, older than the task `before`. */
  async page(
    principal: Principal | undefined,
    { before, limit }: { readonly before: string | undefined; readonly limit: number },
  ): Promise<{ readonly tasks: readonly TaskRecord[]; readonly hasMore: boolean }> {
    const prefix = `${TASKS}${await ownerOf(principal)}/`;
    const { items, cursor } = await this.#entries.scan({
      prefix,
      reverse: true,
      limit,
      ...(before !== undefined && { before: prefix + before }),
    });
    return { tasks: items.map(({ value }) => value as unknown as TaskRecord), hasMore: cursor !== undefined };
  }

  /** Gives the tasks of a principal. */
  async *of(principal: Principal | undefined): AsyncGenerator<Found> {
    yield* this.#scan(`${TASKS}${await ownerOf(principal)}/`);
  }

  /** Gives the tasks of everybody. */
  all(): AsyncGenerator<Found> {
    return this.#scan(TASKS);
  }

  async *#scan(prefix: string): AsyncGenerator<Found> {
    for await (const { key, value } of scanAll(this.#entries, { prefix })) {
      yield { key: key.slice(TASKS.length), record: value as unknown as TaskRecord };
    }
  }

  /** Tells of every change, by whomever it was made, until the disposer is called. */
  watch(listener: (found: Found) => Promise<void>): Promise<Disposer> {
    return this.#entries.watch(TASKS, async (changes) => {
      for (const key of this.#changedKeys(changes)) {
        const record = await this.get(key);
        this.announce(key, record);
        if (record !== undefined) await listener({ key, record });
      }
    });
  }

  /** Tells of changes of one task while {@linkcode watch} runs, until the disposer is called. */
  follow(key: string, follower: TaskFollower): () => void {
    const followers = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, followers.add(follower));
    return () => {
      if (followers.delete(follower) && followers.size === 0) this.#followers.delete(key);
    };
  }

  /** Tells whoever follows a task here of its state, before the store does. */
  announce(key: string, record: TaskRecord | undefined): void {
    for (const follower of [...this.#followers.get(key) ?? []]) follower(record);
  }

  /**
   * Waits until a task has ended. `onState` sees each state on the way.
   *
   * @returns Its last state; `undefined` when it is gone.
   * @throws the reason of `signal` when that aborts first.
   */
  async untilEnded(
    key: string,
    { signal, onState }: { readonly signal: AbortSignal; readonly onState: (record: TaskRecord) => void },
  ): Promise<TaskRecord | undefined> {
    const undo: (() => void)[] = [];
    try {
      return await new Promise<TaskRecord | undefined>((resolve, reject) => {
        const hear: TaskFollower = (record) =>
          record === undefined || isTerminal(record) ? resolve(record) : onState(record);
        const leave = () => reject(signal.reason);
        signal.addEventListener("abort", leave, { once: true });
        undo.push(() => signal.removeEventListener("abort", leave), this.follow(key, hear));
        if (signal.aborted) leave();
        // read once it is followed, so that no change falls between
        this.get(key).then(hear, reject);
      });
    } finally {
      for (const step of undo) step();
    }
  }

  // after a gap whatever is followed may have changed
  #changedKeys(changes: readonly Change[]): Set<string> {
    return new Set(
      changes.flatMap(({ kind, key }) => kind === "missed" ? [...this.#followers.keys()] : key.slice(TASKS.length)),
    );
  }
}

// a hash, since ids of principals may be longer than a key
async function ownerOf(principal: Principal | undefined): Promise<string> {
  return principal === undefined ? NOBODY : await sha256(principal.id);
}
