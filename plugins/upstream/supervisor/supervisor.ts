/**
 * The servers that are known, each with at most one connection, whatever the number of clients.
 *
 * @module
 */
import type { AskOptions, JsonObject } from "../../../kernel/mod.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { AskedMethod, Asker, Connection, ServerFacts } from "../connection/connection.ts";
import type { UpstreamDefinition } from "../definition.ts";

/**
 * `cold` starts on its next use; `backing-off` failed and starts on its next use after a pause; `broken` failed too often,
 * and refuses until it is restarted or has cooled down; `stopped` was stopped by hand, and refuses until it is restarted.
 */
export type UpstreamState = "cold" | "starting" | "ready" | "backing-off" | "broken" | "stopped" | "disabled";

/** How a server is. */
export interface UpstreamStatus {
  readonly state: UpstreamState;
  /** Why it does not run, or why it last ended when that was a failure. */
  readonly reason?: string;
  /** Of the program that was started for it. */
  readonly pid?: number;
  /** When the running one was started, in milliseconds since 1970. */
  readonly startedAt?: number;
  /** When it can be started again, in milliseconds since 1970; of `backing-off` and `broken`. */
  readonly retryAt?: number;
  /** How often it was started after its first time. */
  readonly restarts: number;
  /** How many calls it was given. */
  readonly calls: number;
  /** How many are in flight. */
  readonly inFlight: number;
  /** When it was last used, in milliseconds since 1970. */
  readonly lastUsedAt?: number;
  /** What it said of itself, when it last ran. */
  readonly facts?: ServerFacts;
}

/** Hears of one server. */
export interface UpstreamListener {
  /** Hears of each new connection, before it is used: what was subscribed to has to be subscribed to anew. */
  connected?(connection: Connection): void;
  /** Hears that a resource changed. */
  updated?(uri: string): void;
  /** Hears a log message that belongs to no call, as it came. */
  logged?(params: JsonObject): void;
  /** Hears that a user is done at the page to which a question, or an error `-32042`, with this id sent it. */
  visited?(elicitationId: string): void;
  /**
   * Answers what the server asks when it is not known which request that is for, as `ConnectionEvents` has it;
   * the first listener that has it when a connection is opened does.
   */
  ask?(
    method: AskedMethod,
    params: JsonObject,
    askers: readonly Asker[],
    options?: AskOptions,
  ): Promise<JsonObject>;
}

/** One server. */
export interface Upstream {
  readonly definition: UpstreamDefinition;
  readonly status: UpstreamStatus;
  readonly catalog: Catalog;
  /**
   * Gives work the open connection, once; starts the server if need be, once for however many wait. When the server ends
   * meanwhile the work fails at once, and is not done again.
   *
   * @param call `signal` ends the wait for the connection; the work itself has to heed it.
   * @throws {ToolError} when the server cannot be started, was stopped, or ends during the work.
   * @throws the reason of `signal`, and whatever the work throws.
   */
  use<T>(work: (connection: Connection) => Promise<T>, call: { readonly signal: AbortSignal }): Promise<T>;
  /**
   * Keeps the server from being ended because nobody calls it, and starts it anew when it fails, until the function that
   * it gives is called: for subscriptions.
   */
  keep(): () => void;
  /** Tells `listener` what the server says unasked; what it gives ends that. */
  listen(listener: UpstreamListener): () => void;
  /**
   * Ends what runs, with what is in flight, forgets failures, and starts anew.
   *
   * @throws {ToolError} when it cannot be started.
   */
  restart(): Promise<void>;
  /** Ends what runs, with what is in flight, and refuses calls until {@linkcode Upstream.restart}. */
  stop(): Promise<void>;
  /** Gives the last lines of its stderr, with marks of when it started and ended; oldest first. */
  logs(tail: number): readonly string[];
}

/** All servers that are known. */
export interface Upstreams {
  /**
   * Makes a server known; it is not started.
   *
   * @throws {ToolError} when the name is taken.
   */
  add(definition: UpstreamDefinition): Upstream;
  /** Makes another definition hold under a known name; what was pinned stays. */
  replace(definition: UpstreamDefinition): Promise<Upstream>;
  /** Ends a server and forgets it, with what was listed and pinned, and its tokens; tells whether it was known. */
  remove(name: string): Promise<boolean>;
  /** Gives a server by the name of its definition. */
  get(name: string): Upstream | undefined;
  /** Gives all servers, in the order in which they were added. */
  list(): readonly Upstream[];
  /** Ends all, and waits until nothing is left. What was listed and pinned stays. */
  close(): Promise<void>;
}
