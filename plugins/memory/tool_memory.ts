/**
 * What one tool remembers for one principal, in a namespace of the store.
 *
 * @module
 */
import { type Disposer, type Json, type Principal, ToolError } from "../../kernel/mod.ts";
import {
  type ChangeListener,
  type Entry,
  type EntryInfo,
  type Namespace,
  type Operation,
  type Page,
  type ScanOptions,
  type Store,
  STORE_LIMITS,
  type Usage,
} from "../store/contract.ts";
import type { MemoryWrite, MemoryWriteOptions, ToolMemory, UpdatedEntry, WrittenEntry } from "./contract.ts";
import { checkTime, checkValue, explainQuota, type MemoryLimits, quote, tooManyMemories } from "./limits.ts";
import { isJsonObject, mergePatch } from "./merge_patch.ts";
import { checkTool, memoryName, memoryPrefix, ownerOf } from "./names.ts";

/** What a {@linkcode StoredMemory} works with. */
export interface StoredMemoryOptions {
  readonly store: Store;
  readonly limits: MemoryLimits;
  readonly tool: string;
  /** Whose memory: a principal, or the part of one in names. */
  readonly principal: Principal | undefined | { readonly owner: string };
}

/** The memory of one tool, opened when it is first used. */
export class StoredMemory implements ToolMemory {
  readonly #options: StoredMemoryOptions;
  #opening: Promise<{ readonly namespace: Namespace; readonly owner: string }> | undefined;

  constructor(options: StoredMemoryOptions) {
    this.#options = options;
  }

