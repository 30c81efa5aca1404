/**
 * The cost of one validation, counted in steps, so that a schema which doubles its work at each level is stopped.
 *
 * @module
 */

/** Most steps of one validation; one costs some microseconds at most. */
const MAX_STEPS = 300_000;
// a loop over fewer is paid by the step that makes it
const SMALL = 64;
const READS_PER_STEP = 5;
const TEXT_PER_STEP = 1_000;

/** Thrown when a validation would cost too much. */
export class Exhausted extends Error {}

/** Counts steps, and throws {@linkcode Exhausted} at the limit. */
export class Budget {
  readonly #maxKeyLength: number;
  #left = MAX_STEPS;
  #longestText = 0;

  /** Refuses values with keys that are longer than `maxKeyLength`. */
  constructor({ maxKeyLength }: { readonly maxKeyLength: number }) {
    this.#maxKeyLength = maxKeyLength;
  }

  /** Whether the half is spent. */
  get isLow(): boolean {
    return this.#left < MAX_STEPS / 2;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) {
      throw new Exhausted(`checking stopped after ${MAX_STEPS} steps: the schema is too costly for this value`);
    }
  }

  /** Pays for reading any one text of the value. */
  spendText(): void {
    this.spend(this.#longestText / TEXT_PER_STEP);
  }

  /**
   * Gives the value as JSON has it, without keys that have no value, and with large parts made such that reading them
   * is counted. A value without either is given as it is.
   */
  metered(value: unknown): unknown {
    const { isOdd, longestText, longestKey } = survey(value);
    this.#longestText = longestText;
    if (longestKey > this.#maxKeyLength) {
      throw new Exhausted(
        `a key has ${longestKey} characters, and patterns of keys take ${this.#maxKeyLength} at most`,
      );
    }
    return isOdd ? this.#copy(value) : value;
  }

  #copy(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const copy = Array.isArray(value) ? value.map((it) => this.#copy(it)) : this.#copyMembers(value);
    const size = Array.isArray(copy) ? copy.length : Object.keys(copy).length;
    if (size <= SMALL) return copy;
    return new Proxy(copy, {
      get: (target, key) => {
        this.spend(1 / READS_PER_STEP);
        return Reflect.get(target, key);
      },
      ownKeys: (target) => {
        this.spend(size / READS_PER_STEP);
        return Reflect.ownKeys(target);
      },
    });
  }

  #copyMembers(object: object): object {
    const copy = Object.create(null);
    for (const [key, value] of Object.entries(object)) {
      if (value !== undefined) copy[key] = this.#copy(value);
    }
    return copy;
  }
}

/** What has to be known of a value before it is validated. */
interface Survey {
  /** Whether something in it is large, or a key has no value. */
  readonly isOdd: boolean;
  readonly longestText: number;
  readonly longestKey: number;
}

// by a list of what is left to see, since values may be nested deeper than the stack
function survey(value: unknown): Survey {
  const left = [value];
  let isOdd = false;
  let longestText = 0;
  let longestKey = 0;
  while (left.length > 0) {
    const at = left.pop();
    if (typeof at === "string") longestText = Math.max(longestText, at.length);
    if (typeof at !== "object" || at === null) continue;
    if (!Array.isArray(at)) { for (const key of Object.keys(at)) longestKey = Math.max(longestKey, key.length); }
    const members = Object.values(at);
    isOdd ||= members.length > SMALL || members.includes(undefined);
    for (const member of members) left.push(member);
  }
  return { isOdd, longestText, longestKey };
}
