/**
 * Why modules stop short.
 *
 * @module
 */
import type { RunOutcome } from "./messages.ts";
import { isStackOverflow } from "./wasi/errno.ts";
import { SignalRaised } from "./wasi/process_calls.ts";

/** The outcome of a run that trapped. */
export type Trap = Extract<RunOutcome, { readonly kind: "trap" }>;

const NO_MEMORY_REGEXP = /out of memory|could not allocate|cannot allocate/i;
/** What engines write before the reason, such as `WebAssembly.Instance(): `. */
const PREFIX_REGEXP = /^WebAssembly\.\w+\(\): /;

/**
 * Gives the outcome for what a module threw, or the engine while it made an instance of it.
 *
 * @throws What is neither: a defect of the host.
 */
export function trapOf(thrown: unknown): Trap {
  if (isStackOverflow(thrown)) return { kind: "trap", reason: "call stack exhausted", limit: "stack" };
  if (thrown instanceof SignalRaised) return { kind: "trap", reason: `${thrown.message} raised` };
  if (thrown instanceof RangeError && NO_MEMORY_REGEXP.test(thrown.message)) {
    return { kind: "trap", reason: "out of memory", limit: "memory" };
  }
  if (thrown instanceof WebAssembly.RuntimeError) return { kind: "trap", reason: reasonOf(thrown) };
  if (thrown instanceof WebAssembly.LinkError) return { kind: "trap", reason: reasonOf(thrown) };
  if (isWasmException(thrown)) return { kind: "trap", reason: "uncaught exception" };
  throw thrown;
}

function reasonOf({ message }: Error): string {
  const reason = message.replace(PREFIX_REGEXP, "");
  return reason.slice(0, 1).toLowerCase() + reason.slice(1);
}

function isWasmException(thrown: unknown): boolean {
  // the type libraries do not know it yet
  const { Exception } = WebAssembly as { Exception?: new (...args: never[]) => object };
  return Exception !== undefined && thrown instanceof Exception;
}
