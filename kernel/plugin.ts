/**
 * The plugin interface: what an author writes, and the context by which a plugin touches the world.
 *
 * @module
 */
import type { Call } from "./call.ts";
import type {
  Annotations,
  Content,
  Icon,
  JsonObject,
  PromptMessage,
  PromptResult,
  ResourceContents,
  ResourceResult,
  ToolAnnotations,
  ToolResult,
} from "./content.ts";
import { KernelError } from "./errors.ts";
import type { Input, Output, Schema } from "./schema.ts";
import type { Contract, Event, Requires, Resolved } from "./token.ts";
import type { UriParams } from "./uri_template.ts";

/** Undoes something; awaited when it returns a promise. */
export type Disposer = () => void | Promise<void>;

/** Something that can be undone, once. */
export interface Disposable {
  /** Undoes it; later calls do nothing. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A registered item. `update` replaces in place: the name is never free, and calls in flight keep the old handler. */
export interface Registration<D = unknown> extends Disposable {
  /** Replaces parts of the definition; its name stays. */
  update(patch: Partial<Omit<D, "name" | "uri">>): void;
}

/**
 * What a tool may return: with an output schema, its input type; without, text, content blocks or any JSON object; or a
 * whole result, marked by `toolResult`.
 */
export type ToolReturn<O> =
  | ToolResult
  | (O extends Schema ? Input<O> : string | readonly Content[] | JsonObject | void);

/** The call of a completion. */
export type CompletionCall = Call & {
  /** Values of the item's other arguments that were chosen before, by name; clients tell them since 2025-06-18. */
  readonly chosen: Readonly<Record<string, string>>;
};

/** A tool: a function that a model may call. */
export interface ToolDefinition<I extends Schema, O extends Schema | undefined> {
  /** Unique in the kernel; matches `^[A-Za-z0-9_-]{1,64}$`. */
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  /** Standard Schema (valibot), or a JSON Schema object for tools made at run time. Its root is an object. */
  readonly input: I;
  readonly output?: O;
  readonly annotations?: ToolAnnotations;
  readonly icons?: readonly Icon[];
  /** `_meta` of the listing. */
  readonly meta?: JsonObject;
  /** Whether a call may (`async`) or must (`required`) become a task; `sync` by default. */
  readonly execution?: "sync" | "async" | "required";
  /** Ends a call after this many milliseconds; no limit by default. */
  readonly timeoutMs?: number;
  /** Completes the value of an argument while it is typed. */
  complete?(argument: string, value: string, call: CompletionCall): readonly string[] | Promise<readonly string[]>;
  /** Does the work; arguments are validated before, structured results after it. */
  run(input: Output<I>, call: Call): ToolReturn<O> | Promise<ToolReturn<O>>;
}

/** A tool of any schemas. */
// deno-lint-ignore no-explicit-any -- the registries hold definitions of every type
export type AnyTool = ToolDefinition<any, any>;

/** What `resources/list` says of one resource. */
export interface ResourceListing {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  /** Bytes. */
  readonly size?: number;
  readonly _meta?: JsonObject;
}

/** What a resource reads as: text, bytes, whole contents, or a whole result. */
export type ResourceReturn = string | Uint8Array | readonly ResourceContents[] | ResourceResult;

/** A resource, or a template of resources when its `uri` has `{parameters}` (RFC 6570, levels 1 to 3). */
export interface ResourceDefinition<U extends string = string> {
  /** Such as `memory://keys` or `skill://{name}/{+path}`. */
  readonly uri: U;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  /** Bytes. */
  readonly size?: number;
  readonly meta?: JsonObject;
  /** Lists the resources of a template. */
  list?(call: Call): readonly ResourceListing[] | Promise<readonly ResourceListing[]>;
  /** Completes a parameter of the template. */
  complete?(argument: string, value: string, call: CompletionCall): readonly string[] | Promise<readonly string[]>;
  /** Runs while at least one client listens to `uri`; the disposer ends it. */
  subscribe?(uri: string, call: Call): Disposer;
  /** Reads the resource; `params` are those of the template, decoded. */
  read(params: UriParams<U>, call: Call & { readonly uri: string }): ResourceReturn | Promise<ResourceReturn>;
}

/** A resource of any URI. */
// deno-lint-ignore no-explicit-any -- the registries hold definitions of every type
export type AnyResource = ResourceDefinition<any>;

/**
 * What a prompt renders to: a text, which is one message of the user, messages, or a whole result. That one is answered as
 * it stands; the others with the description of the prompt.
 */
export type PromptReturn = string | readonly PromptMessage[] | PromptResult;

/** A prompt: messages that a user asks for by name. */
export interface PromptDefinition<A extends Schema | undefined> {
  /** Unique among prompts; matches `^[A-Za-z0-9_-]{1,64}$`. */
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  /** An object schema; over the wire the arguments are strings. */
  readonly args?: A;
  readonly icons?: readonly Icon[];
  readonly meta?: JsonObject;
  /** Completes the value of an argument while it is typed. */
  complete?(argument: string, value: string, call: CompletionCall): readonly string[] | Promise<readonly string[]>;
  /** Renders the messages. */
  render(
    args: A extends Schema ? Output<A> : Record<never, never>,
    call: Call,
  ): PromptReturn | Promise<PromptReturn>;
}

/** A prompt of any arguments. */
// deno-lint-ignore no-explicit-any -- the registries hold definitions of every type
export type AnyPrompt = PromptDefinition<any>;

/** The kinds of item a client can invoke, with their results. */
export interface Outcomes {
  readonly tool: ToolResult;
  readonly resource: ResourceResult;
  readonly prompt: PromptResult;
}

/** The kinds of item that plugins register. */
export type ItemKind = keyof Outcomes;
/** What an item of a kind answers with. */
export type Outcome<K extends ItemKind> = Outcomes[K];

/** What an interceptor sees of a call. */
export interface Invocation<K extends ItemKind = ItemKind> {
  readonly kind: K;
  /** Tool or prompt name, or the URI that is read. */
  readonly name: string;
  /** Names the plugin that registered the item. */
  readonly owner: string;
  /** Validated arguments, or the parameters of the URI. */
  readonly input: unknown;
  readonly call: Call;
}

/** Runs around a call. It may answer itself, or call `next` once. */
export type Interceptor = <K extends ItemKind>(
  invocation: Invocation<K>,
  next: () => Promise<Outcome<K>>,
) => Promise<Outcome<K>>;

/** Writes structured lines to the operator (stderr), never to a client. */
export interface Log {
  /** Writes what helps to find a mistake. */
  debug(message: string, data?: JsonObject): void;
  /** Writes what an operator may want to know. */
  info(message: string, data?: JsonObject): void;
  /** Writes what works, and should be looked at. */
  warn(message: string, data?: JsonObject): void;
  /** Writes what does not work. */
  error(message: string, data?: JsonObject): void;
}

/** All that a plugin can reach. Whatever is registered here is undone when the plugin unloads. */
export interface PluginContext<C = unknown, R extends Requires = Requires> {
  readonly plugin: { readonly name: string; readonly version: string };
  /** Parsed, with defaults. */
  readonly config: C;
  /** Ready before `setup` runs. */
  readonly deps: Resolved<R>;
  /** Carries the plugin's name; writes to stderr. */
  readonly log: Log;
  /** Aborts when unloading begins. */
  readonly signal: AbortSignal;
  /** Registers a tool. */
  tool<I extends Schema, O extends Schema | undefined = undefined>(
    definition: ToolDefinition<I, O>,
  ): Registration<ToolDefinition<I, O>>;
  /** Registers a resource or a template. */
  resource<const U extends string>(definition: ResourceDefinition<U>): Registration<ResourceDefinition<U>>;
  /**
   * Tells subscribers that this resource changed: all of them, or those of one principal where a URI is something else
   * for each.
   */
  updated(uri: string, options?: { readonly principalId?: string | undefined }): void;
  /** Registers a prompt. */
  prompt<A extends Schema | undefined = undefined>(definition: PromptDefinition<A>): Registration<PromptDefinition<A>>;
  /** Gives the value of a contract that the plugin declares. */
  provide<T>(contract: Contract<T>, value: T): Disposable;
  /** Listens to an event. */
  on<P>(event: Event<P>, listener: (payload: P) => void | Promise<void>): Disposable;
  /** Delivers an event to everyone who listens. */
  emit<P>(event: Event<P>, payload: P): void;
  /** Wraps tool calls, resource reads and prompt renders alike, outermost first in load order. */
  intercept(interceptor: Interceptor): Disposable;
  /** Hands anything to the scope: `dispose` runs, awaited, when the plugin unloads. The label names it in reports. */
  own(label: string, dispose: Disposer): Disposable;
}

/** What an author writes: the types of config and dependencies flow into `ctx` by inference. */
export interface PluginSpec<S extends Schema | undefined, R extends Requires> {
  /** Unique; lower_snake_case. */
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly config?: S;
  readonly requires?: R;
  // deno-lint-ignore no-explicit-any -- contracts of any type
  readonly provides?: readonly Contract<any>[];
  /** Registers what the plugin offers; what it returns runs first when the plugin unloads. */
  setup(ctx: PluginContext<S extends Schema ? Output<S> : undefined, R>): void | Disposer | Promise<void | Disposer>;
}

/** What the kernel and embedders see: `C` is the config a caller writes, and no more. */
// deno-lint-ignore no-explicit-any -- a list of plugins holds plugins of any config
export interface Plugin<C = any> {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  // deno-lint-ignore no-explicit-any -- the output of the schema is private to the plugin
  readonly config?: Schema<C, any>;
  readonly requires?: Requires;
  // deno-lint-ignore no-explicit-any -- contracts of any type
  readonly provides?: readonly Contract<any>[];
  /** Registers what the plugin offers. */
  // deno-lint-ignore no-explicit-any -- what `setup` sees is private to the plugin
  setup(ctx: PluginContext<any, any>): void | Disposer | Promise<void | Disposer>;
}

const PLUGIN_NAME_REGEXP = /^[a-z][a-z0-9_]{0,63}$/;

/** Tells whether a value has the shape of a plugin, as a module loaded from a configuration must. */
export function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== "object" || value === null) return false;
  const plugin = value as Partial<Plugin>;
  return typeof plugin.name === "string" && typeof plugin.version === "string" && typeof plugin.setup === "function";
}

