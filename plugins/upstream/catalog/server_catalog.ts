/**
 * What one server offers.
 *
 * @module
 */
import { type Log, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { Clock } from "../clock.ts";
import type { Connection, ListKind } from "../connection/connection.ts";
import { digestOfDefinition, type UpstreamDefinition } from "../definition.ts";
import { heed } from "../heed.ts";
import type { Catalog, CatalogEntries, CatalogListener, HeldTool } from "./catalog.ts";
import type { CatalogMemory } from "./catalog_memory.ts";
import { Contents } from "./contents.ts";
import { type Listing, type ListingLimits, readLists } from "./listing.ts";
import { LIST_KINDS } from "./raw_entries.ts";

/** What a catalogue is made with. */
export interface ServerCatalogOptions {
  readonly memory: CatalogMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ListingLimits & {
    /** Milliseconds between the news that a list changed and reading it. */
    readonly changeMs: number;
  };
  /** Gives work the connection; starts the server if need be. */
  readonly use: <T>(work: (connection: Connection) => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Tells whether the server runs. */
  readonly isRunning: () => boolean;
}

/** One reading of lists. */
interface Reading {
  readonly done: Promise<void>;
  /** Which lists are read; `undefined` until the server has been reached. */
  readonly kinds: ReadonlySet<ListKind> | undefined;
}

/** Reads what a server offers when it has been reached and when it says that something changed. */
export class ServerCatalog implements Catalog {
  readonly restored: Promise<void>;
  readonly #name: string;
  readonly #options: ServerCatalogOptions;
  readonly #contents: Contents;
  readonly #end = new AbortController();
  /** Lists that are not what the server has now, or may not be. */
  readonly #stale = new Set<ListKind>();
  #reading: Reading | undefined;
  #cancelTimer: (() => void) | undefined;
  #problem: string | undefined;

  constructor(definition: UpstreamDefinition, options: ServerCatalogOptions) {
    this.#name = definition.name;
    this.#options = options;
    this.#contents = new Contents(definition, { ...options, digest: digestOfDefinition(definition) });
    this.restored = this.#contents.restored;
  }

  get entries(): CatalogEntries | undefined {
    return this.#contents.entries;
  }

  get held(): readonly HeldTool[] {
    return this.#contents.held;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  onChange(listener: CatalogListener): () => void {
    return this.#contents.onChange(listener);
  }

  async allow(tools?: readonly string[]): Promise<void> {
    await this.#contents.allow(tools);
  }

  async refresh(signal: AbortSignal): Promise<CatalogEntries> {
    signal.throwIfAborted();
    let reading = this.#reading;
    // one that reads less than all is waited for, and of all who do the first reads all
    while (reading?.kinds !== undefined && reading.kinds.size < LIST_KINDS.length) {
      await heed(reading.done.catch(() => {}), signal);
      reading = this.#reading;
    }
    if (reading?.kinds === undefined) this.#markAll();
    await heed((reading ?? this.#read()).done, signal);
    return this.#contents.entries!;
  }

  /** Hears that the server has been reached, before anyone uses the connection. */
  connected(): void {
    this.#markAll();
    this.#readInBackground();
  }

  /** Hears that a list changed. */
  changed(kind: "tools" | "resources" | "prompts"): void {
    this.#stale.add(kind);
    if (kind === "resources") this.#stale.add("templates");
    this.#readSoon();
  }

  /** Forgets what is kept of the server in the store, all of it or what it listed. */
  async forget(what: "all" | "entries"): Promise<void> {
    await this.#contents.forget(what);
  }

  /** Ends what goes on, and waits for it. */
  async close(): Promise<void> {
    this.#cancelTimer?.();
    this.#end.abort(new ToolError(`Server "${this.#name}" is no longer known`));
    await this.#reading?.done.catch(() => {});
    await this.#contents.close();
  }

  #markAll(): void {
    for (const kind of LIST_KINDS) this.#stale.add(kind);
  }

  // the first news starts the time, so that a server which always has some is heard as well
  #readSoon(): void {
    if (this.#cancelTimer !== undefined || this.#reading !== undefined || this.#end.signal.aborted) return;
    this.#cancelTimer = this.#options.clock.after(this.#options.limits.changeMs, () => {
      this.#cancelTimer = undefined;
      this.#readInBackground();
    });
  }

  #readInBackground(): void {
    // what is stale when the server is reached next is all
    if (this.#reading !== undefined || this.#end.signal.aborted || !this.#options.isRunning()) return;
    this.#read().done.catch((thrown) => {
      this.#options.log.warn("Cannot list what a server offers", { server: this.#name, reason: messageOf(thrown) });
    });
  }

  #read(): Reading {
    let kinds: ReadonlySet<ListKind> | undefined;
    const { clock, limits, use } = this.#options;
    const work = async (connection: Connection) => {
      kinds = new Set(this.#stale);
      this.#stale.clear();
      return await readLists(connection, [...kinds], { clock, limits });
    };
    const read = async () => {
      try {
        await this.#take(await use(work, this.#end.signal));
      } catch (thrown) {
        this.#problem = messageOf(thrown);
        throw thrown;
      } finally {
        this.#reading = undefined;
        if (this.#stale.size > 0) this.#readSoon();
      }
    };
    const reading: Reading = {
      // it begins when it is known that it goes on
      done: Promise.resolve().then(read),
      get kinds() {
        return kinds;
      },
    };
    this.#reading = reading;
    return reading;
  }

  async #take(listings: readonly Listing[]): Promise<void> {
    const problems = listings.flatMap(({ problem }) => problem ?? []).join("; ");
    if (listings.every(({ entries }) => entries === undefined)) {
      throw new ToolError(`Cannot list what server "${this.#name}" offers: ${problems}`);
    }
    this.#problem = problems === "" ? undefined : problems;
    await this.#contents.take(listings);
  }
}
