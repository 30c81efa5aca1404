/**
 * What a script prints on one stream: shown as it comes, and kept up to a limit.
 *
 * @module
 */
import type { RedactedStream } from "../secrets/contract.ts";

/** How a stream is shown and kept. */
export interface ShownOutputOptions {
  /** Most characters that are kept. */
  readonly most: number;
  /** Takes secrets out of it, before it is cut: what is cut off a secret would no longer be known for one. */
  readonly redacted: RedactedStream;
  /** Hears all of it; what is held back, since a secret may begin with it, comes later. */
  readonly onText: ((text: string) => void) | undefined;
}

/** The output of one stream. */
export class ShownOutput {
  readonly #options: ShownOutputOptions;
  readonly #kept: string[] = [];
  #room: number;
  #isCut = false;

  constructor(options: ShownOutputOptions) {
    this.#options = options;
    this.#room = options.most;
  }

  /** Whether there was more than is kept. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Gives what is kept. */
  get text(): string {
    return this.#kept.join("");
  }

  /** Takes a piece. */
  push(piece: string): void {
    const { redacted, onText } = this.#options;
    if (!this.#isCut || onText !== undefined) this.#show(redacted.push(piece));
  }

  /** Takes the end, of which something may have been held back. */
  end(): void {
    this.#show(this.#options.redacted.end());
  }

  #show(text: string): void {
    if (text === "") return;
    this.#options.onText?.(text);
    if (text.length <= this.#room) {
      this.#kept.push(text);
      this.#room -= text.length;
      return;
    }
    const head = text.slice(0, this.#room);
    // half of a character is none
    this.#kept.push(/[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head);
    this.#room = 0;
    this.#isCut = true;
  }
}
