/**
 * The servers that are named somewhere, whether they may be reached or not: each is supervised and offered while somebody
 * claims it.
 *
 * @module
 */
import { type Log, messageOf, ToolError } from "../../kernel/mod.ts";
import { digestOfDefinition, type UpstreamDefinition } from "./definition.ts";
import type { Offer } from "./offer/offer.ts";
import type { Upstream, Upstreams } from "./supervisor/supervisor.ts";

/** What {@linkcode Servers} works with. */
export interface ServersOptions {
  readonly upstreams: Upstreams;
  readonly log: Log;
  /** Ends what goes on in the background. */
  readonly signal: AbortSignal;
  /** Registers what a server offers, now and when that changes. */
  offer(upstream: Upstream): Offer;
}

/** A server that is named somewhere. */
export interface KnownServer {
  readonly name: string;
  readonly origin: string;
  readonly definition: UpstreamDefinition | undefined;
  /** Why it is not reached; `undefined` when it is supervised. */
  readonly problem: string | undefined;
  readonly upstream: Upstream | undefined;
  readonly offer: Offer | undefined;
}

/** Somebody's wish that a server is there. */
export interface Claim {
  readonly definition: UpstreamDefinition;
  /** Why it may not be reached; `undefined` when it may. */
  readonly problem?: string | undefined;
}

/** Ends a claim; where it was the last one, the server is ended and forgotten. */
export type Release = () => Promise<void>;

interface Active {
  readonly digest: string;
  readonly upstream: Upstream;
  readonly offer: Offer;
}

/** Knows all servers. */
export class Servers {
  readonly #options: ServersOptions;
  /** The last claim of a name counts: one that replaces another is made before that one is released. */
  readonly #claims = new Map<string, Claim[]>();
  readonly #active = new Map<string, Active>();
  readonly #unusable = new Map<string, KnownServer>();
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /**
   * Makes a server known, and has it offered if it may be reached.
   *
   * @throws {ToolError} when its name or namespace is that of a server from elsewhere.
   */
  async claim(claim: Claim): Promise<Release> {
    const { name } = claim.definition;
    this.#assertFree(claim.definition);
    const claims = this.#claims.get(name) ?? [];
    this.#claims.set(name, claims);
    claims.push(claim);
    await this.#settle(name);
    return async () => {
      const at = claims.indexOf(claim);
      if (at < 0) return;
      claims.splice(at, 1);
      if (claims.length === 0 && this.#claims.get(name) === claims) this.#claims.delete(name);
      await this.#settle(name);
    };
  }

  /** Lets a server be reached that could not be before. */
  async admit(name: string): Promise<void> {
    const claims = this.#claims.get(name);
    const last = claims?.pop();
    if (claims === undefined || last === undefined) return;
    claims.push({ definition: last.definition });
    await this.#settle(name);
  }

  /** Lists something that was named and is no server. */
  note(name: string, { origin, reason }: { readonly origin: string; readonly reason: string }): void {
    const entry = { name, origin, problem: reason, definition: undefined, upstream: undefined, offer: undefined };
    this.#unusable.set(`${origin}\n${name}`, entry);
  }

  /** Gives a server by name. */
  get(name: string): KnownServer | undefined {
    return this.list().find((it) => it.name === name);
  }

  /** Lists all that are named, sorted by name. */
  list(): readonly KnownServer[] {
    const known = [...this.#claims].flatMap(([name, claims]): readonly KnownServer[] => {
      const last = claims.at(-1);
      if (last === undefined) return [];
      const { definition, problem } = last;
      const { upstream, offer } = this.#active.get(name) ?? { upstream: undefined, offer: undefined };
      return [{ name, origin: definition.origin, definition, problem, upstream, offer }];
    });
    return [...known, ...this.#unusable.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  /** Tells why a tool of a server is not there that it may have; `undefined` where it would be no server's. */
  explainMissing(tool: string): string | undefined {
    const server = this.list().find(({ name, definition }) => tool.startsWith(`${definition?.namespace ?? name}_`));
    if (server === undefined) return undefined;
    const { name, definition, problem, upstream } = server;
    const look = 'look at mcp_servers {"action": "tools"}';
    if (upstream === undefined) return `MCP server "${name}" is not used: ${problem}`;
    const { status, catalog } = upstream;
    const own = tool.slice((definition?.namespace ?? name).length + 1);
    if (catalog.held.some((it) => it.name === own)) {
      return `its tool "${own}" changed, and is held until mcp_servers is called with {"action": "allow"}; ${look}`;
    }
    if (catalog.entries !== undefined) return `MCP server "${name}" offers no such tool; ${look}`;
    return `what MCP server "${name}" offers is not known, it is ${status.state}` +
      `${status.reason === undefined ? "" : `: ${status.reason}`}; ${look}`;
  }

  /** Ends all servers; what they offered and what was pinned of it stays remembered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await Promise.all([...this.#active.values()].map(({ offer }) => offer.close()));
    this.#active.clear();
    await this.#options.upstreams.close();
  }

  #assertFree({ name, namespace, origin }: UpstreamDefinition): void {
    for (const { definition: other } of [...this.#claims.values()].flat()) {
      if (other.name === name && other.origin === origin) continue;
      if (other.name.toLowerCase() === name.toLowerCase()) {
        throw new ToolError(`Cannot add MCP server "${name}": the name is taken by one that ${other.origin} defines`);
      }
      if (other.namespace.toLowerCase() !== namespace.toLowerCase()) continue;
      throw new ToolError(`Cannot add MCP server "${name}": the namespace "${namespace}" is taken by "${other.name}"`);
    }
  }

  /** Makes what runs be what is claimed, one name after another. */
  #settle(name: string): Promise<void> {
    const settled = this.#turn.then(() => this.#isClosed ? undefined : this.#apply(name));
    this.#turn = settled.catch((thrown) => {
      this.#options.log.error(`Cannot change MCP server "${name}": ${messageOf(thrown)}`);
    });
    return settled;
  }

  async #apply(name: string): Promise<void> {
    const claim = this.#claims.get(name)?.at(-1);
    const active = this.#active.get(name);
    const { upstreams, offer } = this.#options;
    if (claim === undefined || claim.problem !== undefined) {
      if (active === undefined) return;
      this.#active.delete(name);
      await active.offer.close();
      await upstreams.remove(name);
      return;
    }
    const digest = await digestOfDefinition(claim.definition);
    if (active?.digest === digest) return;
    this.#active.delete(name);
    await active?.offer.close();
    const upstream = active === undefined ? upstreams.add(claim.definition) : await upstreams.replace(claim.definition);
    this.#active.set(name, { digest, upstream, offer: offer(upstream) });
    void this.#warm(upstream);
  }

  /** Lists what was never listed, so that its tools can be seen; all at the same time, and nobody waits for it. */
  async #warm({ definition, catalog }: Upstream): Promise<void> {
    const { log, signal } = this.#options;
    await catalog.restored;
    if (definition.isDisabled || catalog.entries !== undefined || signal.aborted) return;
    await catalog.refresh(signal).catch((thrown) => {
      if (!signal.aborted) log.warn(`MCP server "${definition.name}" cannot be listed: ${messageOf(thrown)}`);
    });
  }
}
