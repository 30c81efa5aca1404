/**
 * Waits until a service is ready: healthy by its check, or, without one, listening at its first port.
 *
 * @module
 */
import type { Sockets } from "../../../kernel/mod.ts";
import type { Containers, ContainerState, StartedContainer } from "../containers/containers.ts";
import type { ServiceDefinition } from "../definition/definition.ts";
import { type ReachedPort, reachedPorts } from "../reach/published.ts";
import { HealthChecks } from "./checks.ts";
import { endedBecause, lateBecause, notReady, silentBecause, unhealthyBecause } from "./failures.ts";
import { healthLimitMs, imageLimitMs, PORT_MS } from "./limits.ts";
import { takesConnections } from "./port.ts";

/** Between two looks at first, and at most: each one is a program that runs. */
const POLL_MS = 250;
const MOST_POLL_MS = 2_000;
const REPORT_MS = 2_000;
/** What cannot be asked, since it has neither a check nor a port, is ready once it has run for so long. */
const SETTLED_MS = 1_000;
/** A service that its engine has started again so often does not come up by itself. */
const MOST_RESTARTS = 3;

/** What waiting works with. */
export interface WaitOptions {
  readonly definition: ServiceDefinition;
  readonly containers: Pick<Containers, "state" | "logs" | "check">;
  readonly sockets: Pick<Sockets, "connect">;
  readonly signal: AbortSignal;
  /** Hears how it goes. */
  readonly report: (line: string) => void;
}

/**
 * Waits until a service that was started is ready.
 *
 * @returns Its state then.
 * @throws {ToolError} when it ends, is unhealthy or takes longer than its definition allows, with the end of its log.
 * @throws the reason of `signal` when it aborts.
 */
export async function waitUntilReady(started: StartedContainer, options: WaitOptions): Promise<ContainerState> {
  const { definition, containers, signal, report } = options;
  const before = started.state.status === "restarting" ? 0 : started.state.restarts ?? 0;
  const begun = performance.now();
  // one that the engine starts again and again runs each time, and not for long
  const isSettled = started.outcome === "running" && !started.state.restarts;
  const run = { startedAt: started.state.startedAt, since: isSettled ? -Infinity : begun };
  const fail = async (why: string) => await notReady(why, { name: definition.name, containers, signal });
  const checks = new HealthChecks(options);
  let { state } = started;
  let reported = begun;
  for (;;) {
    if (hasFailed(state, before)) throw await fail(endedBecause(state));
    if (state.status === "running") {
      if (state.health === "unhealthy") throw await fail(unhealthyBecause(definition, state));
      if (state.startedAt !== run.startedAt) {
        Object.assign(run, { startedAt: state.startedAt, since: performance.now() });
      }
      if (await isReady(state, options, performance.now() - run.since)) return state;
    }
    const limit = limitOf(state, definition);
    const waited = performance.now() - begun;
    if (waited > limit) throw await fail(lateness(state, definition, limit));
    if (performance.now() - reported >= REPORT_MS) {
      report(
        `Service "${definition.name}" is not ready yet: ${Math.round(waited / 1_000)} s of at most ${limit / 1_000} s`,
      );
      reported = performance.now();
    }
    if (!await checks.keepUp(state)) await pause(Math.min(POLL_MS + waited / 10, MOST_POLL_MS), signal);
    state = await containers.state(definition.name, { signal });
  }
}

function hasFailed({ status, restarts = 0 }: ContainerState, before: number): boolean {
  return (status !== "running" && status !== "restarting") || restarts - before >= MOST_RESTARTS;
}

async function isReady(
  state: ContainerState,
  { definition, sockets, signal }: WaitOptions,
  ranMs: number,
): Promise<boolean> {
  if (state.health !== undefined || definition.healthcheck !== undefined) return state.health === "healthy";
  const first = firstPort(state, definition);
  return first === undefined ? ranMs >= SETTLED_MS : await takesConnections(sockets, { ...first, signal });
}

function firstPort(state: ContainerState, definition: ServiceDefinition): ReachedPort | undefined {
  return reachedPorts(definition, state).find((it) => it.protocol === "tcp");
}

function limitOf(state: ContainerState, { healthcheck }: ServiceDefinition): number {
  if (healthcheck !== undefined) return healthLimitMs(healthcheck);
  return state.health === undefined ? PORT_MS : imageLimitMs();
}

function lateness(state: ContainerState, definition: ServiceDefinition, limit: number): string {
  const seconds = limit / 1_000;
  if (state.status === "restarting") return endedBecause(state);
  if (definition.healthcheck !== undefined || state.health !== undefined) return lateBecause(definition, seconds);
  return silentBecause(firstPort(state, definition)?.container, seconds);
}

/** Waits for the next look. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
