/**
 * Resources of a server that somebody listens to.
 *
 * @module
 */
import { type Disposer, isObject, type Log, messageOf } from "../../../kernel/mod.ts";
import type { Connection } from "../connection/connection.ts";
import type { Upstream } from "../supervisor/supervisor.ts";

interface Watch {
  readonly uri: string;
  listeners: number;
  /** Lets the server end when nobody calls it. */
  readonly release: () => void;
  /** Where it is subscribed to, or about to be. */
  connection?: Connection;
}

/** What subscriptions need to know. */
export interface WatchesOptions {
  readonly upstream: Upstream;
  readonly log: Log;
  /** Tells that a resource may have changed. */
  updated(uri: string): void;
}

/** Subscribes to what at least one client listens to, once for all clients, and anew whenever the server was started anew. */
export class Watches {
  readonly #upstream: Upstream;
  readonly #log: Log;
  readonly #updated: (uri: string) => void;
  readonly #watched = new Map<string, Watch>();
  readonly #closing = new AbortController();

  constructor({ upstream, log, updated }: WatchesOptions) {
    this.#upstream = upstream;
    this.#log = log;
    this.#updated = updated;
  }

  /** Listens to a resource, until the disposer is called. The server is started if need be. */
  watch(uri: string): Disposer {
    const watch = this.#watched.get(uri) ?? this.#start(uri);
    watch.listeners++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      if (--watch.listeners === 0) this.#end(watch);
    };
  }

  /** Subscribes over a new connection to all that is listened to; it may have changed while there was none. */
  connected(connection: Connection): void {
    for (const watch of this.#watched.values()) {
      const isAnew = watch.connection !== undefined;
      void this.#subscribe(watch, connection).then(() => {
        if (isAnew && this.#watched.get(watch.uri) === watch) this.#updated(watch.uri);
      });
    }
  }

  /** Listens to nothing any more. */
  close(): void {
    for (const watch of this.#watched.values()) this.#end(watch);
    this.#closing.abort();
  }

  #start(uri: string): Watch {
    const watch: Watch = { uri, listeners: 0, release: this.#upstream.keep() };
    this.#watched.set(uri, watch);
    const { signal } = this.#closing;
    // a server that does not start now is subscribed to when it does
    this.#upstream.use((connection) => this.#subscribe(watch, connection), { signal }).catch((thrown) => {
      this.#log.debug(`Resource "${uri}" cannot be watched yet: ${messageOf(thrown)}`);
    });
    return watch;
  }

  #end(watch: Watch): void {
    this.#watched.delete(watch.uri);
    watch.release();
    if (watch.connection !== undefined) void this.#request("resources/unsubscribe", watch, watch.connection);
  }

  async #subscribe(watch: Watch, connection: Connection): Promise<void> {
    if (watch.connection === connection || this.#watched.get(watch.uri) !== watch) return;
    const { resources } = connection.facts.capabilities;
    if (!isObject(resources) || resources["subscribe"] !== true) return;
    watch.connection = connection;
    await this.#request("resources/subscribe", watch, connection);
  }

  async #request(method: string, { uri }: Watch, connection: Connection): Promise<void> {
    const { timeoutMs } = this.#upstream.definition;
    await connection.request(method, { uri }, { signal: this.#closing.signal, timeoutMs }).catch((thrown) => {
      this.#log.debug(`Cannot do "${method}" for "${uri}": ${messageOf(thrown)}`);
    });
  }
}
