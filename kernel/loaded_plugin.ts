/**
 * One plugin in a kernel: its scope, its calls in flight, and the context it was given.
 *
 * @module
 */
import { isKernelError, KernelError } from "./errors.ts";
import { type EventHub, KernelStarted, ResourceUpdated } from "./events.ts";
import { Flights } from "./flights.ts";
import type { Interceptors } from "./interceptors.ts";
import type { InvokeHost } from "./invoke.ts";
import type { CompiledPrompt, CompiledResource, CompiledTool } from "./items.ts";
import { nameLog } from "./log.ts";
import type {
  AnyPrompt,
  AnyResource,
  AnyTool,
  Disposable,
  Log,
  Plugin,
  PluginContext,
  Registration,
} from "./plugin.ts";
import type { Registry } from "./registry.ts";
import { Scope } from "./scope.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Contract } from "./token.ts";

/** What plugins of one kernel share. */
export interface SharedState {
  readonly tools: Registry<AnyTool, CompiledTool>;
  readonly resources: Registry<AnyResource, CompiledResource>;
  readonly prompts: Registry<AnyPrompt, CompiledPrompt>;
  readonly subscriptions: Subscriptions;
  readonly events: EventHub;
  /** Values by contract id, with the plugin that provides each. */
  readonly provided: Map<string, { readonly provider: string; readonly value: unknown }>;
  readonly interceptors: Interceptors;
  /** Whether the message of an unexpected error may reach the client. */
  readonly exposeErrors: boolean;
  readonly log: Log;
  /** Tells whether the kernel has started: plugins that are loaded now come late. */
  hasStarted(): boolean;
}

/** Where a plugin is in its life. */
export type PluginState = "setting up" | "loaded" | "unloading" | "unloaded";

/** A plugin's name, state, set-up time in milliseconds and what it owns, for reports. */
export interface PluginReport {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly state: PluginState;
  readonly ms: number;
  /** Labels of what it registered, such as `tool echo`. */
  readonly owns: readonly string[];
  readonly callsInFlight: number;
}

export class LoadedPlugin {
  readonly plugin: Plugin;
  readonly scope: Scope;
  readonly flights: Flights;
  readonly log: Log;
  /** What invocations of its items need. */
  readonly host: InvokeHost;
  /** Ids of the contracts that it was given: those it requires, and of the optional ones those that were there. */
  readonly uses: ReadonlySet<string>;
  readonly #shared: SharedState;
  readonly #controller = new AbortController();
  readonly #lateListeners: ((payload: Record<never, never>) => void | Promise<void>)[] = [];
  #state: PluginState = "setting up";
  #ms = 0;

  constructor(plugin: Plugin, shared: SharedState) {
    this.plugin = plugin;
    this.#shared = shared;
    this.scope = new Scope(plugin.name);
    this.flights = new Flights(plugin.name);
    this.log = nameLog(shared.log, plugin.name);
    const { interceptors, exposeErrors } = shared;
    this.host = { interceptors: () => interceptors.list, flights: this.flights, log: this.log, exposeErrors };
    const ids = Object.values(plugin.requires ?? {}).map((it) => it.id);
    this.uses = new Set(ids.filter((id) => shared.provided.has(id)));
  }

  get report(): PluginReport {
    const { name, version, description } = this.plugin;
    return {
      name,
      version,
      description,
      state: this.#state,
      ms: this.#ms,
      owns: this.scope.labels,
      callsInFlight: this.flights.size,
    };
  }

