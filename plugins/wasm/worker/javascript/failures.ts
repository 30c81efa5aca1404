/**
 * How scripts fail.
 *
 * @module
 */
import type { RunOutcome } from "../messages.ts";

/** A limit of the engine. */
export type Limit = NonNullable<Extract<RunOutcome, { readonly kind: "trap" }>["limit"]>;

/** A script went beyond a limit, or the engine gave up. */
export class Trap extends Error {
  override readonly name = "Trap";
  readonly limit: Limit | undefined;

  /** @param reason Begins in lower case. */
  constructor(reason: string, limit?: Limit) {
    super(reason);
    this.limit = limit;
  }
}

/** A script threw. */
export class ScriptFailure extends Error {
  override readonly name = "ScriptFailure";
  /** Its own, with places in the script. */
  readonly scriptStack: string | undefined;
  readonly data: unknown;

  constructor(message: string, options: { readonly stack?: string | undefined; readonly data?: unknown } = {}) {
    super(message);
    this.scriptStack = options.stack;
    this.data = options.data;
  }
}

/**
 * Tells what the engine, which is WebAssembly, died of.
 *
 * @throws what was thrown, when it is no trap: then it is a defect of ours.
 */
export function trapOf(thrown: unknown): Trap {
  if (thrown instanceof Trap) return thrown;
  // the stack of the thread, where it ends before that of the engine
  if (thrown instanceof RangeError && thrown.message.includes("call stack")) return new Trap("stack overflow", "stack");
  if (!(thrown instanceof WebAssembly.RuntimeError)) throw thrown;
  return new Trap(thrown.message.charAt(0).toLowerCase() + thrown.message.slice(1));
}

/** Tells that scripts have taken all the memory that they may. */
export function outOfMemory(): Trap {
  return new Trap("out of memory", "memory");
}
