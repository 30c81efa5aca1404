/**
 * Those who hear of one server.
 *
 * @module
 */
import { type JsonObject, type Log, messageOf } from "../../../kernel/mod.ts";
import type { Connection } from "../connection/connection.ts";
import type { UpstreamListener } from "./supervisor.ts";

type Answer = NonNullable<UpstreamListener["ask"]>;

/** Tells all listeners; one that fails is logged, and keeps nothing from the others. */
export class Listeners {
  readonly #log: Log;
  readonly #listeners = new Set<UpstreamListener>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds one; what it gives takes it away. */
  add(listener: UpstreamListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells of a new connection. */
  connected(connection: Connection): void {
    this.#tell((listener) => listener.connected?.(connection));
  }

  /** Tells of a resource that changed. */
  updated(uri: string): void {
    this.#tell((listener) => listener.updated?.(uri));
  }

  /** Tells of a log message. */
  logged(params: JsonObject): void {
    this.#tell((listener) => listener.logged?.(params));
  }

  /** Tells that a user is done at a page. */
  visited(elicitationId: string): void {
    this.#tell((listener) => listener.visited?.(elicitationId));
  }

  /** Gives what answers questions of the server that are of no certain request, if a listener does. */
  get ask(): Answer | undefined {
    const listener = [...this.#listeners].find(({ ask }) => ask !== undefined);
    return listener === undefined ? undefined : (...question) => listener.ask!(...question);
  }

  #tell(tell: (listener: UpstreamListener) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        tell(listener);
      } catch (thrown) {
        this.#log.error("A listener of a server failed", { error: messageOf(thrown) });
      }
    }
  }
}
