/**
 * A call that may become a task while it runs. Until then it is the client's: it asks and tells by its request, and
 * ends with it.
 *
 * @module
 */
import {
  type Call,
  ErrorCode,
  isProtocolError,
  isToolError,
  type JsonObject,
  type Log,
  messageOf,
} from "../../kernel/mod.ts";
import type { Outcome } from "./record.ts";
import type { Run, RunHandlers } from "./run.ts";

/** What makes a call a task. */
export interface DetachableOptions {
  /** Keeps the task, and begins its run. */
  begin(controller: AbortController): Promise<Run>;
  readonly log: Log;
}

/** Runs one call, up to its answer; as a task it goes on behind that. */
export class DetachableCall {
  /** What the tool is called with. */
  readonly call: Call;
  readonly #outer: Call;
  readonly #options: DetachableOptions;
  readonly #controller = new AbortController();
  readonly #follow: () => void;
  readonly #detached: Promise<void>;
  #resolveDetached!: () => void;
  #beginning: Promise<Run> | undefined;
  #run: Run | undefined;
  #isAnswered = false;

  constructor(outer: Call, options: DetachableOptions) {
    this.#outer = outer;
    this.#options = options;
    this.#detached = new Promise((resolve) => this.#resolveDetached = resolve);
    this.#follow = () => this.#controller.abort(outer.signal.reason);
    outer.signal.addEventListener("abort", this.#follow, { once: true });
    if (outer.signal.aborted) this.#follow();
    this.call = this.#derive();
  }

  /**
   * Runs the tool and gives its result, or the task that it has become.
   *
   * @throws {ProtocolError} when it is to be a task at once and cannot be, or the tool throws one.
   */
  async answer(
    next: (call: Call) => Promise<JsonObject>,
    { isImmediate }: { readonly isImmediate: boolean },
  ): Promise<JsonObject | Run> {
    try {
      if (isImmediate) await this.#detach();
      const work = next(this.call);
      const ended = work.then(() => {}, () => {});
      await Promise.race([ended, this.#detached]);
      const run = await this.#beginning?.catch(() => undefined);
      if (run === undefined) return await work;
      void settle(work, this.#options.log).then((outcome) => run.end(outcome));
      return run;
    } finally {
      this.#isAnswered = true;
      this.#outer.signal.removeEventListener("abort", this.#follow);
    }
  }

  async #detach(): Promise<void> {
    this.#run = await (this.#beginning ??= this.#options.begin(this.#controller));
    // from here on the client can cancel the task alone
    this.#outer.signal.removeEventListener("abort", this.#follow);
    this.#resolveDetached();
  }

  #derive(): Call {
    const outer = this.#outer;
    const now = (): RunHandlers => this.#run?.handlers ?? outer;
    return outer.derive({
      signal: this.#controller.signal,
      elicit: (...question) => now().elicit(...question),
      sample: (...question) => now().sample(...question),
      roots: (options) => now().roots(options),
      progress: (...report) => now().progress(...report),
      log: (...entry) => now().log(...entry),
      releaseStream: (retryMs) => now().releaseStream(retryMs),
      detach: async () => {
        if (this.#isAnswered && this.#beginning === undefined) return false;
        try {
          await this.#detach();
          return true;
        } catch (thrown) {
          this.#options.log.warn(`A call goes on without a task: ${messageOf(thrown)}`);
          return false;
        }
      },
    });
  }
}

/** Waits for what a call comes to. What is no answer for a client is logged, and told as an internal error. */
export async function settle(work: Promise<JsonObject>, log: Log): Promise<Outcome> {
  try {
    return { result: await work };
  } catch (thrown) {
    if (isProtocolError(thrown)) {
      const { code, message, data } = thrown;
      return { error: { code, message, ...(data !== undefined && { data }) } };
    }
    if (isToolError(thrown)) return { error: { code: ErrorCode.internalError, message: thrown.message } };
    log.error(`A call failed: ${messageOf(thrown)}`, { error: thrown });
    return { error: { code: ErrorCode.internalError, message: "The call failed" } };
  }
}
