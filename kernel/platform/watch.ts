/**
 * Watches a file or folder that may come and go.
 *
 * Node on Linux has no recursive watching of its own: it would put a watcher on each file. There one watcher per
 * folder does. Elsewhere, and on Deno, where each watcher costs a thread, the runtime's recursive watcher is used.
 * Where neither works, such as when the system's limit of watchers is reached, the tree is compared every two seconds.
 *
 * @module
 */
import { type FSWatcher, readdirSync, watch as watchNatively } from "node:fs";
import { join, sep } from "node:path";
import process from "node:process";
import { setInterval } from "node:timers";
import type { Disposer } from "../plugin.ts";
import { gatherChanges, type Gatherer, isIgnored } from "./gather.ts";
import { isInternal } from "./paths.ts";
import { codeOf } from "./real_path.ts";
import { changedBetween, identify, joinPath, listBelow, type Snapshot, takeSnapshot } from "./snapshot.ts";

const TICK_MS = 1_000;
const TICKS_PER_COMPARISON = 2;
/** Of folders below the root: what happens where one is replaced while it is looked at, and where it may not be read. */
const HARMLESS: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM"]);
const IS_RECURSIVE = process.platform !== "linux" || "Deno" in globalThis;

/** What a watch can be told. */
export interface WatchOptions {
  /** Stands before each path that is reported. */
  readonly prefix?: string;
  /** Milliseconds over which changes are gathered; default 100. */
  readonly debounceMs?: number | undefined;
  /** Tells which paths are left out, with the prefix, and with them all that is below. */
  readonly ignores?: ((path: string) => boolean) | undefined;
  /** Whether the watchers of the runtime are used; default true. */
  readonly native?: boolean;
}

class Watch {
  readonly #locate: () => string | undefined;
  readonly #prefix: string;
  readonly #ignores: WatchOptions["ignores"];
  readonly #gatherer: Gatherer;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #renamed = new Set<string>();
  #isNative: boolean;
  #identity: string;
  #root: string | undefined;
  #snapshot: Snapshot = new Map();
  #ticks = 0;
  #isClosed = false;

