/**
 * What is loaded when it is first used: a start should not wait for what a call may need.
 *
 * @module
 */

/** Something that is loaded once, when it is first asked for; a load that failed is tried anew. */
export class Lazy<T> {
  readonly #load: () => Promise<T>;
  #loading: Promise<T> | undefined;

  /** Takes how it is loaded, such as by `import()`. */
  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** What is there or on its way; `undefined` while nobody has asked for it, as for whoever ends it. */
  get loading(): Promise<T> | undefined {
    return this.#loading;
  }

  /** Gives it. */
  get(): Promise<T> {
    return this.#loading ??= this.#load().catch((thrown) => {
      this.#loading = undefined;
      throw thrown;
    });
  }
}
