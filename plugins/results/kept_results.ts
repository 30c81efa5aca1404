/**
 * Parts of results that were too large to send, kept for a while in a bounded space.
 *
 * @module
 */

/** One part of a result: a text, or bytes in base64. */
export type ResultPart = { readonly mimeType: string } & ({ readonly text: string } | { readonly blob: string });

export interface KeepLimits {
  /** Most characters kept in all. */
  readonly maxSize: number;
  /** Milliseconds that a part is kept. */
  readonly maxAgeMs: number;
}

interface Kept {
  readonly part: ResultPart;
  /** Who may read it. */
  readonly principalId: string | undefined;
  readonly since: number;
}

/** Counts the characters of a part. */
export function sizeOfPart(part: ResultPart): number {
  return "text" in part ? part.text.length : part.blob.length;
}

/** Keeps parts of results by id; the oldest make room. */
export class KeptResults {
  readonly #limits: KeepLimits;
  // in order of insertion, so the first are the oldest
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  constructor(limits: KeepLimits) {
    this.#limits = limits;
  }

  /** Keeps parts, all of them or none; gives their ids, or `undefined` when they are larger than all the space. */
  keep(parts: readonly ResultPart[], principalId: string | undefined): string[] | undefined {
    const size = parts.reduce((sum, part) => sum + sizeOfPart(part), 0);
    if (size > this.#limits.maxSize) return undefined;
    const ids = parts.map((part) => {
      const id = crypto.randomUUID();
      this.#kept.set(id, { part, principalId, since: Date.now() });
      return id;
    });
    this.#size += size;
    this.#makeRoom();
    return ids;
  }

  /** Finds a part of a principal's. */
  find(id: string, principalId: string | undefined): ResultPart | undefined {
    this.#makeRoom();
    const kept = this.#kept.get(id);
    return kept?.principalId === principalId ? kept?.part : undefined;
  }

  /** Lists what a principal can read, newest first. */
  idsOf(principalId: string | undefined): string[] {
    this.#makeRoom();
    return [...this.#kept].filter(([, kept]) => kept.principalId === principalId).map(([id]) => id).reverse();
  }

  clear(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #makeRoom(): void {
    const oldest = Date.now() - this.#limits.maxAgeMs;
    for (const [id, { part, since }] of this.#kept) {
      if (this.#size <= this.#limits.maxSize && since >= oldest) return;
      this.#kept.delete(id);
      this.#size -= sizeOfPart(part);
    }
  }
}
