/**
 * Tools on disk: one folder each, replaced as a whole.
 *
 * A tool is written into a staging folder first. To put it in place takes two renames: the old folder goes aside, the
 * new one comes; whoever finds an old folder that was left aside puts it back, or, when the new one is in place, takes
 * over from it what belongs to both. All of this happens under one lock, which other servers on the folder respect.
 *
 * @module
 */
import { type Disposer, type Folder, isKernelError, messageOf, ToolError } from "../../kernel/mod.ts";
import type { FileSet, Manifest, ManifestDraft, RemovedTool } from "./contract.ts";
import { digestOf } from "./digest.ts";
import {
  MANIFEST_FILE,
  NOT_CODE,
  STAGING_FOLDER,
  TRASH_FOLDER,
  trashedAt,
  trashName,
  VERSIONS_FOLDER,
} from "./layout.ts";
import { completeManifest, formatManifest, parseManifest } from "./manifest.ts";
import { compareVersions, isVersion, nextVersion } from "./versions.ts";

const LOCK = "library";
const LOCK_MS = 30_000;
/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;
/** A staging folder that is older belongs to nobody: no installation takes so long. */
const STAGING_MS = DAY_MS;
const ASIDE_SUFFIX_REGEXP = /\.old-[0-9a-f-]{36}$/;

/** A tool's folder as it was found. */
export interface FoundTool {
  /** Name of the folder, which is the tool's own except where somebody renamed one of the two. */
  readonly folder: string;
  /** Changes whenever the manifest does. */
  readonly fingerprint: string;
}

/** What a manifest says, or why it says nothing. */
export type ReadManifest = { readonly manifest: Manifest } | { readonly reason: string };

/** A tool that is staged, and may be put in place or discarded. */
export interface StagedTool {
  readonly folder: Folder;
  /** Path below the folder of all tools. */
  readonly path: string;
  discard(): Promise<void>;
}

/** The folder of all tools. */
export class ToolStorage {
  readonly folder: Folder;

  constructor(folder: Folder) {
    this.folder = folder;
  }

  /** Finds what is there. Folders without a manifest are none of ours. */
  async scan(): Promise<FoundTool[]> {
    const found: FoundTool[] = [];
    for (const { path, kind } of await this.folder.list()) {
      const tool = kind === "file" || path.startsWith(".") ? undefined : await this.find(path);
      if (tool !== undefined) found.push(tool);
    }
    return found;
  }

  /** Finds one folder, if it holds a tool. */
  async find(folder: string): Promise<FoundTool | undefined> {
    try {
      const stat = await this.folder.stat(`${folder}/${MANIFEST_FILE}`);
      return stat && { folder, fingerprint: stat.fingerprint };
    } catch (error) {
      // a link that leads outside: to be reported, not to be overlooked
      return isKernelError(error) ? { folder, fingerprint: error.message } : undefined;
    }
  }

  /** Reads a manifest; never throws. */
  async read(folder: string): Promise<ReadManifest> {
    try {
      const text = await this.folder.readText(`${folder}/${MANIFEST_FILE}`);
      if (text === undefined) return { reason: "its manifest is gone" };
      return { manifest: await parseManifest(text) };
    } catch (error) {
      return { reason: messageOf(error) };
    }
  }

  /** Runs work while no other server changes the folder, after mending what one that died left behind. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.folder.lock(LOCK, { signal: AbortSignal.timeout(LOCK_MS) }).catch((error) => {
      throw new ToolError("Cannot change the tools: another server is changing them; try again", { cause: error });
    });
    return await this.#mended(release, work);
  }

  /** Does the same where the lock can be taken; a folder that cannot be written to is read without. */
  async settled<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.folder.lock(LOCK, { signal: AbortSignal.timeout(LOCK_MS) }).catch(() => undefined);
    return await (release === undefined ? work() : this.#mended(release, work));
  }

