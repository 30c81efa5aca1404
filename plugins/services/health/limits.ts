/**
 * How long a service may take until it is ready.
 *
 * @module
 */
import type { HealthCheck } from "../definition/definition.ts";

/** Of a service without a health check: until its first port takes connections, in milliseconds. */
export const PORT_MS = 60_000;
/** The times of a health check. */
type CheckTimes = Pick<HealthCheck, "interval" | "retries" | "timeout">;

/** Those of the health check that an image brings, as engines have them by default. */
export const IMAGE_CHECK: CheckTimes = { interval: "30s", retries: 3, timeout: "30s" };
/** Engines tell of a check a little after it was made. */
const GRACE_MS = 2_000;

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001, ns: 0.000_001 };
const PART_REGEXP = /(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g;

/** Reads a time as definitions have it, such as `1m30s`; in milliseconds. */
export function readDuration(text: string): number {
  return [...text.matchAll(PART_REGEXP)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

/**
 * Gives how long a service may be unhealthy after its start: as many checks as it has retries, each after its interval and
 * each as long as it may be, after the time in which they do not count; in milliseconds.
 */
export function healthLimitMs(check: HealthCheck): number {
  return readDuration(check.start_period ?? "0s") + checksMs(check) + GRACE_MS;
}

/** Gives how long a service may be unhealthy whose image brings its health check, in milliseconds. */
export function imageLimitMs(): number {
  return checksMs(IMAGE_CHECK);
}

function checksMs({ interval, retries, timeout }: CheckTimes): number {
  return retries * (readDuration(interval) + readDuration(timeout));
}
