/**
 * Keeps secrets out of what a run shows while it goes on, where the server has a keeper of secrets. What a run ends
 * with, a result or an error, is left to that keeper.
 *
 * @module
 */
import type { Secrets } from "../secrets/contract.ts";

/** What a run needs of {@linkcode Secrets}. */
export type Redaction = Pick<Secrets, "guard" | "redact" | "stream">;

/** Shows everything: there are no secrets. */
export const NO_REDACTION: Redaction = Object.freeze<Redaction>({
  guard: (call) => call,
  redact: (text) => text,
  stream: () => ({ push: (piece) => piece, end: () => "" }),
});
