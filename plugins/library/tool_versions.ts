/**
 * The versions of made tools: listed, opened, written anew, called and thrown away.
 *
 * @module
 */
import {
  assertNestable,
  type Call,
  didYouMean,
  type Folder,
  type Log,
  messageOf,
  ToolError,
  type ToolResult,
} from "../../kernel/mod.ts";
import type {
  CallVersionOptions,
  Manifest,
  ManifestDraft,
  PrunedVersions,
  SavedTool,
  VersionEntry,
} from "./contract.ts";
import { digestOf } from "./digest.ts";
import { VERSIONS_FOLDER } from "./layout.ts";
import { UnlistedTool } from "./offered_tool.ts";
import { checkDraft } from "./save_checks.ts";
import type { ChangesHost, Saver } from "./saver.ts";
import { describeTool, type ShelvedTool } from "./shelf.ts";
import type { FoundTool } from "./storage.ts";
import { VersionCalls } from "./version_calls.ts";
import { compareVersions, isVersion } from "./versions.ts";

/** Most versions that an error names. */
const MOST_NAMED = 20;

/** What versions need of the library. */
export interface VersionsHost extends ChangesHost {
  readonly saver: Saver;
  readonly log: Log;
  /** How long pruned versions are kept. */
  readonly trashDays: number;
}

/** The versions of all tools. */
export class ToolVersions {
  readonly #host: VersionsHost;
  readonly #calls: VersionCalls;

  constructor(host: VersionsHost) {
    this.#host = host;
    this.#calls = new VersionCalls(host.log);
  }

  /** Lists the versions of a tool, newest first. */
  async list(name: string): Promise<readonly VersionEntry[]> {
    const { folder, manifest } = await this.#existing(name);
    const { storage } = this.#host;
    const numbers = await storage.versions.list(folder);
    const kept = await Promise.all(numbers.map(async (version): Promise<VersionEntry> => {
      const read = await storage.read(pathOf(folder, version));
      return { version, isCurrent: false, isEdited: false, manifest: "manifest" in read ? read.manifest : undefined };
    }));
    const current = manifest && {
      version: manifest.version,
      isCurrent: true,
      isEdited: manifest.digest !== undefined && await digestOf(storage.folder.at(folder)) !== manifest.digest,
      manifest,
    };
    // equal numbers happen in folders of skillz: the current one counts as the newer
    return [...(current ? [current] : []), ...kept].sort((a, b) => compareVersions(b.version, a.version));
  }

  /** Opens the folder of a tool, or of one of its versions. */
  async open(name: string, version: string | undefined): Promise<Folder> {
    const known = version === undefined ? this.#host.shelf.find(name) : undefined;
    const tool = known ?? await this.#existing(name);
    const { folder } = version === undefined ? tool : await this.#find(tool, version);
    return this.#host.storage.folder.at(folder);
  }

