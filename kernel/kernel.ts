/**
 * The kernel: it owns lifetimes, names and wiring, and has no features.
 *
 * @module
 */
import { type Call, createCall } from "./call.ts";
import { createCatalog } from "./catalog.ts";
import { type PromptResult, type ResourceResult, type ToolResult, toolResult } from "./content.ts";
import { Catalog, LogFilter, Toolbox, type View, type Viewer, Visibility } from "./contracts.ts";
import { ErrorCode, isProtocolError, KernelError, messageOf, ProtocolError } from "./errors.ts";
import {
  EventHub,
  ExtensionNotified,
  KernelStarted,
  KernelStopping,
  PluginLoaded,
  PluginUnloaded,
  RegistryChanged,
} from "./events.ts";
import { type InvokeHost, invokeTool, protocolErrors, readResource, renderPrompt } from "./invoke.ts";
import {
  type CompiledPrompt,
  type CompiledResource,
  type CompiledTool,
  compilePrompt,
  compileResource,
  compileTool,
} from "./items.ts";
import { Interceptors } from "./interceptors.ts";
import { LoadedPlugin, type PluginReport, type SharedState } from "./loaded_plugin.ts";
import { createLog, filterLog } from "./log.ts";
import { MissingTools } from "./missing_tools.ts";
import { orderPlugins } from "./order.ts";
import type { AnyPrompt, AnyResource, AnyTool, Disposer, ItemKind, Log, Plugin } from "./plugin.ts";
import { Extensions, Protocol } from "./protocol.ts";
import { Registry } from "./registry.ts";
import { compileSchema, formatIssues } from "./schema.ts";
import { Slots } from "./slots.ts";
import { type CompletionRef, findCompletable, type Typed } from "./completion.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Contract, Event } from "./token.ts";
import { createToolbox } from "./toolbox.ts";
import { Narrowings } from "./visibility.ts";

/** What a kernel can be told. */
export interface KernelOptions {
  /** Stderr at level `info` by default. */
  readonly log?: Log;
  /** Whether clients see the message of an unexpected error; `false` by default. */
  readonly exposeErrors?: boolean;
  /** Time a plugin's `setup` may take; 30,000 by default. */
  readonly setupTimeoutMs?: number;
  /** Time that calls in flight are given when their plugin unloads; 5,000 by default. */
  readonly graceMs?: number;
  /** Most calls in flight, without nested ones and those that wait for their client; 256 by default. */
  readonly maxCalls?: number;
}

/** The rest of `use` and `load`: absent, optional or required as the plugin's config demands. */
export type ConfigArgs<C> = 0 extends (1 & C) ? [config?: C] // any: what a list of plugins holds
  : [C] extends [void] ? []
  : undefined extends C ? [config?: C]
  : Record<never, never> extends C ? [config?: C]
  : [config: C];

type State = "new" | "starting" | "running" | "stopping" | "stopped";

interface Planned {
  readonly plugin: Plugin;
  readonly config: unknown;
}

/**
 * Holds plugins and what they registered.
 *
 * @example Start, call, stop
 * ```ts
 * import { definePlugin, Kernel } from "collet";
 * import * as v from "valibot";
 *
 * const clock = definePlugin({
 *   name: "clock",
 *   version: "1.0.0",
 *   config: v.strictObject({ year: v.number() }),
 *   setup({ tool, config }) {
 *     tool({ name: "year", description: "Tell the year", input: v.object({}), run: () => String(config.year) });
 *   },
 * });
 * const kernel = await new Kernel().use(clock, { year: 2026 }).start();
 * const { content } = await kernel.call("year", {});
 * await kernel.stop();
 * if (JSON.stringify(content) !== '[{"type":"text","text":"2026"}]') throw new Error("unexpected");
 * ```
 */
