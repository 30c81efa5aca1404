/**
 * Sessions of HTTP clients: found by id, bound to their principal, ended by idleness, by age and by a cap. Most
 * clients never say goodbye.
 *
 * @module
 */
import type { Principal } from "../call.ts";

/** How long sessions last, and how many there may be. */
export interface SessionLimits {
  /** Ends a session that has sent nothing for this long, be a stream open or not; 30 minutes by default. */
  readonly idleMs?: number;
  /** Ends a session at this age; 24 hours by default. */
  readonly maxAgeMs?: number;
  /** Most sessions; the idlest of the principal who has most makes room. 1,000 by default. */
  readonly maxSessions?: number;
}

/** What a session table keeps. */
export interface Session {
  /** Whether a call is in flight: such a session is not idle. */
  isBusy(): boolean;
  close(): Promise<void>;
}

interface Held<S> {
  readonly session: S;
  readonly principalId: string | undefined;
  readonly createdAt: number;
  lastSeen: number;
}

// sessions are looked through this often; limits are long against it
const SWEEP_MS = 15_000;

/** Sessions by id. */
export class SessionTable<S extends Session> {
  readonly #limits: Required<SessionLimits>;
  // a Map keeps the order of insertion: re-inserting on use keeps the longest idle first
  readonly #held = new Map<string, Held<S>>();
  #sweeper: ReturnType<typeof setInterval> | undefined;

  constructor({ idleMs = 1_800_000, maxAgeMs = 86_400_000, maxSessions = 1_000 }: SessionLimits = {}) {
    this.#limits = { idleMs, maxAgeMs, maxSessions };
  }

  get size(): number {
    return this.#held.size;
  }

  /** Adds a session; tells whether there was room for it. */
  add(id: string, session: S, principal: Principal | undefined): boolean {
    this.sweep();
    if (this.#held.size >= this.#limits.maxSessions && !this.#evictIdlest()) return false;
    const now = Date.now();
    this.#held.set(id, { session, principalId: principal?.id, createdAt: now, lastSeen: now });
    this.#sweeper ??= setInterval(() => this.sweep(), Math.min(SWEEP_MS, this.#limits.idleMs, this.#limits.maxAgeMs));
    return true;
  }

  /** Finds a session for its principal, and notes that it is in use. */
  use(id: string, principal: Principal | undefined): S | undefined {
    const held = this.#held.get(id);
    if (held === undefined || held.principalId !== principal?.id) return undefined;
    if (this.#isOver(held, Date.now())) {
      this.#end(id);
      return undefined;
    }
    held.lastSeen = Date.now();
    this.#held.delete(id);
    this.#held.set(id, held);
    return held.session;
  }

  /** Gives every session and the id of its principal. */
  *entries(): Generator<readonly [session: S, principalId: string | undefined]> {
    for (const { session, principalId } of this.#held.values()) yield [session, principalId];
  }

  /** Forgets a session that has closed. */
  remove(id: string): void {
    this.#held.delete(id);
    if (this.#held.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
  }

  /** Ends what is over its time. */
  sweep(): void {
    const now = Date.now();
    for (const [id, held] of this.#held) if (this.#isOver(held, now)) this.#end(id);
  }

  /** Ends every session. */
  async close(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((id) => this.#end(id)));
  }

  #isOver({ session, createdAt, lastSeen }: Held<S>, now: number): boolean {
    if (now - createdAt > this.#limits.maxAgeMs) return true;
    return now - lastSeen > this.#limits.idleMs && !session.isBusy();
  }

  // room is made by whoever holds most, so that one principal cannot push out the others
  #evictIdlest(): boolean {
    const counts = new Map<string | undefined, number>();
    for (const { principalId } of this.#held.values()) counts.set(principalId, (counts.get(principalId) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [id, { session, principalId }] of this.#held) {
      if (session.isBusy() || counts.get(principalId) !== most) continue;
      this.#end(id);
      return true;
    }
    return false;
  }

  #end(id: string): Promise<void> {
    const session = this.#held.get(id)?.session;
    this.remove(id);
    return session?.close().catch(() => {}) ?? Promise.resolve();
  }
}
