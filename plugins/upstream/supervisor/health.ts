/**
 * Whether a server lives.
 *
 * @module
 */
import { isProtocolError, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { Clock } from "../clock.ts";
import { AuthorizationNeeded } from "../connection/auth/authorization.ts";
import type { UpstreamDefinition } from "../definition.ts";
import { heed } from "../heed.ts";
import type { SupervisorLimits } from "./limits.ts";
import type { Session } from "./session.ts";

/** What health is looked at with. */
export interface HealthOptions {
  readonly clock: Clock;
  readonly limits: Pick<SupervisorLimits, "healthAfterMs" | "healthMs">;
}

/** Asks a server whether it lives, where that is in doubt. */
export class Health {
  readonly #definition: UpstreamDefinition;
  readonly #options: HealthOptions;

  constructor(definition: UpstreamDefinition, options: HealthOptions) {
    this.#definition = definition;
    this.#options = options;
  }

  /** Tells whether a server was silent for long, or failed oddly. */
  isDoubtful(session: Session): boolean {
    const { clock, limits } = this.#options;
    const silentMs = clock.now() - session.lastAnswerAt;
    if (!session.isSuspect && silentMs <= limits.healthAfterMs) return false;
    // one that is busy may answer nothing else meanwhile
    return session.flights === 0 || silentMs > this.#definition.timeoutMs;
  }

  /** Asks a server whether it lives; gives why it does not. */
  async findFault(session: Session): Promise<string | undefined> {
    const { clock, limits: { healthMs } } = this.#options;
    const limit = new AbortController();
    const late = new ToolError(`it did not answer a ping within ${healthMs / 1000} s`);
    const cancel = clock.after(healthMs, () => limit.abort(late));
    try {
      const { signal } = limit;
      await heed(session.connection.request("ping", {}, { signal, timeoutMs: healthMs }), signal);
    } catch (thrown) {
      // who refuses to be pinged is alive
      if (!isProtocolError(thrown) && !(thrown instanceof AuthorizationNeeded)) return messageOf(thrown);
    } finally {
      cancel();
    }
    session.answered();
    return undefined;
  }
}
