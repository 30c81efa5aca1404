/**
 * Messages on their way to a listener that may come later.
 *
 * @module
 */

/** Keeps messages until somebody listens, and hands them on from then. */
export class Mailbox {
  #kept: unknown[] = [];
  #listener: ((message: unknown) => void) | undefined;

  /** Hands a message to the listener, or keeps it for the first one. */
  take(message: unknown): void {
    if (this.#listener === undefined) this.#kept.push(message);
    else this.#listener(message);
  }

  /** Sets the listener, in place of the one before, and hands it what was kept, before this returns. */
  listen(listener: (message: unknown) => void): void {
    this.#listener = listener;
    for (const message of this.#kept.splice(0)) listener(message);
  }
}
