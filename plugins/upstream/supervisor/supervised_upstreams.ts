/**
 * All servers under supervision.
 *
 * @module
 */
import { type Log, ToolError } from "../../../kernel/mod.ts";
import type { Store } from "../../store/contract.ts";
import { CatalogMemory } from "../catalog/catalog_memory.ts";
import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import type { Connector } from "../connection/connection.ts";
import type { UpstreamDefinition } from "../definition.ts";
import { SUPERVISOR_LIMITS, type SupervisorLimits } from "./limits.ts";
import { Slots } from "./slots.ts";
import { SupervisedUpstream, type SupervisedUpstreamOptions } from "./supervised_upstream.ts";
import type { Upstream, Upstreams } from "./supervisor.ts";

/** What servers are supervised with. */
export interface UpstreamsOptions {
  readonly connector: Connector;
  readonly log: Log;
  /** Where what servers list is kept; without it that ends with the process. */
  readonly store?: Store | undefined;
  readonly limits?: Partial<SupervisorLimits>;
  readonly clock?: Clock;
  /** Gives 0 to 1, for the jitter of pauses. */
  readonly random?: () => number;
}

/** Knows servers by the names of their definitions. */
export class SupervisedUpstreams implements Upstreams {
  readonly #options: SupervisedUpstreamOptions;
  readonly #upstreams = new Map<string, SupervisedUpstream>();
  #isClosed = false;

  constructor({ connector, log, store, limits, clock = SYSTEM_CLOCK, random = Math.random }: UpstreamsOptions) {
    const bounds = { ...SUPERVISOR_LIMITS, ...limits };
    const memory = new CatalogMemory(store);
    this.#options = { connector, log, memory, limits: bounds, clock, random, slots: new Slots(bounds.running) };
  }

  add(definition: UpstreamDefinition): Upstream {
    if (this.#isClosed) throw new ToolError(`Cannot add server "${definition.name}": this server is stopping`);
    if (this.#upstreams.has(definition.name)) {
      throw new ToolError(`Cannot add server "${definition.name}": there is one of that name; remove it first`);
    }
    const upstream = new SupervisedUpstream(definition, this.#options);
    this.#upstreams.set(definition.name, upstream);
    return upstream;
  }

  async replace(definition: UpstreamDefinition): Promise<Upstream> {
    const old = this.#upstreams.get(definition.name);
    if (old === undefined) return this.add(definition);
    await old.close();
    await old.catalog.forget("entries");
    this.#upstreams.delete(definition.name);
    return this.add(definition);
  }

  async remove(name: string): Promise<boolean> {
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) return false;
    await upstream.close();
    await upstream.catalog.forget("all");
    await this.#options.connector.forget(name);
    return this.#upstreams.delete(name);
  }

  get(name: string): Upstream | undefined {
    return this.#upstreams.get(name);
  }

  list(): readonly Upstream[] {
    return [...this.#upstreams.values()];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.close()));
    this.#upstreams.clear();
  }
}