  /**
   * Runs `setup` within a time limit. On failure everything that it had registered is undone.
   *
   * @throws {KernelError} `PLUGIN_SETUP_FAILED`, `PLUGIN_TIMEOUT`, or `CONTRACT_MISSING` when a declared contract was
   * not provided.
   */
  async setUp(config: unknown, { timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    const { plugin } = this;
    const started = performance.now();
    try {
      const dispose = await withinTime(plugin, timeoutMs, async () => {
        const returned = await plugin.setup(this.#createContext(config));
        // set up too late: the time limit has closed the scope, so this is undone at once
        if (typeof returned === "function" && this.#controller.signal.aborted) await returned();
        return returned;
      });
      if (typeof dispose === "function") this.scope.own("setup", dispose);
      const missing = (plugin.provides ?? []).find(({ id }) => this.#shared.provided.get(id)?.provider !== plugin.name);
      if (missing !== undefined) {
        throw new KernelError(
          "CONTRACT_MISSING",
          `Cannot load plugin "${plugin.name}": it declares contract "${missing.id}" and did not provide it`,
          { plugin: plugin.name, fix: `call ctx.provide(...) in setup, or take "${missing.id}" out of "provides"` },
        );
      }
    } catch (thrown) {
      await this.close(0).catch((failure) =>
        this.log.error("Clean-up after a failed setup failed", { error: failure })
      );
      throw isKernelError(thrown) ? thrown : new KernelError(
        "PLUGIN_SETUP_FAILED",
        `Cannot load plugin "${plugin.name}": its setup failed`,
        { plugin: plugin.name, cause: thrown },
      );
    }
    this.#ms = performance.now() - started;
    this.#state = "loaded";
    for (const listener of this.#lateListeners) this.#shared.events.tell(KernelStarted, {}, listener);
  }

  /** Aborts the plugin's signal, gives calls in flight a grace period, then undoes all that it registered. */
  async close(graceMs: number): Promise<void> {
    this.#state = "unloading";
    this.#controller.abort(new Error(`Plugin "${this.plugin.name}" is being unloaded`));
    const left = await this.flights.close(graceMs);
    if (left > 0) this.log.warn(`${left} calls did not end within ${graceMs} ms and were abandoned`);
    try {
      await this.scope.close();
    } finally {
      this.#state = "unloaded";
    }
  }

  #createContext(config: unknown): PluginContext {
    const { plugin, scope } = this;
    const { tools, resources, prompts, subscriptions, events, interceptors, hasStarted } = this.#shared;
    const own = (label: string, dispose: () => void | Promise<void>) => scope.own(label, dispose);
    const listed = <D>(registry: Registry<D, unknown>, key: string, definition: D): Registration<D> => {
      scope.assertOpen();
      const { update, remove } = registry.add(plugin.name, { key, definition });
      const removeWatched = async () => {
        remove();
        await subscriptions.release(key);
      };
      return Object.assign(own(`${registry.kind} ${key}`, registry.kind === "resource" ? removeWatched : remove), {
        update(patch: Partial<D>) {
          scope.assertOpen();
          update(patch);
        },
      });
    };
    const context: PluginContext = {
      plugin: Object.freeze({ name: plugin.name, version: plugin.version }),
      config,
      deps: Object.freeze(this.#resolveDependencies()) as PluginContext["deps"],
      log: this.log,
      signal: this.#controller.signal,
      // the registries hold definitions of every type, so the author's exact one is given up here
      tool: (definition) => listed(tools, definition.name, definition as AnyTool) as Registration<never>,
      resource: (definition) => listed(resources, definition.uri, definition as AnyResource) as Registration<never>,
      prompt: (definition) => listed(prompts, definition.name, definition as AnyPrompt) as Registration<never>,
      updated: (uri, options) => {
        scope.assertOpen();
        events.emit(ResourceUpdated, { ...options, uri });
      },
      provide: (contract, value) => this.#provide(contract, value),
      on: (event, listener) => {
        scope.assertOpen();
        if (event.id === KernelStarted.id && hasStarted()) this.#lateListeners.push(listener as () => void);
        return own(`listener ${event.id}`, events.on(event, listener));
      },
      emit: (event, payload) => {
        scope.assertOpen();
        events.emit(event, payload);
      },
      intercept: (interceptor) => {
        scope.assertOpen();
        return own("interceptor", interceptors.add(interceptor));
      },
      own,
    };
    return Object.freeze(context);
  }

  #resolveDependencies(): Record<string, unknown> {
    const { provided } = this.#shared;
    return Object.fromEntries(
      Object.entries(this.plugin.requires ?? {}).map(([key, { id }]) => [key, provided.get(id)?.value]),
    );
  }

  #provide<T>(contract: Contract<T>, value: T): Disposable {
    this.scope.assertOpen();
    const { name, provides = [] } = this.plugin;
    const { provided } = this.#shared;
    if (!provides.some(({ id }) => id === contract.id)) {
      throw new KernelError(
        "CONTRACT_UNDECLARED",
        `Cannot provide contract "${contract.id}": plugin "${name}" does not declare it`,
        { plugin: name, fix: 'list it in "provides"; the boot order is computed from that list' },
      );
    }
    if (provided.has(contract.id)) {
      throw new KernelError("CONTRACT_DUPLICATE", `Cannot provide contract "${contract.id}" twice`, { plugin: name });
    }
    provided.set(contract.id, { provider: name, value });
    return this.scope.own(`contract ${contract.id}`, () => void provided.delete(contract.id));
  }
}

async function withinTime<T>(plugin: Plugin, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new KernelError(
          "PLUGIN_TIMEOUT",
          `Cannot load plugin "${plugin.name}": its setup did not finish within ${timeoutMs} ms`,
          { plugin: plugin.name, fix: "start slow work in the background from setup, or raise the limit" },
        ),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
