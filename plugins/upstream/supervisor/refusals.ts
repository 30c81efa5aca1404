/**
 * What callers of a server that does not run are told.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { UpstreamDefinition } from "../definition.ts";

/** Refuses calls of a server that its definition disables. */
export function disabledError({ name, origin }: UpstreamDefinition): ToolError {
  return new ToolError(`Server "${name}" is disabled by ${origin}; enable it there`);
}

/** Refuses calls of a server that was stopped by hand. */
export function stoppedError({ name }: UpstreamDefinition): ToolError {
  return new ToolError(`Server "${name}" is stopped; ${restartHint(name)}`);
}

/** Refuses calls of a server that has been removed. */
export function closedError({ name }: UpstreamDefinition): ToolError {
  return new ToolError(`Server "${name}" is no longer known`);
}

/** Refuses calls of a server that failed too often; `pauseMs` is the time until it may be tried again. */
export function brokenError(
  { name }: UpstreamDefinition,
  { reason, pauseMs }: { readonly reason: string | undefined; readonly pauseMs: number },
): ToolError {
  const found = `Server "${name}" failed too often, at last thus: ${reason}`;
  return new ToolError(`${found}; try again in ${Math.ceil(pauseMs / 1000)} s, or mend it and ${restartHint(name)}`);
}

/** Fails what was in flight when a server ended. */
export function endedError({ name }: UpstreamDefinition, why: string): ToolError {
  return new ToolError(`Server "${name}" ended during this, and may have done it: ${why}; it was not sent again`);
}

function restartHint(name: string): string {
  return `start it with mcp_servers, action "restart", name "${name}"`;
}
