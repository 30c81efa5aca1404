/**
 * Bounds of supervision.
 *
 * @module
 */

/** Bounds of supervision; times in milliseconds. */
export interface SupervisorLimits {
  /** Until a server has answered the greeting, its turn among all included. */
  readonly startMs: number;
  /** Until all lists of a server are read. */
  readonly listMs: number;
  /** Most entries of one list. */
  readonly listEntries: number;
  /** Between the news that a list changed and reading it. */
  readonly changeMs: number;
  /** Without an answer after which a server is asked whether it lives, before it is used. */
  readonly healthAfterMs: number;
  /** Until that is answered. */
  readonly healthMs: number;
  /** Between a first failure and the next start; doubled with each further one, and up to a quarter is taken off. */
  readonly backoffMs: number;
  /** Longest such pause. */
  readonly longestBackoffMs: number;
  /** Failures within {@linkcode SupervisorLimits.failureWindowMs} after which a server is broken. */
  readonly failures: number;
  readonly failureWindowMs: number;
  /** Until a broken server may be tried once more. */
  readonly coolDownMs: number;
  /** After its lifetime, during which a server that is in use still takes calls; then they wait for the next one. */
  readonly drainMs: number;
  /** Most servers that run at a time. */
  readonly running: number;
  /** Most lines kept of each server's stderr. */
  readonly logLines: number;
  /** Most characters kept of each server's stderr. */
  readonly logCharacters: number;
}

/** Bounds where none are given. */
export const SUPERVISOR_LIMITS: SupervisorLimits = Object.freeze({
  startMs: 30_000,
  listMs: 30_000,
  listEntries: 10_000,
  changeMs: 200,
  healthAfterMs: 60_000,
  healthMs: 5_000,
  backoffMs: 500,
  longestBackoffMs: 30_000,
  failures: 5,
  failureWindowMs: 300_000,
  coolDownMs: 60_000,
  drainMs: 60_000,
  running: 64,
  logLines: 1_000,
  logCharacters: 262_144,
});
