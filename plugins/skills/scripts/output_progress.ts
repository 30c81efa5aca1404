/**
 * What a script prints, sent on as progress while it runs.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";

/** Most characters of one run that are sent on; what it printed is in its result all the same. */
const MOST_SENT = 100_000;
/** Milliseconds over which pieces are gathered: one line of a script comes in several. */
const GATHER_MS = 50;

/** The progress of one call: that of installations, then what a script prints, unless the script reports its own. */
export class OutputProgress {
  /** The call, for those who report progress themselves. */
  readonly call: Call;
  readonly #report: Call["progress"];
  #done = 0;
  /** What was told before the script began to count: it may begin at 1, and numbers must rise. */
  #before = 0;
  #waiting = "";
  #sent = 0;
  #isRunning = false;
  #isOwn = false;
  #sending: Promise<void> | undefined;
  /** Ends gathering. */
  #hurry = () => {};
  #isEnding = false;

  constructor(call: Call) {
    this.#report = (...report) => call.progress(...report);
    this.call = call.derive({
      progress: (done, total, message) => {
        // the numbers of two that count would be mixed up
        if (this.#isRunning && !this.#isOwn) {
          this.#isOwn = true;
          this.#before = this.#done;
        }
        const at = this.#before + done;
        this.#done = Math.max(this.#done, at);
        return call.progress(at, total === undefined ? undefined : this.#before + total, message);
      },
    });
  }

  /** Says that what reports progress from now on is the script. */
  begin(): void {
    this.#isRunning = true;
  }

  /** Takes a piece of what was printed. Those that come within a moment, or while one is being sent, are sent together. */
  push(text: string): void {
    if (this.#isOwn || this.#sent >= MOST_SENT) return;
    const room = MOST_SENT - this.#sent;
    this.#sent += text.length;
    this.#waiting += text.length < room ? text : `${text.slice(0, room)}\n… and more, which is not sent`;
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    while (this.#waiting !== "" && !this.#isOwn) {
      await this.#gather();
      if (this.#isOwn) break;
      const text = this.#waiting;
      this.#waiting = "";
      this.#done = Math.floor(this.#done) + 1;
      // a client that is gone keeps no script from its end
      await this.#report(this.#done, undefined, text).catch(() => {});
    }
    this.#sending = undefined;
  }

  async #gather(): Promise<void> {
    if (this.#isEnding) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves when all is sent. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#hurry();
    await this.#sending;
  }
}
