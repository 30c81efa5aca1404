/**
 * Keeps secrets out of what a run shows while it goes on, where the server has a keeper of secrets. What a run ends
 * with, a result or an error, is left to that keeper.
 *
 * @module
 */
import { redactionOf, type Secrets, type SecretsRedaction } from "../secrets/contract.ts";

/** What a run needs of {@linkcode Secrets}. */
export type Redaction = Pick<SecretsRedaction, "guard" | "redact" | "stream">;

/** Shows everything: there are no secrets. */
export const NO_REDACTION: Redaction = Object.freeze<Redaction>({
  guard: (call) => call,
  redact: (text) => text,
  stream: () => ({ push: (piece) => piece, end: () => "" }),
});

/** Keeps values of one run out of what it shows as well, where the server has no keeper of secrets too. */
export function redactionWith(
  values: Readonly<Record<string, string>> | undefined,
  secrets: Secrets | undefined,
): Redaction {
  if (values === undefined) return secrets ?? NO_REDACTION;
  return secrets?.including(values) ?? redactionOf(values);
}
