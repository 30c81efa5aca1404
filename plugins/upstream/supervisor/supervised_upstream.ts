/**
 * One server under supervision.
 *
 * @module
 */
import type { ToolError } from "../../../kernel/mod.ts";
import type { CatalogMemory } from "../catalog/catalog_memory.ts";
import { ServerCatalog } from "../catalog/server_catalog.ts";
import { AuthorizationNeeded } from "../connection/auth/authorization.ts";
import type { Connection, ConnectionEvents } from "../connection/connection.ts";
import type { UpstreamDefinition } from "../definition.ts";
import { heed } from "../heed.ts";
import { Breaker, type Pause } from "./breaker.ts";
import { Health } from "./health.ts";
import type { LaunchFailure } from "./launch.ts";
import { Lifespan } from "./lifespan.ts";
import { Listeners } from "./listeners.ts";
import { UpstreamRecord } from "./record.ts";
import { brokenError, closedError, disabledError, stoppedError } from "./refusals.ts";
import { Runner, type RunnerOptions, type RunnerOwner } from "./runner.ts";
import type { Session } from "./session.ts";
import { StderrRing } from "./stderr_ring.ts";
import type { Upstream, UpstreamListener, UpstreamStatus } from "./supervisor.ts";
import { Timer } from "./timer.ts";

/** What a server is supervised with. */
export interface SupervisedUpstreamOptions extends RunnerOptions {
  readonly memory: CatalogMemory;
  /** Gives 0 to 1, for the jitter of pauses. */
  readonly random: () => number;
}

/** Starts a server on its first use, keeps it running while it is needed, and ends it. */
export class SupervisedUpstream implements Upstream, RunnerOwner {
  readonly definition: UpstreamDefinition;
  readonly catalog: ServerCatalog;
  readonly #options: SupervisedUpstreamOptions;
  readonly #runner: Runner;
  readonly #breaker: Breaker;
  readonly #health: Health;
  readonly #ring: StderrRing;
  readonly #listeners: Listeners;
  readonly #record = new UpstreamRecord();
  readonly #lifespan: Lifespan;
  readonly #reviveTimer: Timer;
  #checking: Promise<void> | undefined;
  /** Why it takes no more calls. */
  #refusal: ToolError | undefined;
  #isClosed = false;
  /** How many wait for the connection, or are in flight. */
  #demand = 0;
  #keeps = 0;

  constructor(definition: UpstreamDefinition, options: SupervisedUpstreamOptions) {
    const { clock, limits, log, memory } = options;
    this.definition = definition;
    this.#options = options;
    this.#runner = new Runner(definition, this, options);
    this.#breaker = new Breaker(limits, options.random);
    this.#health = new Health(definition, { clock, limits });
    this.#ring = new StderrRing(limits);
    this.#listeners = new Listeners(log);
    this.#lifespan = new Lifespan(definition, clock);
    this.#reviveTimer = new Timer(clock);
    this.catalog = new ServerCatalog(definition, {
      memory,
      clock,
      limits,
      log,
      use: (work, signal) => this.#use(work, signal),
      isRunning: () => this.#runner.session !== undefined,
    });
    if (definition.isDisabled) this.#refusal = disabledError(definition);
  }

  get status(): UpstreamStatus {
    const { session, launch } = this.#runner;
    const { isDisabled } = this.definition;
    return this.#record.status({ session, launch, isDisabled, refusal: this.#refusal, pause: this.#pause() });
  }

  /** Whether it runs, and nobody needs it. */
  get isIdle(): boolean {
    return this.#runner.session !== undefined && this.#demand === 0 && this.#keeps === 0;
  }

