/**
 * Events: they inform and cannot veto. The kernel's own are here.
 *
 * @module
 */
import { KernelError, messageOf } from "./errors.ts";
import type { Disposer, ItemKind, Log } from "./plugin.ts";
import type { ExtensionNotification } from "./protocol.ts";
import { type Event, event } from "./token.ts";

/** A registry gained, lost or changed items; once a turn of the event loop, whatever the number of changes. */
export const RegistryChanged: Event<{ readonly kind: ItemKind }> = event("kernel:registry-changed");
/** A change of what lists show, while the registry stayed as it is. */
export interface ViewChange {
  readonly kind: ItemKind;
  /** Whom it concerns, where it is one principal, be it `undefined`; everybody when it is left out. */
  readonly principalId?: string | undefined;
  /** Whom it concerns, where it is one session. */
  readonly sessionId?: string;
}

/** What lists show changed for some. Whoever narrows them by the contract `Visibility` emits it. */
export const ViewChanged: Event<ViewChange> = event("kernel:view-changed");
/** A change of a resource. */
export interface ResourceUpdate {
  readonly uri: string;
  /** Whom it concerns, where one URI is something else for each principal; everybody when it is left out. */
  readonly principalId?: string | undefined;
}

/** The contents of a resource changed. */
export const ResourceUpdated: Event<ResourceUpdate> = event("kernel:resource-updated");
/** A plugin finished its setup; `ms` is how long that took. */
export const PluginLoaded: Event<{ readonly plugin: string; readonly ms: number }> = event("kernel:plugin-loaded");
/** A plugin is gone, and all that it registered. */
export const PluginUnloaded: Event<{ readonly plugin: string }> = event("kernel:plugin-unloaded");
/** Every planned plugin is loaded. A plugin that is loaded later is told once its own setup is done. */
export const KernelStarted: Event<Record<never, never>> = event("kernel:started");
/** `stop()` was called; plugins are still loaded. */
export const KernelStopping: Event<Record<never, never>> = event("kernel:stopping");

/** An extension of the protocol sent a notification; transports carry it to those it is for. */
export const ExtensionNotified: Event<ExtensionNotification> = event("kernel:extension-notified");

type Listener = (payload: unknown) => void | Promise<void>;

/** Delivers events to listeners; a failing listener stops no other. */
export class EventHub {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Number of listeners, of one event or of all. */
  count(id?: string): number {
    const sets = id === undefined ? [...this.#listeners.values()] : [this.#listeners.get(id) ?? new Set<Listener>()];
    return sets.reduce((sum, set) => sum + set.size, 0);
  }

  on<P>(event: Event<P>, listener: (payload: P) => void | Promise<void>): Disposer {
    if (event.kind !== "event") {
      throw new KernelError("OPTION_INVALID", "Cannot listen: the first argument is not an event token");
    }
    const listeners = this.#listeners.get(event.id) ?? new Set<Listener>();
    this.#listeners.set(event.id, listeners);
    // a wrapper of its own, so that one function may listen twice and be removed once
    const own: Listener = (payload) => listener(payload as P);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0) this.#listeners.delete(event.id);
    };
  }

  emit<P>(event: Event<P>, payload: P): void {
    for (const listener of [...this.#listeners.get(event.id) ?? []]) this.tell(event, payload, listener);
  }

  /** Delivers an event to one listener; its failure is logged. */
  tell<P>(event: Event<P>, payload: P, listener: (payload: P) => void | Promise<void>): void {
    try {
      const pending = listener(payload);
      if (pending instanceof Promise) pending.catch((thrown) => this.#failed(event.id, thrown));
    } catch (thrown) {
      this.#failed(event.id, thrown);
    }
  }

  #failed(id: string, thrown: unknown): void {
    this.#log.error(`Listener of event "${id}" failed: ${messageOf(thrown)}`, { error: thrown });
  }
}
