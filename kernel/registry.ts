/**
 * Registries: what plugins registered, by name, with its owner.
 *
 * @module
 */
import { KernelError } from "./errors.ts";
import type { ItemKind } from "./plugin.ts";

/** One registered item. */
export interface Entry<D, C = unknown> {
  /** Name of a tool or prompt; URI or URI template of a resource. */
  readonly key: string;
  /** Names the plugin that registered it. */
  readonly owner: string;
  readonly definition: D;
  /** What the kernel derived from the definition: compiled schemas and templates. */
  readonly compiled: C;
}

/** What a {@linkcode Registry} needs to know of its items. */
export interface RegistryOptions<D, C> {
  readonly kind: ItemKind;
  /** Checks the key and derives what calls need; throws when the definition is wrong. */
  compile(key: string, definition: D): C;
  /** Runs after each change. */
  onChange(): void;
}

/** A handle on one added item. */
export interface Addition<D> {
  /** Replaces parts of the definition in place. */
  update(patch: Partial<D>): void;
  /** Takes the item away. */
  remove(): void;
}

/** Items of one kind, by key. */
export class Registry<D, C = unknown> {
  readonly kind: ItemKind;
  readonly #options: RegistryOptions<D, C>;
  readonly #entries = new Map<string, Entry<D, C>>();
  #sorted: readonly Entry<D, C>[] | undefined;
  #version = 0;

  constructor(options: RegistryOptions<D, C>) {
    this.kind = options.kind;
    this.#options = options;
  }

  /** Number of items. */
  get size(): number {
    return this.#entries.size;
  }

  /** Rises with each change, so that what was derived from the registry can be cached. */
  get version(): number {
    return this.#version;
  }

  /** Finds an item by its key. */
  get(key: string): Entry<D, C> | undefined {
    return this.#entries.get(key);
  }

  /** Gives all entries, sorted by key. The array is the same until the registry changes. */
  entries(): readonly Entry<D, C>[] {
    return this.#sorted ??= [...this.#entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /**
   * Adds an item.
   *
   * @throws {KernelError} `NAME_TAKEN` when the key is in use, and whatever `compile` throws.
   */
  add(owner: string, { key, definition }: { readonly key: string; readonly definition: D }): Addition<D> {
    const taken = this.#entries.get(key);
    if (taken !== undefined) {
      throw new KernelError(
        "NAME_TAKEN",
        `Cannot register ${this.kind} "${key}" of plugin "${owner}": the name is taken by plugin "${taken.owner}"`,
        { plugin: owner, fix: "choose another name, or unload the other plugin" },
      );
    }
    let current = this.#set({ key, owner, definition, compiled: this.#options.compile(key, definition) });
    return {
      update: (patch) => {
        if (this.#entries.get(key) !== current) return;
        const next = { ...current.definition, ...patch };
        current = this.#set({ key, owner, definition: next, compiled: this.#options.compile(key, next) });
      },
      remove: () => {
        if (this.#entries.get(key) === current && this.#entries.delete(key)) this.#changed();
      },
    };
  }

  #set(entry: Entry<D, C>): Entry<D, C> {
    this.#entries.set(entry.key, entry);
    this.#changed();
    return entry;
  }

  #changed(): void {
    this.#sorted = undefined;
    this.#version++;
    this.#options.onChange();
  }
}
