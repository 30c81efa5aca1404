/**
 * Health checks that an engine does not make by itself: Podman has them made by timers of systemd, which does not run
 * everywhere, least of all where Podman itself is in a container.
 *
 * @module
 */
import type { Containers, ContainerState } from "../containers/containers.ts";
import type { ServiceDefinition } from "../definition/definition.ts";
import { IMAGE_CHECK, readDuration } from "./limits.ts";

/** How late a check may come until it is taken for one that never will, in milliseconds. */
const LATE_MS = 1_000;

/** What {@linkcode HealthChecks} works with. */
export interface HealthChecksOptions {
  readonly definition: ServiceDefinition;
  readonly containers: Pick<Containers, "check">;
  readonly signal: AbortSignal;
}

/** Has the checks of one service made that its engine does not make. */
export class HealthChecks {
  readonly #options: HealthChecksOptions;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  /** The last check that was told of, and since when. */
  #last: string | undefined;
  #since = performance.now();
  #areOurs = false;

  constructor(options: HealthChecksOptions) {
    this.#options = options;
    const { interval, timeout } = options.definition.healthcheck ?? IMAGE_CHECK;
    this.#intervalMs = readDuration(interval);
    this.#timeoutMs = readDuration(timeout);
  }

  /** Takes a look at how a service is; has it checked when that is due, and tells whether it was. */
  async keepUp({ status, health, checkedAt }: ContainerState): Promise<boolean> {
    if (checkedAt !== this.#last) {
      this.#last = checkedAt;
      this.#since = performance.now();
    }
    if (status !== "running" || health !== "starting") return false;
    const dueMs = this.#areOurs ? this.#intervalMs : this.#intervalMs + LATE_MS;
    if (performance.now() - this.#since < dueMs) return false;
    const { definition, containers, signal } = this.#options;
    this.#since = performance.now();
    this.#areOurs = await containers.check(definition.name, { timeoutMs: this.#timeoutMs, signal });
    return this.#areOurs;
  }
}