  async get(key: string): Promise<Entry | undefined> {
    return await (await this.#read()).get(key);
  }

  async set(key: string, value: unknown, options: MemoryWriteOptions = {}): Promise<WrittenEntry> {
    const [written] = await this.setAll([{ key, value, ...options }]);
    return written!;
  }

  async setAll(writes: readonly MemoryWrite[]): Promise<readonly WrittenEntry[]> {
    assertBatch(writes, "store");
    for (const write of writes) this.#check(write, "store");
    const namespace = await this.#write();
    const result = await this.#batch(namespace, writes.map(toOperation));
    if (!result.committed) throw await conflict(namespace, { verb: "store", write: writes[result.conflict]! });
    return writes.map(({ key }, i) => ({ key, version: result.versions[i]! }));
  }

  async update(key: string, patch: unknown, options: MemoryWriteOptions = {}): Promise<UpdatedEntry> {
    const [updated] = await this.updateAll([{ key, value: patch, ...options }]);
    return updated!;
  }

  async updateAll(patches: readonly MemoryWrite[]): Promise<readonly UpdatedEntry[]> {
    assertBatch(patches, "update");
    for (const patch of patches) {
      this.#check(patch, "update");
      const { key, value } = patch;
      if (!isJsonObject(value)) {
        throw new ToolError(`Cannot update ${quote(key)}: the value is ${nameType(value)}, it must be an object`);
      }
    }
    const namespace = await this.#write();
    while (true) {
      const changed = await Promise.all(patches.map((patch) => this.#applyTo(namespace, patch)));
      const result = await this.#batch(namespace, changed.map(toOperation));
      if (result.committed) return changed.map(({ key, value }, i) => ({ key, value, version: result.versions[i]! }));
      // another writer was faster, unless the caller wanted another version
      const { ifVersion } = patches[result.conflict]!;
      if (ifVersion !== undefined) {
        throw await conflict(namespace, { verb: "update", write: patches[result.conflict]! });
      }
    }
  }

  #check({ key, value, ttlMs }: MemoryWrite, verb: "store" | "update"): void {
    checkTime(ttlMs, key);
    checkValue(value, { key, verb, limits: this.#options.limits });
  }

  async #applyTo(namespace: Namespace, patch: MemoryWrite): Promise<MemoryWrite & { readonly value: Json }> {
    const { key } = patch;
    const entry = await namespace.get(key);
    const { version = 0, value: before } = entry ?? {};
    const ifVersion = patch.ifVersion ?? version;
    if (before !== undefined && !isJsonObject(before)) {
      throw new ToolError(
        `Cannot update ${quote(key)}: what is there is ${nameType(before)}, not an object; store it anew to replace it`,
      );
    }
    const value = mergePatch(before, patch.value as Json);
    checkValue(value, { key, verb: "update", limits: this.#options.limits });
    // at least one millisecond: the entry was there when it was read
    const left = entry?.expiresAt === undefined ? undefined : Math.max(1, entry.expiresAt - Date.now());
    return { key, value, ifVersion, ttlMs: patch.ttlMs ?? left };
  }

  async increment(key: string, by = 1, { ttlMs }: Pick<MemoryWriteOptions, "ttlMs"> = {}): Promise<number> {
    checkTime(ttlMs, key);
    const namespace = await this.#write();
    return await this.#explained(() => namespace.increment(key, by, ttlMs ? { ttlMs } : {}));
  }

  async delete(key: string, options: Pick<MemoryWriteOptions, "ifVersion"> = {}): Promise<boolean> {
    const namespace = await this.#read();
    const { ifVersion } = options;
    if (ifVersion === undefined) return await namespace.delete(key);
    const result = await namespace.batch([{ type: "delete", key, ifVersion }]);
    if (!result.committed) throw await conflict(namespace, { verb: "delete", write: { key, ifVersion } });
    return ifVersion !== 0;
  }

  async deleteAll(keys: readonly string[]): Promise<number> {
    assertBatch(keys.map((key) => ({ key })), "delete");
    const namespace = await this.#read();
    while (true) {
      const entries = await Promise.all(keys.map((key) => namespace.get(key)));
      const found = entries.filter((it) => it !== undefined);
      const result = await namespace.batch(
        found.map(({ key, version }) => ({ type: "delete", key, ifVersion: version })),
      );
      // otherwise another writer was faster
      if (result.committed) return found.length;
    }
  }

  async clear(prefix = ""): Promise<number> {
    return await (await this.#read()).deletePrefix(prefix);
  }

  async keys(options: ScanOptions = {}): Promise<Page<EntryInfo>> {
    return await (await this.#read()).keys(options);
  }

  async entries(options: ScanOptions = {}): Promise<Page<Entry>> {
    return await (await this.#read()).scan(options);
  }

  async usage(): Promise<Usage> {
    return await (await this.#read()).usage();
  }

  async watch(prefix: string, listener: ChangeListener): Promise<Disposer> {
    return await (await this.#read()).watch(prefix, listener);
  }

  #open() {
    return this.#opening ??= this.#doOpen();
  }

  async #doOpen() {
    const { store, limits, tool, principal } = this.#options;
    checkTool(tool);
    const owner = principal !== undefined && "owner" in principal ? principal.owner : await ownerOf(principal);
    const quota = { entries: limits.entries, bytes: limits.bytes };
    return { namespace: store.namespace(memoryName({ owner, tool }), { quota }), owner };
  }

  async #read(): Promise<Namespace> {
    return (await this.#open()).namespace;
  }

  async #write(): Promise<Namespace> {
    const { namespace, owner } = await this.#open();
    const { store, limits: { memories }, tool } = this.#options;
    if (memories === Infinity || (await namespace.usage()).entries > 0) return namespace;
    let count = 0;
    let cursor: string | undefined;
    do {
      const limit = Math.min(memories - count, STORE_LIMITS.pageEntries);
      const page = await store.namespaces({ prefix: memoryPrefix(owner), limit, ...(cursor && { cursor }) });
      count += page.items.length;
      cursor = page.cursor;
      if (count >= memories) throw tooManyMemories(tool, memories);
    } while (cursor !== undefined);
    return namespace;
  }

  #batch(namespace: Namespace, operations: readonly Operation[]) {
    return this.#explained(() => namespace.batch(operations));
  }

  #explained<T>(write: () => Promise<T>): Promise<T> {
    return explainQuota(this.#options.tool, write);
  }
}

function toOperation({ key, value, ttlMs, ifVersion }: MemoryWrite): Operation {
  return { type: "set", key, value, ...(ttlMs && { ttlMs }), ...(ifVersion !== undefined && { ifVersion }) };
}

function assertBatch(writes: readonly Pick<MemoryWrite, "key">[], verb: string): void {
  if (writes.length > STORE_LIMITS.batchOperations) {
    const limit = STORE_LIMITS.batchOperations;
    throw new ToolError(`Cannot ${verb} ${writes.length} entries at once: ${limit} is the limit; do it in parts`);
  }
  const seen = new Set<string>();
  for (const { key } of writes) {
    if (seen.has(key)) throw new ToolError(`Cannot ${verb} ${quote(key)} twice at once: leave one of them out`);
    seen.add(key);
  }
}

async function conflict(
  namespace: Namespace,
  { verb, write: { key, ifVersion } }: { readonly verb: string; readonly write: Omit<MemoryWrite, "value"> },
): Promise<ToolError> {
  const version = (await namespace.get(key))?.version ?? 0;
  const found = version === 0 ? "it is absent" : `its version is ${version}`;
  const wanted = ifVersion === 0 ? "it was to be absent" : `${ifVersion} was wanted`;
  return new ToolError(
    `Cannot ${verb} ${quote(key)}: ${found}, ${wanted}; get it, decide anew, and pass its version now (0 for absent)`,
    { data: { conflict: { key, if_version: ifVersion, version } } },
  );
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return value === undefined ? "missing" : `a ${typeof value}`;
}
