/**
 * What takes secrets out of what is shown.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";

/** Redacts a text that comes in pieces. */
export interface RedactedStream {
  /** Takes a piece; gives what can be shown by now: what may be the beginning of a secret is held back. */
  push(piece: string): string;
  /** Gives the rest. */
  end(): string;
}

/** Takes secrets out of what is shown. */
export interface SecretsRedaction {
  /** Replaces every secret in a text, plain or encoded, by its name in brackets. */
  redact(text: string): string;
  /** Does the same in every text of a JSON value, keys too; gives the value itself where nothing changed. */
  redactValue<T>(value: T): T;
  /** Redacts a text that comes in pieces. */
  stream(): RedactedStream;
  /** Makes a call whose progress, logs and questions show no secret. */
  guard(call: Call): Call;
}
