/**
 * Tools on disk: one folder each, replaced as a whole.
 *
 * A tool is written into a staging folder first, with all that it will have: its files, what stays of the tool before,
 * and that tool as a version. To put it in place takes two renames: the old folder goes aside, the new one comes; whoever
 * finds an old folder that was left aside puts it back, or, when the new one is in place, takes over from it the versions
 * and packages that belong to both. All of this happens under one lock, which other servers on the folder respect.
 *
 * @module
 */
import { type Disposer, type Folder, isKernelError, messageOf, ToolError } from "../../kernel/mod.ts";
import type { FileSet, Manifest, ManifestDraft, PrunedVersions, RemovedTool } from "./contract.ts";
import { copyCode, digestOf } from "./digest.ts";
import { KeptVersions, type StateBefore } from "./kept_versions.ts";
import { MANIFEST_FILE, NOT_CODE, STAGING_FOLDER, TRASH_FOLDER, VERSIONS_FOLDER } from "./layout.ts";
import { completeManifest, formatManifest, parseManifest } from "./manifest.ts";
import { DAY_MS, Trash } from "./trash.ts";
import { compareVersions, isVersion, nextVersion } from "./versions.ts";

const LOCK = "library";
const LOCK_MS = 30_000;
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

/** A folder whose files come along where a tool has none of its own. */
export interface Companions {
  /** Below the folder of all tools. */
  readonly folder: string;
  /** Files of it that do not come, beside its manifest and what is no code; none by default. */
  readonly except?: readonly string[];
}

/** What {@linkcode ToolStorage.commit} puts in place. */
export interface CommitOptions {
  readonly staged: StagedTool;
  /** The tool that was there, with the folder it was in. */
  readonly replaced: StateBefore | undefined;
  /** Files that the kind of the tool that was there wrote, which do not stay; none by default. */
  readonly prepared?: readonly string[] | undefined;
  /** Whether nothing of the tool that was there stays; `false` by default. */
  readonly isWhole?: boolean | undefined;
}

