/**
 * The tool library: what happens to tools, one change at a time.
 *
 * @module
 */
import {
  type Call,
  type Disposable,
  type Disposer,
  type Folder,
  type Log,
  messageOf,
  type Toolbox,
  ToolError,
  type ToolResult,
} from "../../kernel/mod.ts";
import type {
  CallVersionOptions,
  CandidateSource,
  ChangedTool,
  FileSet,
  Manifest,
  ManifestDraft,
  PrunedVersions,
  RemovedTool,
  SavedTool,
  SaveOptions,
  StoredTool,
  ToolKind,
  ToolLibrary,
  VersionEntry,
} from "./contract.ts";
import type { Memory } from "../memory/contract.ts";
import { digestOf, digestOfSet } from "./digest.ts";
import type { ToolChanges } from "./hot_reload.ts";
import { LastGoods } from "./last_good.ts";
import { findLegacyTools } from "./legacy.ts";
import { parseManifest } from "./manifest.ts";
import type { Register } from "./offered_tool.ts";
import { migrateOldLayout } from "./old_layout.ts";
import { type ChangesHost, Saver } from "./saver.ts";
import { describeTool, Shelf } from "./shelf.ts";
import { ToolStorage } from "./storage.ts";
import { Synchroniser } from "./synchroniser.ts";
import { ToolVersions } from "./tool_versions.ts";
import { DAY_MS } from "./trash.ts";

/** What a {@linkcode Library} works with. */
export interface LibraryOptions {
  /** The home of the server, where is kept what a tool must not touch. */
  readonly home: Folder;
  /** The folder of all tools. */
  readonly folder: Folder;
  readonly toolbox: Toolbox;
  readonly register: Register;
  readonly log: Log;
  /** What tools remember, if anything keeps it. */
  readonly memory?: Memory | undefined;
  /** How long deleted tools are kept. */
  readonly trashDays: number;
  /** Hears of each tool that went to the trash. */
  readonly onRemoved: (tool: RemovedTool) => void;
  /** Whether a tool that becomes broken goes on as it was; `false` by default. */
  readonly isHot?: boolean;
  /** Hears of each tool whose code changed, and nothing that lists say of it. */
  readonly onCodeChanged?: (tool: ChangedTool) => void;
}

