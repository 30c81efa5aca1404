/**
 * Calls of versions that are not the current one: each is loaded at its first call, and released when nobody has called
 * it for a while.
 *
 * @module
 */
import { type Call, type JsonObject, type Log, messageOf, type ToolResult } from "../../kernel/mod.ts";
import type { UnlistedTool } from "./offered_tool.ts";
import type { FoundTool } from "./storage.ts";

/** Milliseconds for which a version that nobody calls stays loaded. */
const IDLE_MS = 5 * 60 * 1000;

/** A version that is loaded. */
interface LoadedVersion {
  readonly fingerprint: string;
  readonly tool: Promise<UnlistedTool>;
  calls: number;
  isReleased: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What {@linkcode VersionCalls.call} calls. */
export interface VersionCall {
  readonly args: JsonObject;
  readonly call: Call;
  /** Loads the version; it is called where it is not loaded already. */
  load(): Promise<UnlistedTool>;
}

/** Keeps versions loaded while they are called. */
export class VersionCalls {
  readonly #log: Log;
  readonly #idleMs: number;
  /** By path. */
  readonly #loaded = new Map<string, LoadedVersion>();

  /** @param idleMs Milliseconds without a call after which a version is released; five minutes by default. */
  constructor(log: Log, idleMs: number = IDLE_MS) {
    this.#log = log;
    this.#idleMs = idleMs;
  }

  /** Calls the version in a folder. */
  async call(found: FoundTool, { args, call, load }: VersionCall): Promise<ToolResult> {
    const version = this.#open(found, load);
    version.calls++;
    clearTimeout(version.timer);
    try {
      return await (await version.tool).call(args, call);
    } finally {
      version.calls--;
      if (version.calls === 0) await this.#afterLastCall(found.folder, version);
    }
  }

  #open({ folder, fingerprint }: FoundTool, load: VersionCall["load"]): LoadedVersion {
    const there = this.#loaded.get(folder);
    if (there?.fingerprint === fingerprint) return there;
    // a tool that was deleted and made anew may have the same numbers
    if (there !== undefined) void this.#release(folder, there);
    const version: LoadedVersion = { fingerprint, tool: load(), calls: 0, isReleased: false, timer: undefined };
    this.#loaded.set(folder, version);
    // what could not be loaded is tried again at the next call
    version.tool.catch(() => this.#release(folder, version));
    return version;
  }

  async #afterLastCall(folder: string, version: LoadedVersion): Promise<void> {
    if (version.isReleased) await this.#dispose(folder, version);
    else version.timer = setTimeout(() => void this.#release(folder, version), this.#idleMs);
  }

  /** Forgets a version, and disposes of it unless a call is in flight, which does it then. */
  async #release(folder: string, version: LoadedVersion): Promise<void> {
    clearTimeout(version.timer);
    if (this.#loaded.get(folder) === version) this.#loaded.delete(folder);
    if (version.isReleased) return;
    version.isReleased = true;
    if (version.calls === 0) await this.#dispose(folder, version);
  }

  async #dispose(folder: string, { tool }: LoadedVersion): Promise<void> {
    const loaded = await tool.catch(() => undefined);
    await loaded?.dispose().catch((error) => {
      this.#log.warn(`Cannot release a version of a tool: ${messageOf(error)}`, { folder });
    });
  }

  /** Releases versions, by their folders; all by default. */
  async release(isReleased: (folder: string) => boolean = () => true): Promise<void> {
    for (const [folder, version] of [...this.#loaded]) {
      if (isReleased(folder)) await this.#release(folder, version);
    }
  }
}
