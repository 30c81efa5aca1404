/**
 * Which servers are alive: one that has work which others may take up keeps an entry in the store that expires soon
 * after it stops to renew it.
 *
 * @module
 */
import { type Log, messageOf } from "../../kernel/mod.ts";
import type { Namespace } from "./contract.ts";
import { after } from "./time.ts";

// of one page of a scan
const PAGE_ENTRIES = 1_000;

/** What a lease is made with. */
export interface LeaseOptions {
  /** Time after which a server that says nothing counts as dead, in milliseconds. */
  readonly leaseMs: number;
  readonly log: Log;
}

/** The place of this server among those that share a store. */
export class Lease {
  /** Names this server, and no other, nor itself when it is started again. */
  readonly id: string = crypto.randomUUID();
  readonly #servers: Namespace;
  readonly #options: LeaseOptions;
  #holders = 0;
  #heldUntil = 0;
  #writing: Promise<void> = Promise.resolve();
  #stopTimer: (() => void) | undefined;
  #isReleased = false;

  constructor(servers: Namespace, options: LeaseOptions) {
    this.#servers = servers;
    this.#options = options;
  }

  /** Makes sure that others see this server as alive, from now until the disposer is called. */
  async hold(): Promise<() => void> {
    this.#holders++;
    let isHeld = true;
    const leave = () => {
      if (isHeld) this.#holders--;
      isHeld = false;
    };
    try {
      const isRenewing = this.#stopTimer !== undefined;
      if (!isRenewing || this.#heldUntil - Date.now() < this.#options.leaseMs / 2) await this.#renew();
      return leave;
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  /** Gives the servers that are alive, and until when each is sure to be. */
  async living(): Promise<Map<string, number>> {
    const living = new Map<string, number>();
    let cursor: string | undefined;
    do {
      const page = await this.#servers.keys({ limit: PAGE_ENTRIES, ...(cursor !== undefined && { cursor }) });
      for (const { key, expiresAt } of page.items) living.set(key, expiresAt ?? Infinity);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return living;
  }

  /** Tells others at once that this server is gone. */
  async release(): Promise<void> {
    this.#isReleased = true;
    this.#stopTimer?.();
    await this.#writing;
    if (this.#heldUntil > 0) await this.#servers.delete(this.id);
  }

  async #renew(): Promise<void> {
    const { leaseMs } = this.#options;
    const heldUntil = Date.now() + leaseMs;
    this.#stopTimer?.();
    this.#stopTimer = this.#isReleased ? undefined : after(leaseMs / 3, () => void this.#beat());
    const written = this.#servers.set(this.id, null, { ttlMs: leaseMs });
    this.#writing = written.then(() => {}, () => {});
    await written;
    this.#heldUntil = heldUntil;
  }

  async #beat(): Promise<void> {
    this.#stopTimer = undefined;
    if (this.#holders === 0) return;
    try {
      await this.#renew();
    } catch (thrown) {
      this.#options.log.warn("Cannot tell other servers that this one is alive; trying again", {
        error: messageOf(thrown),
      });
    }
  }
}
