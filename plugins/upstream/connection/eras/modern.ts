/**
 * Revision 2026-07-28: every request says all about itself, and the server asks in its answers.
 *
 * @module
 */
import { ErrorCode, isObject, isProtocolError, type JsonObject } from "../../../../kernel/mod.ts";
import type {
  Connection,
  ConnectionEvents,
  ListKind,
  ListOptions,
  RequestOptions,
  ServerFacts,
} from "../connection.ts";
import type { FlightOptions } from "../flights.ts";
import { paramHeadersOf } from "../http/headers.ts";
import { StreamableWire } from "../http/streamable_wire.ts";
import { Ending } from "../wire.ts";
import { requestInRounds } from "./input_required.ts";
import { type ConnectionParts, factsOf } from "./legacy.ts";
import { Listening } from "./listening.ts";
import { listPages } from "./pages.ts";
import { ALL_CAPABILITIES, CLIENT_INFO, ENVELOPE, MODERN_VERSION } from "./revisions.ts";

const MOST_TOOLS = 100_000;

/** Gives the `_meta` that each request of this revision has. */
export function envelope(capabilities: JsonObject): JsonObject {
  return {
    [ENVELOPE.protocolVersion]: MODERN_VERSION,
    [ENVELOPE.clientInfo]: CLIENT_INFO,
    [ENVELOPE.clientCapabilities]: capabilities,
  };
}

/** A connection of this revision. */
export class ModernConnection implements Connection {
  readonly facts: ServerFacts;
  readonly #parts: ConnectionParts;
  readonly #listening: Listening;
  readonly #ending = new Ending();
  /** Least level of log messages for requests that name none. */
  #logLevel: string | undefined;

  /** @param discovered What the server answered `server/discover`. */
  constructor(discovered: JsonObject, { parts, events }: {
    readonly parts: ConnectionParts;
    readonly events: ConnectionEvents;
  }) {
    const { capabilities, instructions, serverInfo, _meta } = discovered;
    const info = (isObject(_meta) ? _meta[ENVELOPE.serverInfo] : undefined) ?? serverInfo;
    const { pid } = parts;
    this.facts = factsOf({ protocolVersion: MODERN_VERSION, serverInfo: info, capabilities, instructions, pid });
    this.#parts = parts;
    parts.peer.mayAsk = false;
    parts.peer.cancelMeta = { [ENVELOPE.protocolVersion]: MODERN_VERSION };
    void parts.wire.closed.then((reason) => this.#end(reason));
    this.#listening = new Listening({
      capabilities: this.facts.capabilities,
      events,
      send: (params, options) => this.#send("subscriptions/listen", params, { ...options, timeoutMs: Infinity }),
      lost: (reason) => {
        this.#end(`it cannot be listened to any more: ${reason}`);
        void parts.wire.close();
      },
    });
  }

  get closed(): Promise<string | undefined> {
    return this.#ending.closed;
  }

  async list(kind: ListKind, { signal, most }: ListOptions): Promise<readonly JsonObject[]> {
    const { timeoutMs, wire } = this.#parts;
    const request = (method: string, params: JsonObject) => this.#send(method, params, { signal, timeoutMs });
    const entries = await listPages(kind, { most, capabilities: this.facts.capabilities, request });
    if (kind === "tools" && wire instanceof StreamableWire) {
      const declared = entries.map((tool) => [String(tool["name"]), paramHeadersOf(tool)] as const);
      wire.paramHeaders = new Map(declared.filter(([, headers]) => headers.length > 0));
    }
    return entries;
  }

  async request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject> {
    switch (method) {
      case "ping":
        await this.#send("server/discover", {}, options);
        return {};
      case "logging/setLevel":
        this.#logLevel = String(params["level"]);
        return {};
      case "resources/subscribe":
        await this.#listening.subscribe(String(params["uri"]));
        return {};
      case "resources/unsubscribe":
        await this.#listening.unsubscribe(String(params["uri"]));
        return {};
    }
    const send = (each: JsonObject) => this.#sendTwice(method, each, options);
    return await requestInRounds({ method, params, asker: options.asker, send });
  }

  async close(): Promise<void> {
    this.#end(undefined);
    await this.#parts.wire.close();
  }

  #end(reason: string | undefined): void {
    this.#ending.end(reason);
    this.#listening.close();
  }

  /** Sends a request, again where the schema that says which arguments go into headers was not known, or has changed. */
  async #sendTwice(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject> {
    try {
      return await this.#send(method, params, options);
    } catch (error) {
      const isMismatch = isProtocolError(error) && error.code === ErrorCode.headerMismatch;
      if (!isMismatch || method !== "tools/call" || !this.#parts.wire.hasStreams) throw error;
      await this.list("tools", { signal: options.signal, most: MOST_TOOLS });
      return await this.#send(method, params, options);
    }
  }

  #send(method: string, params: JsonObject, options: FlightOptions): Promise<JsonObject> {
    const { asker, capabilities = asker === undefined ? {} : ALL_CAPABILITIES, logLevel = this.#logLevel } = options;
    const _meta = {
      ...(isObject(params["_meta"]) ? params["_meta"] as JsonObject : undefined),
      ...envelope(capabilities),
      ...(logLevel !== undefined && { [ENVELOPE.logLevel]: logLevel }),
    };
    return this.#parts.peer.request(method, { ...params, _meta }, options);
  }
}
