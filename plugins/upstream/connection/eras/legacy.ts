/**
 * Revisions that open with `initialize`: one greeting for all that follows.
 *
 * @module
 */
import { isObject, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { Connection, ListKind, ListOptions, RequestOptions, ServerFacts } from "../connection.ts";
import type { Peer } from "../peer.ts";
import type { Wire } from "../wire.ts";
import { listPages } from "./pages.ts";
import { ALL_CAPABILITIES, CLIENT_INFO, LEGACY_VERSIONS } from "./revisions.ts";

/** What a connection is made of. */
export interface ConnectionParts {
  readonly wire: Wire;
  readonly peer: Peer;
  /** Bounds the greeting. */
  readonly signal: AbortSignal;
  /** Time limit of the greeting, and of each page of a list. */
  readonly timeoutMs: number;
  /** Of the process that was started. */
  readonly pid: number | undefined;
}

/** A connection of one of these revisions. */
export class LegacyConnection implements Connection {
  readonly facts: ServerFacts;
  readonly #parts: ConnectionParts;

  private constructor(facts: ServerFacts, parts: ConnectionParts) {
    this.facts = facts;
    this.#parts = parts;
  }

  /**
   * Greets a server.
   *
   * @throws {ToolError} when it speaks no revision that is known.
   * @throws {ProtocolError} what the server answered.
   */
  static async greet(parts: ConnectionParts): Promise<LegacyConnection> {
    const { wire, peer, signal, timeoutMs, pid } = parts;
    const result = await peer.request("initialize", {
      protocolVersion: LEGACY_VERSIONS[0]!,
      capabilities: ALL_CAPABILITIES,
      clientInfo: CLIENT_INFO,
    }, { signal, timeoutMs });
    const { protocolVersion, serverInfo, capabilities, instructions } = result;
    if (typeof protocolVersion !== "string" || !LEGACY_VERSIONS.includes(protocolVersion)) {
      throw new ToolError(
        `The server speaks revision ${JSON.stringify(protocolVersion)}; expected one of ${LEGACY_VERSIONS.join(", ")}`,
      );
    }
    wire.begin(protocolVersion);
    await peer.notify("notifications/initialized");
    return new LegacyConnection(factsOf({ protocolVersion, serverInfo, capabilities, instructions, pid }), parts);
  }

  get closed(): Promise<string | undefined> {
    return this.#parts.wire.closed;
  }

  list(kind: ListKind, { signal, most }: ListOptions): Promise<readonly JsonObject[]> {
    const { peer, timeoutMs } = this.#parts;
    const request = (method: string, params: JsonObject) => peer.request(method, params, { signal, timeoutMs });
    return listPages(kind, { most, capabilities: this.facts.capabilities, request });
  }

  request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject> {
    return this.#parts.peer.request(method, params, options);
  }

  close(): Promise<void> {
    return this.#parts.wire.close();
  }
}

/** Reads what a server says of itself; what is malformed is left out. */
export function factsOf({ protocolVersion, serverInfo, capabilities, instructions, pid }: {
  readonly protocolVersion: string;
  readonly serverInfo: unknown;
  readonly capabilities: unknown;
  readonly instructions: unknown;
  readonly pid: number | undefined;
}): ServerFacts {
  const { name, version }: Record<string, unknown> = isObject(serverInfo) ? serverInfo : {};
  return {
    name: typeof name === "string" ? name : "",
    version: typeof version === "string" ? version : "",
    protocolVersion,
    capabilities: isObject(capabilities) ? capabilities as JsonObject : {},
    ...(typeof instructions === "string" && { instructions }),
    ...(pid !== undefined && { pid }),
  };
}
