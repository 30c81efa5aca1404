/**
 * What leaves the server by a call: its outcome, or what was thrown in its place.
 *
 * @module
 */
import {
  type Interceptor,
  isProtocolError,
  isToolError,
  type ItemKind,
  type Outcome,
  ProtocolError,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../kernel/mod.ts";
import type { Redactor } from "./redactor.ts";
import type { Vault } from "./vault.ts";

/** Makes the interceptor that redacts outcomes and errors; where there is nothing to redact it does nothing. */
export function redactOutcomes(vault: Vault): Interceptor {
  return ({ kind }, next) => {
    const refreshing = vault.refresh();
    if (refreshing === undefined && vault.redactor === undefined) return next();
    return redactOutcome(kind, vault, async () => {
      await refreshing;
      return await next();
    });
  };
}

async function redactOutcome<K extends ItemKind>(
  kind: K,
  vault: Vault,
  next: () => Promise<Outcome<K>>,
): Promise<Outcome<K>> {
  try {
    const outcome = await next();
    const redacted = vault.redactFrame(outcome);
    if (kind !== "tool" || redacted === outcome) return redacted;
    // the mark of a whole result is no part of its value
    return toolResult(redacted as ToolResult) as Outcome<K>;
  } catch (thrown) {
    throw vault.redactor === undefined ? thrown : redactThrown(thrown, vault.redactor);
  }
}

/** Most causes of an error that are followed. */
const MOST_CAUSES = 16;

/** Redacts what was thrown; gives it itself where nothing changed. */
export function redactThrown(thrown: unknown, redactor: Redactor, level = 0): unknown {
  if (!(thrown instanceof Error)) return redactor.value(thrown);
  const message = redactor.text(thrown.message);
  const stack = thrown.stack === undefined ? undefined : redactor.text(thrown.stack);
  const cause = level < MOST_CAUSES ? redactThrown(thrown.cause, redactor, level + 1) : undefined;
  const data = isToolError(thrown) || isProtocolError(thrown) ? redactor.value(thrown.data) : undefined;
  const isSame = message === thrown.message && stack === thrown.stack && cause === thrown.cause;
  const options = cause === undefined ? {} : { cause };
  if (isToolError(thrown)) {
    return isSame && data === thrown.data
      ? thrown
      : withStack(new ToolError(message, { ...options, ...(thrown.data && { data: data as JsonData }) }), stack);
  }
  if (isProtocolError(thrown)) {
    return isSame && data === thrown.data ? thrown : withStack(new ProtocolError(thrown.code, message, data), stack);
  }
  if (isSame) return thrown;
  const other = new Error(message, options);
  other.name = thrown.name;
  return withStack(other, stack);
}

type JsonData = Readonly<Record<string, unknown>>;

function withStack<E extends Error>(error: E, stack: string | undefined): E {
  if (stack !== undefined) error.stack = stack;
  return error;
}
