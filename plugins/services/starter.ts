/**
 * Starts services with what they depend on, and waits until they are ready: the contract `Services`.
 *
 * @module
 */
import { type Call, SharedWork, type Sockets, ToolError } from "../../kernel/mod.ts";
import type { Containers, StartedContainer } from "./containers/containers.ts";
import type { EnsureOptions, ReadyServices, Services } from "./contract.ts";
import { isServiceName, type ServiceDefinition } from "./definition/definition.ts";
import type { Definitions } from "./definition/definitions.ts";
import { readOrder } from "./definition/order.ts";
import { waitUntilReady } from "./health/waiting.ts";
import { prefixOf, variablesOf } from "./reach/variables.ts";

/** What a {@linkcode Starter} works with. */
export interface StarterOptions {
  readonly definitions: Pick<Definitions, "get" | "has">;
  readonly containers: Pick<Containers, "start" | "state" | "logs" | "check">;
  readonly sockets: Pick<Sockets, "connect">;
}

/** Says that work ended with the call that had begun it, while others wait for it yet. */
class BeginnerGone extends Error {}

/** Starts services: independent ones at the same time, and each once for all who wait for it. */
export class Starter implements Services {
  readonly #options: StarterOptions;
  readonly #work = new SharedWork<StartedContainer>();
  /** Which run of which container was found ready, by service: it need not be looked at again. */
  readonly #ready = new Map<string, string>();

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  async ensure(names: readonly string[], { call, secrets = {} }: EnsureOptions): Promise<ReadyServices> {
    refuseNames(names);
    const definitions = await readOrder(names, this.#options.definitions);
    const started = await this.#startAll(definitions, call);
    const parts = names.map((name) => variablesOf(definitions.get(name)!, started.get(name)!.state, secrets));
    return {
      env: Object.assign({}, ...parts.map((it) => it.env)),
      addresses: parts.flatMap((it) => it.addresses),
    };
  }

  async missing(names: readonly string[]): Promise<readonly string[]> {
    refuseNames(names);
    const isThere = await Promise.all(names.map((name) => this.#options.definitions.has(name)));
    return names.filter((_, i) => !isThere[i]);
  }

  /**
   * Starts services.
   *
   * @returns What came of each, those that others depend on included, and before these.
   * @throws {ToolError} saying which is not ready, why, and what to do.
   * @throws the reason of the call's signal when it aborts.
   */
  async start(names: readonly string[], call: Call): Promise<readonly StartedContainer[]> {
    const definitions = await readOrder(names, this.#options.definitions);
    return [...(await this.#startAll(definitions, call)).values()];
  }

  /** Ends what is being started; what runs goes on. */
  async close(): Promise<void> {
    await this.#work.close();
  }

  async #startAll(
    definitions: ReadonlyMap<string, ServiceDefinition>,
    call: Call,
  ): Promise<ReadonlyMap<string, StartedContainer>> {
    const over = new AbortController();
    const own = call.derive({ signal: AbortSignal.any([call.signal, over.signal]) });
    const report = reporter(call);
    const starting = new Map<string, Promise<StartedContainer>>();
    // those that a service depends on come before it
    for (const [name, definition] of definitions) {
      const needed = definition.depends_on.map((it) => starting.get(it));
      const start = Promise.all(needed).then(() => this.#join(definition, own, report));
      start.catch((error) => over.abort(error));
      starting.set(name, start);
    }
    const ended = await Promise.allSettled(starting.values());
    call.signal.throwIfAborted();
    // what failed first, and not what was broken off by it
    if (over.signal.aborted) throw over.signal.reason;
    const started = new Map([...definitions.keys()].map((name, i) => {
      return [name, (ended[i] as PromiseFulfilledResult<StartedContainer>).value];
    }));
    for (const [name, { outcome }] of started) {
      if (outcome !== "recreated") continue;
      await call.log("notice", `The container of service "${name}" was made anew, since its definition has changed`);
    }
    return started;
  }

  /** Starts one service, or waits with those for whom it is being started. */
  async #join(
    definition: ServiceDefinition,
    call: Call,
    report: (line: string) => void,
  ): Promise<StartedContainer> {
    for (;;) {
      try {
        return await this.#work.join(definition.name, { signal: call.signal, report }, async (signal, tell) => {
          try {
            return await this.#start(definition, call, { signal, report: tell });
          } catch (error) {
            // it may have been asked something that nobody answers any more
            if (call.signal.aborted && !signal.aborted) throw new BeginnerGone();
            throw error;
          }
        });
      } catch (error) {
        call.signal.throwIfAborted();
        if (!(error instanceof BeginnerGone)) throw error;
      }
    }
  }

  async #start(
    definition: ServiceDefinition,
    call: Call,
    { signal, report }: { readonly signal: AbortSignal; readonly report: (line: string) => void },
  ): Promise<StartedContainer> {
    const { containers, sockets } = this.#options;
    const { name } = definition;
    const progress: Call["progress"] = (_done, _total, message) => {
      if (message !== undefined) report(message);
      return Promise.resolve();
    };
    const started = await containers.start(definition, call.derive({ signal, progress }));
    const { state: before, outcome } = started;
    if (outcome === "running" && before.health === undefined && this.#ready.get(name) === runOf(started)) {
      return started;
    }
    if (outcome !== "running") report(`Started service "${name}"; waiting until it is ready`);
    const state = await waitUntilReady(started, { definition, containers, sockets, signal, report });
    const ready = { ...started, state };
    this.#ready.set(name, runOf(ready));
    return ready;
  }
}

function runOf({ state: { id, startedAt, status } }: StartedContainer): string {
  return `${id} ${startedAt} ${status}`;
}

/** Refuses names that no service has, and those that would have the same variables. */
function refuseNames(names: readonly string[]): void {
  const byPrefix = new Map<string, string>();
  for (const name of names) {
    if (!isServiceName(name)) {
      throw new ToolError(
        `Cannot require service ${JSON.stringify(name)}: a name has 1 to 64 letters, digits, "_" and "-"`,
      );
    }
    const other = byPrefix.get(prefixOf(name)) ?? name;
    if (other !== name) {
      throw new ToolError(
        `Cannot require services "${other}" and "${name}" together: both have the variables ${
          prefixOf(name)
        }_HOST and ` +
          "so on; name one of them otherwise",
      );
    }
    byPrefix.set(prefixOf(name), name);
  }
}

/** Makes what tells a call how it goes: below 1, so that what the tool itself tells rises from there. */
function reporter(call: Call): (line: string) => void {
  let lines = 0;
  return (line) => {
    lines++;
    void call.progress(lines / (lines + 1), undefined, line).catch(() => {});
  };
}
