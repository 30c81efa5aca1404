/**
 * Clients of revision 2026-07-28 that listen for changes (`subscriptions/listen`), and the changes themselves: for all
 * clients they are gathered, since a model that makes many tools makes many changes.
 *
 * @module
 */
import type { Call } from "../call.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, isProtocolError, ProtocolError } from "../errors.ts";
import {
  ExtensionNotified,
  RegistryChanged,
  type ResourceUpdate,
  ResourceUpdated,
  type ViewChange,
  ViewChanged,
} from "../events.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer, ItemKind } from "../plugin.ts";
import type { ExtensionNotification } from "../protocol.ts";
import type { Engine } from "./engine.ts";
import { encodeNotification, encodeResult, type RequestId } from "./messages.ts";
import { ENVELOPE } from "./revisions.ts";

/** Most resources that one client listens to, or one `subscriptions/listen` request. */
export const MAX_LISTENED = 1_000;

// most requests that listen at one time, per door
const MAX_LISTENERS = 1_024;
// the first change is told at once, those that follow closely are told together
const GATHER_MS = 100;

/** A change that clients are told of. */
export type Change =
  | ViewChange
  | { readonly kind: "updated"; readonly update: ResourceUpdate }
  | { readonly kind: "extension"; readonly notification: ExtensionNotification };

/** The notification that tells of a change in a list. */
export const LIST_CHANGED: Readonly<Record<ItemKind, string>> = {
  tool: "notifications/tools/list_changed",
  resource: "notifications/resources/list_changed",
  prompt: "notifications/prompts/list_changed",
};

/** A client, as changes name those whom they concern. */
export interface Concerned {
  readonly principalId: string | undefined;
  readonly sessionId?: string | undefined;
}

/** Tells whether a change of a resource or a list concerns a client: everybody, unless it names somebody. */
export function concerns(change: ResourceUpdate | ViewChange, client: Concerned): boolean {
  if ("sessionId" in change) return change.sessionId === client.sessionId;
  return !("principalId" in change) || change.principalId === client.principalId;
}

/** Follows the changes of a kernel; the disposer ends that. */
export function followChanges(kernel: Kernel, tell: (change: Change) => void): Disposer {
  const waiting = new Map<string, { again: boolean; readonly timer: ReturnType<typeof setTimeout> }>();
  const tellList = (change: ViewChange): void => {
    const key = JSON.stringify(Object.entries(change).sort());
    const before = waiting.get(key);
    if (before !== undefined) {
      before.again = true;
      return;
    }
    const timer = setTimeout(() => {
      const { again } = waiting.get(key)!;
      waiting.delete(key);
      if (again) tellList(change);
    }, GATHER_MS);
    waiting.set(key, { again: false, timer });
    tell(change);
  };
  const disposers = [
    kernel.on(RegistryChanged, ({ kind }) => tellList({ kind })),
    kernel.on(ViewChanged, tellList),
    kernel.on(ResourceUpdated, (update) => tell({ kind: "updated", update })),
    kernel.on(ExtensionNotified, (notification) => tell({ kind: "extension", notification })),
  ];
  return () => {
    for (const dispose of disposers) void dispose();
    for (const { timer } of waiting.values()) clearTimeout(timer);
  };
}

const LIST_FILTERS: Readonly<Record<ItemKind, string>> = {
  tool: "toolsListChanged",
  resource: "resourcesListChanged",
  prompt: "promptsListChanged",
};

/** What a client listens to: the part of its filter that is honoured. */
type Filter = Readonly<Record<string, true | readonly string[]>>;

/** A `subscriptions/listen` request, and the way to its client. */
export interface ListenRequest {
  readonly id: RequestId;
  readonly params: JsonObject;
  readonly call: Call;
  /** Sends a message on its way. */
  send(message: string): Promise<void>;
  /** Ends its way. */
  end(): void;
}

interface Listener extends ListenRequest {
  readonly filter: Filter;
  readonly uris: ReadonlySet<string>;
  readonly unsubscribe: readonly Disposer[];
}

