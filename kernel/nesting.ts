/**
 * Bounds of calls within calls: no circles, and no depth without an end.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { ToolError } from "./errors.ts";

// deep enough for any honest composition, and an end for a dishonest one
const MAX_DEPTH = 16;

/** What is about to be invoked within a call, for messages. */
export interface Nesting {
  /** Such as `call` or `read`. */
  readonly verb: string;
  readonly name: string;
  readonly parent: Call;
}

/**
 * Makes sure that a step can be added to the path of a call.
 *
 * @throws {ToolError} when it is on the path already, or the path is too long.
 */
export function assertNestable(step: string, { verb, name, parent: { path } }: Nesting): void {
  const way = [...path, step].join(" -> ");
  if (path.includes(step)) {
    throw new ToolError(`Cannot ${verb} "${name}": it would ${verb} itself in a circle: ${way}`);
  }
  if (path.length >= MAX_DEPTH) {
    throw new ToolError(`Cannot ${verb} "${name}": ${MAX_DEPTH} calls are nested already: ${way}`);
  }
}

/**
 * Makes the call that a tool passes on whose whole work is to call the one it is told. Its step on the path names that one,
 * so that what it called may use it again; circles end at that one all the same.
 */
export function relay(call: Call, target: string): Call {
  return call.derive({ path: [...call.path.slice(0, -1), `${call.path.at(-1) ?? "call"}(${target})`] });
}
