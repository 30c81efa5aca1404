/**
 * Looks for a compiler, and remembers what was found.
 *
 * @module
 */

/** How long what is missing is believed to be missing. */
const MISSING_MS = 5_000;

/** A search whose outcome is remembered as long as what it looks at stays the same. */
export class Search<T> {
  #last: { readonly id: string; readonly finding: Promise<T>; readonly until: number } | undefined;

  /**
   * Searches, or gives what was found before.
   *
   * @param id Names what is looked at: programs and when they were written.
   * @param look Searches; it is not told of the cancellation of one who waits, since others may wait as well.
   * @throws what the search throws, or the reason of the signal.
   */
  async find(id: string, look: () => Promise<T>, { signal }: { readonly signal: AbortSignal }): Promise<T> {
    if (this.#last?.id !== id || Date.now() > this.#last.until) {
      const last = this.#last = { id, finding: look(), until: Infinity };
      last.finding.catch(() => {
        if (this.#last === last) this.#last = { ...last, until: Date.now() + MISSING_MS };
      });
    }
    const found = await this.#last.finding;
    signal.throwIfAborted();
    return found;
  }
}

/** Gives options of a step that is not cancelled, and of which nobody hears. */
export function quietly(): { readonly signal: AbortSignal; readonly report: (line: string) => void } {
  return { signal: new AbortController().signal, report: () => {} };
}
