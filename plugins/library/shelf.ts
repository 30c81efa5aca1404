/**
 * The tools that were found on disk: each is loaded by its kind, and offered to clients once the shelf is open.
 *
 * @module
 */
import { type Folder, isKernelError, isToolError, KernelError, type Log, messageOf } from "../../kernel/mod.ts";
import type { ChangedTool, LoadedTool, Manifest, StoredTool, ToolKind } from "./contract.ts";
import { digestOf } from "./digest.ts";
import type { Code, LastGood, LastGoods } from "./last_good.ts";
import { checkSchemas, OfferedTool, type Register } from "./offered_tool.ts";
import type { FoundTool, ReadManifest } from "./storage.ts";

/** What a {@linkcode Shelf} works with. */
export interface ShelfOptions {
  /** The folder of all tools. */
  readonly folder: Folder;
  readonly register: Register;
  readonly log: Log;
  /** Keeps tools going while they are broken; present with hot reload. */
  readonly lastGoods?: LastGoods | undefined;
  /** Hears of each tool whose code changed, and nothing that lists say of it. */
  readonly onCodeChanged?: ((tool: ChangedTool) => void) | undefined;
}

/** One tool on the shelf. */
export interface ShelvedTool extends FoundTool {
  readonly name: string;
  readonly manifest: Manifest | undefined;
  /** Whether another folder holds the tool of this name. */
  isTwin: boolean;
  problem: { readonly state: "unavailable" | "broken"; readonly reason: string } | undefined;
  loaded: LoadedTool | undefined;
  offered: OfferedTool | undefined;
  /** Its code when it was put here; with hot reload only. */
  code: Code | undefined;
  /** As what it is offered: itself, or what it was before it became broken; with hot reload only. */
  lastGood: LastGood | undefined;
}

