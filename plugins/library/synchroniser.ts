/**
 * Brings the shelf in step with what is on disk, which other servers and people change as well.
 *
 * @module
 */
import { compareTools, type ToolChanges } from "./hot_reload.ts";
import type { LastGoods } from "./last_good.ts";
import type { Shelf } from "./shelf.ts";
import type { FoundTool, ToolStorage } from "./storage.ts";

/** What is brought in step. */
export interface SynchroniserOptions {
  readonly storage: ToolStorage;
  readonly shelf: Shelf;
  /** With hot reload, what tools were before they became broken. */
  readonly lastGoods: LastGoods | undefined;
}

/** Compares disk and shelf. Its callers see to it that one change happens at a time. */
export class Synchroniser {
  readonly #options: SynchroniserOptions;

  constructor(options: SynchroniserOptions) {
    this.#options = options;
  }

  /** Takes over what is on disk. */
  async apply(): Promise<void> {
    await this.#apply(await this.#scan());
  }

  /** Takes over what is on disk where anything there is another than before. */
  async refresh(): Promise<void> {
    await this.#settle();
    await this.#options.shelf.reload();
  }

  /** Does the same, and loads those tools of some folders anew whose code is not what it was; tells what changed. */
  async reload(folders: ReadonlySet<string>): Promise<ToolChanges> {
    const { shelf, lastGoods } = this.#options;
    const before = shelf.tools;
    const stale = await lastGoods?.findStale(before.filter((it) => folders.has(it.folder))) ?? new Set();
    await this.#settle(stale);
    await shelf.reload();
    return compareTools(before, shelf.tools);
  }

  async #settle(stale: ReadonlySet<string> = new Set()): Promise<void> {
    if (stale.size === 0 && !this.#differs(await this.#scan())) return;
    // under the lock no other server is half way through a change
    await this.#options.storage.settled(async () => await this.#apply(await this.#scan(), stale));
  }

  /** Finds what is there; with hot reload also a tool whose manifest alone is gone: an editor may be replacing it. */
  async #scan(): Promise<FoundTool[]> {
    const { storage, shelf, lastGoods } = this.#options;
    const found = await storage.scan();
    for (const { folder, lastGood } of shelf.tools) {
      if (lastGood === undefined || found.some((it) => it.folder === folder)) continue;
      if (await lastGoods?.hasCode(folder)) found.push({ folder, fingerprint: "no manifest" });
    }
    return found;
  }

  #differs(found: readonly FoundTool[]): boolean {
    const { shelf } = this.#options;
    return found.length !== shelf.tools.length ||
      found.some((it) => shelf.at(it.folder)?.fingerprint !== it.fingerprint);
  }

  /** @param stale Folders whose tools are loaded anew, though their manifests are what they were. */
  async #apply(found: readonly FoundTool[], stale: ReadonlySet<string> = new Set()): Promise<void> {
    const { storage, shelf } = this.#options;
    const present = new Set(found.map((it) => it.folder));
    for (const { folder } of shelf.tools) if (!present.has(folder)) await shelf.take(folder);
    for (const it of found) {
      if (shelf.at(it.folder)?.fingerprint === it.fingerprint && !stale.has(it.folder)) continue;
      await shelf.put(it, { read: await storage.read(it.folder) });
    }
  }
}