  get lastUsedAt(): number {
    return Math.max(this.#record.usedAt ?? 0, this.#runner.session?.startedAt ?? 0);
  }

  async use<T>(
    work: (connection: Connection) => Promise<T>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<T> {
    const counted = (connection: Connection) => {
      this.#record.called(this.#options.clock.now());
      return work(connection);
    };
    try {
      return await this.#use(counted, signal);
    } finally {
      this.#record.answered(this.#options.clock.now());
    }
  }

  keep(): () => void {
    let isKept = true;
    this.#keeps++;
    this.#revive();
    return () => {
      if (!isKept) return;
      isKept = false;
      this.#keeps--;
      this.#settle();
    };
  }

  listen(listener: UpstreamListener): () => void {
    return this.#listeners.add(listener);
  }

  async restart(): Promise<void> {
    if (this.#isClosed || this.definition.isDisabled) throw this.#refusal!;
    this.#halt("it was restarted");
    this.#refusal = undefined;
    this.#breaker.reset();
    await this.#start();
  }

  async stop(): Promise<void> {
    if (!this.#isClosed && !this.definition.isDisabled) this.#refusal = stoppedError(this.definition);
    this.#halt("it was stopped");
    await this.#runner.ended();
  }

  logs(tail: number): readonly string[] {
    return this.#ring.tail(tail);
  }

  /** Ends it for good; resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#refusal = closedError(this.definition);
    this.#halt("it was removed, or this server is stopping");
    await Promise.all([this.#runner.ended(), this.catalog.close()]);
  }

  /** Ends it because another one needs its place. */
  evict(): void {
    this.#end("another server needed its place");
  }

  /** Gives what hears of the server. */
  events(): ConnectionEvents {
    const { ask } = this.#listeners;
    return {
      changed: (kind) => this.catalog.changed(kind),
      updated: (uri) => this.#listeners.updated(uri),
      logged: (params) => this.#listeners.logged(params),
      visited: (elicitationId) => this.#listeners.visited(elicitationId),
      stderr: (text) => this.#ring.write(text),
      ...(ask === undefined ? {} : { ask }),
    };
  }

  /** Hears that the server is up. */
  opened({ connection }: Session): void {
    this.#reviveTimer.clear();
    this.#record.started(connection.facts);
    this.#ring.mark("started");
    this.#lifespan.begin(() => this.#settle());
    this.#listeners.connected(connection);
    this.catalog.connected();
    this.#settle();
  }

  /** Hears that the server could not be started, or ended by itself. */
  failed({ reason, blame, error }: LaunchFailure): void {
    const { clock, log } = this.#options;
    this.#clearTimers();
    this.#record.reason = reason;
    this.#ring.mark(`failed: ${reason}`);
    log.warn("A server failed", { server: this.definition.name, reason });
    if (blame === "server") this.#breaker.fail(clock.now());
    if (error instanceof AuthorizationNeeded) this.#startWhenAgreed(error);
    else this.#revive();
  }

  async #use<T>(work: (connection: Connection) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#demand++;
    try {
      while (true) {
        signal.throwIfAborted();
        const session = await this.#ready(signal);
        // nothing is between this and the work, so that it is given to a session that is open, and to one only
        if (session?.isOpen) return await session.run(work);
      }
    } finally {
      this.#demand--;
      this.#settle();
    }
  }

  /** Gives the session if it can be used now; else does one step towards that. */
  async #ready(signal: AbortSignal): Promise<Session | undefined> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { session } = this.#runner;
    if (session === undefined) {
      this.#refuseWhenBroken();
      await heed(this.#start(), signal);
      return undefined;
    }
    const overtimeMs = this.#lifespan.overtimeMs(session);
    if (overtimeMs >= 0 && session.flights === 0) {
      this.#retire();
      return undefined;
    }
    if (overtimeMs > this.#options.limits.drainMs) {
      await heed(session.quiet(), signal);
      return undefined;
    }
    if (this.#checking === undefined && !this.#health.isDoubtful(session)) return session;
    this.#checking ??= this.#check(session).finally(() => this.#checking = undefined);
    await heed(this.#checking, signal);
    return undefined;
  }

  #refuseWhenBroken(): void {
    const pause = this.#pause();
    if (pause?.kind !== "broken" || this.#runner.launch !== undefined) return;
    throw brokenError(this.definition, { reason: this.#record.reason, pauseMs: this.#pauseMs() });
  }

  async #check(session: Session): Promise<void> {
    const fault = await this.#health.findFault(session);
    if (fault !== undefined) this.#runner.fail(session, fault);
  }

  #pause(): Pause | undefined {
    return this.#breaker.pause(this.#options.clock.now());
  }

  #pauseMs(): number {
    const { clock } = this.#options;
    return Math.max(0, (this.#pause()?.until ?? 0) - clock.now());
  }

  #start(): Promise<void> {
    return this.#runner.start(this.#pauseMs());
  }

  /** Starts it when a subscription needs it, after the pause that it may be in. */
  #revive(): void {
    const { session, launch } = this.#runner;
    if (this.#keeps === 0 || this.#refusal !== undefined || session !== undefined || launch !== undefined) return;
    // a failure to start leads here again
    this.#reviveTimer.set(this.#pauseMs(), () => void this.#start().catch(() => {}));
  }

  // what it offers is listed then, whether somebody calls again or not
  #startWhenAgreed({ done }: AuthorizationNeeded): void {
    const start = () => {
      if (this.#refusal === undefined && this.#runner.session === undefined) this.#start().catch(() => {});
    };
    done.then(start, () => {});
  }

  #retire(): void {
    this.#end("its lifetime was over");
    this.#revive();
  }

  #halt(why: string): void {
    this.#clearTimers();
    if (this.#runner.session !== undefined) this.#ring.mark(`ended: ${why}`);
    this.#runner.halt(why);
  }

  #end(why: string): void {
    this.#clearTimers();
    this.#ring.mark(`ended: ${why}`);
    this.#runner.end(why);
  }

  #clearTimers(): void {
    this.#lifespan.end();
    this.#reviveTimer.clear();
  }

  /** Ends what nobody needs, or sees to it that it is ended later. */
  #settle(): void {
    const { session } = this.#runner;
    if (session === undefined || session.flights > 0) return;
    if (this.#lifespan.overtimeMs(session) >= 0) return this.#retire();
    if (!this.isIdle) return;
    this.#options.slots.serve();
    this.#lifespan.watchIdle(this, () => this.#end("it was not used"));
  }
}