export class Kernel implements AsyncDisposable {
  readonly tools: Registry<AnyTool, CompiledTool>;
  readonly resources: Registry<AnyResource, CompiledResource>;
  readonly prompts: Registry<AnyPrompt, CompiledPrompt>;
  /** What plugins add to the protocol, for transports. */
  readonly extensions: Extensions = new Extensions();
  /** What plugins know of tools that are not there. */
  readonly missingTools: MissingTools = new MissingTools();
  readonly log: Log;
  readonly #options: Required<Omit<KernelOptions, "log">>;
  readonly #events: EventHub;
  readonly #provided: SharedState["provided"] = new Map();
  readonly #interceptors = new Interceptors();
  readonly #loaded = new Map<string, LoadedPlugin>();
  readonly #changedKinds = new Set<ItemKind>();
  readonly #subscriptions: Subscriptions;
  readonly #narrowings: Narrowings;
  readonly #slots: Slots;
  #planned: Planned[] = [];
  #state: State = "new";
  // loads and unloads wait for each other
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ log: given = createLog(), ...options }: KernelOptions = {}) {
    const log = filterLog(given);
    this.log = log;
    this.#options = {
      exposeErrors: false,
      setupTimeoutMs: 30_000,
      graceMs: 5_000,
      maxCalls: 256,
      ...withoutUndefined(options),
    };
    this.#events = new EventHub(log);
    const onChange = (kind: ItemKind) => () => this.#registryChanged(kind);
    this.tools = new Registry({ kind: "tool", compile: compileTool, onChange: onChange("tool") });
    this.resources = new Registry({ kind: "resource", compile: compileResource, onChange: onChange("resource") });
    this.prompts = new Registry({ kind: "prompt", compile: compilePrompt, onChange: onChange("prompt") });
    this.#subscriptions = new Subscriptions(this.resources);
    this.#slots = new Slots(this.#options.maxCalls);
    this.#narrowings = new Narrowings(() => {
      for (const kind of ["tool", "resource", "prompt"] as const) this.#registryChanged(kind);
    });
    const protocol: Protocol = {
      extension: (extension) => this.extensions.add(extension),
      notify: (notification) => this.emit(ExtensionNotified, notification),
    };
    this.#provided.set(Toolbox.id, { provider: "kernel", value: createToolbox(this) });
    this.#provided.set(Catalog.id, { provider: "kernel", value: createCatalog(this) });
    this.#provided.set(Protocol.id, { provider: "kernel", value: protocol });
    const filter: LogFilter = { add: (change) => log.filter(change) };
    this.#provided.set(LogFilter.id, { provider: "kernel", value: filter });
    this.#provided.set(Visibility.id, { provider: "kernel", value: this.#narrowings });
  }

  /**
   * Plans a plugin for {@linkcode start}.
   *
   * @throws {KernelError} `PLUGIN_DUPLICATE` when the name is planned already, `KERNEL_STATE` after `start()`.
   */
  use<C>(plugin: Plugin<C>, ...[config]: ConfigArgs<C>): this {
    if (this.#state !== "new") {
      throw new KernelError("KERNEL_STATE", `Cannot use plugin "${plugin.name}": the kernel is ${this.#state}`, {
        plugin: plugin.name,
        fix: "call load() once the kernel is started",
      });
    }
    this.#assertNewName(plugin.name);
    this.#planned.push({ plugin, config });
    return this;
  }

  /**
   * Loads every planned plugin, providers before users, all or nothing: a failure undoes what was loaded, in reverse.
   *
   * @throws {KernelError} with the first cause.
   */
  async start(): Promise<this> {
    if (this.#state !== "new") throw new KernelError("KERNEL_STATE", `Cannot start: the kernel is ${this.#state}`);
    this.#state = "starting";
    const starting = this.#loadAll(this.#planned);
    this.#turn = starting.catch(() => {});
    try {
      await starting;
    } catch (thrown) {
      await this.stop().catch((failure) => {
        this.log.error("Clean-up after a failed start failed", { error: failure });
      });
      throw thrown;
    }
    // stop() may have been called meanwhile; it is waiting for this turn to end
    if (this.#state !== "starting") throw new KernelError("KERNEL_STATE", "Cannot start: stop() was called meanwhile");
    this.#state = "running";
    // whoever connects from here on has seen none of the lists
    this.#announceChanges();
    this.#events.emit(KernelStarted, {});
    return this;
  }

  /**
   * Unloads everything, users first. Stopping twice is harmless.
   *
   * @throws {AggregateError} with every failure of a clean-up, once all have run.
   */
  async stop(): Promise<void> {
    if (this.#state === "starting" || this.#state === "running") {
      this.#state = "stopping";
      this.#events.emit(KernelStopping, {});
      this.#turn = this.#turn.then(() => this.#unloadAll());
    }
    try {
      if (this.#state === "stopping") await this.#turn;
    } finally {
      this.#state = "stopped";
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Loads a plugin into a started kernel, by the same rules. */
  async load<C>(plugin: Plugin<C>, ...[config]: ConfigArgs<C>): Promise<void> {
    await this.#inTurn(async () => {
      this.#assertNewName(plugin.name);
      await this.#loadAll([{ plugin, config }]);
    });
  }

  /**
   * Unloads a plugin, and before it those that use what it provides, be it by an optional contract.
   *
   * @returns The names of what was unloaded, in order.
   * @throws {KernelError} `PLUGIN_UNKNOWN` when there is none of that name.
   * @throws {AggregateError} when clean-ups failed; the plugins are unloaded all the same.
   */
  async unload(name: string): Promise<string[]> {
    return await this.#inTurn(async () => {
      if (!this.#loaded.has(name)) {
        const names = [...this.#loaded.keys()].join(", ");
        throw new KernelError("PLUGIN_UNKNOWN", `Cannot unload plugin "${name}": the loaded ones are ${names}`);
      }
      const names = this.#withUsers(name);
      await this.#unloadAll(names);
      return names;
    });
  }

  /**
   * Calls a tool. Failures of the tool are results with `isError`, and so is the reason why it is not there, where a plugin
   * knows one: a model can mend that.
   *
   * @throws {ProtocolError} when there is no such tool and nobody knows why, too many calls are in flight, or the tool
   * throws one itself.
   */
  async call(tool: string, args: unknown, call: Partial<Call> = {}): Promise<ToolResult> {
    const entry = this.tools.get(tool);
    if (entry === undefined) return this.#refuseMissing(tool);
    const made = createCall(call);
    return await this.#slots.run(
      made,
      (patch) => invokeTool(entry, { host: this.#hostOf(entry.owner), patch, args, call: made }),
    );
  }

  /**
   * Reads a resource, by its URI or by the template that fits it best.
   *
   * @throws {ProtocolError} when there is no such resource, or reading fails.
   */
  async read(uri: string, call: Partial<Call> = {}): Promise<ResourceResult> {
    const found = this.#subscriptions.resolve(uri);
    if (found === undefined) {
      throw new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: ${uri}`, { uri });
    }
    const { entry, params } = found;
    const made = createCall(call);
    return await this.#slots.run(
      made,
      (patch) => readResource(entry, { host: this.#hostOf(entry.owner), patch, uri, params, call: made }),
    );
  }

  /**
   * Renders a prompt.
   *
   * @throws {ProtocolError} when there is no such prompt, its arguments do not fit, or rendering fails.
   */
  async render(prompt: string, args: unknown, call: Partial<Call> = {}): Promise<PromptResult> {
    const entry = this.prompts.get(prompt);
    if (entry === undefined) throw new ProtocolError(ErrorCode.invalidParams, `Unknown prompt: ${prompt}`);
    const made = createCall(call);
    return await this.#slots.run(
      made,
      (patch) => renderPrompt(entry, { host: this.#hostOf(entry.owner), patch, args, call: made }),
    );
  }

  /**
   * Completes an argument of a prompt or tool, or a parameter of a resource template.
   *
   * @throws {ProtocolError} when there is no such item, or completing fails.
   */
  async complete(
    ref: CompletionRef,
    typed: Typed,
    call: Partial<Call> = {},
  ): Promise<readonly string[]> {
    const item = findCompletable(this, ref);
    const options = { owner: item.owner, host: this.#hostOf(item.owner) };
    return await protocolErrors(
      `completion of ${item.what}`,
      options,
      () => item.complete(typed, createCall(call)),
    );
  }

  /**
   * Notes that a client listens to a resource, so that its plugin can watch it; the disposer ends that, and never fails.
   *
   * @throws {ProtocolError} when there is no such resource, or its plugin cannot watch it.
   */
  subscribe(uri: string, call: Partial<Call> = {}): Disposer {
    try {
      const stop = this.#subscriptions.add(uri, createCall(call));
      return async () => {
        try {
          await stop();
        } catch (thrown) {
          this.log.error(`Resource "${uri}" is watched no more, but not cleanly: ${messageOf(thrown)}`, {
            error: thrown,
          });
        }
      };
    } catch (thrown) {
      if (isProtocolError(thrown)) throw thrown;
      this.log.error(`Resource "${uri}" cannot be watched: ${messageOf(thrown)}`, { error: thrown });
      throw new ProtocolError(ErrorCode.internalError, `Cannot subscribe to "${uri}"`);
    }
  }

  /** Tells what a viewer sees in lists: everything, unless plugins narrow it by {@linkcode Visibility}. */
  view(viewer: Viewer): View {
    return this.#narrowings.view(viewer);
  }

  /** Gives the value of a contract, if a loaded plugin or the kernel provides it. */
  get<T>(contract: Contract<T>): T | undefined {
    return this.#provided.get(contract.id)?.value as T | undefined;
  }

  /** Listens to an event, until the disposer is called. */
  on<P>(event: Event<P>, listener: (payload: P) => void | Promise<void>): Disposer {
    return this.#events.on(event, listener);
  }

  /** Delivers an event to everyone who listens. */
  emit<P>(event: Event<P>, payload: P): void {
    this.#events.emit(event, payload);
  }

  /** Number of event listeners, for leak checks. */
  get listenerCount(): number {
    return this.#events.count();
  }

  /** Reports each plugin, in load order. */
  inspect(): readonly PluginReport[] {
    return [...this.#loaded.values()].map((it) => it.report);
  }

  async #loadAll(planned: readonly Planned[]): Promise<void> {
    const provided = new Map([...this.#provided].map(([id, { provider }]) => [id, provider]));
    const configs = new Map(planned.map(({ plugin, config }) => [plugin, config]));
    for (const plugin of orderPlugins(planned.map((it) => it.plugin), { provided })) {
      // stop() waits for the plugin that is setting up, not for those after it
      if (this.#state === "stopping") return;
      const config = await parseConfig(plugin, configs.get(plugin));
      const loaded = new LoadedPlugin(plugin, {
        tools: this.tools,
        resources: this.resources,
        prompts: this.prompts,
        subscriptions: this.#subscriptions,
        events: this.#events,
        provided: this.#provided,
        interceptors: this.#interceptors,
        exposeErrors: this.#options.exposeErrors,
        log: this.log,
        hasStarted: () => this.#state === "running",
      });
      await loaded.setUp(config, { timeoutMs: this.#options.setupTimeoutMs });
      this.#loaded.set(plugin.name, loaded);
      this.#events.emit(PluginLoaded, { plugin: plugin.name, ms: loaded.report.ms });
    }
  }

  async #unloadAll(names: readonly string[] = [...this.#loaded.keys()].reverse()): Promise<void> {
    const failures: unknown[] = [];
    for (const name of names) {
      const loaded = this.#loaded.get(name);
      if (loaded === undefined) continue;
      await loaded.close(this.#options.graceMs).catch((thrown) => failures.push(thrown));
      this.#loaded.delete(name);
      this.#events.emit(PluginUnloaded, { plugin: name });
    }
    if (failures.length > 0) throw new AggregateError(failures, `Cannot unload cleanly: ${failures.length} failed`);
  }

  // load order puts users after their providers, so its reverse unloads them first
  #withUsers(name: string): string[] {
    const leaving = new Set([name]);
    const offered = new Set((this.#loaded.get(name)?.plugin.provides ?? []).map((it) => it.id));
    for (const { plugin, uses } of this.#loaded.values()) {
      if ([...uses].some((id) => offered.has(id))) {
        leaving.add(plugin.name);
        for (const { id } of plugin.provides ?? []) offered.add(id);
      }
    }
    return [...this.#loaded.keys()].reverse().filter((it) => leaving.has(it));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.catch(() => {}).then(() => {
      if (this.#state !== "running") {
        throw new KernelError("KERNEL_STATE", `Cannot load or unload: the kernel is ${this.#state}`);
      }
      return work();
    });
    this.#turn = next.catch(() => {});
    return await next;
  }

  #assertNewName(name: string): void {
    if (this.#loaded.has(name) || this.#planned.some((it) => it.plugin.name === name && this.#state === "new")) {
      throw new KernelError("PLUGIN_DUPLICATE", `Cannot use plugin "${name}" twice`, { plugin: name });
    }
  }

  #refuseMissing(tool: string): ToolResult {
    const text = this.missingTools.explain(tool);
    if (text === undefined) throw new ProtocolError(ErrorCode.invalidParams, `Unknown tool: ${tool}`);
    return toolResult({ content: [{ type: "text", text }], isError: true });
  }

  #hostOf(owner: string): InvokeHost {
    const loaded = this.#loaded.get(owner);
    // an item that a plugin registered during its own setup can be called only once setup is done
    if (loaded === undefined) throw new ProtocolError(ErrorCode.internalError, `Plugin "${owner}" is not loaded yet`);
    return loaded.host;
  }

  #registryChanged(kind: ItemKind): void {
    // a turn of the event loop, not a microtask: a handler that awaits between registrations makes one notice
    if (this.#changedKinds.size === 0) setTimeout(() => this.#announceChanges(), 0);
    this.#changedKinds.add(kind);
  }

  #announceChanges(): void {
    const kinds = [...this.#changedKinds];
    this.#changedKinds.clear();
    if (kinds.includes("resource")) this.#subscriptions.renew();
    for (const kind of kinds) this.#events.emit(RegistryChanged, { kind });
  }
}

async function parseConfig(plugin: Plugin, config: unknown): Promise<unknown> {
  if (plugin.config === undefined) {
    if (config === undefined) return undefined;
    throw new KernelError("CONFIG_INVALID", `Cannot configure plugin "${plugin.name}": it takes no configuration`, {
      plugin: plugin.name,
      fix: "remove its configuration",
    });
  }
  const what = `configuration of plugin "${plugin.name}"`;
  const parsed = await compileSchema(plugin.config, { what, direction: "input" }).parse(config ?? {});
  if (parsed.ok) return parsed.value;
  throw new KernelError("CONFIG_INVALID", `Cannot configure plugin "${plugin.name}": ${formatIssues(parsed.issues)}`, {
    plugin: plugin.name,
    fix: "correct the value at that path",
  });
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
