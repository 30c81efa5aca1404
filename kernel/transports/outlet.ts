/**
 * The way back to a client while one of its requests is served, and who is being served.
 *
 * @module
 */
import { CancellationSource } from "../cancellation.ts";
import { ToolError } from "../errors.ts";
import type { RequestId } from "./messages.ts";

/** Where messages go that belong to a request: its own event stream over HTTP, the one line over stdio. */
export interface Outlet {
  /** Sends a notification, written already; resolves when the way is free for more. One that reads nothing misses it. */
  notify(message: string): Promise<void>;
  /** Sends a request, written already. */
  ask(message: string): Promise<void>;
  /** Tells whether messages sent here reach the client at all. */
  readonly isOpen: boolean;
  /** Closes the stream of the request, and lets the client come back for the rest. */
  release?(retryMs?: number): void;
}

/** Requests of one client that are being served, by their ids. */
export class RunningRequests {
  // made when there is a first one: most clients that are connected are asking for nothing
  #running: Map<RequestId, CancellationSource> | undefined;
  /** Those whose id has been used again. */
  #others: Set<CancellationSource> | undefined;

  get size(): number {
    return (this.#running?.size ?? 0) + (this.#others?.size ?? 0);
  }

  /** Notes a request; what is given is cancelled when the client cancels it. */
  start(id: RequestId): CancellationSource {
    const source = new CancellationSource();
    this.#running ??= new Map();
    const before = this.#running.get(id);
    if (before !== undefined) (this.#others ??= new Set()).add(before);
    this.#running.set(id, source);
    return source;
  }

  /** Forgets a request that was answered. */
  end(id: RequestId, source: CancellationSource): void {
    // a client may have used one id twice
    if (this.#running?.get(id) === source) this.#running.delete(id);
    else this.#others?.delete(source);
  }

  /** Cancels a request, as its client asks; tells whether there was one. */
  cancel(id: unknown): boolean {
    const source = this.#running?.get(id as RequestId);
    source?.cancel(new ToolError("Cancelled by the client"));
    return source !== undefined;
  }

  /** Cancels all. */
  close(): void {
    const reason = new ToolError("Cancelled: the client has left");
    for (const source of [...this.#running?.values() ?? [], ...this.#others ?? []]) source.cancel(reason);
    this.#running = undefined;
    this.#others = undefined;
  }
}
