/**
 * Log messages of a server, on their way to the client of a call.
 *
 * @module
 */
import { type Call, isObject, type JsonObject, LOG_LEVELS, type LogLevel } from "../../../kernel/mod.ts";

// what asks for log messages in revisions since 2026-07-28, where a request that does not say so gets none
const LOG_LEVEL_META = "io.modelcontextprotocol/logLevel";
const MODERN_VERSION = "2026-07-28";

/** Tells a client what a server logged, when that is as severe as the client wants it. */
export function passLog(call: Call, params: JsonObject, namespace: string): void {
  const { data, logger } = params;
  const level = LOG_LEVELS.find((it) => it === params["level"]) ?? "info";
  const source = typeof logger === "string" && logger !== "" ? `${namespace}/${logger}` : namespace;
  if (typeof data === "string") return void call.log(level, data, undefined, source);
  // a call writes its message into the data, where that of the server may be already
  const { message, ...rest } = isObject(data) ? data : { message: undefined };
  if (typeof message === "string") return void call.log(level, message, rest, source);
  void call.log(level, `Logged by "${source}"`, data, source);
}

/** Gives the least level at which the client of a call may want log messages; `undefined` when it wants none. */
export function levelOf(call: Call): LogLevel | undefined {
  const { protocolVersion } = call.client;
  // sessions have a level of their own, by which the call filters
  if (protocolVersion === undefined || protocolVersion < MODERN_VERSION) return "debug";
  return LOG_LEVELS.find((it) => it === call.meta[LOG_LEVEL_META]);
}
