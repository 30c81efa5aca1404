/**
 * Finds out which revision a server speaks, the newest first, and greets it.
 *
 * @module
 */
import { ErrorCode, isObject, isProtocolError, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { Connection, ConnectionEvents } from "../connection.ts";
import { LateError } from "../flights.ts";
import { isHttpFailure } from "../http/failure.ts";
import { type ConnectionParts, LegacyConnection } from "./legacy.ts";
import { envelope, ModernConnection } from "./modern.ts";
import { MODERN_VERSION } from "./revisions.ts";

/** How a server is greeted. */
export interface GreetOptions {
  readonly parts: ConnectionParts;
  readonly events: ConnectionEvents;
  /** Whether it is asked for the newest revision; `false` for one that cannot bear that. */
  readonly isAsked: boolean;
  /** How long it may be silent about that before it is taken for an older one; as long as the greeting by default. */
  readonly silenceMs?: number;
}

/**
 * Greets a server.
 *
 * @throws {ToolError} when it speaks no revision that is known, or does not speak at all.
 * @throws {ProtocolError} what it answered.
 */
export async function greet({ parts, events, isAsked, silenceMs }: GreetOptions): Promise<Connection> {
  const discovered = isAsked ? await discover(parts, silenceMs) : undefined;
  if (discovered !== undefined) return new ModernConnection(discovered, { parts, events });
  return await LegacyConnection.greet(parts);
}

async function discover(
  { peer, signal, timeoutMs }: ConnectionParts,
  silenceMs: number | undefined,
): Promise<JsonObject | undefined> {
  try {
    const result = await peer.request("server/discover", { _meta: envelope({}) }, {
      signal,
      timeoutMs: Math.min(silenceMs ?? timeoutMs, timeoutMs),
    });
    const { supportedVersions } = result;
    return Array.isArray(supportedVersions) && supportedVersions.includes(MODERN_VERSION) ? result : undefined;
  } catch (error) {
    if (isOlder(error) || (silenceMs !== undefined && error instanceof LateError)) return undefined;
    throw error;
  }
}

/** Tells whether a refusal is that of a server of an older revision: almost any is. */
function isOlder(error: unknown): boolean {
  if (isHttpFailure(error)) return error.status !== 401 && error.status !== 403;
  if (!isProtocolError(error)) return false;
  const supported = isObject(error.data) ? error.data["supported"] : undefined;
  const isTooNew = error.code === ErrorCode.unsupportedProtocolVersion && Array.isArray(supported) &&
    supported.length > 0 && supported.every((version) => version > MODERN_VERSION);
  if (isTooNew) throw new ToolError(`The server speaks ${supported.join(", ")}; expected ${MODERN_VERSION} or older`);
  return true;
}
