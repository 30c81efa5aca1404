/**
 * A fake of one server, for what the offer and the relay do with it: no process, no connection. What the real ones do is
 * tested through the real program.
 *
 * @module
 */
import {
  Catalog as KernelCatalog,
  definePlugin,
  type JsonObject,
  type Plugin,
  Protocol,
  ProtocolError,
} from "../../../../kernel/mod.ts";
import type { Catalog, CatalogEntries } from "../../../../plugins/upstream/catalog/catalog.ts";
import type { Connection, RequestOptions, ServerFacts } from "../../../../plugins/upstream/connection/connection.ts";
import type { UpstreamDefinition } from "../../../../plugins/upstream/definition.ts";
import { Offer } from "../../../../plugins/upstream/offer/offer.ts";
import { TakenUris } from "../../../../plugins/upstream/offer/taken_uris.ts";
import type { Upstream, UpstreamListener, UpstreamStatus } from "../../../../plugins/upstream/supervisor/supervisor.ts";

/** Answers a request as the server. */
export type Answer = (params: JsonObject, options: RequestOptions) => JsonObject | Promise<JsonObject>;

type Listed = Partial<Omit<CatalogEntries, "fetchedAt">>;

/** What a fake server is like. */
export interface FakeOptions {
  readonly definition?: Partial<UpstreamDefinition>;
  readonly listed?: Listed;
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly capabilities?: JsonObject;
}

/** A server that answers by functions; its requests are kept. */
export class FakeUpstream implements Upstream {
  readonly definition: UpstreamDefinition;
  readonly requests: { readonly method: string; readonly params: JsonObject; readonly options: RequestOptions }[] = [];
  readonly status: UpstreamStatus = { state: "ready", restarts: 0, calls: 0, inFlight: 0 };
  readonly #answers: Readonly<Record<string, Answer>>;
  readonly #listeners = new Set<UpstreamListener>();
  readonly #catalogListeners = new Set<(entries: CatalogEntries) => void>();
  #entries: CatalogEntries;
  #connection: Connection | undefined;
  readonly #capabilities: JsonObject;
  /** How many keep it from being ended. */
  keepers = 0;

  constructor({ definition = {}, listed = {}, answers = {}, capabilities = {} }: FakeOptions = {}) {
    const name = definition.name ?? "fake";
    this.definition = {
      name,
      namespace: name,
      target: { kind: "stdio", command: "none", args: [], env: {} },
      isStrict: false,
      isSandboxed: false,
      timeoutMs: 120_000,
      idleMs: 0,
      lifetimeMs: 0,
      origin: "test",
      isDisabled: false,
      ...definition,
    };
    this.#entries = entriesOf(listed);
    this.#answers = answers;
    this.#capabilities = capabilities;
  }

  get catalog(): Catalog {
    return {
      entries: this.#entries,
      restored: Promise.resolve(),
      problem: undefined,
      held: [],
      refresh: () => Promise.resolve(this.#entries),
      onChange: (listener) => {
        const hear = (entries: CatalogEntries) => listener(entries, []);
        this.#catalogListeners.add(hear);
        return () => this.#catalogListeners.delete(hear);
      },
      allow: () => Promise.resolve(),
    };
  }

  /** Lists something else from now on. */
  list(listed: Listed): void {
    this.#entries = entriesOf(listed);
    for (const hear of this.#catalogListeners) hear(this.#entries);
  }

  /** Tells what a server says unasked. */
  get says(): Required<Pick<UpstreamListener, "updated" | "logged" | "visited" | "ask">> {
    const [listener] = this.#listeners;
    return listener as Required<UpstreamListener>;
  }

  /** Ends the connection; the next use opens another. */
  disconnect(): void {
    this.#connection = undefined;
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#connection === undefined) {
      this.#connection = this.#connect();
      for (const { connected } of this.#listeners) connected?.(this.#connection);
    }
    return await work(this.#connection);
  }

  keep(): () => void {
    this.keepers++;
    return () => void this.keepers--;
  }

  listen(listener: UpstreamListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  restart(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  logs(): readonly string[] {
    return [];
  }

  #connect(): Connection {
    const facts: ServerFacts = {
      name: "fake",
      version: "1",
      protocolVersion: "2025-11-25",
      capabilities: this.#capabilities,
    };
    return {
      facts,
      list: () => Promise.resolve([]),
      request: async (method, params, options) => {
        this.requests.push({ method, params, options });
        const answer = this.#answers[method];
        if (answer === undefined) throw new ProtocolError(-32601, `Unknown method: ${method}`);
        return await answer(params, options);
      },
      closed: new Promise(() => {}),
      close: () => Promise.resolve(),
    };
  }
}

function entriesOf({ tools = [], resources = [], templates = [], prompts = [] }: Listed): CatalogEntries {
  return { tools, resources, templates, prompts, fetchedAt: 0 };
}

/** A plugin that offers fake servers, and the offers it makes. */
export function offering(
  ...upstreams: readonly FakeUpstream[]
): { readonly plugin: Plugin<void>; readonly offers: readonly Offer[] } {
  const offers: Offer[] = [];
  const plugin = definePlugin({
    name: "offering",
    version: "1.0.0",
    requires: { catalog: KernelCatalog, protocol: Protocol },
    async setup(context) {
      const uris = new TakenUris(context.deps.catalog);
      for (const upstream of upstreams) {
        const offer = new Offer({
          context,
          upstream,
          protocol: context.deps.protocol,
          uris,
          started: Promise.resolve(),
        });
        offers.push(offer);
        await offer.settled;
      }
      return async () => {
        for (const offer of offers) await offer.close();
      };
    },
  });
  return { plugin, offers };
}

/** A tool as a server lists it. */
export function listedTool(name: string, more: JsonObject = {}): JsonObject {
  return { name, description: `Does ${name}`, inputSchema: { type: "object" }, ...more };
}
