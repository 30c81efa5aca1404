/**
 * One open connection to another MCP server, whatever it is reached by and whichever revision it speaks.
 *
 * @module
 */
import type { AskOptions, JsonObject, LogLevel } from "../../../kernel/mod.ts";
import type { UpstreamDefinition } from "../definition.ts";

/** What a server said of itself. */
export interface ServerFacts {
  readonly name: string;
  readonly version: string;
  /** Revision that is spoken with it, such as `2025-11-25`. */
  readonly protocolVersion: string;
  /** As the server sent them. */
  readonly capabilities: JsonObject;
  readonly instructions?: string;
  /** Process that speaks, where this server started one. */
  readonly pid?: number;
}

/** What a server lists; `templates` are those of resources. */
export type ListKind = "tools" | "resources" | "templates" | "prompts";

/** Bounds of a list. */
export interface ListOptions {
  readonly signal: AbortSignal;
  /** Most entries; what the server has beyond them is left out. */
  readonly most: number;
}

/** How far a request has come. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** What a server asks of its client. */
export type AskedMethod = "elicitation/create" | "sampling/createMessage" | "roots/list";

/** Answers what the server asks of the client within a request. */
export interface Asker {
  /**
   * Answers with the result as the protocol has it, unless the server withdraws its question.
   *
   * @throws {Error} whose message the server is told.
   */
  ask(method: AskedMethod, params: JsonObject, options?: AskOptions): Promise<JsonObject>;
}

/** How one request is made. */
export interface RequestOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until it is given up, and the server told so. */
  readonly timeoutMs: number;
  /** Hears how far it has come; the server is asked to tell where this is given. */
  onProgress?(progress: Progress): void;
  /** Answers what the server asks. The same object for every request of one client tells that they are of one. */
  readonly asker?: Asker;
  /** What the asker can do, as client capabilities; all by default. Revisions before 2026-07-28 know one set for all. */
  readonly capabilities?: JsonObject;
  /** Least level of log messages that are wanted; revisions before 2026-07-28 have `logging/setLevel` instead. */
  readonly logLevel?: LogLevel;
  /** Hears log messages that are known to be of this request; without it, all are told to the events. */
  onLog?(params: JsonObject): void;
}

/** An open connection. Requests of many callers go over it at the same time. */
export interface Connection {
  readonly facts: ServerFacts;
  /**
   * Lists all pages, each entry as the server sent it; empty where the server has no such thing.
   *
   * @throws {ProtocolError} what the server answered.
   * @throws {ToolError} when the connection ends, or the server answers with no list.
   */
  list(kind: ListKind, options: ListOptions): Promise<readonly JsonObject[]>;
  /**
   * Sends a request; gives the result as the server sent it. What a revision has no method for is done by what it has
   * instead: `ping`, `logging/setLevel`, `resources/subscribe` and `resources/unsubscribe` of 2026-07-28.
   *
   * @throws {ProtocolError} what the server answered.
   * @throws {ToolError} when it is late, the connection ends, or authorization is missing.
   * @throws the reason of `signal` when it aborts.
   */
  request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject>;
  /** Resolves with why it ended; with `undefined` when it was closed from this side. */
  readonly closed: Promise<string | undefined>;
  /** Ends it, and the process that was started for it. Requests in flight fail. */
  close(): Promise<void>;
}

/** What a connection tells beside answers. */
export interface ConnectionEvents {
  /** A list of the server's has changed. */
  changed(kind: "tools" | "resources" | "prompts"): void;
  /** A resource that was subscribed to has changed. */
  updated(uri: string): void;
  /** A log message, as the server sent it, that is not known to be of a certain request. */
  logged(params: JsonObject): void;
  /** The user is done at the page to which a question, or an error `-32042`, with this id sent it. */
  visited?(elicitationId: string): void;
  /** Text of stderr, in pieces as they come; also what is no message on stdout, a line each. */
  stderr(text: string): void;
  /**
   * Answers what the server asks when it is not known which request that is for: `askers` are those of all that are in
   * flight, each once. Left out, a single asker answers, and the server is refused where there are several.
   */
  ask?(
    method: AskedMethod,
    params: JsonObject,
    askers: readonly Asker[],
    options?: AskOptions,
  ): Promise<JsonObject>;
}

/** Opens connections. */
export interface Connector {
  /**
   * Opens a connection and greets the server. What a definition refers to is looked up.
   *
   * @throws {ToolError} saying why the server cannot be reached, and how to mend it.
   * @throws the reason of `signal` when it aborts.
   */
  open(definition: UpstreamDefinition, events: ConnectionEvents, signal: AbortSignal): Promise<Connection>;
  /** Removes what is kept of a server that was removed: its tokens, unless a person is about to agree to new ones. */
  forget(name: string): Promise<void>;
}
