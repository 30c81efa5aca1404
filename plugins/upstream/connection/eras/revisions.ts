/**
 * The revisions of the protocol that are spoken with servers.
 *
 * @module
 */
import type { JsonObject } from "../../../../kernel/mod.ts";

/** The revision without sessions, in which every request says all about itself. */
export const MODERN_VERSION = "2026-07-28";

/** Revisions that open with `initialize`, newest first. */
export const LEGACY_VERSIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/** Keys of the `_meta` envelope of revision 2026-07-28. */
export const ENVELOPE = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
} as const;

/** What this client is called. */
export const CLIENT_INFO: JsonObject = { name: "collet", version: "0.1.0" };

/** All that a client behind this one may be able to do; whoever answers refuses what it cannot. */
export const ALL_CAPABILITIES: JsonObject = {
  elicitation: { form: {}, url: {} },
  sampling: { tools: {} },
  roots: {},
};