/** A tool that was put in place. */
export interface CommittedTool {
  readonly manifest: Manifest;
  /** The version under which the tool before is kept. */
  readonly kept: string | undefined;
}

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
  readonly versions: KeptVersions;
  readonly #trash: Trash;

  constructor(folder: Folder) {
    this.folder = folder;
    this.versions = new KeptVersions(folder);
    this.#trash = new Trash(folder);
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
    const release = await this.#lock().catch((error) => {
      throw new ToolError("Cannot change the tools: another server is changing them; try again", { cause: error });
    });
    return await this.#mended(release, work);
  }

  /** Does the same where the lock can be taken; a folder that cannot be written to is read without. */
  async settled<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#lock().catch(() => undefined);
    return await (release === undefined ? work() : this.#mended(release, work));
  }

  async #lock(): Promise<Disposer> {
    return await this.folder.lock(LOCK, { signal: AbortSignal.timeout(LOCK_MS) });
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
   * that nobody will come back for. Where the lock cannot be taken that is left to the next.
   */
  async cleanUp(trashDays: number): Promise<void> {
    const leftovers = [...await this.folder.list(TRASH_FOLDER), ...await this.folder.list(STAGING_FOLDER)];
    if (leftovers.length === 0) return;
    const release = await this.#lock().catch(() => undefined);
    if (release !== undefined) await this.#mended(release, () => this.#purge(trashDays));
  }

  async #purge(trashDays: number): Promise<void> {
    await this.#trash.purge(trashDays);
    const now = Date.now();
    for (const { path } of await this.folder.list(STAGING_FOLDER)) {
      const stat = await this.folder.stat(`${STAGING_FOLDER}/${path}`);
      if (stat && now - stat.modified.getTime() > STAGING_MS) await this.folder.remove(`${STAGING_FOLDER}/${path}`);
    }
  }

  /** Writes files into a new staging folder, and beside them what comes along from another. */
  async stage(name: string, files: FileSet, companions?: Companions): Promise<StagedTool> {
    const path = `${STAGING_FOLDER}/${name}.new-${crypto.randomUUID()}`;
    const discard = async () => void await this.folder.remove(path);
    try {
      await this.folder.makeFolder(path);
      const folder = this.folder.at(path);
      for (const [file, content] of Object.entries(files)) {
        const isPlain = typeof content === "string" || content instanceof Uint8Array;
        await folder.writeAtomic(file, isPlain ? content : content.data, isPlain ? {} : { mode: content.mode });
      }
      if (companions !== undefined) await this.#bringAlong(companions, path);
      return { folder, path, discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  async #bringAlong({ folder, except = [] }: Companions, staged: string): Promise<void> {
    const merge = async (below: string) => {
      for (const { path, kind } of await this.folder.list(`${folder}/${below}`)) {
        const file = below + path;
        if (file === MANIFEST_FILE || except.includes(file) || NOT_CODE.has(file)) continue;
        const there = await this.folder.stat(`${staged}/${file}`);
        if (there === undefined && !except.some((it) => it.startsWith(`${file}/`))) {
          await copyCode(this.folder, { from: `${folder}/${file}`, to: `${staged}/${file}`, kind });
        } else if (kind === "folder" && (there ?? { kind }).kind === "folder") await merge(`${file}/`);
      }
    };
    await merge("");
  }

  /** Puts a staged tool in place, under the lock. */
  async commit(
    draft: ManifestDraft,
    { staged, replaced, prepared, isWhole = false }: CommitOptions,
  ): Promise<CommittedTool> {
    const kept = replaced && await this.versions.keep(replaced, { into: staged.path });
    // what came since the tool was staged
    if (replaced !== undefined && !isWhole) await this.#bringAlong(companionsOf(replaced, prepared), staged.path);
    const { given = [], retired = [] } = kept ?? {};
    const isHigher = isVersion(draft.version) && given.every((it) => compareVersions(it, draft.version!) < 0);
    const version = isHigher ? draft.version! : nextVersion(given);
    await this.versions.note(staged.path, { highest: version, retired });
    const digest = await digestOf(staged.folder);
    const manifest = completeManifest(draft, { version, digest, replaced: replaced?.manifest, isWhole });
    await staged.folder.writeAtomic(MANIFEST_FILE, formatManifest(manifest));
    await this.#swap(manifest.name, { staged, replaced: replaced?.folder });
    return { manifest, kept: kept?.version };
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
    const move = async (path: string) => {
      if (await this.folder.stat(`${name}/${path}`) === undefined) {
        await this.folder.move(`${aside}/${path}`, `${name}/${path}`);
      }
    };
    for (const { path } of await this.folder.list(aside)) {
      if (path === VERSIONS_FOLDER) {
        for (const version of await this.folder.list(`${aside}/${path}`)) await move(`${path}/${version.path}`);
      } else if (NOT_CODE.has(path)) await move(path);
    }
    await this.folder.remove(aside);
  }

  /** Moves a tool to the trash, under the lock. */
  async trash(
    name: string,
    { folder, trashDays }: { readonly folder: string; readonly trashDays: number },
  ): Promise<RemovedTool> {
    const { trash, keptUntil } = await this.#trash.place(name, trashDays);
    await this.folder.move(folder, trash);
    return { name, trash, keptUntil };
  }

  /** Moves versions of a tool to the trash, under the lock. */
  async prune(
    name: string,
    { folder, versions, trashDays }: {
      readonly folder: string;
      readonly versions: readonly string[];
      readonly trashDays: number;
    },
  ): Promise<PrunedVersions> {
    const { trash, keptUntil } = await this.#trash.place(`${name}.versions`, trashDays);
    await this.versions.move(folder, { versions, to: trash });
    return { name, versions, trash, keptUntil };
  }
}

/** Gives what of a tool stays when it is replaced: all but its entry file, and what its kind wrote. */
export function companionsOf({ folder, manifest }: StateBefore, prepared: readonly string[] = []): Companions {
  const { entry_file: entry } = manifest ?? {};
  return { folder, except: entry === undefined ? prepared : [entry, ...prepared] };
}
