/**
 * The revisions of the protocol: which there are, and what sets the two families of them apart.
 *
 * @module
 */

/** `legacy` are the revisions up to 2025-11-25, which open with `initialize`; `modern` is 2026-07-28. */
export type Era = "legacy" | "modern";

/** The revision without sessions, in which every request says all about itself. */
export const MODERN_VERSION = "2026-07-28";

/** Revisions that open with `initialize`, newest first. */
export const LEGACY_VERSIONS: readonly string[] = Object.freeze([
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
]);

/** Every revision that is served. */
export const PROTOCOL_VERSIONS: readonly string[] = Object.freeze([...LEGACY_VERSIONS, MODERN_VERSION]);

/** Keys of the `_meta` envelope of revision 2026-07-28. */
export const ENVELOPE = Object.freeze({
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscriptionId: "io.modelcontextprotocol/subscriptionId",
});

/** Tells whether a revision, known or not, is one of those without `initialize`: revisions are dates. */
export function isModernVersion(version: string): boolean {
  return version >= MODERN_VERSION;
}

/** The revision of a request, when it is known, and its era. */
export interface Revision {
  readonly version: string | undefined;
  readonly era: Era;
}
