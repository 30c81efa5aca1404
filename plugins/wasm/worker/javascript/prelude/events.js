// deno-lint-ignore-file no-console -- that of the engine, which is ours
/**
 * Timers, events and abort signals.
 *
 * A script of the engine, given functions of the host. It exports `fire`.
 */
((host, { define }) => {
  const MOST_TIMERS = 1_000;
  const timers = new Map();
  let lastId = 0;

  function start(use, ms, args, isRepeated) {
    if (typeof use !== "function") throw new TypeError("A timer needs a function to call");
    if (timers.size >= MOST_TIMERS) throw new RangeError(`Cannot start a timer: ${MOST_TIMERS} are running`);
    const id = ++lastId;
    const delay = Number.isFinite(Number(ms)) ? Math.max(Number(ms), isRepeated ? 1 : 0) : 0;
    host.start(id, delay);
    timers.set(id, { use, args, delay, isRepeated });
    return id;
  }

  function stop(id) {
    if (timers.delete(id)) host.stop(id);
  }

  function fire(id) {
    const timer = timers.get(id);
    if (timer === undefined) return;
    if (timer.isRepeated) host.start(id, timer.delay);
    else timers.delete(id);
    timer.use(...timer.args);
  }

  class Event {
    #isPrevented = false;
    #isStopped = false;
    constructor(type, { cancelable = false } = {}) {
      this.type = `${type}`;
      this.cancelable = Boolean(cancelable);
      this.target = null;
      this.currentTarget = null;
      this.timeStamp = host.now();
    }
    get defaultPrevented() {
      return this.#isPrevented;
    }
    preventDefault() {
      if (this.cancelable) this.#isPrevented = true;
    }
    stopPropagation() {}
    stopImmediatePropagation() {
      this.#isStopped = true;
    }
    static isStopped(event) {
      return event.#isStopped;
    }
  }
  const { isStopped } = Event;
  delete Event.isStopped;

  class CustomEvent extends Event {
    constructor(type, options = {}) {
      super(type, options);
      this.detail = options.detail ?? null;
    }
  }

  class EventTarget {
    #listeners = new Map();
    addEventListener(type, listener, options) {
      if (listener === null || listener === undefined) return;
      const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
      if (signal?.aborted) return;
      const listeners = this.#listeners.get(type) ?? new Map();
      this.#listeners.set(type, listeners);
      if (!listeners.has(listener)) listeners.set(listener, once);
      signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
    }
    removeEventListener(type, listener) {
      this.#listeners.get(type)?.delete(listener);
    }
    dispatchEvent(event) {
      event.target = event.currentTarget = this;
      const handler = this[`on${event.type}`];
      const listeners = [...this.#listeners.get(event.type) ?? []];
      if (typeof handler === "function") listeners.unshift([handler, false]);
      for (const [listener, isOnce] of listeners) {
        if (isStopped(event)) break;
        if (isOnce) this.removeEventListener(event.type, listener);
        try {
          if (typeof listener === "function") listener.call(this, event);
          else listener.handleEvent(event);
        } catch (error) {
          console.error(error);
        }
      }
      return !event.defaultPrevented;
    }
  }

  class DOMException extends Error {
    constructor(message = "", name = "Error") {
      super(message);
      Object.defineProperty(this, "name", { value: name, configurable: true });
    }
  }

  let isMade = false;
  class AbortSignal extends EventTarget {
    onabort = null;
    #isAborted = false;
    #reason;
    constructor() {
      if (!isMade) throw new TypeError("An AbortSignal is made by an AbortController");
      super();
    }
    get aborted() {
      return this.#isAborted;
    }
    get reason() {
      return this.#reason;
    }
    throwIfAborted() {
      if (this.#isAborted) throw this.#reason;
    }
    static end(signal, reason = new DOMException("The operation was aborted", "AbortError")) {
      if (signal.#isAborted) return;
      signal.#isAborted = true;
      signal.#reason = reason;
      signal.dispatchEvent(new Event("abort"));
    }
    static abort(reason) {
      const signal = makeSignal();
      end(signal, reason);
      return signal;
    }
    static timeout(ms) {
      const signal = makeSignal();
      start(() => end(signal, new DOMException("The operation timed out", "TimeoutError")), ms, []);
      return signal;
    }
    static any(signals) {
      const signal = makeSignal();
      for (const one of signals) {
        if (one.aborted) end(signal, one.reason);
        else one.addEventListener("abort", () => end(signal, one.reason), { once: true });
      }
      return signal;
    }
  }
  const { end } = AbortSignal;
  delete AbortSignal.end;

  function makeSignal() {
    isMade = true;
    try {
      return new AbortSignal();
    } finally {
      isMade = false;
    }
  }

  class AbortController {
    #signal = makeSignal();
    get signal() {
      return this.#signal;
    }
    abort(reason) {
      end(this.#signal, reason);
    }
  }

  define({
    setTimeout: (use, ms = 0, ...args) => start(use, ms, args, false),
    setInterval: (use, ms = 0, ...args) => start(use, ms, args, true),
    clearTimeout: stop,
    clearInterval: stop,
    Event,
    CustomEvent,
    EventTarget,
    DOMException,
    AbortSignal,
    AbortController,
  });

  return { fire };
});
