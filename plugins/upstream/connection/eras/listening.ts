/**
 * The standing request of revision 2026-07-28 by which a server tells of changes (`subscriptions/listen`).
 *
 * @module
 */
import { ErrorCode, isObject, isProtocolError, type JsonObject } from "../../../../kernel/mod.ts";
import type { ConnectionEvents } from "../connection.ts";
import { keepOpen } from "../http/standing.ts";

const LISTS = ["tools", "resources", "prompts"] as const;
/** How long a server may take to say that a subscription holds. */
const ACKNOWLEDGE_MS = 10_000;

/** What listening needs. */
export interface ListeningOptions {
  /** Of the server. */
  readonly capabilities: JsonObject;
  readonly events: Pick<ConnectionEvents, "changed">;
  /** Sends the request; it ends when the server ends it. */
  send(
    params: JsonObject,
    options: { readonly signal: AbortSignal; readonly onAcknowledged: () => void },
  ): Promise<JsonObject>;
  /** Hears why the server cannot be listened to any more. */
  lost(reason: string): void;
}

/** Listens to a server. */
export class Listening {
  readonly #options: ListeningOptions;
  readonly #lists: readonly (typeof LISTS[number])[];
  readonly #uris = new Set<string>();
  #current: AbortController | undefined;
  #isClosed = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#lists = LISTS.filter((list) => {
      const capability = options.capabilities[list];
      return isObject(capability) && capability["listChanged"] === true;
    });
    if (this.#lists.length > 0) void this.#restart();
  }

  /** Listens to a resource as well; resolves when the server says so, or is late. */
  async subscribe(uri: string): Promise<void> {
    if (this.#uris.has(uri)) return;
    this.#uris.add(uri);
    await this.#restart();
  }

  /** Listens to a resource no more. */
  async unsubscribe(uri: string): Promise<void> {
    if (this.#uris.delete(uri)) await this.#restart();
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true;
    this.#current?.abort();
  }

  /** Begins anew with what is listened to now; the stream before ends when this one holds, so that nothing is missed. */
  async #restart(): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#current;
    const controller = new AbortController();
    this.#current = controller;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ACKNOWLEDGE_MS);
      const acknowledged = () => {
        clearTimeout(timer);
        resolve();
      };
      void this.#keep(controller.signal, acknowledged).finally(acknowledged);
    });
    before?.abort();
  }

  async #keep(signal: AbortSignal, acknowledged: () => void): Promise<void> {
    const { send, events, lost } = this.#options;
    let isFirst = true;
    await keepOpen({
      signal,
      lost,
      pauseMs: () => undefined,
      read: async (opened) => {
        const onAcknowledged = () => {
          opened();
          acknowledged();
          // what changed while nobody listened was not told
          if (!isFirst) { for (const list of this.#lists) events.changed(list); }
          isFirst = false;
        };
        try {
          await send({ notifications: this.#filter() }, { signal, onAcknowledged });
          return true;
        } catch (error) {
          if (isProtocolError(error) && error.code === ErrorCode.methodNotFound) return false;
          throw error;
        }
      },
    });
  }

  #filter(): JsonObject {
    return {
      ...Object.fromEntries(this.#lists.map((list) => [`${list}ListChanged`, true])),
      ...(this.#uris.size > 0 && { resourceSubscriptions: [...this.#uris] }),
    };
  }
}
