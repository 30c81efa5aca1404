/**
 * What decides what `Math.random` gives: the engine keeps it in its memory, and begins with the time. An instance that is set
 * back would give the same again.
 *
 * @module
 */

/** The factor of xorshift64*, by which the engine makes a number of its state. */
const FACTOR = 0x2545f4914f6cdd1dn;
/** The engine counts microseconds. */
const STATE_OF_MS = 1_000n;

/** Where the state of an instance is. */
export class RandomState {
  readonly #memory: WebAssembly.Memory;
  readonly #at: number;

  private constructor(memory: WebAssembly.Memory, at: number) {
    this.#memory = memory;
    this.#at = at;
  }

  /**
   * Finds it in an instance where nothing was asked for by chance yet.
   *
   * @param begun What the instance took for the time, in milliseconds since 1970, when it began: some number that is not
   * likely to be in the memory for another reason.
   * @param random Gives what `Math.random` gives.
   * @returns `undefined` where it is not found for certain.
   */
  static find(memory: WebAssembly.Memory, begun: number, random: () => number): RandomState | undefined {
    const words = new BigUint64Array(memory.buffer);
    const first = words.indexOf(BigInt(begun) * STATE_OF_MS);
    if (first < 0 || words.lastIndexOf(words[first]!) !== first) return undefined;
    const state = new RandomState(memory, first * BigUint64Array.BYTES_PER_ELEMENT);
    const expected = state.renew();
    return random() === expected ? state : undefined;
  }

  /** Begins anew with what nobody can foresee; gives the number that comes first. */
  renew(): number {
    const [begin = 0n] = crypto.getRandomValues(new BigUint64Array(1));
    // zero would stay zero
    const state = begin | 1n;
    new DataView(this.#memory.buffer).setBigUint64(this.#at, state, true);
    return numberOf(state);
  }
}

function numberOf(state: bigint): number {
  let x = state;
  x ^= x >> 12n;
  x = BigInt.asUintN(64, x ^ x << 25n);
  x ^= x >> 27n;
  // 52 bits, between 1 and 2
  const bits = 0x3ffn << 52n | BigInt.asUintN(64, x * FACTOR) >> 12n;
  return new Float64Array(BigUint64Array.of(bits).buffer)[0]! - 1;
}
