/**
 * Progress of what takes long, so that clients do not give up meanwhile.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";
import { after } from "../store/contract.ts";

/** What is reported. */
export interface Report {
  /** Milliseconds between two reports; the first is made at once. */
  readonly everyMs: number;
  message(): string;
}

/** Reports while work goes on. */
export async function reportWhile<T>(call: Call, { everyMs, message }: Report, work: () => Promise<T>): Promise<T> {
  let reports = 0;
  let cancel: () => void = () => {};
  const report = () => {
    // a client that is gone is told by the signal of the call
    call.progress(reports++, undefined, message()).catch(() => {});
    cancel = after(everyMs, report);
  };
  report();
  try {
    return await work();
  } finally {
    cancel();
  }
}