/** Keeps tools on disk and offers them. */
export class Library implements ToolLibrary {
  readonly path: string;
  /** What `search_tools` finds beside tools. */
  readonly candidates: ReadonlySet<CandidateSource>;
  readonly #candidates = new Set<CandidateSource>();
  readonly #options: LibraryOptions;
  readonly #storage: ToolStorage;
  readonly #shelf: Shelf;
  readonly #synchroniser: Synchroniser;
  readonly #saver: Saver;
  readonly #versions: ToolVersions;
  // changes wait for each other
  #turn: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<void> | undefined;

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#storage = new ToolStorage(options.folder);
    const lastGoods = options.isHot ? new LastGoods(this.#storage) : undefined;
    this.#shelf = new Shelf({ ...options, lastGoods });
    this.#synchroniser = new Synchroniser({ storage: this.#storage, shelf: this.#shelf, lastGoods });
    const host: ChangesHost = {
      storage: this.#storage,
      shelf: this.#shelf,
      toolbox: options.toolbox,
      refresh: () => this.refresh(),
      change: (work) => this.#change(work),
    };
    this.#saver = new Saver({ ...host, memory: options.memory });
    this.#versions = new ToolVersions({
      ...host,
      saver: this.#saver,
      log: options.log,
      trashDays: options.trashDays,
    });
    this.path = options.folder.path;
    this.candidates = this.#candidates;
  }

  /** Reads what is on disk; nothing can be called before its kind is added and {@linkcode open} was called. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#storage.cleanUp(this.#options.trashDays);
      await migrateOldLayout(this.#storage, this.#options.log);
      await this.#synchroniser.apply();
      this.#shelf.legacy = await findLegacyTools(this.#shelf.tools, this.#options);
    });
    await this.#options.memory?.adopt(this.#options.folder);
  }

  /** Offers the tools to clients, now and as they come: once all plugins have registered theirs, which go first. */
  open(): void {
    this.#shelf.open();
    for (const { name, problem, loaded } of this.#shelf.tools) {
      if (problem?.state !== "unavailable" || loaded !== undefined) continue;
      this.#options.log.info(`Tool "${name}" is not offered: ${problem.reason}`);
    }
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#shelf.close());
    await this.#versions.release();
  }

  async addKind(kind: ToolKind): Promise<Disposable> {
    await this.#inTurn(() => this.#shelf.addKind(kind));
    let removed: Promise<void> | undefined;
    const dispose = () =>
      removed ??= this.#inTurn(async () => {
        await this.#shelf.removeKind(kind.kind);
        await this.#versions.release();
      });
    return { dispose, [Symbol.asyncDispose]: dispose };
  }

  addCandidates(source: CandidateSource): Disposer {
    this.#candidates.add(source);
    return () => void this.#candidates.delete(source);
  }

  async list(): Promise<readonly StoredTool[]> {
    await this.refresh();
    return this.#shelf.tools.map(describeTool).sort((a, b) => a.name < b.name ? -1 : 1);
  }

  get(name: string): StoredTool | undefined {
    const tool = this.#shelf.find(name);
    return tool && describeTool(tool);
  }

  async describe(name: string): Promise<string | undefined> {
    const { manifest, folder } = this.#shelf.find(name) ?? {};
    if (manifest === undefined || folder === undefined) return undefined;
    const kind = this.#shelf.kind(manifest.tool_type);
    return await kind?.describe?.(manifest, this.#options.folder.at(folder));
  }

  /** Takes notice of what other servers, or people, changed on disk. */
  async refresh(): Promise<void> {
    // who asks before it begins is served by the same look
    await (this.#refreshing ??= this.#inTurn(async () => {
      this.#refreshing = undefined;
      await this.#synchroniser.refresh();
    }));
  }

  /**
   * Takes over what an editor, or another server, left in the folders of some tools. A tool whose code is what it was
   * stays as it is, so that what this server wrote itself is not loaded twice.
   */
  async reload(folders: ReadonlySet<string>): Promise<ToolChanges> {
    return await this.#inTurn(() => this.#synchroniser.reload(folders));
  }

  async save(manifest: ManifestDraft, files: FileSet, options: SaveOptions): Promise<SavedTool> {
    return await this.#saver.save(manifest, files, options);
  }

  async check(manifest: ManifestDraft, options: Pick<SaveOptions, "overwrite"> = {}): Promise<void> {
    await this.#saver.check(manifest, options);
  }

  async readManifest(text: string): Promise<Manifest> {
    try {
      return await parseManifest(text);
    } catch (error) {
      throw new ToolError(messageOf(error), { cause: error });
    }
  }

  async digest(files: FileSet): Promise<string> {
    return await digestOfSet(files);
  }

  async digestOf(folder: Folder): Promise<string> {
    return await digestOf(folder);
  }

  async files(name: string, version?: string): Promise<Folder> {
    return await this.#versions.open(name, version);
  }

  async versions(name: string): Promise<readonly VersionEntry[]> {
    return await this.#versions.list(name);
  }

  async rollback(name: string, version: string, options: { readonly call: Call }): Promise<SavedTool> {
    return await this.#versions.rollback(name, version, options);
  }

  async prune(name: string, versions: readonly string[]): Promise<PrunedVersions> {
    return await this.#versions.prune(name, versions);
  }

  async callVersion(name: string, version: string, options: CallVersionOptions): Promise<ToolResult> {
    return await this.#versions.call(name, version, options);
  }

  async remove(name: string): Promise<RemovedTool | undefined> {
    await this.refresh();
    if (this.#shelf.find(name) === undefined) return undefined;
    return await this.#change(async () => {
      const tool = this.#shelf.find(name);
      if (tool === undefined) return undefined;
      const removed = await this.#moveToTrash(name, tool.folder);
      await this.#shelf.take(tool.folder);
      await this.#versions.release((folder) => folder.startsWith(`${tool.folder}/`));
      this.#options.onRemoved(removed);
      return removed;
    });
  }

  /** Moves a tool and what it remembers to the trash, or neither. */
  async #moveToTrash(name: string, folder: string): Promise<RemovedTool> {
    const { trashDays, memory } = this.#options;
    const remembered = await memory?.trash(name, new Date(Date.now() + trashDays * DAY_MS));
    try {
      return await this.#storage.trash(name, { folder, trashDays });
    } catch (error) {
      await remembered?.restore();
      throw error;
    }
  }

  /** Changes the tools, knowing what is on disk, while neither this server nor another does. */
  async #change<T>(work: () => Promise<T>): Promise<T> {
    return await this.#inTurn(() =>
      this.#storage.locked(async () => {
        await this.#synchroniser.apply();
        return await work();
      })
    );
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work);
    this.#turn = next.catch(() => {});
    return await next;
  }
}
