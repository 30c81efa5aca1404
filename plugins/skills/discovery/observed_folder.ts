/**
 * The folder of a skill as its reader sees it: it notes what is looked at, and has ready what is nearly always read.
 *
 * @module
 */
import type { EntryWish, FileStat, Folder, FolderEntry } from "../../../kernel/mod.ts";
import { FolderView } from "./folder_view.ts";
import { fingerprintAt, knownFingerprint, type Looks } from "./looks.ts";
import { pathIn } from "./rules.ts";

/** What is known of a skill before it is read. Paths are below the skill. */
export interface Ahead {
  /** What is in the skill's own folder. */
  readonly entries: readonly FolderEntry[];
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly lists: ReadonlyMap<string, readonly FolderEntry[]>;
}

/** What the views of one skill share. */
interface Skill {
  readonly ahead: Ahead;
  readonly open: () => Folder;
  readonly looks: Map<string, string>;
}

/** The folder of a skill, or one in it. What is read is noted before it is read, so that a change is never missed. */
export class ObservedFolder extends FolderView {
  readonly path: string;
  readonly #skill: Skill;
  /** Of this folder below the skill. */
  readonly #at: string;
  #opened: Folder | undefined;

  private constructor(path: string, skill: Skill, at: string) {
    super();
    this.path = path;
    this.#skill = skill;
    this.#at = at;
  }

  /**
   * Observes the folder of a skill.
   *
   * @param path Its real path.
   * @param options.open Opens it; called when something is wanted that is not known.
   */
  static of(path: string, { ahead, open }: { readonly ahead: Ahead; readonly open: () => Folder }): ObservedFolder {
    // its reader is told what is in it
    const looks = new Map([[".", knownFingerprint(ahead.entries, ".")!]]);
    return new ObservedFolder(path, { ahead, open, looks }, ".");
  }

  /** What was looked at so far. */
  get looks(): Looks {
    return [...this.#skill.looks];
  }

  protected get folder(): Folder {
    return this.#opened ??= this.#at === "." ? this.#skill.open() : this.#skill.open().at(this.#at);
  }

  /** Gives a path of this folder as one below the skill, in one way of writing it. */
  #below(path: string): string {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    return parts.length === 0 ? this.#at : pathIn(this.#at, parts.join("/"));
  }

  /** Notes the fingerprint that a path has now. */
  async #note(path: string): Promise<string> {
    const below = this.#below(path);
    const { looks, ahead, open } = this.#skill;
    if (!looks.has(below)) {
      looks.set(below, knownFingerprint(ahead.entries, below) ?? await fingerprintAt(open(), below));
    }
    return below;
  }

  #isAbsent(below: string): boolean {
    return this.#skill.looks.get(below) === "";
  }

  async #noteAll(paths: readonly string[]): Promise<readonly string[]> {
    const below: string[] = [];
    for (const path of paths) below.push(await this.#note(path));
    return below;
  }

  override async readText(path: string): Promise<string | undefined> {
    const bytes = await this.readBytes(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  override async readBytes(path: string): Promise<Uint8Array | undefined> {
    const below = await this.#note(path);
    if (this.#isAbsent(below)) return undefined;
    return this.#skill.ahead.files.get(below) ?? await this.folder.readBytes(path);
  }

  override async stat(path: string): Promise<FileStat | undefined> {
    return this.#isAbsent(await this.#note(path)) ? undefined : await this.folder.stat(path);
  }

  override async list(path = ".", options: { readonly recursive?: boolean } = {}): Promise<readonly FolderEntry[]> {
    const below = await this.#note(path);
    if (this.#isAbsent(below)) return [];
    const { entries, lists } = this.#skill.ahead;
    const ready = below === "." ? entries : lists.get(below);
    const isDeep = options.recursive === true && ready?.some(({ kind }) => kind === "folder") === true;
    if (ready !== undefined && !isDeep) return ready;
    const found = await this.folder.list(path, options);
    for (const entry of found) {
      if (options.recursive === true && entry.kind === "folder") await this.#note(pathIn(path, entry.path));
    }
    return found;
  }

  override async listMany(
    paths: readonly string[],
    options: { readonly wish?: (path: string) => EntryWish | undefined } = {},
  ): Promise<readonly (readonly FolderEntry[] | undefined)[]> {
    await this.#noteAll(paths);
    return await this.folder.listMany(paths, options);
  }

  override async readMany(
    paths: readonly string[],
    options: { readonly mostBytes?: number } = {},
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const { files } = this.#skill.ahead;
    const { mostBytes = Infinity } = options;
    const below = await this.#noteAll(paths);
    const isReady = (it: string) => this.#isAbsent(it) || (files.get(it)?.length ?? Infinity) <= mostBytes;
    return below.every(isReady) ? below.map((it) => files.get(it)) : await this.folder.readMany(paths, options);
  }

  at(path: string): Folder {
    return new ObservedFolder(this.folder.at(path).path, this.#skill, this.#below(path));
  }

  override async resolve(path: string): Promise<string> {
    await this.#note(path);
    return await this.folder.resolve(path);
  }
}
