/**
 * What code keeps from one run to the next: a JSON object of a name, for each principal.
 *
 * @module
 */
import { type Call, isObject, type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { SessionLimits } from "./config.ts";
import { listAll, type OpenShelf, type Shelf } from "./shelf.ts";

/** Names of sessions. */
export const SESSION_NAME_REGEXP = /^[A-Za-z0-9_.-]{1,64}$/;

/** A run that uses a session. */
export interface SessionUse<T> {
  readonly name: string;
  readonly call: Call;
  /** Runs with the session as it is; gives what it came to, with the session as it is to be kept. */
  run(session: JsonObject): Promise<T & { readonly session?: JsonObject | undefined }>;
}

/** Keeps sessions. */
export class Sessions {
  readonly #open: OpenShelf;
  readonly #limits: SessionLimits;
  /** Resolves when the last run that wants a session is over, by principal and name. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(open: OpenShelf, limits: SessionLimits) {
    this.#open = open;
    this.#limits = limits;
  }

  /**
   * Runs code with a session, when no other run of this server has it. What it leaves is kept if it succeeds; a session
   * that is left empty ends.
   *
   * @throws {ToolError} when there are too many sessions, it is too large, or another server changed it meanwhile; what
   * `run` throws.
   */
  async use<T>(use: SessionUse<T>): Promise<T> {
    const { name, call } = use;
    return await this.#inTurn(JSON.stringify([call.principal?.id ?? null, name]), call, async () => {
      const shelf = await this.#open(call.principal);
      const entry = await shelf.get(name);
      if (entry === undefined) await this.#assertRoom(shelf, name);
      const before: JsonObject = isObject(entry?.value) ? entry.value : {};
      const outcome = await use.run(before);
      // one whose time ran out while the run used it is absent by now
      const isThere = entry !== undefined && (entry.expiresAt ?? Infinity) > Date.now();
      await this.#keep(outcome.session ?? before, { shelf, name, ifVersion: isThere ? entry.version : 0 });
      return outcome;
    });
  }

  async #assertRoom(shelf: Shelf, name: string): Promise<void> {
    const { most, idle_ms: idleMs } = this.#limits;
    const { entries } = await shelf.usage();
    if (entries < most) return;
    const { length } = await listAll(shelf);
    // an entry whose time is over is counted until it is swept
    if (length < most) return;
    throw new ToolError(
      `Cannot begin session "${name}": there are ${length}, which is the limit; use one of them, end one by removing ` +
        `all that it holds, or wait: one that is not used for ${Math.ceil(idleMs / 60_000)} minutes ends`,
    );
  }

  async #keep(
    session: JsonObject,
    { shelf, name, ifVersion }: { readonly shelf: Shelf; readonly name: string; readonly ifVersion: number },
  ): Promise<void> {
    const { max_bytes: most, idle_ms: ttlMs } = this.#limits;
    const isEmpty = Object.keys(session).length === 0;
    const { length: size } = new TextEncoder().encode(JSON.stringify(session));
    const how = `The code ran to its end, but session "${name}" is as it was before`;
    if (size > most && !isEmpty) throw new ToolError(`${how}: it would have ${size} bytes, expected ${most} at most`);
    const isKept = isEmpty
      ? ifVersion === 0 || await shelf.delete(name, { ifVersion })
      : await shelf.compareAndSet(name, session, { ttlMs, ifVersion }) !== undefined;
    if (isKept) return;
    throw new ToolError(`${how}, or as another server left it: that changed it meanwhile; run what is missing again`);
  }

  async #inTurn<T>(key: string, { signal }: Call, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    let finish!: () => void;
    const own = new Promise<void>((resolve) => finish = resolve);
    const last = Promise.all([before, own]).then(() => {});
    this.#turns.set(key, last);
    try {
      await untilAborted(before, signal);
      return await work();
    } finally {
      finish();
      void last.then(() => this.#turns.get(key) === last && this.#turns.delete(key));
    }
  }
}

async function untilAborted(work: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (work === undefined) return;
  let stop!: () => void;
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", stop = () => reject(signal.reason))
  );
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