/**
 * Makes a plugin from what its author wrote.
 *
 * @throws {KernelError} `PLUGIN_INVALID` when the name is not lower_snake_case.
 *
 * @example A plugin with one tool
 * ```ts
 * import { definePlugin, Kernel } from "collet";
 * import * as v from "valibot";
 *
 * const echo = definePlugin({
 *   name: "echo",
 *   version: "1.0.0",
 *   setup({ tool }) {
 *     tool({ name: "echo", description: "Say it again", input: v.object({ text: v.string() }), run: ({ text }) => text });
 *   },
 * });
 * await using kernel = await new Kernel().use(echo).start();
 * const result = await kernel.call("echo", { text: "hi" });
 * if (JSON.stringify(result.content) !== '[{"type":"text","text":"hi"}]') throw new Error("unexpected");
 * ```
 */
export function definePlugin<S extends Schema | undefined = undefined, R extends Requires = Record<never, never>>(
  spec: PluginSpec<S, R>,
): Plugin<S extends Schema ? Input<S> : void> {
  if (!PLUGIN_NAME_REGEXP.test(spec.name)) {
    throw new KernelError("PLUGIN_INVALID", `Cannot define plugin "${spec.name}": a name is lower_snake_case`);
  }
  return Object.freeze({ ...spec }) as unknown as Plugin<S extends Schema ? Input<S> : void>;
}
