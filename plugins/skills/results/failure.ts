/**
 * What an error is called, for people and for the model.
 *
 * @module
 */
import { textOf } from "./plain.ts";

/** What is known of something thrown. */
export interface Failure {
  /** Name of its class; of a value that is no error, its type. */
  readonly type: string;
  readonly message: string;
  /** `type: message`, or the type alone. */
  readonly text: string;
  /** Where it came from, if that is known. */
  readonly stack: string | undefined;
}

/** Describes whatever was thrown. */
export function describeThrown(thrown: unknown): Failure {
  const type = typeOf(thrown);
  const message = thrown instanceof Error ? thrown.message : textOf(thrown);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return { type, message, text: message === "" ? type : `${type}: ${message}`, stack };
}

function typeOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.name || thrown.constructor.name;
  if (typeof thrown !== "object" || thrown === null) return thrown === null ? "null" : typeof thrown;
  return thrown.constructor?.name || "object";
}