  async #mended<T>(release: Disposer, work: () => Promise<T>): Promise<T> {
    try {
      await this.#recover();
      return await work();
    } finally {
      await release();
    }
  }

  async #recover(): Promise<void> {
    for (const { path } of await this.folder.list(STAGING_FOLDER)) {
      if (!ASIDE_SUFFIX_REGEXP.test(path)) continue;
      const name = path.replace(ASIDE_SUFFIX_REGEXP, "");
      const aside = `${STAGING_FOLDER}/${path}`;
      if (await this.folder.stat(name) === undefined) await this.folder.move(aside, name);
      else await this.#takeOver(aside, name);
    }
  }

  /**
   * Mends what a server that died left behind; removes what has lain in the trash for too long, and staging folders
   * that nobody will come back for.
   */
  async cleanUp(trashDays: number): Promise<void> {
    const leftovers = [...await this.folder.list(TRASH_FOLDER), ...await this.folder.list(STAGING_FOLDER)];
    if (leftovers.length > 0) await this.settled(() => this.#purge(trashDays));
  }

  async #purge(trashDays: number): Promise<void> {
    const now = Date.now();
    for (const { path } of await this.folder.list(TRASH_FOLDER)) {
      const since = trashedAt(path)?.getTime();
      if (since !== undefined && now - since > trashDays * DAY_MS) await this.folder.remove(`${TRASH_FOLDER}/${path}`);
    }
    for (const { path } of await this.folder.list(STAGING_FOLDER)) {
      const stat = await this.folder.stat(`${STAGING_FOLDER}/${path}`);
      if (stat && now - stat.modified.getTime() > STAGING_MS) await this.folder.remove(`${STAGING_FOLDER}/${path}`);
    }
  }

  /** Writes files into a new staging folder. */
  async stage(name: string, files: FileSet): Promise<StagedTool> {
    const path = `${STAGING_FOLDER}/${name}.new-${crypto.randomUUID()}`;
    const discard = async () => void await this.folder.remove(path);
    try {
      await this.folder.makeFolder(path);
      const folder = this.folder.at(path);
      for (const [file, content] of Object.entries(files)) {
        const isPlain = typeof content === "string" || content instanceof Uint8Array;
        await folder.writeAtomic(file, isPlain ? content : content.data, isPlain ? {} : { mode: content.mode });
      }
      return { folder, path, discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  /**
   * Puts a staged tool in place, under the lock.
   *
   * @param replaced The tool that was there, with the folder it was in.
   */
  async commit(
    draft: ManifestDraft,
    { staged, replaced }: {
      readonly staged: StagedTool;
      readonly replaced: { readonly folder: string; readonly manifest: Manifest | undefined } | undefined;
    },
  ): Promise<Manifest> {
    const existing = replaced === undefined ? [] : await this.#takenVersions(replaced);
    if (replaced !== undefined) existing.push(await this.#keepVersion(replaced, { existing, staged }));
    const next = nextVersion(existing);
    const isHigher = isVersion(draft.version) && existing.every((it) => compareVersions(it, draft.version!) < 0);
    const version = isHigher ? draft.version! : next;
    const digest = await digestOf(staged.folder);
    const manifest = completeManifest(draft, { version, digest, replaced: replaced?.manifest });
    await staged.folder.writeAtomic(MANIFEST_FILE, formatManifest(manifest));
    await this.#swap(manifest.name, { staged, replaced: replaced?.folder });
    return manifest;
  }

  async #takenVersions({ folder }: { readonly folder: string }): Promise<string[]> {
    return (await this.folder.list(`${folder}/${VERSIONS_FOLDER}`)).map((it) => it.path).filter(isVersion);
  }

  /** Copies the state before into the staged folder; under a new number where its own is in use. */
  async #keepVersion(
    { folder, manifest }: { readonly folder: string; readonly manifest: Manifest | undefined },
    { existing, staged }: { readonly existing: readonly string[]; readonly staged: StagedTool },
  ): Promise<string> {
    const own = manifest?.version;
    const version = isVersion(own) && !existing.includes(own) ? own : nextVersion(existing);
    const copy = `${staged.path}/${VERSIONS_FOLDER}/${version}`;
    await this.folder.makeFolder(copy);
    for (const { path } of await this.folder.list(folder)) {
      if (!NOT_CODE.has(path)) await this.folder.copy(`${folder}/${path}`, `${copy}/${path}`);
    }
    if (manifest !== undefined && own !== version) {
      await this.folder.writeAtomic(`${copy}/${MANIFEST_FILE}`, formatManifest({ ...manifest, version }));
    }
    return version;
  }

  async #swap(
    name: string,
    { staged, replaced }: { readonly staged: StagedTool; readonly replaced: string | undefined },
  ): Promise<void> {
    if (replaced === undefined) return await this.folder.move(staged.path, name);
    const aside = `${STAGING_FOLDER}/${name}.old-${crypto.randomUUID()}`;
    await this.folder.move(replaced, aside);
    try {
      await this.folder.move(staged.path, name);
    } catch (error) {
      await this.folder.move(aside, replaced);
      throw error;
    }
    await this.#takeOver(aside, name);
  }

  /** Moves what belongs to both from an old folder into the one that replaced it, then removes the old one. */
  async #takeOver(aside: string, name: string): Promise<void> {
    const dropped = new Set([MANIFEST_FILE, await this.#entryFile(aside)]);
    const move = async (path: string) => {
      if (await this.folder.stat(`${name}/${path}`) === undefined) {
        await this.folder.move(`${aside}/${path}`, `${name}/${path}`);
      }
    };
    for (const { path } of await this.folder.list(aside)) {
      if (path === VERSIONS_FOLDER) {
        for (const version of await this.folder.list(`${aside}/${path}`)) await move(`${path}/${version.path}`);
      } else if (!dropped.has(path)) await move(path);
    }
    await this.folder.remove(aside);
  }

  async #entryFile(folder: string): Promise<string | undefined> {
    const read = await this.read(folder);
    return "manifest" in read ? read.manifest.entry_file : undefined;
  }

  /** Moves a tool to the trash, under the lock. */
  async trash(
    name: string,
    { folder, trashDays }: { readonly folder: string; readonly trashDays: number },
  ): Promise<RemovedTool> {
    const now = new Date();
    const trash = `${TRASH_FOLDER}/${trashName(name, now)}`;
    await this.folder.move(folder, trash);
    return { name, trash, keptUntil: new Date(now.getTime() + trashDays * DAY_MS) };
  }

  /** Lists the versions that were replaced. */
  async keptVersions(folder: string): Promise<string[]> {
    return await this.#takenVersions({ folder });
  }
}
