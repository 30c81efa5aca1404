/**
 * What the process that makes the load is told, and what it answers.
 *
 * @module
 */
import type { Exchange } from "./requests.ts";

/** Load for one server. */
export interface LoadJob {
  readonly port: number;
  /** The server's process, whose processor time is taken. */
  readonly pid: number;
  /** The exchanges of each connection. */
  readonly clients: readonly (readonly Exchange[])[];
  /** Load that is made before measurement begins, in milliseconds. */
  readonly warmUpMs: number;
  /** Ends after a time, or after a number of exchanges; without a warm-up the first one counts. */
  readonly until: { readonly ms: number } | { readonly count: number };
}

/** What was measured. */
export interface LoadResult {
  readonly exchanges: number;
  readonly seconds: number;
  /** Mean size of a body. */
  readonly bodyBytes: number;
  /** Connections that were opened for each exchange: near 1, the server closes them after each. */
  readonly opened: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuSeconds: number;
  /** What making the load has cost; near `seconds`, that was the limit and not the server. */
  readonly ownCpuSeconds: number;
}

/** Why there is no result. */
export interface LoadFailure {
  readonly failure: string;
}
