/**
 * One attempt to start a server.
 *
 * @module
 */
import { isToolError, messageOf, ToolError } from "../../../kernel/mod.ts";
import { type Clock, pauseFor } from "../clock.ts";
import { AuthorizationNeeded } from "../connection/auth/authorization.ts";
import type { Connection, ConnectionEvents, Connector } from "../connection/connection.ts";
import type { UpstreamDefinition } from "../definition.ts";
import { heed } from "../heed.ts";
import type { SupervisorLimits } from "./limits.ts";
import type { SlotHolder, Slots } from "./slots.ts";

/** An attempt that failed. */
export interface LaunchFailure {
  /** Why, as the end of a sentence. */
  readonly reason: string;
  /** Who has to do something: the server is at fault, a person has to agree, or it was only not its turn. */
  readonly blame: "server" | "person" | "nobody";
  /** What those who wait are told. */
  readonly error: ToolError;
}

/** What an attempt needs. */
export interface LaunchOptions {
  readonly definition: UpstreamDefinition;
  readonly connector: Connector;
  readonly events: ConnectionEvents;
  readonly clock: Clock;
  readonly limits: SupervisorLimits;
  readonly slots: Slots;
  readonly holder: SlotHolder;
  /** How long to wait first, after a failure. */
  readonly pauseMs: number;
  /** Resolves when nothing of what ran before is left. */
  readonly ended: () => Promise<void>;
  /** Hears of the connection before anyone who waits; `release` gives back its slot. */
  readonly onOpen: (connection: Connection, release: () => void) => void;
  /** Hears of a failure before anyone who waits; `gone` resolves when nothing of the attempt is left. */
  readonly onFail: (failure: LaunchFailure, gone: Promise<void>) => void;
}

/** Waits for its pause, the end of what ran before and its turn, and opens a connection, within time limits. */
export class Launch {
  /** Fulfilled when the server is up, and rejected with a {@linkcode ToolError} when it is not. */
  readonly answer: Promise<void>;
  /** Resolves, never rejects, when the attempt is over. */
  readonly over: Promise<void>;
  readonly #options: LaunchOptions;
  readonly #controller = new AbortController();
  #phase: "pausing" | "queueing" | "opening" = "pausing";
  #cancelLimit: (() => void) | undefined;

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.answer = this.#run();
    this.over = this.answer.then(noop, noop);
  }

  /** Whether it waits for the pause after a failure. */
  get isPausing(): boolean {
    return this.#phase === "pausing" && this.#options.pauseMs > 0;
  }

  /** Ends the attempt; whoever waits is told `error`. */
  halt(error: ToolError): void {
    this.#controller.abort(error);
  }

  async #run(): Promise<void> {
    const { pauseMs, clock, ended, slots, holder, onOpen, onFail } = this.#options;
    const { signal } = this.#controller;
    let gone = Promise.resolve();
    try {
      if (pauseMs > 0) await pauseFor(pauseMs, { clock, signal });
      this.#phase = "queueing";
      this.#limit(this.#options.limits.startMs);
      await heed(ended(), signal);
      const release = await slots.acquire(holder, signal);
      this.#phase = "opening";
      const opening = this.#open();
      try {
        const connection = await heed(opening, signal);
        signal.throwIfAborted();
        onOpen(connection, release);
      } catch (thrown) {
        // who was given up may still answer, and is closed then
        gone = opening.then((connection) => connection.close()).then(noop, noop).then(release);
        throw thrown;
      }
    } catch (thrown) {
      const failure = this.#failureOf(thrown);
      onFail(failure, gone);
      throw failure.error;
    } finally {
      this.#cancelLimit?.();
    }
  }

  async #open(): Promise<Connection> {
    const { connector, definition, events } = this.#options;
    return await connector.open(definition, events, this.#controller.signal);
  }

  #limit(ms: number): void {
    this.#cancelLimit?.();
    this.#cancelLimit = this.#options.clock.after(ms, () => this.#controller.abort(new Late(ms)));
  }

  #failureOf(thrown: unknown): LaunchFailure {
    const { reason: given, aborted } = this.#controller.signal;
    if (aborted && isToolError(given)) return { reason: given.message, blame: "nobody", error: given };
    const reason = aborted ? this.#lateText(given) : messageOf(thrown);
    const error = isToolError(thrown)
      ? thrown
      : new ToolError(`Cannot start server "${this.#options.definition.name}": ${reason}`, { cause: thrown });
    if (thrown instanceof AuthorizationNeeded) return { reason, blame: "person", error };
    return { reason, blame: this.#phase === "opening" ? "server" : "nobody", error };
  }

  #lateText({ ms }: Late): string {
    const seconds = `${ms / 1000} s`;
    if (this.#phase === "opening") return `it did not answer within ${seconds}`;
    const { running } = this.#options.limits;
    return `it was not its turn within ${seconds}: ${running} servers may run at a time, and those that do are in use`;
  }
}

/** Ends an attempt whose time is over. */
class Late extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`Late after ${ms} ms`);
    this.ms = ms;
  }
}

function noop(): void {}
