/**
 * The one connection that a server has at a time, from its start until nothing of it is left.
 *
 * @module
 */
import { type Log, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { Clock } from "../clock.ts";
import type { Connection, ConnectionEvents, Connector } from "../connection/connection.ts";
import type { UpstreamDefinition } from "../definition.ts";
import { Launch, type LaunchFailure } from "./launch.ts";
import type { SupervisorLimits } from "./limits.ts";
import { endedError } from "./refusals.ts";
import { Session } from "./session.ts";
import type { SlotHolder, Slots } from "./slots.ts";

/** What a server is run with. */
export interface RunnerOptions {
  readonly connector: Connector;
  readonly log: Log;
  readonly slots: Slots;
  readonly clock: Clock;
  readonly limits: SupervisorLimits;
}

/** Who decides when a server runs. */
export interface RunnerOwner extends SlotHolder {
  /** Gives what hears of the server. */
  events(): ConnectionEvents;
  /** Hears that the server is up, before anyone who waits for it. */
  opened(session: Session): void;
  /** Hears that the server could not be started, or ended by itself. */
  failed(failure: LaunchFailure): void;
}

/** Starts a server, once for however many wait, and ends it. */
export class Runner {
  readonly #definition: UpstreamDefinition;
  readonly #owner: RunnerOwner;
  readonly #options: RunnerOptions;
  #launch: Launch | undefined;
  #session: Session | undefined;
  #release: () => void = () => {};
  #ending: Promise<unknown> = Promise.resolve();

  constructor(definition: UpstreamDefinition, owner: RunnerOwner, options: RunnerOptions) {
    this.#definition = definition;
    this.#owner = owner;
    this.#options = options;
  }

  /** The attempt to start it that goes on. */
  get launch(): Launch | undefined {
    return this.#launch;
  }

  /** What runs. */
  get session(): Session | undefined {
    return this.#session;
  }

  /**
   * Starts it after a pause, or joins the attempt that goes on.
   *
   * @throws {ToolError} when it cannot be started, or a person has to authorise it first.
   */
  start(pauseMs: number): Promise<void> {
    return (this.#launch ??= this.#newLaunch(pauseMs)).answer;
  }

  /** Ends what runs, or is being started, because somebody wants it. */
  halt(why: string): void {
    const launch = this.#launch;
    this.#launch = undefined;
    if (launch !== undefined) {
      launch.halt(new ToolError(`Server "${this.#definition.name}" was not started: ${why}`));
      this.#ending = Promise.all([this.#ending, launch.over]);
    }
    this.end(why);
  }

  /** Ends what runs; what is in flight fails at once. */
  end(why: string): void {
    const [session, release] = [this.#session, this.#release];
    if (session === undefined) return;
    this.#session = undefined;
    const { name } = this.#definition;
    session.end(endedError(this.#definition, why));
    const gone = session.connection.close()
      .catch((thrown) =>
        this.#options.log.warn("Cannot close a connection", { server: name, reason: messageOf(thrown) })
      )
      .then(release);
    this.#ending = Promise.all([this.#ending, gone]);
  }

  /** Takes it that the server ended by itself, or is of no use. */
  fail(session: Session, reason: string): void {
    if (session !== this.#session) return;
    this.end(reason);
    this.#owner.failed({ reason, blame: "server", error: endedError(this.#definition, reason) });
  }

  /** Waits until nothing is left of what ran. */
  async ended(): Promise<void> {
    let ending: Promise<unknown>;
    do await (ending = this.#ending); while (ending !== this.#ending);
  }

  #newLaunch(pauseMs: number): Launch {
    const launch: Launch = new Launch({
      ...this.#options,
      definition: this.#definition,
      events: this.#owner.events(),
      holder: this.#owner,
      pauseMs,
      ended: () => this.ended(),
      onOpen: (connection, release) => this.#opened(connection, release),
      onFail: (failure, gone) => this.#unstarted(launch, failure, gone),
    });
    return launch;
  }

  #opened(connection: Connection, release: () => void): void {
    const session = new Session({ connection, clock: this.#options.clock });
    this.#launch = undefined;
    this.#session = session;
    this.#release = release;
    connection.closed.then((reason) => this.fail(session, reason ?? "it closed the connection"));
    this.#owner.opened(session);
  }

  #unstarted(launch: Launch, failure: LaunchFailure, gone: Promise<void>): void {
    this.#ending = Promise.all([this.#ending, gone]);
    // one that was halted has been replaced, or is not wanted
    if (this.#launch !== launch) return;
    this.#launch = undefined;
    this.#owner.failed(failure);
  }
}
