/**
 * How long a server runs when nothing goes wrong.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { UpstreamDefinition } from "../definition.ts";
import type { Session } from "./session.ts";
import type { SlotHolder } from "./slots.ts";
import { Timer } from "./timer.ts";

/** Times of a definition, where 0 stands for never. */
export type Times = Pick<UpstreamDefinition, "idleMs" | "lifetimeMs">;

/** Watches the time that a server runs, and the time that nobody uses it. */
export class Lifespan {
  readonly #times: Times;
  readonly #clock: Clock;
  readonly #idle: Timer;
  readonly #lifetime: Timer;

  constructor(times: Times, clock: Clock) {
    this.#times = times;
    this.#clock = clock;
    this.#idle = new Timer(clock);
    this.#lifetime = new Timer(clock);
  }

  /** Begins with a start; `onOver` is called when the lifetime is over. */
  begin(onOver: () => void): void {
    this.end();
    if (this.#times.lifetimeMs > 0) this.#lifetime.set(this.#times.lifetimeMs, onOver);
  }

  /** Ends with what ran. */
  end(): void {
    this.#idle.clear();
    this.#lifetime.clear();
  }

  /** How long ago the lifetime ended, in milliseconds; negative before. */
  overtimeMs({ startedAt }: Session): number {
    const { lifetimeMs } = this.#times;
    return lifetimeMs > 0 ? this.#clock.now() - startedAt - lifetimeMs : -1;
  }

  /** Calls back when somebody who is idle now was so for long enough; who is used meanwhile has to be watched anew. */
  watchIdle(holder: SlotHolder, onIdle: () => void): void {
    // one timer for many calls, which would each set one otherwise
    if (this.#times.idleMs > 0 && !this.#idle.isSet) this.#watch(holder, onIdle);
  }

  #watch(holder: SlotHolder, onIdle: () => void): void {
    const leftMs = Math.max(0, holder.lastUsedAt + this.#times.idleMs - this.#clock.now());
    this.#idle.set(leftMs, () => {
      if (!holder.isIdle) return;
      if (this.#clock.now() - holder.lastUsedAt < this.#times.idleMs) this.#watch(holder, onIdle);
      else onIdle();
    });
  }
}
