/**
 * What was read and compiled, as far as it was used last.
 *
 * @module
 */

/** Something to keep. */
export interface Sized<T> {
  readonly item: T;
  /** Bytes. */
  readonly size: number;
}

/** Bounds of an {@linkcode ArtifactCache}. */
export interface CacheBounds {
  readonly bytes: number;
  readonly count: number;
}

interface Entry<T> {
  readonly item: Promise<T>;
  /** 0 until it is there. */
  size: number;
}

/** Keeps what took time to make; each is made once, for all who ask at the same time. */
export class ArtifactCache<T> {
  readonly #bounds: CacheBounds;
  /** That of the longest ago first. */
  readonly #entries = new Map<string, Entry<T>>();
  #bytes = 0;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  /**
   * Gives an item, and makes it if it is not kept.
   *
   * @throws what `make` throws; the next one tries again.
   */
  get(key: string, make: () => Promise<Sized<T>>): Promise<T> {
    const known = this.#entries.get(key);
    if (known === undefined) return this.#make(key, make);
    this.#entries.delete(key);
    this.#entries.set(key, known);
    return known.item;
  }

  #make(key: string, make: () => Promise<Sized<T>>): Promise<T> {
    const made = make();
    const entry: Entry<T> = { item: made.then(({ item }) => item), size: 0 };
    this.#entries.set(key, entry);
    made.then(({ size }) => this.#grow(key, entry, size), () => this.#drop(key, entry));
    return entry.item;
  }

  #grow(key: string, entry: Entry<T>, size: number): void {
    if (this.#entries.get(key) !== entry) return;
    entry.size = size;
    this.#bytes += size;
    for (const [oldest, it] of this.#entries) {
      if (this.#bytes <= this.#bounds.bytes && this.#entries.size <= this.#bounds.count) break;
      this.#drop(oldest, it);
    }
  }

  #drop(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.size;
  }
}
