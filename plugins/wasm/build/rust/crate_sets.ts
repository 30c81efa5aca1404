/**
 * What is kept of sets of crates, so that a second tool with the same crates compiles nothing but itself.
 *
 * ```
 * <home>/cache/wasm/cargo/              what cargo keeps of the registry
 * <home>/cache/wasm/rust/<key>/         one set: compiler, crates and their versions
 *   collet_tool/                        the crate that tools talk to the server with
 *   crates/                             sources of all crates, never changed
 *   Cargo.lock                          written when the crates are there
 *   target/                             what was compiled of them
 *   project/                            the tool, while it is compiled
 * <home>/cache/wasm/resolved/<key>      the lock that crates without one were given
 * ```
 *
 * @module
 */
import { type Disposer, type Files, type Folder, sha256 } from "../../../../kernel/mod.ts";

const ROOT = "cache/wasm";
const SETS = `${ROOT}/rust`;
const RESOLVED = `${ROOT}/resolved`;
const CARGO = `${ROOT}/cargo`;
const STATE = "set.json";
/** How long versions that were decided on stay. */
const RESOLVED_MS = 7 * 24 * 60 * 60 * 1000;
/** Most bytes of all sets together. */
const MOST_BYTES = 4 * 2 ** 30;
/** Most bytes of downloaded crates. */
const MOST_DOWNLOADED = 2 * 2 ** 30;
const MOST_RESOLVED = 1_000;
/** How long a set that is in use keeps the others from being removed. */
const LOCK_MS = 100;

/** Names content by its digest. */
export async function keyOf(content: unknown): Promise<string> {
  return (await sha256(JSON.stringify(content))).slice(0, 32);
}

/** The folder of all sets. */
export class CrateSets {
  readonly #home: Files;

  constructor(home: Files) {
    this.#home = home;
  }

  /** Gives the folder of a set, which is made unless it is there. */
  async open(key: string): Promise<Folder> {
    await this.#home.makeFolder(`${SETS}/${key}`);
    return this.#home.open(await this.#home.resolve(`${SETS}/${key}`));
  }

  /** Takes a set: one tool is compiled in it at a time. */
  async lock(key: string, signal?: AbortSignal): Promise<Disposer> {
    return await this.#home.lock(`wasm-rust-${key}`, signal && { signal });
  }

  /** Takes what cargo keeps of the registry, and gives its absolute path. */
  async lockCargo(signal: AbortSignal): Promise<AsyncDisposable & { readonly path: string }> {
    const release = await this.#home.lock("wasm-cargo", { signal });
    await this.#home.makeFolder(CARGO);
    const path = await this.#home.resolve(CARGO);
    return { path, [Symbol.asyncDispose]: async () => void await release() };
  }

  /** Reads the lock that was decided on for crates; `undefined` when there is none, or that is long ago. */
  async readResolved(key: string): Promise<string | undefined> {
    const stat = await this.#home.stat(`${RESOLVED}/${key}`);
    if (stat === undefined || Date.now() - stat.modified.getTime() > RESOLVED_MS) return undefined;
    return await this.#home.readText(`${RESOLVED}/${key}`);
  }

  async writeResolved(key: string, lock: string): Promise<void> {
    await this.#home.writeAtomic(`${RESOLVED}/${key}`, lock);
  }

  /** Notes that a set was used; its size is measured once. */
  async touch(key: string): Promise<void> {
    const name = `${SETS}/${key}/${STATE}`;
    const known = sizeIn(await this.#home.readText(name));
    const size = known ?? await this.#sizeOf(`${SETS}/${key}`);
    await this.#home.writeAtomic(name, JSON.stringify({ size }));
    if (known === undefined) await this.#evict(key);
  }

  /** Removes what was used longest ago, until the rest is small enough. */
  async #evict(keep: string): Promise<void> {
    const sets = await Promise.all((await this.#home.list(SETS)).map(async ({ path: key }) => {
      const stat = await this.#home.stat(`${SETS}/${key}/${STATE}`);
      const size = sizeIn(await this.#home.readText(`${SETS}/${key}/${STATE}`)) ?? 0;
      return { key, size, used: stat?.modified.getTime() ?? 0 };
    }));
    let total = sets.reduce((sum, { size }) => sum + size, 0);
    for (const { key, size } of sets.sort((a, b) => a.used - b.used)) {
      if (total <= MOST_BYTES) break;
      if (key !== keep && await this.#remove(key)) total -= size;
    }
    await this.#evictDownloads();
    const resolved = await this.#home.list(RESOLVED);
    if (resolved.length > MOST_RESOLVED) await this.#home.remove(RESOLVED);
  }

  async #remove(key: string): Promise<boolean> {
    try {
      const release = await this.lock(key, AbortSignal.timeout(LOCK_MS));
      try {
        return await this.#home.remove(`${SETS}/${key}`);
      } finally {
        await release();
      }
    } catch {
      // in use
      return false;
    }
  }

  async #evictDownloads(): Promise<void> {
    if (await this.#sizeOf(`${CARGO}/registry/cache`) <= MOST_DOWNLOADED) return;
    await using _cargo = await this.lockCargo(AbortSignal.timeout(60_000));
    await this.#home.remove(`${CARGO}/registry`);
  }

  async #sizeOf(place: string): Promise<number> {
    let size = 0;
    for (const { path, kind } of await this.#home.list(place, { recursive: true })) {
      if (kind === "file") size += (await this.#home.stat(`${place}/${path}`))?.size ?? 0;
    }
    return size;
  }
}

function sizeIn(state: string | undefined): number | undefined {
  try {
    const { size } = JSON.parse(state ?? "{}") as { readonly size?: unknown };
    return typeof size === "number" ? size : undefined;
  } catch {
    return undefined;
  }
}
