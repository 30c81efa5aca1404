/**
 * What ends steps from outside: cancellation of the run, the time limit of an attempt, another step that failed.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";

/** Thrown by what was ended, up to whoever knows why it was; nothing handles it on the way. */
export const ENDED: Error = new Error("The step was ended");

/**
 * An end that may come to a part of a run, and to all parts of that. It is lighter than a signal, which is made of it
 * only when somebody asks for it, and any number of parts may hang on it.
 */
export class Ending {
  readonly #listeners = new Set<() => void>();
  readonly #forget: (() => void) | undefined;
  #controller: AbortController | undefined;
  #reason: string | undefined;

  constructor(outer?: Ending) {
    this.#forget = outer?.onEnd(() => this.end(outer.reason));
  }

  get isEnded(): boolean {
    return this.#reason !== undefined;
  }

  /** Why it ended, such as `the run was cancelled`. */
  get reason(): string {
    return this.#reason ?? "";
  }

  /** The same for tools. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isEnded) this.#controller.abort(this.#error());
    }
    return this.#controller.signal;
  }

  /** Ends what hangs on it; only the first time counts. */
  end(reason: string): void {
    if (this.isEnded) return;
    this.#reason = reason;
    this.#controller?.abort(this.#error());
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  /** Runs a listener at the end, at once if that has come; gives what takes the listener back. */
  onEnd(listener: () => void): () => void {
    if (this.isEnded) {
      listener();
      return () => {};
    }
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Lets go of what it hangs on. */
  close(): void {
    this.#forget?.();
  }

  #error(): ToolError {
    return new ToolError(`Ended: ${this.reason}`);
  }
}

/** Waits for a time; an end of it is thrown at once. */
export function wait(ms: number, ending: Ending): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
  return untilEnded(passed, ending).finally(() => clearTimeout(timer));
}

/** Gives what work comes to, unless the end comes first, however long the work goes on. */
export function untilEnded<T>(work: Promise<T>, ending: Ending): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const forget = ending.onEnd(() => reject(ENDED));
    work.then(resolve, reject).finally(forget);
  });
}
