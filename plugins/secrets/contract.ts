/**
 * The contract `Secrets`: values that tools may be given by name, and that nothing else may show.
 *
 * @module
 */
import { type Contract, contract } from "../../kernel/mod.ts";
import type { SecretsRedaction } from "./shown.ts";

export { redactionOf } from "./redaction.ts";
export type { RedactedStream, SecretsRedaction } from "./shown.ts";

/** Keeps secrets, and redacts them. */
export interface Secrets extends SecretsRedaction {
  /** Names of all secrets, sorted; never a value. */
  names(): readonly string[];
  /**
   * Gives values by name.
   *
   * @throws {ToolError} naming the secret that is not there, and how to set it.
   */
  reveal(names: readonly string[]): Readonly<Record<string, string>>;
  /**
   * Makes what redacts these values as well, by their names. Values of fewer than 8 characters are not redacted: they
   * would make any text unreadable.
   */
  including(values: Readonly<Record<string, string>>): SecretsRedaction;
}
export const Secrets: Contract<Secrets> = contract("secrets");
