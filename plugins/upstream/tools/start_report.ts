/**
 * Progress of a start, which may take long while packages are fetched.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";
import { after } from "../../store/contract.ts";
import type { Upstream } from "../supervisor/supervisor.ts";

const REPORT_MS = 1_000;
const LONGEST_LINE = 200;

/** Tells every second, while work lasts, for how many seconds it has, with the last line of the server's log. */
export async function reportWhile<T>(upstream: Upstream, call: Call, work: () => Promise<T>): Promise<T> {
  const { name } = upstream.definition;
  let seconds = 0;
  let cancel: () => void = () => {};
  const report = () => {
    const [line] = upstream.logs(1);
    const message = line === undefined ? `Starting "${name}"` : `Starting "${name}": ${line.slice(0, LONGEST_LINE)}`;
    // a client that is gone is told by the signal of the call
    call.progress(seconds, undefined, message).catch(() => {});
    seconds++;
    cancel = after(REPORT_MS, report);
  };
  report();
  try {
    return await work();
  } finally {
    cancel();
  }
}
