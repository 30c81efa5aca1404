/**
 * All memories: opened by tool and principal, counted, moved to the trash and back.
 *
 * @module
 */
import { type Folder, type Json, type Log, type Principal, rankCompletions } from "../../kernel/mod.ts";
import { type Namespace, type NamespaceInfo, scanAll, type Store } from "../store/contract.ts";
import type { Memory, ToolMemory, TrashedMemory } from "./contract.ts";
import { type MemoryLimits, MOST_VALUE_BYTES } from "./limits.ts";
import {
  memoryName,
  memoryPrefix,
  ownerOf,
  readMemoryName,
  readTrashName,
  type TrashName,
  trashName,
  trashPrefix,
} from "./names.ts";
import { adoptMemory, type AdoptOptions } from "./skillz_memory.ts";
import { StoredMemory } from "./tool_memory.ts";
import { type Imported, importEntries } from "./transfer.ts";

/** What {@linkcode Memories} works with. */
export interface MemoriesOptions extends Pick<AdoptOptions, "files" | "sql"> {
  readonly store: Store;
  readonly limits: MemoryLimits;
  readonly log: Log;
}

/** A memory of a principal, and how much it holds. */
export interface MemoryInfo {
  readonly tool: string;
  readonly entries: number;
  readonly bytes: number;
}

/** An entry in the trash. */
interface TrashedValue {
  readonly value: Json;
  readonly expires_at: number | null;
}

const MOVED_AT_ONCE = 500;

/** Keeps memories in the store. */
export class Memories implements Memory {
  readonly limits: MemoryLimits;
  readonly #options: MemoriesOptions;

  constructor(options: MemoriesOptions) {
    this.limits = options.limits;
    this.#options = options;
  }

  open(tool: string, principal: Principal | undefined): ToolMemory {
    return new StoredMemory({ ...this.#options, tool, principal });
  }

  /** Lists the memories of a principal, in order of their names. */
  async *list(principal: Principal | undefined): AsyncGenerator<MemoryInfo> {
    for await (const { name, entries, bytes } of this.#namespaces(memoryPrefix(await ownerOf(principal)))) {
      yield { tool: readMemoryName(name).tool, entries, bytes };
    }
  }

  /** Completes the name of a memory. */
  async complete(typed: string, principal: Principal | undefined): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { tool } of this.list(principal)) names.push(tool);
    return rankCompletions(typed, names);
  }

  async trash(tool: string, until: Date): Promise<TrashedMemory> {
    const since = Date.now();
    const moved: TrashName[] = [];
    let entries = 0;
    for await (const { name } of this.#namespaces(memoryPrefix())) {
      const found = readMemoryName(name);
      if (found.tool !== tool) continue;
      moved.push({ ...found, since });
      entries += await this.#moveToTrash({ ...found, since }, until);
      await this.#limitTrash(found.owner);
    }
    return {
      entries,
      restore: async () => {
        for (const name of moved) await this.#restore(name);
      },
    };
  }

  /** Takes out of the trash what was last put there of a tool's memory; `undefined` when there is none. */
  async restore(tool: string, principal: Principal | undefined): Promise<Imported | undefined> {
    let last: TrashName | undefined;
    for await (const { name } of this.#namespaces(trashPrefix(await ownerOf(principal)))) {
      const found = readTrashName(name);
      if (found.tool === tool) last = found;
    }
    return last && await this.#restore(last);
  }

  async adopt(tools: Folder): Promise<void> {
    const { store, log, files, sql } = this.#options;
    const limits = { entries: Infinity, bytes: Infinity, valueBytes: MOST_VALUE_BYTES, memories: Infinity };
    const open = (tool: string, principal: Principal) => new StoredMemory({ store, limits, tool, principal });
    await adoptMemory(tools, { open, taken: store.namespace("memory-adopted"), log, files, sql });
  }

  async *#namespaces(prefix: string): AsyncGenerator<NamespaceInfo> {
    let cursor: string | undefined;
    do {
      const page = await this.#options.store.namespaces({
        prefix,
        limit: 1000,
        ...(cursor !== undefined && { cursor }),
      });
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async #moveToTrash(name: TrashName, until: Date): Promise<number> {
    const { store } = this.#options;
    const from = store.namespace(memoryName(name));
    const ttlMs = until.getTime() - Date.now();
    if (ttlMs <= 0) return await from.deletePrefix("");
    const to = store.namespace(trashName(name));
    let count = 0;
    // what is written meanwhile is moved as well: an entry is deleted as it was copied, or copied again
    while (true) {
      const { items } = await from.scan({ limit: MOVED_AT_ONCE });
      if (items.length === 0) return count;
      await to.batch(items.map(({ key, value, expiresAt }) => {
        const trashed: TrashedValue = { value, expires_at: expiresAt ?? null };
        return { type: "set", key, value: trashed, ttlMs };
      }));
      const deleted = await from.batch(items.map(({ key, version }) => ({ type: "delete", key, ifVersion: version })));
      if (deleted.committed) count += items.length;
    }
  }

  // a trash without end would be a way around every quota
  async #limitTrash(owner: string): Promise<void> {
    const names: string[] = [];
    for await (const { name } of this.#namespaces(trashPrefix(owner))) names.push(name);
    const most = this.limits.memories;
    if (names.length <= most) return;
    for (const name of names.slice(0, names.length - most)) await this.#options.store.namespace(name).deletePrefix("");
  }

  async #restore(name: TrashName): Promise<Imported> {
    const trash = this.#options.store.namespace(trashName(name));
    const memory = new StoredMemory({ ...this.#options, tool: name.tool, principal: { owner: name.owner } });
    const entries = [];
    for await (const { key, value } of scanAll(trash, { limit: MOVED_AT_ONCE })) {
      const { value: kept, expires_at: expiresAt } = value as unknown as TrashedValue;
      entries.push({ key, value: kept, expiresAt: expiresAt ?? undefined });
    }
    const imported = await importEntries(memory, entries, { overwrite: false });
    await forget(trash, imported);
    return imported;
  }
}

// what was not taken back, because something else has its key by now, stays in the trash
async function forget(trash: Namespace, { kept }: Imported): Promise<void> {
  if (kept.length === 0) return void await trash.deletePrefix("");
  const stays = new Set(kept);
  for await (const { key } of scanAll(trash)) if (!stays.has(key)) await trash.delete(key);
}
