/**
 * What a script writes to stderr: shown to the client as it comes, and its end kept for the error of a script that
 * fails. It never changes a result.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";
import type { RedactedStream } from "../secrets/contract.ts";

/** Most characters that are kept, and most that are sent on. */
const KEPT = 4_000;
const SENT = 64_000;

/** Where stderr is shown, and how. */
export interface StderrOptions {
  readonly call: Call;
  /** Name of the script. */
  readonly name: string;
  /** Takes secrets out of it. */
  readonly redacted: RedactedStream;
  /** Hears all of it. */
  readonly onText?: ((shown: string) => void) | undefined;
}

/** Follows the stderr of one run. */
export class StderrTail {
  readonly #log: (text: string) => void;
  readonly #redacted: RedactedStream;
  readonly #onText: StderrOptions["onText"];
  #line = "";
  #tail = "";
  #sent = 0;
  #isMuted = false;

  constructor({ call, name, redacted, onText }: StderrOptions) {
    this.#redacted = redacted;
    this.#onText = onText;
    this.#log = (text) => call.log("info", text, undefined, name);
  }

  /** Follows it to its end; never rejects. */
  async follow(stderr: AsyncIterable<string>): Promise<void> {
    try {
      for await (const piece of stderr) this.push(piece);
      this.end();
    } catch {
      // what came until then counts
    }
  }

  /** Takes a piece. */
  push(piece: string): void {
    this.#add(this.#redacted.push(piece));
  }

  /** Takes the end, of which something may have been held back. */
  end(): void {
    this.#add(this.#redacted.end());
    this.#send(this.#line.trimEnd());
    this.#line = "";
  }

  #add(shown: string): void {
    this.#onText?.(shown);
    // what is cut off here would no longer be known for a secret, so secrets are gone by now
    this.#tail = `${this.#tail}${shown}`.slice(-KEPT);
    const lines = `${this.#line}${shown}`.split("\n");
    // a line without end is sent in pieces, so that it cannot grow without limit
    this.#line = lines.at(-1)!.length > KEPT ? "" : lines.pop()!;
    this.#send(lines.join("\n").trimEnd());
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
