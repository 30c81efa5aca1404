/**
 * What one server listed, and what of it is offered.
 *
 * @module
 */
import { type Log, messageOf, sha256, ToolError } from "../../../kernel/mod.ts";
import type { Clock } from "../clock.ts";
import type { UpstreamDefinition } from "../definition.ts";
import type { CatalogEntries, CatalogListener, ChangedTool, HeldTool } from "./catalog.ts";
import type { CatalogMemory, Pins } from "./catalog_memory.ts";
import type { Listing } from "./listing.ts";
import { allowTools, type DigestedTool, pinTools } from "./pinning.ts";
import { keyOf, type RawEntries } from "./raw_entries.ts";
import { digestOfTool } from "./tool_digest.ts";

// what is kept for 90 days is written anew at least so often
const KEPT_ANEW_MS = 24 * 3_600_000;

const NOTHING: RawEntries = Object.freeze({ tools: [], resources: [], templates: [], prompts: [] });

/** What contents are kept with. */
export interface ContentsOptions {
  readonly memory: CatalogMemory;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the definition. */
  readonly digest: Promise<string>;
}

/** Keeps what a server listed, compares its tools with their pins, and tells who listens what changed. */
export class Contents {
  /** Resolves, never rejects, when what an earlier process listed has been read. */
  readonly restored: Promise<void>;
  readonly #definition: UpstreamDefinition;
  readonly #options: ContentsOptions;
  readonly #listeners = new Set<CatalogListener>();
  #raw: RawEntries | undefined;
  #rawDigest = "";
  #tools: readonly DigestedTool[] = [];
  #pins: Pins = new Map();
  #held: readonly HeldTool[] = [];
  #entries: CatalogEntries | undefined;
  #keptAt = 0;
  #turn: Promise<unknown>;

  constructor(definition: UpstreamDefinition, options: ContentsOptions) {
    this.#definition = definition;
    this.#options = options;
    this.restored = this.#restore().catch((thrown) => this.#warn("Cannot read what a server offered", thrown));
    this.#turn = this.restored;
  }

  /** What is offered. */
  get entries(): CatalogEntries | undefined {
    return this.#entries;
  }

  /** What changed, and waits to be allowed. */
  get held(): readonly HeldTool[] {
    return this.#held;
  }

  /** Calls back when what is offered changes; what it gives ends that. */
  onChange(listener: CatalogListener): () => void {
    const own: CatalogListener = (...change) => listener(...change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Takes lists as they were read; one that could not be stays as it was. */
  take(listings: readonly Listing[]): Promise<void> {
    return this.#inTurn(async () => {
      const read = listings.flatMap(({ kind, entries }) => entries === undefined ? [] : [[kind, entries] as const]);
      const raw: RawEntries = { ...(this.#raw ?? NOTHING), ...Object.fromEntries(read) };
      const fetchedAt = this.#options.clock.now();
      const isOther = await this.#set(raw);
      const changed = await this.#pin();
      this.#offer(fetchedAt);
      if (isOther || changed.length > 0) this.#tell(changed);
      if (isOther || fetchedAt - this.#keptAt > KEPT_ANEW_MS) await this.#keep(raw, fetchedAt);
    });
  }

  /**
   * Offers held tools as they are now, all by default.
   *
   * @throws {ToolError} when a name is of no tool that is held.
   */
  allow(names: readonly string[] | undefined): Promise<void> {
    return this.#inTurn(async () => {
      const held = new Map(this.#held.map((tool) => [tool.name, tool]));
      const allowed = (names ?? [...held.keys()]).map((name) => held.get(name) ?? this.#refuse(name));
      if (allowed.length === 0) return;
      await this.#options.memory.updatePins(this.#definition.name, (pins) => allowTools(pins, allowed));
      this.#pins = allowTools(this.#pins, allowed);
      this.#held = this.#held.filter((tool) => !allowed.includes(tool));
      this.#offer(this.#entries!.fetchedAt);
      this.#tell([]);
    });
  }

  /** Forgets what is kept in the store, all of it or what was listed. */
  async forget(what: "all" | "entries"): Promise<void> {
    const { memory, digest } = this.#options;
    await memory.forgetEntries(await digest);
    if (what === "all") await memory.forgetPins(this.#definition.name);
  }

  /** Waits until nothing goes on, and tells nobody any more. */
  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#turn.catch(() => {});
  }

  async #restore(): Promise<void> {
    const { memory, digest } = this.#options;
    const kept = await memory.read(await digest);
    this.#pins = await memory.pins(this.#definition.name);
    if (kept === undefined) return;
    await this.#set(kept.raw);
    this.#keptAt = kept.fetchedAt;
    this.#held = this.#definition.isStrict ? pinTools(this.#tools, this.#pins, true).changed : [];
    this.#offer(kept.fetchedAt);
    this.#tell([]);
  }

  /** Tells whether these are other lists than those before. */
  async #set(raw: RawEntries): Promise<boolean> {
    const digest = await sha256(JSON.stringify(raw));
    const isOther = digest !== this.#rawDigest;
    this.#raw = raw;
    this.#rawDigest = digest;
    if (isOther) {
      this.#tools = await Promise.all(raw.tools.map(async (tool) => ({ tool, digest: await digestOfTool(tool) })));
    }
    return isOther;
  }

  /** Compares the tools with their pins, which another process may have changed; gives what is news. */
  async #pin(): Promise<readonly ChangedTool[]> {
    const { name, isStrict } = this.#definition;
    let pinning = pinTools(this.#tools, this.#pins, isStrict);
    const compare = (pins: Pins) => {
      pinning = pinTools(this.#tools, pins, isStrict);
      return pinning.hasNewPins ? pinning.pins : undefined;
    };
    await this.#options.memory.updatePins(name, compare)
      .catch((thrown) => this.#warn("Cannot keep what the tools of a server are", thrown));
    this.#pins = pinning.pins;
    const known = new Set(this.#held.map(({ name, newDigest }) => `${newDigest} ${name}`));
    this.#held = isStrict ? pinning.changed : [];
    return pinning.changed.filter(({ name, newDigest }) => !known.has(`${newDigest} ${name}`));
  }

  #offer(fetchedAt: number): void {
    const held = new Set(this.#held.map(({ name }) => name));
    const tools = this.#raw!.tools.filter((tool) => !held.has(keyOf("tools", tool)));
    this.#entries = { ...this.#raw!, tools, fetchedAt };
  }

  async #keep(raw: RawEntries, fetchedAt: number): Promise<void> {
    try {
      await this.#options.memory.write(await this.#options.digest, { raw, fetchedAt });
      this.#keptAt = fetchedAt;
    } catch (thrown) {
      this.#warn("Cannot keep what a server offers", thrown);
    }
  }

  #tell(changed: readonly ChangedTool[]): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.#entries!, changed);
      } catch (thrown) {
        this.#warn("A listener of what a server offers failed", thrown);
      }
    }
  }

  #refuse(name: string): never {
    const names = this.#held.map((tool) => `"${tool.name}"`).join(", ");
    const found = `Cannot allow "${name}": server "${this.#definition.name}" has no such tool that is held`;
    throw new ToolError(`${found}; ${names === "" ? "none is" : `held are ${names}`}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn;
    return turn;
  }

  #warn(message: string, thrown: unknown): void {
    this.#options.log.warn(message, { server: this.#definition.name, reason: messageOf(thrown) });
  }
}
