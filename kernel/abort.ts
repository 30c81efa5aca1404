/**
 * Listening to abort signals.
 *
 * @module
 */

/** All listeners of one signal, and what it calls for them. */
interface Listening {
  readonly listeners: Set<() => void>;
  readonly handle: () => void;
}

const LISTENING = new WeakMap<AbortSignal, Listening>();

/**
 * Runs a listener when a signal aborts, at once if it has. All listeners of a signal share one of its event listeners: a
 * call with many nested ones is no leak, which Node 20 would warn of at the eleventh.
 *
 * @returns What takes the listener back.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  const { listeners, handle } = LISTENING.get(signal) ?? listenTo(signal);
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    signal.removeEventListener("abort", handle);
    LISTENING.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const listeners = new Set<() => void>();
  const handle = () => {
    for (const listener of listeners) listener();
  };
  LISTENING.set(signal, { listeners, handle });
  signal.addEventListener("abort", handle, { once: true });
  return { listeners, handle };
}
