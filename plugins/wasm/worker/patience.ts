/**
 * To look for something again and again, for a moment, where to be woken takes longer than it mostly takes to come.
 *
 * @module
 */

/** How long it is looked for, in milliseconds: about what it takes to be woken. */
const LOOK_MS = 0.1;
/** Looks between two at the clock, which take longer. */
const LOOKS = 64;
/** How many times it is not looked for, at most, after it did not come. */
const MOST_SKIPPED = 64;

/** Looks for what comes again and again. Whoever looked in vain does so less and less. */
export class Patience {
  #misses = 0;
  #skips = 0;

  /** Looks whether it is there, which blocks the thread; tells whether it was seen. */
  waitFor(isThere: () => boolean): boolean {
    if (this.#skips > 0) {
      this.#skips--;
      return isThere();
    }
    const isSeen = look(isThere);
    if (isSeen) this.#misses = 0;
    else this.#skips = Math.min(2 ** this.#misses++, MOST_SKIPPED);
    return isSeen;
  }
}

function look(isThere: () => boolean): boolean {
  const until = performance.now() + LOOK_MS;
  do {
    for (let i = 0; i < LOOKS; i++) if (isThere()) return true;
  } while (performance.now() < until);
  return false;
}