  /** Writes the content of a version as a new one. */
  async rollback(name: string, version: string, { call }: { readonly call: Call }): Promise<SavedTool> {
    const { storage, shelf, change, saver } = this.#host;
    await this.#existing(name);
    // copied while no other server moves the versions
    const { draft, kind, staged } = await change(async () => {
      const tool = shelf.find(name) ?? this.#unknown(name);
      const { folder } = await this.#look(tool, version) ?? await this.#unknownVersion(tool, version);
      const draft = draftOf(await this.#read(name, version, folder), { name, from: version });
      return { draft, kind: checkDraft(draft, shelf), staged: await storage.stage(name, {}, { folder }) };
    });
    return await saver.publish(draft, {
      kind,
      staged,
      call,
      isWhole: true,
      check: () => {
        if (shelf.find(name) === undefined) throw new ToolError(`Cannot roll back "${name}": it was deleted meanwhile`);
      },
    });
  }

  /** Moves versions to the trash. */
  async prune(name: string, versions: readonly string[]): Promise<PrunedVersions> {
    const { storage, shelf, change, trashDays } = this.#host;
    if (versions.length === 0) throw new ToolError(`Cannot prune versions of "${name}": none is named`);
    await this.#existing(name);
    return await change(async () => {
      const tool = shelf.find(name) ?? this.#unknown(name);
      const { folder, manifest } = tool;
      const kept = await storage.versions.list(folder);
      for (const version of versions) {
        if (kept.includes(version)) continue;
        if (version !== manifest?.version) await this.#unknownVersion(tool, version);
        throw new ToolError(`Cannot prune version "${version}" of tool "${name}": it is the current one`);
      }
      const pruned = await storage.prune(name, { folder, versions: [...new Set(versions)], trashDays });
      await this.release((path) => versions.some((version) => path === pathOf(folder, version)));
      return pruned;
    });
  }

  /** Calls a tool as it is or was at a version. */
  async call(name: string, version: string, { args, call }: CallVersionOptions): Promise<ToolResult> {
    const tool = await this.#existing(name);
    const found = await this.#find(tool, version);
    if (found.folder === tool.folder) {
      if (tool.offered !== undefined) return await this.#host.toolbox.call(name, args, call);
      const { state, reason } = describeTool(tool);
      throw new ToolError(`Cannot call "${name}": the tool is ${state}: ${reason}`);
    }
    assertNestable(name, { verb: "call", name, parent: call });
    return await this.#calls.call(found, { args, call, load: () => this.#load(name, version, found.folder) });
  }

  async #load(name: string, version: string, folder: string): Promise<UnlistedTool> {
    const { storage, shelf } = this.#host;
    const manifest = { ...await this.#read(name, version, folder), name };
    const fail = (why: string, cause?: unknown) =>
      new ToolError(`Cannot call version "${version}" of tool "${name}": ${why}`, { cause });
    const kind = shelf.kind(manifest.tool_type);
    if (kind === undefined) throw fail(`nothing provides kind "${manifest.tool_type}"`);
    try {
      return new UnlistedTool(manifest, await kind.load(manifest, storage.folder.at(folder), { isLegacy: false }));
    } catch (thrown) {
      throw fail(messageOf(thrown), thrown);
    }
  }

  async #read(name: string, version: string, folder: string): Promise<Manifest> {
    const read = await this.#host.storage.read(folder);
    if ("manifest" in read) return read.manifest;
    throw new ToolError(`Cannot use version "${version}" of tool "${name}": ${read.reason}`);
  }

  /** Releases what is loaded of versions, by their folders; all by default. */
  async release(isReleased?: (folder: string) => boolean): Promise<void> {
    await this.#calls.release(isReleased);
  }

  async #existing(name: string): Promise<ShelvedTool> {
    await this.#host.refresh();
    return this.#host.shelf.find(name) ?? this.#unknown(name);
  }

  #unknown(name: string): never {
    const { shelf, toolbox } = this.#host;
    const summary = toolbox.get(name);
    if (summary !== undefined) {
      throw new ToolError(
        `Tool "${name}" has no versions: it came with plugin "${summary.owner}"; only tools made at run time have them`,
      );
    }
    const near = didYouMean(name, shelf.tools.map((it) => it.name));
    throw new ToolError(`No tool "${name}" was made at run time${near}`);
  }

  /** Finds the folder of a version. */
  async #find(tool: ShelvedTool, version: string): Promise<FoundTool> {
    // while another server replaces the tool its versions are elsewhere for a moment
    return await this.#look(tool, version) ??
      await this.#host.storage.settled(() => this.#look(tool, version)) ??
      await this.#unknownVersion(tool, version);
  }

  async #look(tool: ShelvedTool, version: string): Promise<FoundTool | undefined> {
    if (version === tool.manifest?.version) return tool;
    return isVersion(version) ? await this.#host.storage.find(pathOf(tool.folder, version)) : undefined;
  }

  async #unknownVersion({ name, folder, manifest }: ShelvedTool, version: string): Promise<never> {
    const kept = await this.#host.storage.versions.list(folder);
    const numbers = [...kept, ...(manifest ? [manifest.version] : [])].sort((a, b) => compareVersions(b, a));
    const named = numbers.slice(0, MOST_NAMED).join(", ");
    const more = numbers.length > MOST_NAMED ? ` and ${numbers.length - MOST_NAMED} more` : "";
    throw new ToolError(
      `No version ${JSON.stringify(version)} of tool "${name}" is kept; there are ${named || "none"}${more}`,
    );
  }
}

function pathOf(folder: string, version: string): string {
  return `${folder}/${VERSIONS_FOLDER}/${version}`;
}

/** Gives what of an old manifest describes the tool, and not when and how it was saved. */
function draftOf(manifest: Manifest, { name, from }: { readonly name: string; readonly from: string }): ManifestDraft {
  const { version: _version, created_at: _created, edited_from: _edited, ...draft } = manifest;
  return { ...draft, name, rolled_back_from: from };
}
