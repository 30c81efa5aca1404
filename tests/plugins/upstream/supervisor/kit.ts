/**
 * Servers that are none, and a clock that is moved by hand: schedules of minutes are gone through in no time, and each
 * failure comes when the test wants it. The connector of the plugin and real programs are in `processes_test.ts`.
 *
 * @module
 */
import { isObject, type JsonObject, type Log } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import type { Clock } from "../../../../plugins/upstream/clock.ts";
import type {
  Connection,
  ConnectionEvents,
  Connector,
  ListKind,
  ServerFacts,
} from "../../../../plugins/upstream/connection/connection.ts";
import type { UpstreamDefinition } from "../../../../plugins/upstream/definition.ts";
import { DEFAULT_TIMES } from "../../../../plugins/upstream/definition.ts";
import { heed } from "../../../../plugins/upstream/heed.ts";
import {
  SupervisedUpstreams,
  type UpstreamsOptions,
} from "../../../../plugins/upstream/supervisor/supervised_upstreams.ts";
import { defer } from "../../../support/wait.ts";

/** Lets all that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Map<object, { readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + Math.max(0, ms), run });
    return () => void this.#timers.delete(key);
  }

  /** How many wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on, from one timer to the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const [key, { at, run }] = next;
      this.#timers.delete(key);
      this.#now = Math.max(this.#now, at);
      run();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number) {
    return [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}

/** A connection to a server that is none. */
export class FakeConnection implements Connection {
  readonly facts: ServerFacts;
  readonly closed: Promise<string | undefined>;
  readonly events: ConnectionEvents;
  readonly requests: string[] = [];
  readonly lists: ListKind[] = [];
  closes = 0;
  /** Whether its end has been told to all who listen. */
  hasToldEnd = false;
  readonly #server: FakeServer;
  readonly #end = defer<string | undefined>();

  constructor(server: FakeServer, events: ConnectionEvents) {
    this.#server = server;
    this.events = events;
    this.closed = this.#end.promise;
    // after those who listen, who do so later than this
    void this.closed.then(() => {}).then(() => this.hasToldEnd = true);
    this.facts = { name: "fake", version: "1", protocolVersion: "2025-11-25", capabilities: {}, pid: server.opens };
    server.live.add(this);
    server.mostLive = Math.max(server.mostLive, server.live.size);
  }

  async list(kind: ListKind, { most }: { readonly most: number }): Promise<readonly JsonObject[]> {
    this.lists.push(kind);
    await this.#server.listing;
    const listed = this.#server.offers[kind] ?? [];
    if (listed instanceof Error) throw listed;
    return listed.slice(0, most);
  }

  async request(method: string): Promise<JsonObject> {
    this.requests.push(method);
    return await this.#server.answer(method, this);
  }

  /** Ends as a program does that crashes. */
  die(reason = "exit code 1"): void {
    this.#server.live.delete(this);
    this.#end.resolve(reason);
  }

  async close(): Promise<void> {
    this.closes++;
    await this.#server.closing();
    this.#server.live.delete(this);
    this.#end.resolve(undefined);
  }
}

/** What the connector makes of a definition. */
export class FakeServer {
  opens = 0;
  mostLive = 0;
  readonly live = new Set<FakeConnection>();
  offers: Partial<Record<ListKind, readonly JsonObject[] | Error>> = {};
  /** Waited for before a connection is there; a rejection is a failure to start. */
  opening: (signal: AbortSignal, events: ConnectionEvents) => Promise<unknown> = () => Promise.resolve();
  /** Whether it is opened even when nobody wants that any more. */
  isDeaf = false;
  listing: Promise<unknown> = Promise.resolve();
  closing: () => Promise<unknown> = () => Promise.resolve();
  answer: (method: string, connection: FakeConnection) => Promise<JsonObject> = () => Promise.resolve({});

  /** The connection that is open. */
  get connection(): FakeConnection {
    const [connection] = this.live;
    if (connection === undefined) throw new Error("nothing is open");
    return connection;
  }
}

/** Makes connections to servers that are none. */
export class FakeConnector implements Connector {
  readonly #servers = new Map<string, FakeServer>();

  server(name: string): FakeServer {
    const server = this.#servers.get(name) ?? new FakeServer();
    this.#servers.set(name, server);
    return server;
  }

  get live(): number {
    return [...this.#servers.values()].reduce((sum, { live }) => sum + live.size, 0);
  }

  async open({ name }: UpstreamDefinition, events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const server = this.server(name);
    server.opens++;
    const opening = server.opening(signal, events);
    await (server.isDeaf ? opening : heed(opening, signal));
    return new FakeConnection(server, events);
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes a definition. */
export function definition(name: string, parts: Partial<UpstreamDefinition> = {}): UpstreamDefinition {
  return {
    name,
    namespace: name,
    target: { kind: "stdio", command: "fake", args: [], env: {} },
    isStrict: false,
    isSandboxed: false,
    ...DEFAULT_TIMES,
    origin: "a test",
    isDisabled: false,
    ...parts,
  };
}

/** Supervises servers that are none. */
export function supervise(options: Partial<UpstreamsOptions> = {}) {
  const clock = new FakeClock();
  const connector = new FakeConnector();
  const log = fakeLog();
  const upstreams = new SupervisedUpstreams({ connector, log: log as Log, clock, random: () => 0, ...options });
  return { upstreams, clock, connector, log };
}

/** A signal that nobody aborts, another one each time. */
export const never = {
  get signal(): AbortSignal {
    return new AbortController().signal;
  },
};

/** Makes a tool as a server lists it. */
export function tool(name: string, description = "Does it"): JsonObject {
  return { name, description, inputSchema: { type: "object" } };
}

/** Names tools as they are offered. */
export function namesOf(tools: readonly unknown[] | undefined): unknown[] {
  return (tools ?? []).map((it) => isObject(it) ? it.name : undefined);
}
