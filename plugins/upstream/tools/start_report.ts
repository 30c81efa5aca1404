/**
 * What is reported of a start, which may take long while packages are fetched.
 *
 * @module
 */
import type { Report } from "../report.ts";
import type { Upstream } from "../supervisor/supervisor.ts";

const REPORT_MS = 1_000;
const LONGEST_LINE = 200;

/** Reports every second, with the last line of the server's log. */
export function startReport(upstream: Upstream): Report {
  const { name } = upstream.definition;
  return {
    everyMs: REPORT_MS,
    message() {
      const [line] = upstream.logs(1);
      return line === undefined ? `Starting "${name}"` : `Starting "${name}": ${line.slice(0, LONGEST_LINE)}`;
    },
  };
}
