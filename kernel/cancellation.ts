/**
 * Cancellation of calls. What handlers see is an `AbortSignal`; it is made when one of them asks for it, since most calls
 * end before anybody does, and a signal costs more than a quick call.
 *
 * @module
 */

/** Tells whether something was cancelled, and when it is. */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Why; `undefined` as long as it is not cancelled. */
  readonly reason: unknown;
  /** The same as a signal. */
  readonly signal: AbortSignal;
  /** Runs a listener when it is cancelled, at once if it has been; gives what takes the listener back. */
  onCancel(listener: () => void): () => void;
}

const NOTHING = (): void => {};

/** A cancellation, and the means to it. */
export class CancellationSource implements Cancellation {
  #isCancelled = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  // nearly always there is one listener or none
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isCancelled) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Cancels; only the first time counts. */
  cancel(reason: unknown): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#reason = reason;
    const listeners = [this.#first ?? NOTHING, ...this.#others ?? []];
    this.#first = undefined;
    this.#others = undefined;
    this.#controller?.abort(reason);
    for (const listener of listeners) listener();
  }

  onCancel(listener: () => void): () => void {
    if (this.#isCancelled) {
      listener();
      return NOTHING;
    }
    // a function of its own, so that one listener may be added twice and taken back once
    const own = () => listener();
    if (this.#first === undefined) this.#first = own;
    else (this.#others ??= new Set()).add(own);
    return () => {
      if (this.#first === own) this.#first = undefined;
      else this.#others?.delete(own);
    };
  }
}

/** The cancellation that a signal stands for. */
export class SignalCancellation implements Cancellation {
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  get isCancelled(): boolean {
    return this.signal.aborted;
  }

  get reason(): unknown {
    return this.signal.reason;
  }

  onCancel(listener: () => void): () => void {
    return onAbort(this.signal, listener);
  }
}

/** Gives what work comes to, or rejects with the reason as soon as it is cancelled, however long the work goes on. */
export function untilCancelled<T>(work: T | Promise<T>, cancellation: Cancellation): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  return new Promise<T>((resolve, reject) => {
    const forget = cancellation.onCancel(() => reject(cancellation.reason));
    work.then(resolve, reject).finally(forget);
  });
}

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
    return NOTHING;
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
