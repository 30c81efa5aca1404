/**
 * How tools are saved: staged, prepared, looked at, and put in place.
 *
 * @module
 */
import { type Call, type Toolbox, ToolError } from "../../kernel/mod.ts";
import type { Memory } from "../memory/contract.ts";
import type { FileSet, ManifestDraft, SavedTool, SaveOptions, StoredTool, ToolKind } from "./contract.ts";
import { assertFree, checkDraft } from "./save_checks.ts";
import type { Shelf } from "./shelf.ts";
import { companionsOf, type StagedTool, type ToolStorage } from "./storage.ts";
import { assertLoads, verifyStaged } from "./verify.ts";

/** What whatever changes tools needs of the library. */
export interface ChangesHost {
  readonly storage: ToolStorage;
  readonly shelf: Shelf;
  readonly toolbox: Toolbox;
  /** Takes notice of what others changed on disk. */
  refresh(): Promise<void>;
  /** Changes the tools while nobody else does. */
  change<T>(work: () => Promise<T>): Promise<T>;
}

/** What a {@linkcode Saver} needs of the library. */
export interface SaverHost extends ChangesHost {
  /** What tools remember, if anything keeps it. */
  readonly memory: Memory | undefined;
}

/** How a staged tool is put in place. */
export interface PublishOptions {
  readonly kind: ToolKind;
  readonly staged: StagedTool;
  readonly call: Call;
  /** Whether nothing of the tool that is replaced stays. */
  readonly isWhole: boolean;
  /** Looks, once nobody else changes the tools, whether it may be put in place. */
  readonly check: () => void;
  /** Runs the tool's examples first; `false` by default. */
  readonly verify?: boolean;
}

/** Saves tools. */
export class Saver {
  readonly #host: SaverHost;

  constructor(host: SaverHost) {
    this.#host = host;
  }

  /** Saves a tool; what of the tool that it replaces stays comes along, unless it is given as a whole. */
  async save(manifest: ManifestDraft, files: FileSet, options: SaveOptions): Promise<SavedTool> {
    const { overwrite = false, isWhole = false, verify = false, call } = options;
    const { storage, shelf, refresh, change } = this.#host;
    const { name } = manifest;
    const kind = checkDraft(manifest, shelf);
    await refresh();
    const check = () => assertFree(name, { ...this.#host, overwrite });
    check();
    const before = isWhole ? undefined : shelf.find(name);
    const stage = () => storage.stage(name, files, before && companionsOf(before, this.#preparedOf(before)));
    const staged = await (before === undefined ? stage() : change(stage));
    return await this.publish(manifest, { kind, staged, call, isWhole, check, verify });
  }

  /** Prepares a staged tool and puts it in place; what is staged is gone then, whatever comes of it. */
  async publish(
    manifest: ManifestDraft,
    { kind, staged, call, isWhole, check, verify = false }: PublishOptions,
  ): Promise<SavedTool> {
    try {
      const draft = { ...manifest, ...(call.principal && { owner: call.principal.id }) };
      const prepared = await kind.prepare?.(draft, staged.folder, call) ?? draft;
      const inspected = { kind, folder: staged.folder, call, memory: this.#host.memory };
      await (verify ? verifyStaged(prepared, inspected) : assertLoads(prepared, inspected));
      return await this.#host.change(async () => {
        call.signal.throwIfAborted();
        check();
        return await this.#commit(prepared, { staged, isWhole });
      });
    } finally {
      // when it is in place there is nothing left to discard
      await staged.discard();
    }
  }

  /** Looks whether a tool could be saved. */
  async check(manifest: ManifestDraft, { overwrite = false }: Pick<SaveOptions, "overwrite"> = {}): Promise<void> {
    checkDraft(manifest, this.#host.shelf);
    await this.#host.refresh();
    assertFree(manifest.name, { ...this.#host, overwrite });
  }

  #preparedOf({ manifest }: Pick<StoredTool, "manifest">): readonly string[] | undefined {
    return manifest && this.#host.shelf.kind(manifest.tool_type)?.prepared;
  }

  async #commit(
    draft: ManifestDraft,
    { staged, isWhole }: Pick<PublishOptions, "staged" | "isWhole">,
  ): Promise<SavedTool> {
    const { storage, shelf } = this.#host;
    const { name } = draft;
    const replaced = shelf.find(name);
    const prepared = replaced && this.#preparedOf(replaced);
    const { manifest, kept } = await storage.commit(draft, { staged, replaced, prepared, isWhole });
    const found = await storage.find(name) ?? { folder: name, fingerprint: "" };
    const tool = await shelf.put(found, { read: { manifest }, before: replaced });
    if (tool.problem !== undefined) {
      throw new ToolError(`Saved tool "${name}", which cannot be used: ${tool.problem.reason}`);
    }
    return { manifest, path: await storage.folder.resolve(name), replaced: kept };
  }
}
