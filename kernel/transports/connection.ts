/**
 * A connection of the revisions before 2026-07-28: it opens with `initialize` and remembers its client. One serves a
 * session over HTTP, a stream of the older transport, or stdin and stdout.
 *
 * @module
 */
import type { Encoded } from "../http_answer.ts";
import { type Cancellation, onAbort, untilCancelled } from "../cancellation.ts";
import { type Call, type ClientView, LOG_LEVELS, type LogLevel, type Principal } from "../call.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import type { Disposer } from "../plugin.ts";
import { legacyCall } from "./client_call.ts";
import { type Engine, methodNotFound } from "./engine.ts";
import { type Change, concerns, LIST_CHANGED, MAX_LISTENED } from "./listening.ts";
import {
  type AnswerMessage,
  encodeError,
  encodeNotification,
  encodeRequest,
  encodeResult,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
} from "./messages.ts";
import { type Outlet, RunningRequests } from "./outlet.ts";
import { checkParams } from "./params.ts";
import type { Parking } from "./parking.ts";
import { LEGACY_VERSIONS } from "./revisions.ts";

const NO_CLIENT: ClientView = Object.freeze({
  name: undefined,
  version: undefined,
  protocolVersion: undefined,
  capabilities: Object.freeze({}),
});

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly engine: Engine;
  readonly parking: Parking;
  /** Its id over HTTP. */
  readonly sessionId?: string;
  /** Sends a message that belongs to no request. */
  send(message: string): Promise<void>;
}

/** What belongs to one request. */
export interface RequestOptions {
  readonly principal: Principal | undefined;
  readonly outlet: Outlet;
}

/** Ends with the answer: a handler that its call has left behind asks and tells the client nothing more. */
interface Life {
  isOver: boolean;
  readonly onEnd: (() => void)[];
}

interface ServedOptions extends RequestOptions {
  /** Comes when the client cancels the request. */
  readonly cancellation: Cancellation;
  readonly life: Life;
}

interface AskedOptions extends Omit<ServedOptions, "principal"> {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

const NOTHING: Promise<void> = Promise.resolve();

/** A request of ours that waits for the client. */
interface Asked {
  resolve(result: JsonObject): void;
  reject(reason: unknown): void;
}

type OwnMethod = (connection: Connection, params: JsonObject, call: Call) => JsonObject | Promise<JsonObject>;

/** The methods that belong to a connection. */
const OWN_METHODS: Readonly<Record<string, OwnMethod>> = {
  "initialize": (connection, params) => connection.open(params),
  "ping": () => ({}),
  "logging/setLevel": (connection, { level }) => connection.setLogLevel(level),
  "resources/subscribe": (connection, { uri }, call) => connection.subscribe(String(uri), call),
  "resources/unsubscribe": (connection, { uri }) => connection.unsubscribe(String(uri)),
};

/** One client, for as long as it is connected. Costs what it has used: maps are made when they hold something. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #running = new RunningRequests();
  #client = NO_CLIENT;
  #isReady = false;
  #logLevel: LogLevel = "info";
  #subscribed: Map<string, Disposer> | undefined;
  #asked: Map<RequestId, Asked> | undefined;
  #lastAsked = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** What the client said of itself. */
  get client(): ClientView {
    return this.#client;
  }

  /** Tells whether the client is to hear of changes: it has said that it is ready. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Tells whether a request is being served. */
  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Tells whether the client listens to a resource. */
  listensTo(uri: string): boolean {
    return this.#subscribed?.has(uri) === true;
  }

  /** Answers a request; `undefined` when the client has cancelled it, and so hears no more of it. */
  async answer({ id, method, params }: RequestMessage, options: RequestOptions): Promise<Encoded | undefined> {
    const { engine } = this.#options;
    const cancellation = this.#running.start(id);
    const life: Life = { isOver: false, onEnd: [] };
    try {
      const result = await this.#run(method, params, { ...options, cancellation, life });
      return cancellation.isCancelled ? undefined : encodeResult(id, result);
    } catch (thrown) {
      if (cancellation.isCancelled) return undefined;
      return encodeError(id, engine.errorOf(thrown, { method, era: "legacy" }));
    } finally {
      life.isOver = true;
      for (const end of life.onEnd) end();
      this.#running.end(id, cancellation);
    }
  }

