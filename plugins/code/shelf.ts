/**
 * Where code keeps things for each principal: a namespace of the store, or memory where there is no store.
 *
 * @module
 */
import { type Principal, sha256 } from "../../kernel/mod.ts";
import { type Entry, type EntryInfo, type Namespace, type Store, STORE_LIMITS } from "../store/contract.ts";

/** What is used of a namespace. */
export type Shelf = Pick<Namespace, "get" | "set" | "compareAndSet" | "delete" | "keys" | "usage">;

/** Opens the shelf of a principal; calls without a principal have one of their own. */
export type OpenShelf = (principal: Principal | undefined) => Promise<Shelf>;

/** Makes what opens the shelves of one kind, such as `sessions`. */
export function shelvesOf(kind: string, store: Store | undefined): OpenShelf {
  const inMemory = new Map<string, Shelf>();
  return async (principal) => {
    // an id may be of any length, and hold what no name of a namespace may
    const owner = principal === undefined ? "none" : await sha256(principal.id);
    if (store !== undefined) return store.namespace(`code/${kind}/${owner}`);
    const shelf = inMemory.get(owner) ?? new MemoryShelf();
    inMemory.set(owner, shelf);
    return shelf;
  };
}

/** Lists all that a shelf holds, without the values. */
export async function listAll(shelf: Pick<Shelf, "keys">): Promise<EntryInfo[]> {
  const all: EntryInfo[] = [];
  let cursor: string | undefined;
  do {
    const page = await shelf.keys({ limit: STORE_LIMITS.pageEntries, ...(cursor !== undefined && { cursor }) });
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

/** A shelf that ends with the process. */
class MemoryShelf implements Shelf {
  readonly #entries = new Map<string, Entry & { readonly bytes: number }>();
  #version = 0;

  get(key: string): Promise<Entry | undefined> {
    this.#sweep();
    const entry = this.#entries.get(key);
    return Promise.resolve(entry && { ...entry, value: structuredClone(entry.value) });
  }

  set(key: string, value: unknown, { ttlMs }: { readonly ttlMs?: number } = {}): Promise<number> {
    const json = JSON.stringify(value);
    const version = ++this.#version;
    this.#entries.delete(key);
    this.#entries.set(key, {
      ...{ key, version, value: JSON.parse(json), bytes: json.length },
      expiresAt: ttlMs === undefined ? undefined : Date.now() + ttlMs,
    });
    return Promise.resolve(version);
  }

  async compareAndSet(
    key: string,
    value: unknown,
    { ifVersion, ...options }: { readonly ttlMs?: number; readonly ifVersion: number },
  ): Promise<number | undefined> {
    this.#sweep();
    return (this.#entries.get(key)?.version ?? 0) === ifVersion ? await this.set(key, value, options) : undefined;
  }

  delete(key: string, { ifVersion }: { readonly ifVersion?: number } = {}): Promise<boolean> {
    const isMeant = ifVersion === undefined || this.#entries.get(key)?.version === ifVersion;
    return Promise.resolve(isMeant && this.#entries.delete(key));
  }

  keys(): Promise<{ readonly items: readonly EntryInfo[]; readonly cursor: undefined }> {
    this.#sweep();
    return Promise.resolve({ items: [...this.#entries.values()], cursor: undefined });
  }

  usage(): Promise<{ readonly entries: number; readonly bytes: number }> {
    this.#sweep();
    const bytes = [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    return Promise.resolve({ entries: this.#entries.size, bytes });
  }

  #sweep(): void {
    const now = Date.now();
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt !== undefined && expiresAt <= now) this.#entries.delete(key);
    }
  }
}
