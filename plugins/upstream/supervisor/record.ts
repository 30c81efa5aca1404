/**
 * What is known of a server's past.
 *
 * @module
 */
import type { ToolError } from "../../../kernel/mod.ts";
import type { ServerFacts } from "../connection/connection.ts";
import type { Pause } from "./breaker.ts";
import type { Launch } from "./launch.ts";
import type { Session } from "./session.ts";
import type { UpstreamState, UpstreamStatus } from "./supervisor.ts";

/** How a server is now. */
export interface Present {
  readonly session: Session | undefined;
  readonly launch: Launch | undefined;
  readonly isDisabled: boolean;
  /** Why it takes no calls. */
  readonly refusal: ToolError | undefined;
  /** The pause that it is in after a failure. */
  readonly pause: Pause | undefined;
}

/** Notes what happened to a server. */
export class UpstreamRecord {
  /** Why it last failed; `undefined` since it has been up again. */
  reason: string | undefined;
  #facts: ServerFacts | undefined;
  #starts = 0;
  #calls = 0;
  #usedAt: number | undefined;

  /** When it was last called, in milliseconds since 1970. */
  get usedAt(): number | undefined {
    return this.#usedAt;
  }

  /** Notes that it is up. */
  started(facts: ServerFacts): void {
    this.reason = undefined;
    this.#facts = facts;
    this.#starts++;
  }

  /** Notes that it is called. */
  called(now: number): void {
    this.#calls++;
    this.#usedAt = now;
  }

  /** Notes that a call is over. */
  answered(now: number): void {
    this.#usedAt = now;
  }

  /** Puts the past and the present together. */
  status(present: Present): UpstreamStatus {
    const { session, refusal, pause } = present;
    const state = stateOf(present);
    const reason = state === "ready" ? undefined : refusal?.message ?? this.reason;
    const retryAt = state === "backing-off" || state === "broken" ? pause?.until : undefined;
    const pid = session?.connection.facts.pid;
    return {
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(pid === undefined ? {} : { pid }),
      ...(session === undefined ? {} : { startedAt: session.startedAt }),
      ...(retryAt === undefined ? {} : { retryAt }),
      restarts: Math.max(0, this.#starts - 1),
      calls: this.#calls,
      inFlight: session?.flights ?? 0,
      ...(this.#usedAt === undefined ? {} : { lastUsedAt: this.#usedAt }),
      ...(this.#facts === undefined ? {} : { facts: this.#facts }),
    };
  }
}

function stateOf({ isDisabled, refusal, session, launch, pause }: Present): UpstreamState {
  if (isDisabled) return "disabled";
  if (refusal !== undefined) return "stopped";
  if (session !== undefined) return "ready";
  if (launch !== undefined) return launch.isPausing ? "backing-off" : "starting";
  return pause?.kind ?? "cold";
}