/** Tools by their folders. */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #kinds = new Map<string, ToolKind>();
  readonly #tools = new Map<string, ShelvedTool>();
  #legacy: ReadonlyMap<string, string> = new Map();
  #isOpen = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Says which folders hold tools that keep what skillz gave them, with their digests. */
  set legacy(digests: ReadonlyMap<string, string>) {
    this.#legacy = digests;
  }

  get tools(): readonly ShelvedTool[] {
    return [...this.#tools.values()];
  }

  kind(kind: string): ToolKind | undefined {
    return this.#kinds.get(kind);
  }

  /** Finds a tool by its name; a well-formed one before a folder of that name. */
  find(name: string): ShelvedTool | undefined {
    const named = this.tools.filter((it) => it.name === name);
    return named.find((it) => it.problem?.state !== "broken") ?? named[0];
  }

  at(folder: string): ShelvedTool | undefined {
    return this.#tools.get(folder);
  }

  /** Puts a tool on the shelf, or in the place of the one that came from the same folder. */
  async put(
    found: FoundTool,
    { read, before = this.#tools.get(found.folder) }: {
      readonly read: ReadManifest;
      readonly before?: ShelvedTool | undefined;
    },
  ): Promise<ShelvedTool> {
    const manifest = "manifest" in read ? read.manifest : undefined;
    const tool: ShelvedTool = {
      ...found,
      name: manifest?.name ?? before?.lastGood?.manifest.name ?? found.folder,
      manifest,
      isTwin: false,
      problem: "manifest" in read ? undefined : { state: "broken", reason: read.reason },
      loaded: undefined,
      offered: undefined,
      code: undefined,
      lastGood: undefined,
    };
    if (before !== undefined) this.#tools.delete(before.folder);
    if (manifest !== undefined) await this.#settleTwins(tool);
    this.#tools.set(found.folder, tool);
    await this.#load(tool);
    await this.#goOnAsBefore(tool, before);
    if (tool.offered === undefined) await this.#offerInPlaceOf(tool, before?.offered);
    this.#report(tool);
    return tool;
  }

  /** Has a tool that became broken go on as it was when it was last good. */
  async #goOnAsBefore(tool: ShelvedTool, before: ShelvedTool | undefined): Promise<void> {
    const { lastGoods } = this.#options;
    const { problem, isTwin, name, folder } = tool;
    const good = before?.lastGood;
    if (problem?.state !== "broken" || isTwin || good === undefined || before?.offered?.name !== name) return;
    tool.problem = { ...problem, reason: `${problem.reason}; calls run it as it was before, until it is mended` };
    tool.lastGood = good;
    tool.loaded = before.loaded;
    const kind = this.#kinds.get(good.manifest.tool_type);
    const wasBroken = before.problem !== undefined;
    const load = (from: Folder) => kind!.load(good.manifest, from, { isLegacy: good.isLegacy });
    const copy = wasBroken ? undefined : await lastGoods?.load(good, { folder, load }).catch(() => undefined);
    if (copy === undefined) tool.offered = before.offered;
    else tool.loaded = copy;
  }

  /** Of two folders with tools of one name, that of the same name counts, else the first. */
  async #settleTwins(tool: ShelvedTool): Promise<void> {
    const twin = this.#twinOf(tool);
    if (twin === undefined) return;
    const [winner, loser] = tool.folder === tool.name ? [tool, twin] : [twin, tool];
    loser.isTwin = true;
    loser.problem = { state: "broken", reason: `its name is that of the tool in folder "${winner.folder}"` };
    const { offered } = loser;
    loser.loaded = loser.offered = undefined;
    await offered?.dispose();
  }

  #twinOf(tool: ShelvedTool): ShelvedTool | undefined {
    return this.tools.find((it) => it !== tool && it.manifest?.name === tool.name && !it.isTwin);
  }

  async take(folder: string): Promise<void> {
    const tool = this.#tools.get(folder);
    this.#tools.delete(folder);
    await tool?.offered?.dispose();
  }

  /** Adds a kind and loads its tools. */
  async addKind(kind: ToolKind): Promise<void> {
    if (this.#kinds.has(kind.kind)) {
      throw new KernelError("NAME_TAKEN", `Cannot add kind "${kind.kind}": it is provided already`);
    }
    this.#kinds.set(kind.kind, kind);
    for (const tool of this.#ofKind(kind.kind)) {
      await this.#load(tool);
      this.#offer(tool);
      this.#report(tool);
    }
  }

  /** Loads what could not be loaded before: a file may have come back, or a name become free. */
  async reload(): Promise<void> {
    for (const tool of this.tools) {
      if (tool.loaded !== undefined || tool.manifest === undefined) continue;
      if (tool.isTwin && this.#twinOf(tool) !== undefined) continue;
      tool.isTwin = false;
      const before = tool.problem?.reason;
      await this.#load(tool);
      if (tool.problem?.reason !== before) this.#report(tool);
    }
    this.retry();
  }

  #report({ name, folder, problem }: ShelvedTool): void {
    if (problem?.state === "broken") this.#options.log.warn(`Tool "${name}" is broken: ${problem.reason}`, { folder });
  }

  async removeKind(kind: string): Promise<void> {
    this.#kinds.delete(kind);
    for (const tool of this.#ofKind(kind)) {
      const { offered } = tool;
      tool.loaded = tool.offered = undefined;
      await this.#load(tool);
      await offered?.dispose();
    }
  }

  #ofKind(kind: string): readonly ShelvedTool[] {
    return this.tools.filter((it) => (it.lastGood?.manifest ?? it.manifest)?.tool_type === kind);
  }

  async #load(tool: ShelvedTool): Promise<void> {
    const { manifest, folder } = tool;
    // before anything else of it is read, so that what is written meanwhile counts as news
    tool.code = await this.#options.lastGoods?.read(folder).catch(() => undefined);
    if (manifest === undefined || tool.isTwin) return;
    try {
      checkSchemas(manifest);
      const kind = this.#kinds.get(manifest.tool_type);
      if (kind === undefined) {
        tool.problem = { state: "unavailable", reason: `not available: kind "${manifest.tool_type}"` };
        return;
      }
      const isLegacy = await this.#isLegacy(tool);
      tool.loaded = await kind.load(manifest, this.#options.folder.at(folder), { isLegacy });
      tool.problem = undefined;
      tool.lastGood = tool.code && { manifest, isLegacy, files: tool.code.files };
    } catch (error) {
      tool.problem = { state: isToolError(error) ? "unavailable" : "broken", reason: messageOf(error) };
    }
  }

  async #isLegacy({ folder, manifest }: ShelvedTool): Promise<boolean> {
    const digest = this.#legacy.get(folder);
    if (digest === undefined || manifest?.format !== undefined) return false;
    return await digestOf(this.#options.folder.at(folder)) === digest;
  }

  /** Offers all that is loaded; from now on tools are offered as they come. */
  open(): void {
    this.#isOpen = true;
    this.retry();
  }

  /** Offers what could not be offered before, since its name may be free now. */
  retry(): void {
    for (const tool of this.#tools.values()) this.#offer(tool);
  }

  async #offerInPlaceOf(tool: ShelvedTool, before: OfferedTool | undefined): Promise<void> {
    const { loaded } = tool;
    const manifest = tool.lastGood?.manifest ?? tool.manifest;
    if (before === undefined || manifest === undefined || loaded === undefined || before.name !== tool.name) {
      await before?.dispose();
      return this.#offer(tool);
    }
    tool.offered = before;
    const isListedAnew = await before.replace(manifest, loaded);
    if (!isListedAnew && tool.problem === undefined) this.#options.onCodeChanged?.({ name: tool.name });
  }

  #offer(tool: ShelvedTool): void {
    const { manifest, loaded } = tool;
    if (!this.#isOpen || manifest === undefined || loaded === undefined || tool.offered !== undefined) return;
    try {
      tool.offered = new OfferedTool(manifest, { tool: loaded, register: this.#options.register });
      tool.problem = undefined;
    } catch (error) {
      if (!isKernelError(error)) throw error;
      const isNews = tool.problem?.reason !== error.message;
      tool.problem = { state: error.code === "NAME_TAKEN" ? "unavailable" : "broken", reason: error.message };
      if (isNews) this.#options.log.warn(`Tool "${tool.name}" is not offered: ${error.message}`);
    }
  }

  /** Releases every tool. */
  async close(): Promise<void> {
    for (const { folder } of this.tools) await this.take(folder);
  }
}

/** What the library tells of a tool. */
export function describeTool({ name, manifest, problem }: ShelvedTool): StoredTool {
  return { name, manifest, state: problem?.state ?? "ready", reason: problem?.reason };
}
