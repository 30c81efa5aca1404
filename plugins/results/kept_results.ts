/**
 * Results that were too large to send, kept for a while in a bounded space.
 *
 * @module
 */

/** The whole of an answer. */
export interface KeptResult {
  readonly text: string;
  readonly mimeType: string;
  /** Who may read it. */
  readonly principalId: string | undefined;
}

export interface KeepLimits {
  /** Most characters kept in all. */
  readonly maxSize: number;
  /** Milliseconds that a result is kept. */
  readonly maxAgeMs: number;
}

/** Keeps results by id; the oldest make room. */
export class KeptResults {
  readonly #limits: KeepLimits;
  // in order of insertion, so the first are the oldest
  readonly #kept = new Map<string, KeptResult & { readonly since: number }>();
  #size = 0;

  constructor(limits: KeepLimits) {
    this.#limits = limits;
  }

  /** Keeps a result; gives its id, or `undefined` when it is larger than all the space. */
  keep(result: KeptResult): string | undefined {
    if (result.text.length > this.#limits.maxSize) return undefined;
    const id = crypto.randomUUID();
    this.#kept.set(id, { ...result, since: Date.now() });
    this.#size += result.text.length;
    this.#makeRoom();
    return id;
  }

  /** Finds a result of a principal. */
  find(id: string, principalId: string | undefined): KeptResult | undefined {
    this.#makeRoom();
    const kept = this.#kept.get(id);
    return kept?.principalId === principalId ? kept : undefined;
  }

  clear(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #makeRoom(): void {
    const oldest = Date.now() - this.#limits.maxAgeMs;
    for (const [id, { text, since }] of this.#kept) {
      if (this.#size <= this.#limits.maxSize && since >= oldest) return;
      this.#kept.delete(id);
      this.#size -= text.length;
    }
  }
}
