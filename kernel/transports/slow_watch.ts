/**
 * Answers that take long: what has not been answered in a moment becomes an event stream. A stream shows when the client
 * has left, which not every runtime tells of a request that waits (Deno 2.9 does not when the body came in a packet of
 * its own), and its comments keep proxies from giving up.
 *
 * @module
 */

// long for a call that computes, short for one that waits
const SLOW_MS = 250;

/** What may be slow. */
export interface Slowable {
  /** When it counts as slow, in milliseconds of `performance.now()`; set here. */
  dueAt: number;
  onSlow(): void;
}

// all wait equally long, so the order of adding is the order of being due: one timer serves all
const watched = new Set<Slowable>();
let timer: ReturnType<typeof setTimeout> | undefined;

function check(): void {
  timer = undefined;
  const now = performance.now();
  for (const it of watched) {
    if (it.dueAt > now) {
      timer = setTimeout(check, it.dueAt - now);
      return;
    }
    watched.delete(it);
    it.onSlow();
  }
}

/** Calls back for what is not done in time. */
export function watchSlow(it: Slowable): void {
  it.dueAt = performance.now() + SLOW_MS;
  watched.add(it);
  timer ??= setTimeout(check, SLOW_MS);
}

/** Watches no more. */
export function unwatchSlow(it: Slowable): void {
  watched.delete(it);
}