  constructor(locate: () => string | undefined, listener: (paths: readonly string[]) => void, options: WatchOptions) {
    this.#locate = locate;
    this.#prefix = options.prefix ?? "";
    this.#ignores = options.ignores;
    this.#isNative = options.native !== false;
    this.#gatherer = gatherChanges(listener, {
      debounceMs: options.debounceMs,
      ignores: options.ignores,
      complete: () => this.#listRenamed(),
    });
    this.#root = locate();
    this.#identity = identify(this.#root);
    this.#attachAll();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#detach("");
    this.#gatherer.close();
  }

  #name(path: string): string {
    if (path === "") return this.#prefix === "" ? "." : this.#prefix;
    return joinPath(this.#prefix, path);
  }

  // whoever walks down from a folder that counts does not meet what is below one that is left out
  readonly #isLeftOut = (path: string): boolean => isInternal(path) || this.#ignores?.(this.#name(path)) === true;

  #tick(): void {
    const root = this.#locate();
    const identity = identify(root);
    if (identity !== this.#identity) {
      this.#root = root;
      this.#identity = identity;
      this.#detach("");
      // on Deno a path has no new watcher in the turn in which its old one is closed
      setTimeout(() => this.#attachAnew(), 0);
    } else if (!this.#isNative && this.#ticks++ % TICKS_PER_COMPARISON === 0) {
      this.#compare();
    }
  }

  #attachAnew(): void {
    if (this.#isClosed) return;
    this.#attachAll();
    this.#gatherer.add(this.#name(""));
    if (this.#root === undefined) return;
    for (const path of listBelow(this.#root, "", this.#isLeftOut)) this.#gatherer.add(this.#name(path));
  }

  #attachAll(): void {
    if (this.#root === undefined || !this.#identity.startsWith("folder")) return;
    if (this.#isNative) this.#attach("");
    if (!this.#isNative) this.#snapshot = this.#takeSnapshot();
  }

  /** Watches a folder, and in the way of Linux those below it; watching comes before listing, so that nothing slips. */
  #attach(path: string): void {
    const root = this.#root;
    if (root === undefined || !this.#isNative) return;
    try {
      if (IS_RECURSIVE) return this.#attachOne(root, "");
      this.#attachOne(root, path);
      for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
        const below = joinPath(path, entry.name);
        if (entry.isDirectory() && !this.#isLeftOut(below)) this.#attach(below);
      }
    } catch (error) {
      this.#onTrouble(path, error);
    }
  }

  #attachOne(root: string, path: string): void {
    const watcher = watchNatively(join(root, path), { recursive: IS_RECURSIVE, persistent: false });
    // Deno takes no notice of `persistent`, and of `unref` until the next event alone
    const letGo = () => watcher.unref();
    letGo();
    watcher.on("change", (kind, name) => {
      queueMicrotask(letGo);
      this.#onEvent(path, kind, name);
    });
    watcher.on("error", (error) => this.#onTrouble(path, error));
    this.#watchers.set(path, watcher);
  }

  #detach(path: string): void {
    for (const [watched, watcher] of this.#watchers) {
      if (path !== "" && watched !== path && !watched.startsWith(`${path}/`)) continue;
      watcher.close();
      this.#watchers.delete(watched);
    }
  }

  /** Compares from now on, unless the folder is not ours to read, or was replaced, which the watcher above it tells. */
  #onTrouble(path: string, error: unknown): void {
    if (!this.#isNative || this.#root === undefined || identify(join(this.#root, path)) === "absent") return;
    if (path !== "" && HARMLESS.has(codeOf(error) ?? "")) return;
    this.#isNative = false;
    this.#detach("");
    this.#attachAll();
    this.#gatherer.add(this.#name(""));
  }

  #onEvent(folder: string, kind: string, name: string | Uint8Array | null): void {
    const root = this.#root;
    if (root === undefined || typeof name !== "string") return;
    const relative = name.split(sep).join("/");
    const path = joinPath(folder, relative);
    if (isInternal(path) || isIgnored(this.#name(path), this.#ignores)) return;
    if (kind === "rename") {
      // a folder that was removed reports itself as if it were inside itself
      if (identify(join(root, folder)) === "absent") return;
      this.#renamed.add(path);
      if (!IS_RECURSIVE) {
        this.#detach(path);
        if (identify(join(root, path)).startsWith("folder")) this.#attach(path);
      }
    }
    this.#gatherer.add(this.#name(path));
  }

  /** Lists what is in folders that are new: it may have been there before their watchers were. */
  *#listRenamed(): Iterable<string> {
    const renamed = [...this.#renamed];
    this.#renamed.clear();
    if (this.#root === undefined) return;
    for (const path of renamed) {
      for (const below of listBelow(this.#root, path, this.#isLeftOut)) yield this.#name(below);
    }
  }

  #takeSnapshot(): Snapshot {
    const root = this.#root;
    return root === undefined ? new Map() : takeSnapshot(root, this.#isLeftOut);
  }

  #compare(): void {
    const before = this.#snapshot;
    this.#snapshot = this.#takeSnapshot();
    for (const path of changedBetween(before, this.#snapshot)) this.#gatherer.add(this.#name(path));
  }
}

/**
 * Watches a file or a folder with all below it, whether it exists yet or not. When the path itself appears, goes or is
 * replaced, within a second, it is reported by its own name together with what is below it.
 *
 * @param locate Gives the real path, checked; what it throws counts as absence after the first time.
 * @throws what `locate` throws the first time.
 */
export function watchPath(
  locate: () => string,
  listener: (paths: readonly string[]) => void,
  options: WatchOptions = {},
): Disposer {
  locate();
  const watch = new Watch(
    () => {
      try {
        return locate();
      } catch {
        return undefined;
      }
    },
    listener,
    options,
  );
  return () => watch.close();
}
