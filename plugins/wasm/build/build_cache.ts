/**
 * Keeps what was built, named by all that it was built from: `<home>/cache/wasm/builds/<key>.json` tells of a build,
 * `<home>/cache/wasm/artifacts/<digest>` is what came of it. Several servers may share both: each file is written whole,
 * and one that is gone or damaged is as if it had never been.
 *
 * @module
 */
import { type Folder, type Log, messageOf, sha256 } from "../../../kernel/mod.ts";
import type { BuildRecord } from "../program.ts";
import type { Diagnostic } from "./compiler.ts";

const BUILDS = "builds";
const ARTIFACTS = "artifacts";
const FORMAT = 1;
/** A build that is used is marked so no more often. */
const MARK_MS = 10 * 60 * 1000;
/** How many records are kept in memory. */
const MOST_KNOWN = 200;

/** What came of a build, beside its artifact. */
export interface KeptBuild {
  /** Without `source_digest`, since the lock is a source of the next build and an outcome of this one. */
  readonly record: BuildRecord;
  readonly lock?: string | undefined;
  readonly warnings: readonly Diagnostic[];
}

/** What a {@linkcode BuildCache} works with. */
export interface BuildCacheOptions {
  /** Need not exist yet. */
  readonly folder: Folder;
  /** Most bytes of all files together; those that were used longest ago go first. */
  readonly maxBytes: number;
  readonly log: Log;
}

interface File {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

/** Keeps builds by their keys, 64 hexadecimal digits. */
export class BuildCache {
  readonly #options: BuildCacheOptions;
  readonly #known = new Map<string, { readonly kept: KeptBuild; readonly markedAt: number }>();

  constructor(options: BuildCacheOptions) {
    this.#options = options;
  }

  /** Finds a build, without looking at its artifact. */
  async find(key: string): Promise<KeptBuild | undefined> {
    const known = this.#known.get(key);
    if (known !== undefined && Date.now() - known.markedAt < MARK_MS) return known.kept;
    const path = recordOf(key);
    const text = await this.#try("read", () => this.#options.folder.readText(path));
    const kept = text === undefined ? undefined : parse(text);
    if (kept === undefined) return undefined;
    await this.#try("mark", () => this.#mark(path, text!));
    this.#know([key], kept);
    return kept;
  }

  /** Reads the artifact of a build; `undefined` when it is gone or damaged, and it is forgotten then. */
  async read({ record: { digest } }: KeptBuild): Promise<Uint8Array | undefined> {
    const { folder } = this.#options;
    const path = `${ARTIFACTS}/${digest}`;
    const bytes = await this.#try("read", () => folder.readBytes(path));
    if (bytes === undefined || await sha256(bytes) === digest) return bytes;
    this.#options.log.warn("A build was damaged in the cache, and is made anew", { digest });
    await this.#try("remove", () => folder.remove(path));
    return undefined;
  }

  /** Keeps a build under some keys; a failure is told in the log alone. */
  async put(keys: readonly string[], kept: KeptBuild, bytes: Uint8Array): Promise<void> {
    const { folder } = this.#options;
    await this.#try("write", async () => {
      await folder.writeAtomic(`${ARTIFACTS}/${kept.record.digest}`, bytes);
      const text = JSON.stringify({ format: FORMAT, ...kept });
      for (const key of keys) await folder.writeAtomic(recordOf(key), text);
      this.#know(keys, kept);
      await this.#purge();
    });
  }

  #know(keys: readonly string[], kept: KeptBuild): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    for (const key of keys) this.#known.set(key, { kept, markedAt: Date.now() });
  }

  // the time of its last use is that of its last writing
  async #mark(path: string, text: string): Promise<void> {
    const { folder } = this.#options;
    const stat = await folder.stat(path);
    if (stat !== undefined && Date.now() - stat.modified.getTime() > MARK_MS) await folder.writeAtomic(path, text);
  }

  async #purge(): Promise<void> {
    const { folder, maxBytes } = this.#options;
    const artifacts = new Map((await this.#list(ARTIFACTS)).map((it) => [it.path, it]));
    const builds = await this.#list(BUILDS);
    let bytes = [...artifacts.values(), ...builds].reduce((sum, { size }) => sum + size, 0);
    if (bytes <= maxBytes) return;
    const users = new Map<string, Set<string>>();
    for (const { path } of builds) {
      const artifact = artifactOf(await folder.readText(path).catch(() => undefined));
      users.set(artifact, (users.get(artifact) ?? new Set()).add(path));
    }
    const remove = async ({ path, size }: File) => {
      await folder.remove(path);
      bytes -= size;
    };
    for (const file of [...artifacts.values()].filter(({ path }) => !users.has(path))) await remove(file);
    for (const build of builds.sort((a, b) => a.modified - b.modified)) {
      if (bytes <= maxBytes) return;
      await remove(build);
      for (const [path, its] of users) {
        const artifact = its.delete(build.path) && its.size === 0 ? artifacts.get(path) : undefined;
        if (artifact !== undefined) await remove(artifact);
      }
    }
  }

  async #list(below: string): Promise<File[]> {
    const { folder } = this.#options;
    const files: File[] = [];
    for (const { path, kind } of await folder.list(below)) {
      const stat = kind === "file" ? await folder.stat(`${below}/${path}`) : undefined;
      if (stat !== undefined) {
        files.push({ path: `${below}/${path}`, size: stat.size, modified: stat.modified.getTime() });
      }
    }
    return files;
  }

  async #try<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#options.log.warn(`Cannot ${what} the cache of builds: ${messageOf(error)}`);
      return undefined;
    }
  }
}

function recordOf(key: string): string {
  return `${BUILDS}/${key}.json`;
}

function artifactOf(text: string | undefined): string {
  return `${ARTIFACTS}/${text === undefined ? undefined : parse(text)?.record.digest}`;
}

function parse(text: string): KeptBuild | undefined {
  try {
    const { format, ...kept } = JSON.parse(text) as KeptBuild & { readonly format: number };
    return format === FORMAT && /^[0-9a-f]{64}$/.test(kept.record.digest) ? kept : undefined;
  } catch {
    // it is written whole or not at all, so somebody edited it
    return undefined;
  }
}
