/**
 * What one server offers, registered in the kernel and kept in step with its catalogue.
 *
 * @module
 */
import {
  type AnyPrompt,
  type AnyResource,
  type AnyTool,
  type JsonObject,
  messageOf,
  type PluginContext,
  type Protocol,
  type Registration,
  RegistryChanged,
} from "../../../kernel/mod.ts";
import { Relay } from "../relay/relay.ts";
import type { Upstream } from "../supervisor/supervisor.ts";
import { ChangedTools } from "./changed_tools.ts";
import type { DefinitionOptions } from "./definitions.ts";
import { KeptItems } from "./kept_items.ts";
import type { TakenUris } from "./taken_uris.ts";
import { UriMap } from "./uri_map.ts";
import { type PlaceOptions, wantedPrompts, wantedResources, wantedTools, type Wish } from "./wanted.ts";

/** What of a plugin's context an offer uses. */
export type OfferContext = Pick<PluginContext, "tool" | "resource" | "prompt" | "updated" | "on" | "log">;

/** What an offer is made of. */
export interface OfferOptions {
  readonly context: OfferContext;
  readonly upstream: Upstream;
  readonly protocol: Pick<Protocol, "notify">;
  /** One for all offers. */
  readonly uris: TakenUris;
  /**
   * Resolves when every plugin has registered what it has: whatever a server lists, it must not be there first, since a
   * plugin whose name is taken does not load.
   */
  readonly started: Promise<unknown>;
}

/** Kinds of what a server offers; `templates` are those of resources. */
export type OfferKind = "tools" | "resources" | "templates" | "prompts";

/** Something that the server lists and that is not offered, or not as it was sent. */
export interface OfferProblem {
  readonly kind: OfferKind;
  /** As the server knows it: a name, URI or template. */
  readonly name: string;
  readonly reason: string;
  /** Whether it is offered all the same. */
  readonly isOffered: boolean;
}

/** What a server is taken to offer. */
type Listed = Readonly<Record<OfferKind, readonly JsonObject[]>>;

const NOTHING: Listed = { tools: [], resources: [], templates: [], prompts: [] };

/**
 * Offers the tools, resources, templates and prompts of one server, also while it does not run, by what is known of them.
 * Descriptions and schemas are as the server wrote them; names and URIs are, unless clients would refuse them or somebody
 * else has them. What cannot be offered is told in `problems`, and never takes the place of anything.
 */
export class Offer {
  readonly #context: OfferContext;
  readonly #upstream: Upstream;
  readonly #taken: TakenUris;
  readonly #options: DefinitionOptions;
  readonly #relay: Relay;
  readonly #tools: KeptItems<AnyTool>;
  readonly #resources: KeptItems<AnyResource>;
  readonly #templates: KeptItems<AnyResource>;
  readonly #prompts: KeptItems<AnyPrompt>;
  readonly #stopListening: () => Promise<void>;
  #unnamed: readonly OfferProblem[] = [];
  #turn: Promise<void>;
  #endWait: () => void = () => {};
  #isWaiting = false;
  #isClosed = false;