  async #run(
    method: string,
    params: JsonObject,
    options: ServedOptions,
  ): Promise<Encoded> {
    const { engine } = this.#options;
    const own = Object.hasOwn(OWN_METHODS, method) ? OWN_METHODS[method] : undefined;
    if (own === undefined && !engine.has(method, "legacy")) throw methodNotFound(method);
    checkParams(method, params);
    const call = this.#callFor(params, options);
    if (own !== undefined) return JSON.stringify(await own(this, params, call));
    return await untilCancelled(engine.run({ method, params, call, era: "legacy" }), options.cancellation);
  }

  #callFor(params: JsonObject, { principal, outlet, cancellation, life }: ServedOptions): Call {
    return legacyCall({
      cancellation,
      sessionId: this.#options.sessionId,
      principal,
      client: this.#client,
      meta: isObject(params["_meta"]) ? params["_meta"] : {},
      level: () => this.#logLevel,
      // a stream that the client has left takes nothing more
      notify: (method, notified) => life.isOver ? NOTHING : outlet.notify(encodeNotification(method, notified)),
      request: (method, asked, { signal }) => this.#ask(method, asked, { outlet, cancellation, life, signal }),
      releaseStream: (retryMs) => outlet.release?.(retryMs),
    });
  }

  /** Takes a notification of the client. */
  receive({ method, params }: NotificationMessage): void {
    if (method === "notifications/initialized") this.#isReady = true;
    else if (method === "notifications/cancelled") this.#running.cancel(params["requestId"]);
  }

  /** Takes the answer to a request of ours. */
  settle({ id, result, failure }: AnswerMessage): void {
    const asked = this.#asked?.get(id);
    this.#asked?.delete(id);
    if (result !== undefined) asked?.resolve(result);
    else asked?.reject(new Error(failure ?? "the client failed"));
  }

  /** Tells the client of a change, if it concerns it. */
  tellOf(change: Change, principalId: string | undefined): void {
    const client = { principalId, sessionId: this.#options.sessionId };
    if (change.kind === "updated") {
      const { uri } = change.update;
      if (this.listensTo(uri) && concerns(change.update, client)) {
        this.tell("notifications/resources/updated", { uri });
      }
    } else if (change.kind === "extension") {
      const { method, params, to } = change.notification;
      if (!("principalId" in to) || to.principalId !== principalId) return;
      if (to.sessionId === undefined || to.sessionId === client.sessionId) this.tell(method, params);
    } else if (concerns(change, client)) {
      this.tell(LIST_CHANGED[change.kind]);
    }
  }

  /** Tells the client something that belongs to no request. */
  tell(method: string, params?: JsonObject): void {
    // a client that is going away misses nothing
    if (this.#isReady) void this.#options.send(encodeNotification(method, params)).catch(() => {});
  }

  /** Ends it: requests are cancelled, questions given up, subscriptions ended. */
  close(): void {
    this.#running.close();
    for (const { reject } of this.#asked?.values() ?? []) reject(new Error("the client has left"));
    for (const dispose of this.#subscribed?.values() ?? []) void dispose();
    this.#asked = undefined;
    this.#subscribed = undefined;
  }

  /** Takes what the client says of itself, and agrees on a revision: its own when it is known, else the newest. */
  open({ protocolVersion, capabilities, clientInfo }: JsonObject): JsonObject {
    const version = LEGACY_VERSIONS.find((it) => it === protocolVersion) ?? LEGACY_VERSIONS[0]!;
    const { name, version: clientVersion } = clientInfo as { readonly name: string; readonly version: string };
    this.#client = {
      name,
      version: clientVersion,
      protocolVersion: version,
      capabilities: capabilities as JsonObject,
    };
    return this.#options.engine.initializeResult(version);
  }

  setLogLevel(level: unknown): JsonObject {
    this.#logLevel = LOG_LEVELS.find((it) => it === level) ?? this.#logLevel;
    return {};
  }

  async subscribe(uri: string, call: Call): Promise<JsonObject> {
    const before = this.#subscribed?.get(uri);
    if (before === undefined && (this.#subscribed?.size ?? 0) >= MAX_LISTENED) {
      throw new ProtocolError(ErrorCode.invalidParams, `Cannot subscribe to more than ${MAX_LISTENED} resources`);
    }
    const dispose = this.#options.engine.kernel.subscribe(uri, call);
    this.#subscribed ??= new Map();
    this.#subscribed.set(uri, dispose);
    await before?.();
    return {};
  }

  async unsubscribe(uri: string): Promise<JsonObject> {
    const before = this.#subscribed?.get(uri);
    this.#subscribed?.delete(uri);
    await before?.();
    return {};
  }

  async #ask(
    method: string,
    params: JsonObject,
    { outlet, cancellation, life, signal }: AskedOptions,
  ): Promise<unknown> {
    if (life.isOver) throw new Error("the call has ended");
    if (!outlet.isOpen) throw new Error("it takes no event stream, over which it could be asked");
    const { parking } = this.#options;
    return await parking.wait(async () => {
      const id = ++this.#lastAsked;
      const cleanUp: (() => void)[] = [];
      try {
        return await new Promise<JsonObject>((resolve, reject) => {
          const giveUp = (reason: string, error: unknown = new Error(reason)) => {
            if (this.#asked?.delete(id) !== true) return;
            reject(error);
            void outlet.notify(encodeNotification("notifications/cancelled", { requestId: id, reason })).catch(
              () => {},
            );
          };
          const timer = setTimeout(() => giveUp("the client did not answer in time"), parking.ttlMs);
          cleanUp.push(() => clearTimeout(timer));
          cleanUp.push(cancellation.onCancel(() => giveUp("the call was cancelled")));
          life.onEnd.push(() => giveUp("the call has ended"));
          (this.#asked ??= new Map()).set(id, { resolve, reject });
          if (signal !== undefined) {
            cleanUp.push(onAbort(signal, () => giveUp("nobody waits for the answer any more", signal.reason)));
          }
          outlet.ask(encodeRequest(id, method, params)).catch(reject);
        });
      } finally {
        for (const clean of cleanUp) clean();
        this.#asked?.delete(id);
      }
    });
  }
}
