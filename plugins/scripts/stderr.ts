/**
 * What a script writes to stderr: shown to the client as it comes, and its end kept for the error of a script that
 * fails. It never changes a result.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";

/** Most characters that are kept, and most that are sent on. */
const KEPT = 4_000;
const SENT = 64_000;

/** Follows the stderr of one run. */
export class StderrTail {
  /** Resolves at the end of stderr. */
  readonly ended: Promise<void>;
  readonly #log: (text: string) => void;
  #tail = "";
  #sent = 0;
  #isMuted = false;

  constructor(stderr: AsyncIterable<string>, { call, name }: { readonly call: Call; readonly name: string }) {
    this.#log = (text) => call.log("info", text, undefined, name);
    this.ended = this.#follow(stderr).catch(() => {});
  }

  async #follow(stderr: AsyncIterable<string>): Promise<void> {
    let line = "";
    for await (const piece of stderr) {
      this.#tail = `${this.#tail}${piece}`.slice(-KEPT);
      const lines = `${line}${piece}`.split("\n");
      // a line without end is sent in pieces, so that it cannot grow without limit
      line = lines.at(-1)!.length > KEPT ? "" : lines.pop()!;
      this.#send(lines.join("\n").trimEnd());
    }
    this.#send(line.trimEnd());
  }

  #send(text: string): void {
    if (text === "" || this.#isMuted) return;
    if (this.#sent + text.length > SENT) {
      this.#isMuted = true;
      this.#log(`${text.slice(0, SENT - this.#sent)}\n… and more, which is not sent`);
      return;
    }
    this.#sent += text.length;
    this.#log(text);
  }

  /** Stops sending: the call has its answer. */
  mute(): void {
    this.#isMuted = true;
  }

  /** Gives the last of what was written. */
  get tail(): string {
    return this.#tail.trim();
  }
}
