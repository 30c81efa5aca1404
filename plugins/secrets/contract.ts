/**
 * The contract `Secrets`: values that tools may be given by name, and that nothing else may show.
 *
 * @module
 */
import { type Call, type Contract, contract } from "../../kernel/mod.ts";

/** Redacts a text that comes in pieces. */
export interface RedactedStream {
  /** Takes a piece; gives what can be shown by now: what may be the beginning of a secret is held back. */
  push(piece: string): string;
  /** Gives the rest. */
  end(): string;
}

/** Keeps secrets. */
export interface Secrets {
  /** Names of all secrets, sorted; never a value. */
  names(): readonly string[];
  /**
   * Gives values by name.
   *
   * @throws {ToolError} naming the secret that is not there, and how to set it.
   */
  reveal(names: readonly string[]): Readonly<Record<string, string>>;
  /** Replaces every secret in a text, plain or encoded, by its name in brackets. */
  redact(text: string): string;
  /** Does the same in every text of a JSON value, keys too; gives the value itself where nothing changed. */
  redactValue<T>(value: T): T;
  /** Redacts a text that comes in pieces. */
  stream(): RedactedStream;
  /** Makes a call whose progress, logs and questions show no secret. */
  guard(call: Call): Call;
}
export const Secrets: Contract<Secrets> = contract("secrets");
