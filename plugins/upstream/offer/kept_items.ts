/**
 * What is registered for one kind of item, kept in step with what is wanted.
 *
 * @module
 */
import { messageOf, type Registration } from "../../../kernel/mod.ts";

/** One way to register an item. */
export interface Attempt<D> {
  /** The name or URI under which it is registered. */
  readonly key: string;
  readonly definition: D;
  /** Says in what it is not as the server sent it. */
  readonly note?: string | undefined;
}

/** An item that should be registered. */
export interface Wanted<D> {
  /** What the server sent: where that is the same, so is the definition. */
  readonly source: unknown;
  /** The name that it has to have now; any by default. */
  readonly key?: string;
  /** Ways to register it, the best first; the next is tried when one throws. */
  readonly attempts: readonly (() => Attempt<D>)[];
}

/** How items of one kind are registered. */
export interface KeptItemsOptions<D> {
  register(definition: D): Registration<D>;
  /** Hears that an item is registered under a key no more, or could not be. */
  dropped?(own: string, key: string): void;
}

interface Kept<D> extends Omit<Attempt<D>, "definition"> {
  readonly source: unknown;
  readonly registration: Registration<D>;
}

/** Registers items of one kind, by the names that the server knows them by. */
export class KeptItems<D> {
  readonly #options: KeptItemsOptions<D>;
  readonly #kept = new Map<string, Kept<D>>();
  #refused: ReadonlyMap<string, string> = new Map();

  constructor(options: KeptItemsOptions<D>) {
    this.#options = options;
  }

  /** Names of the server, with the names under which they are registered. */
  get names(): ReadonlyMap<string, string> {
    return new Map([...this.#kept].map(([own, { key }]) => [own, key]));
  }

  /** In what registered items are not as the server sent them, by its names. */
  get notes(): ReadonlyMap<string, string> {
    return new Map([...this.#kept].flatMap(([own, { note }]) => note === undefined ? [] : [[own, note]]));
  }

  /** Why items are not registered, by the names of the server. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** The name or URI under which an item is registered. */
  keyOf(own: string): string | undefined {
    return this.#kept.get(own)?.key;
  }

  /** Registers what is wanted, changes in place what changed, and takes away the rest. */
  async sync(wanted: ReadonlyMap<string, Wanted<D>>): Promise<void> {
    const gone = [...this.#kept].filter(([own, { key }]) => {
      const item = wanted.get(own);
      return item === undefined || (item.key ?? key) !== key;
    });
    // names that are given up may be those of others now
    for (const [own] of gone) await this.#drop(own);
    const refused = new Map<string, string>();
    for (const [own, item] of wanted) {
      const kept = this.#kept.get(own);
      if (kept !== undefined && isSame(kept.source, item.source)) continue;
      const reason = await this.#put(own, item);
      if (reason === undefined) continue;
      // what it was before is not what it is now
      await this.#drop(own);
      refused.set(own, reason);
    }
    this.#refused = refused;
  }

  async #put(own: string, { source, attempts }: Wanted<D>): Promise<string | undefined> {
    let reason = "";
    for (const attempt of attempts) {
      let tried: string | undefined;
      try {
        const { key, definition, note } = attempt();
        tried = key;
        if (this.keyOf(own) !== key) await this.#drop(own);
        const registration = this.#kept.get(own)?.registration;
        registration?.update(definition);
        this.#kept.set(own, {
          key,
          note,
          source,
          registration: registration ?? this.#options.register(definition),
        });
        return undefined;
      } catch (thrown) {
        reason = messageOf(thrown);
        if (tried !== undefined) this.#options.dropped?.(own, tried);
      }
    }
    return reason;
  }

  async #drop(own: string): Promise<void> {
    const kept = this.#kept.get(own);
    if (kept === undefined) return;
    this.#kept.delete(own);
    this.#options.dropped?.(own, kept.key);
    await kept.registration.dispose();
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
