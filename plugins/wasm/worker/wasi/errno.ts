/**
 * What a WASI call answers when it fails.
 *
 * @module
 */
import { wasi, WASIProcExit } from "@bjorn3/browser_wasi_shim";

/** A WASI call failed; `errno` is what its caller is told. */
export class WasiFailure extends Error {
  override readonly name = "WasiFailure";
  readonly errno: number;

  /** @param errno One of the constants `ERRNO_*` of WASI preview 1, by its name without that beginning. */
  constructor(errno: ErrnoName) {
    super(errno);
    this.errno = wasi[`ERRNO_${errno}`];
  }
}

/** Ends a run from inside a WASI call; not an error of the call. */
export class RunEnd extends Error {
  override readonly name: string = "RunEnd";
}

/** Ends a run that nobody waits for any more. */
export class RunAbandoned extends RunEnd {
  override readonly name = "RunAbandoned";
}

type ErrnoName = keyof typeof wasi extends infer Key ? Key extends `ERRNO_${infer Name}` ? Name : never : never;

const STACK_OVERFLOW_REGEXP = /call stack/i;

/** Tells whether an error is that of a stack that is too deep. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && STACK_OVERFLOW_REGEXP.test(error.message);
}

/**
 * Gives the number for what was thrown during a WASI call.
 *
 * @throws What is no failure of the call: the end of the run, a stack overflow, a bug.
 */
export function errnoOf(error: unknown): number {
  if (error instanceof WasiFailure) return error.errno;
  if (error instanceof RunEnd || error instanceof WASIProcExit || isStackOverflow(error)) throw error;
  // views of memory throw it for a pointer that is out of bounds
  if (error instanceof RangeError) return wasi.ERRNO_FAULT;
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code !== "string" || !code.startsWith("E")) throw error;
  const errno: unknown = Reflect.get(wasi, `ERRNO_${code.slice(1)}`);
  return typeof errno === "number" ? errno : wasi.ERRNO_IO;
}
