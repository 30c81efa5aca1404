/**
 * Why a service is not ready, and what to do.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import { withoutColours } from "../../sandbox/contract.ts";
import type { Containers, ContainerState } from "../containers/containers.ts";
import type { ServiceDefinition } from "../definition/definition.ts";

const LOG_LINES = 20;
const MOST_LOG = 4_000;

/** What an error is made of. */
export interface FailureOptions {
  /** Of the service. */
  readonly name: string;
  readonly containers: Pick<Containers, "logs">;
  readonly signal: AbortSignal;
}

/** Makes an error of why a service is not ready, with the last lines of its log. */
export async function notReady(why: string, { name, containers, signal }: FailureOptions): Promise<ToolError> {
  // what is told already counts more than a log that cannot be read
  const log = await containers.logs(name, { tail: LOG_LINES, signal }).catch(() => "");
  signal.throwIfAborted();
  const end = withoutColours(log).trim().slice(-MOST_LOG);
  const shown = end === "" ? "; its log is empty" : `. The last lines of its log:\n${end}`;
  return new ToolError(`Service "${name}" is not ready: ${why}${shown}`);
}

/** Says how a service has ended, and what to do. */
export function endedBecause({ status, exitCode, isOutOfMemory, error, restarts = 0 }: ContainerState): string {
  if (status === "absent" || status === "foreign") return "its container was removed meanwhile; call again";
  if (status === "paused") return "its container was paused meanwhile; unpause it, or call again";
  const code = exitCode === undefined ? "" : ` with exit code ${exitCode}`;
  const times = restarts === 0 ? "" : `, and again after each of ${restarts} restarts`;
  const said = error === undefined ? "" : ` (${error})`;
  const remedy = isOutOfMemory
    ? 'it needed more memory than it may have: raise "memory" in its definition'
    : 'see below what it lacks, correct its definition ("env", "command", "volumes") by the action define with overwrite, ' +
      "and call again";
  return `it ended${code}${times}${said}; ${remedy}`;
}

/** Says what a health check has found, and what to do. */
export function unhealthyBecause({ healthcheck }: ServiceDefinition, { healthOutput }: ContainerState): string {
  const check = healthcheck === undefined ? "that of its image" : `"${healthcheck.cmd}"`;
  const said = healthOutput === undefined ? "says nothing" : `says: ${withoutColours(healthOutput)}`;
  return `it is unhealthy; its health check (${check}) ${said}; correct the check or the service by the action define ` +
    "with overwrite, or stop and start it";
}

/** Says that a health check has not passed in its time, and what to do. */
export function lateBecause({ healthcheck }: ServiceDefinition, seconds: number): string {
  return healthcheck === undefined
    ? `the health check of its image has not passed within ${seconds} s; define one of your own, with more time`
    : `its health check ("${healthcheck.cmd}") has not passed within ${seconds} s, which is what its definition allows; ` +
      'raise "retries", "interval" or "start_period" of its healthcheck by the action define with overwrite';
}

/** Says that nobody listens, and what to do. */
export function silentBecause(port: number | undefined, seconds: number): string {
  return `it runs, and nothing takes connections at its port ${
    port ?? "of TCP"
  } within ${seconds} s; name first in "ports" the port ` +
    'at which it listens, or give it a "healthcheck" with the time that it needs, by the action define with overwrite';
}
