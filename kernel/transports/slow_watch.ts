/**
 * Answers that take long: what has not been answered in a moment becomes an event stream. A stream shows when the client
 * has left, which not every runtime tells of a request that waits (Deno 2.9 does not when the body came in a packet of
 * its own), and its comments keep proxies from giving up.
 *
 * @module
 */

// long for a call that computes, short for one that waits
const SLOW_MS = 250;

interface Watched {
  readonly due: number;
  onSlow(): void;
}

// all wait equally long, so the order of adding is the order of being due: one timer serves all
const watched = new Set<Watched>();
let timer: ReturnType<typeof setTimeout> | undefined;

function check(): void {
  timer = undefined;
  const now = Date.now();
  for (const it of watched) {
    if (it.due > now) {
      timer = setTimeout(check, it.due - now);
      return;
    }
    watched.delete(it);
    it.onSlow();
  }
}

/** Calls back for what is not done in time. */
export const SlowWatch: { add(onSlow: () => void): () => void } = {
  /** Watches something; what is given back ends that. */
  add(onSlow: () => void): () => void {
    const it = { due: Date.now() + SLOW_MS, onSlow };
    watched.add(it);
    timer ??= setTimeout(check, SLOW_MS);
    return () => void watched.delete(it);
  },
};
