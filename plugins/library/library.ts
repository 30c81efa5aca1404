/**
 * The tool library: what happens to tools, one change at a time.
 *
 * @module
 */
import {
  type Disposable,
  type Folder,
  isKernelError,
  type Log,
  messageOf,
  type Toolbox,
  ToolError,
} from "../../kernel/mod.ts";
import type {
  FileSet,
  ManifestDraft,
  RemovedTool,
  SavedTool,
  SaveOptions,
  StoredTool,
  ToolKind,
  ToolLibrary,
  VersionEntry,
} from "./contract.ts";
import type { Memory } from "../memory/contract.ts";
import { isToolName, VERSIONS_FOLDER } from "./layout.ts";
import { recordLegacyTools } from "./legacy.ts";
import { checkSchemas, type Register } from "./offered_tool.ts";
import { describeTool, Shelf, type ShelvedTool } from "./shelf.ts";
import { DAY_MS, type FoundTool, type StagedTool, ToolStorage } from "./storage.ts";
import { compareVersions, isVersion } from "./versions.ts";

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
}

/** Keeps tools on disk and offers them. */
export class Library implements ToolLibrary {
  readonly path: string;
  readonly #options: LibraryOptions;
  readonly #storage: ToolStorage;
  readonly #shelf: Shelf;
  // changes wait for each other
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#storage = new ToolStorage(options.folder);
    this.#shelf = new Shelf(options);
    this.path = options.folder.path;
  }

  /** Reads what is on disk; nothing can be called before its kind is added and {@linkcode open} was called. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#storage.cleanUp(this.#options.trashDays);
      await this.#apply(await this.#storage.scan());
      await this.#readLegacy();
    });
    await this.#options.memory?.adopt(this.#options.folder);
  }

  async #readLegacy(): Promise<void> {
    const { home, folder, log } = this.#options;
    const candidates = this.#shelf.tools.filter((it) => it.manifest !== undefined && it.manifest.format === undefined);
    try {
      const { isFirstStart, digests } = await recordLegacyTools(home, {
        tools: folder,
        candidates: candidates.map((it) => it.folder),
      });
      this.#shelf.legacy = digests;
      if (isFirstStart && digests.size > 0) {
        log.info(
          `${digests.size} tools made by skillz keep what they had: SKILLZ_* variables, network and client roots`,
          { folder: folder.path, tools: [...digests.keys()].join(" ") },
        );
      }
    } catch (error) {
      log.error(`Tools made by skillz get no SKILLZ_* variables: ${messageOf(error)}`);
    }
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
  }

  async addKind(kind: ToolKind): Promise<Disposable> {
    await this.#inTurn(() => this.#shelf.addKind(kind));
    let removed: Promise<void> | undefined;
    const dispose = () => removed ??= this.#inTurn(() => this.#shelf.removeKind(kind.kind));
    return { dispose, [Symbol.asyncDispose]: dispose };
  }

  async list(): Promise<readonly StoredTool[]> {
    await this.refresh();
    return this.#shelf.tools.map(describeTool).sort((a, b) => a.name < b.name ? -1 : 1);
  }

  get(name: string): StoredTool | undefined {
    const tool = this.#shelf.find(name);
    return tool && describeTool(tool);
  }

  /** Takes notice of what other servers, or people, changed on disk. */
  async refresh(): Promise<void> {
    await this.#inTurn(async () => {
      const found = await this.#storage.scan();
      if (this.#differs(found)) {
        // under the lock no other server is half way through a change
        await this.#storage.settled(async () => await this.#apply(await this.#storage.scan()));
      }
      await this.#shelf.reload();
    });
  }

  #differs(found: readonly FoundTool[]): boolean {
    return found.length !== this.#shelf.tools.length ||
      found.some((it) => this.#shelf.at(it.folder)?.fingerprint !== it.fingerprint);
  }

  async #apply(found: readonly FoundTool[]): Promise<void> {
    const present = new Set(found.map((it) => it.folder));
    for (const { folder } of this.#shelf.tools) if (!present.has(folder)) await this.#shelf.take(folder);
    for (const it of found) {
      if (this.#shelf.at(it.folder)?.fingerprint === it.fingerprint) continue;
      await this.#shelf.put(it, { read: await this.#storage.read(it.folder) });
    }
  }

  async save(manifest: ManifestDraft, files: FileSet, { overwrite = false, call }: SaveOptions): Promise<SavedTool> {
    const { name } = manifest;
    const kind = this.#checkDraft(manifest);
    await this.refresh();
    this.#assertFree(name, overwrite);
    const staged = await this.#storage.stage(name, files);
    try {
      const draft = { ...manifest, ...(call.principal && { owner: call.principal.id }) };
      const prepared = await kind.prepare?.(draft, staged.folder, call) ?? draft;
      return await this.#inTurn(() =>
        this.#storage.locked(async () => {
          call.signal.throwIfAborted();
          await this.#apply(await this.#storage.scan());
          this.#assertFree(name, overwrite);
          return await this.#commit(prepared, staged);
        })
      );
    } finally {
      // when it is in place there is nothing left to discard
      await staged.discard();
    }
  }

  #checkDraft(draft: ManifestDraft): ToolKind {
    const { name, tool_type: type } = draft;
    if (!isToolName(name)) {
      throw new ToolError(`Cannot save tool ${JSON.stringify(name)}: a name has 1 to 64 of A-Z a-z 0-9 _ -`);
    }
    const kind = this.#shelf.kind(type);
    if (kind === undefined) throw new ToolError(`Cannot save tool "${name}": nothing provides kind "${type}"`);
    try {
      checkSchemas(draft);
    } catch (error) {
      if (!isKernelError(error)) throw error;
      throw new ToolError(error.fix === undefined ? error.message : `${error.message}; ${error.fix}`, { cause: error });
    }
    return kind;
  }

  #assertFree(name: string, overwrite: boolean): void {
    const existing = this.#shelf.find(name);
    const taken = this.#options.toolbox.get(name);
    if (taken !== undefined && existing?.offered === undefined) {
      throw new ToolError(
        `Cannot save tool "${name}": the name is taken by a tool of plugin "${taken.owner}"; choose another name`,
      );
    }
    if (existing !== undefined && !overwrite) {
      const { manifest } = existing;
      const what = manifest === undefined ? "broken" : `${manifest.tool_type}, version ${manifest.version}`;
      throw new ToolError(
        `Cannot save tool "${name}": it exists (${what}); pass "overwrite": true to replace it, or choose another name`,
      );
    }
  }

  async #commit(draft: ManifestDraft, staged: StagedTool): Promise<SavedTool> {
    const { name } = draft;
    const existing = this.#shelf.find(name);
    const manifest = await this.#storage.commit(draft, { staged, replaced: existing });
    const found = await this.#storage.find(name) ?? { folder: name, fingerprint: "" };
    const tool = await this.#shelf.put(found, { read: { manifest }, before: existing });
    if (tool.problem !== undefined) {
      throw new ToolError(`Saved tool "${name}", which cannot be used: ${tool.problem.reason}`);
    }
    return { manifest, path: await this.#options.folder.resolve(name), replaced: existing?.manifest?.version };
  }

  async files(name: string, version?: string): Promise<Folder> {
    const { folder: all } = this.#options;
    const tool = this.#existing(name);
    if (version === undefined || version === tool.manifest?.version) return all.at(tool.folder);
    const path = `${tool.folder}/${VERSIONS_FOLDER}/${version}`;
    if (!isVersion(version) || await all.stat(path) === undefined) {
      const versions = (await this.versions(name)).map((it) => it.version).join(", ");
      throw new ToolError(`Cannot open version "${version}" of tool "${name}": there are ${versions}`);
    }
    return all.at(path);
  }

  async versions(name: string): Promise<readonly VersionEntry[]> {
    const { folder, manifest } = this.#existing(name);
    const kept = (await this.#storage.keptVersions(folder)).map((version) => ({ version, isCurrent: false }));
    const current = manifest === undefined ? [] : [{ version: manifest.version, isCurrent: true }];
    // equal numbers happen in folders of skillz: the current one counts as the newer
    return [...current, ...kept].sort((a, b) => compareVersions(b.version, a.version));
  }

  #existing(name: string): ShelvedTool {
    const tool = this.#shelf.find(name);
    if (tool === undefined) throw new ToolError(`No tool "${name}" was made at run time`);
    return tool;
  }

  async remove(name: string): Promise<RemovedTool | undefined> {
    await this.refresh();
    if (this.#shelf.find(name) === undefined) return undefined;
    return await this.#inTurn(() =>
      this.#storage.locked(async () => {
        await this.#apply(await this.#storage.scan());
        const tool = this.#shelf.find(name);
        if (tool === undefined) return undefined;
        const removed = await this.#moveToTrash(name, tool.folder);
        await this.#shelf.take(tool.folder);
        this.#options.onRemoved(removed);
        return removed;
      })
    );
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

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work);
    this.#turn = next.catch(() => {});
    return await next;
  }
}