/** The clients of one door that listen. */
export class ListenHub {
  readonly #engine: Engine;
  readonly #listeners = new Set<Listener>();
  #isClosed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Begins to listen; the first message acknowledges what is honoured. Gives what ends it, for a client that has left.
   *
   * @throws {ProtocolError} `-32603` when too many listen already.
   */
  async listen(request: ListenRequest): Promise<Disposer> {
    if (this.#listeners.size >= MAX_LISTENERS) {
      throw new ProtocolError(ErrorCode.internalError, `Cannot listen: ${MAX_LISTENERS} requests do already`);
    }
    const filter = await this.#honoured(request);
    if (this.#isClosed) throw new ProtocolError(ErrorCode.internalError, "Cannot listen: the server is stopping");
    const { resourceSubscriptions: uris = [] } = filter as { readonly resourceSubscriptions?: readonly string[] };
    const listener = { ...request, filter, uris: new Set(uris), unsubscribe: this.#subscribe(uris, request.call) };
    this.#listeners.add(listener);
    this.#send(listener, "notifications/subscriptions/acknowledged", { notifications: filter });
    const nothing = Object.keys(filter).length === 0;
    if (nothing) await this.#end(listener);
    return () => this.#leave(listener);
  }

  /** Tells those whom a change concerns. */
  tell(change: Change): void {
    for (const listener of this.#listeners) {
      const client = { principalId: listener.call.principal?.id };
      if (change.kind === "updated") {
        const { uri } = change.update;
        if (listener.uris.has(uri) && concerns(change.update, client)) {
          this.#send(listener, "notifications/resources/updated", { uri });
        }
      } else if (change.kind === "extension") {
        const { method, params, to } = change.notification;
        if ("filter" in to && isNamed(listener.filter[to.filter], to.value)) this.#send(listener, method, params);
      } else if (listener.filter[LIST_FILTERS[change.kind]] === true && concerns(change, client)) {
        this.#send(listener, LIST_CHANGED[change.kind], {});
      }
    }
  }

  /** Ends all, each with its answer. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const listener of [...this.#listeners]) await this.#end(listener);
  }

  async #honoured({ params, call }: ListenRequest): Promise<Filter> {
    const asked = isObject(params["notifications"]) ? params["notifications"] : {};
    const filter: Record<string, true | readonly string[]> = {};
    for (const name of Object.values(LIST_FILTERS)) if (asked[name] === true) filter[name] = true;
    const uris = asked["resourceSubscriptions"];
    if (Array.isArray(uris) && uris.length > 0) filter["resourceSubscriptions"] = uris;
    for (const { filters = {} } of this.#engine.kernel.extensions.list()) {
      for (const [name, honour] of Object.entries(filters)) {
        const values = asked[name];
        if (!Array.isArray(values) || !values.every((it) => typeof it === "string")) continue;
        const honoured = await honour(values, call);
        if (honoured.length > 0) filter[name] = honoured;
      }
    }
    return filter;
  }

  // beyond the limit a client is told of changes, but plugins are not asked to watch for them
  #subscribe(uris: readonly string[], call: Call): Disposer[] {
    return uris.slice(0, MAX_LISTENED).flatMap((uri) => {
      try {
        return [this.#engine.kernel.subscribe(uri, call)];
      } catch (thrown) {
        // listening to what is not there yet is no error: it may come
        if (isProtocolError(thrown)) return [];
        throw thrown;
      }
    });
  }

  #send(listener: Listener, method: string, params: JsonObject): void {
    const meta = isObject(params["_meta"]) ? params["_meta"] : {};
    const _meta = { ...meta, [ENVELOPE.subscriptionId]: listener.id };
    void listener.send(encodeNotification(method, { ...params, _meta })).catch(() => {});
  }

  async #end(listener: Listener): Promise<void> {
    await this.#leave(listener);
    const result = { _meta: { [ENVELOPE.subscriptionId]: listener.id } };
    const answer = this.#engine.encode(result, { method: "subscriptions/listen", era: "modern" });
    void listener.send(encodeResult(listener.id, answer) as string).catch(() => {});
    listener.end();
  }

  async #leave(listener: Listener): Promise<void> {
    if (!this.#listeners.delete(listener)) return;
    for (const dispose of listener.unsubscribe) await dispose();
  }
}

function isNamed(honoured: true | readonly string[] | undefined, value: string): boolean {
  return Array.isArray(honoured) && honoured.includes(value);
}