  /** Registers what is known of a server, and follows its catalogue from then on. */
  constructor({ context, upstream, protocol, uris: taken, started }: OfferOptions) {
    const { name, namespace } = upstream.definition;
    const uris = new UriMap(namespace);
    this.#context = context;
    this.#upstream = upstream;
    this.#taken = taken;
    this.#relay = new Relay({
      upstream,
      log: context.log,
      updated: (uri) => context.updated(uris.offeredOf(uri)),
      visited: (elicitationId, to) =>
        protocol.notify({ method: "notifications/elicitation/complete", params: { elicitationId }, to }),
    });
    const changes = new ChangedTools(name, context.log);
    this.#options = { namespace, relay: this.#relay, uris, changes };
    const closed = new Promise<void>((resolve) => this.#endWait = resolve);
    // what an earlier process listed counts from the start
    this.#turn = Promise.all([upstream.catalog.restored, Promise.race([started, closed])]).then(() => {});
    this.#tools = new KeptItems({ register: (it) => context.tool(it) as Registration<AnyTool> });
    this.#prompts = new KeptItems({ register: (it) => context.prompt(it) as Registration<AnyPrompt> });
    this.#resources = this.#keptResources();
    this.#templates = this.#keptResources();
    const forgetCatalog = upstream.catalog.onChange((_entries, changed) => {
      changes.add(changed);
      this.#sync();
    });
    // what was taken may be free now
    const registry = context.on(RegistryChanged, () => this.#isRefused ? this.#sync() : undefined);
    this.#stopListening = async () => {
      forgetCatalog();
      await registry.dispose();
      this.#relay.close();
    };
    this.#sync();
  }

  /** What is registered now: names and URIs of the server, with those under which they are offered. */
  get offered(): Readonly<Record<OfferKind, ReadonlyMap<string, string>>> {
    return {
      tools: this.#tools.names,
      resources: this.#resources.names,
      templates: this.#templates.names,
      prompts: this.#prompts.names,
    };
  }

  /** What the server lists and is not offered, or not as it was sent, and why. */
  get problems(): readonly OfferProblem[] {
    return [...this.#unnamed, ...this.#kinds.flatMap(([kind, { refused, notes }]) => problemsOf(kind, refused, notes))];
  }

  /** Whether calls of different clients are made in turn, since it was not known whose a question of the server was. */
  get isInTurn(): boolean {
    return this.#relay.isInTurn;
  }

  /** Resolves when what is known of the server by now is registered; never rejects. */
  get settled(): Promise<void> {
    return this.#turn;
  }

  /** Takes everything away, and hears nothing of the server any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWait();
    await this.#stopListening();
    await this.#turn;
    await this.#register(NOTHING);
  }

  get #kinds(): readonly [OfferKind, KeptItems<AnyTool> | KeptItems<AnyResource> | KeptItems<AnyPrompt>][] {
    return [
      ["tools", this.#tools],
      ["resources", this.#resources],
      ["templates", this.#templates],
      ["prompts", this.#prompts],
    ];
  }

  get #isRefused(): boolean {
    return this.#kinds.some(([, { refused }]) => refused.size > 0);
  }

  #keptResources(): KeptItems<AnyResource> {
    return new KeptItems({
      register: (definition) => this.#context.resource(definition) as Registration<AnyResource>,
      dropped: (own, offered) => {
        this.#taken.release(offered, this.#upstream.definition.name);
        this.#options.uris.forget(own);
      },
    });
  }

  // one at a time, each with what is known when its turn comes
  #sync(): void {
    if (this.#isWaiting || this.#isClosed) return;
    this.#isWaiting = true;
    this.#turn = this.#turn.then(async () => {
      this.#isWaiting = false;
      if (!this.#isClosed) await this.#register(this.#upstream.catalog.entries ?? NOTHING);
    }).catch((thrown) => {
      const { name } = this.#upstream.definition;
      this.#context.log.error(`Cannot offer all of server "${name}": ${messageOf(thrown)}`, { error: thrown });
    });
  }

  async #register(listed: Listed): Promise<void> {
    const { definition } = this.#upstream;
    const options = this.#options;
    this.#taken.look();
    const tools = await wantedTools(listed.tools, { definition, options });
    const prompts = await wantedPrompts(listed.prompts, options);
    const resources = wantedResources(listed.resources, this.#placeOf("uri", this.#resources));
    const templates = wantedResources(listed.templates, this.#placeOf("uriTemplate", this.#templates));
    this.#unnamed = [
      ...unnamedOf("tools", tools),
      ...unnamedOf("resources", resources),
      ...unnamedOf("templates", templates),
      ...unnamedOf("prompts", prompts),
    ];
    await this.#tools.sync(tools.wanted);
    await this.#resources.sync(resources.wanted);
    await this.#templates.sync(templates.wanted);
    await this.#prompts.sync(prompts.wanted);
  }

  #placeOf(field: PlaceOptions["field"], kept: KeptItems<AnyResource>): PlaceOptions {
    const { name: owner } = this.#upstream.definition;
    return { field, owner, taken: this.#taken, options: this.#options, keyOf: (own) => kept.keyOf(own) };
  }
}

function unnamedOf(kind: OfferKind, { unnamed }: Pick<Wish<unknown>, "unnamed">): OfferProblem[] {
  return unnamed.map(({ own, reason }) => ({ kind, name: own, reason, isOffered: false }));
}

function problemsOf(
  kind: OfferKind,
  refused: ReadonlyMap<string, string>,
  notes: ReadonlyMap<string, string>,
): OfferProblem[] {
  return [
    ...[...refused].map(([name, reason]) => ({ kind, name, reason, isOffered: false })),
    ...[...notes].map(([name, reason]) => ({ kind, name, reason, isOffered: true })),
  ];
}
