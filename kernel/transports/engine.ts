/**
 * The protocol engine: what every transport answers requests with, whatever their revision. It reads the registries of
 * a kernel and knows no connection; `connection.ts` and `stateless.ts` do.
 *
 * @module
 */
import type { Encoded } from "../http_answer.ts";
import type { Call } from "../call.ts";
import type { CompletionRef, Typed } from "../completion.ts";
import type { Icon, JsonObject } from "../content.ts";
import { ErrorCode, isProtocolError, messageOf, ProtocolError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { AroundToolCall, ProtocolMethod } from "../protocol.ts";
import { Listings, type ListMethod } from "./listings.ts";
import type { RpcError } from "./messages.ts";
import { type CacheHint, ModernResults, promptFor, resultFor } from "./results.ts";
import { type Era, isModernVersion, PROTOCOL_VERSIONS } from "./revisions.ts";

/** What the server says of itself. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  readonly websiteUrl?: string;
  readonly icons?: readonly Icon[];
  /** Tells a model how to use the server. */
  readonly instructions?: string;
}

const CAPABILITIES: JsonObject = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

// lists change whenever a model makes a tool, so only what the server says of itself may be kept by a client
const DISCOVER_HINT: CacheHint = { ttlMs: 300_000, cacheScope: "public" };
const FRESH_HINT: CacheHint = { ttlMs: 0, cacheScope: "private" };

// as many as the protocol lets a completion have
const MAX_VALUES = 100;

/** A request, ready to be answered. */
export interface EngineRequest {
  readonly method: string;
  /** Checked by `checkParams`. */
  readonly params: JsonObject;
  readonly call: Call;
  readonly era: Era;
}

type Handler = (engine: Engine, request: EngineRequest) => JsonObject | Promise<JsonObject>;

/** The methods that answer with an object, in every revision. */
const METHODS: Readonly<Record<string, Handler>> = {
  "tools/call": (engine, request) => engine.callTool(request),
  async "prompts/get"({ kernel }, { params, call, era }) {
    const result = await kernel.render(String(params["name"]), params["arguments"], call);
    return promptFor(result, { era, version: call.client.protocolVersion });
  },
  async "resources/read"({ kernel }, { params, call }) {
    return { ...await kernel.read(String(params["uri"]), call) };
  },
  async "completion/complete"({ kernel }, { params, call }) {
    const { name, value } = params["argument"] as { readonly name: string; readonly value: string };
    const { arguments: chosen = {} } = (params["context"] ?? {}) as { readonly arguments?: Typed["chosen"] };
    const typed = { argument: name, value, chosen };
    const values = await kernel.complete(completionRef(params["ref"] as WireRef), typed, call);
    const completion = {
      values: values.slice(0, MAX_VALUES),
      total: values.length,
      hasMore: values.length > MAX_VALUES,
    };
    return { completion };
  },
};

const LIST_METHODS: ReadonlySet<string> = new Set<ListMethod>([
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
]);

/** What plugins have added to the protocol, as requests need it. */
interface Added {
  readonly version: number;
  readonly methods: Readonly<Record<Era, ReadonlyMap<string, ProtocolMethod>>>;
  readonly around: readonly AroundToolCall[];
  /** Parameters that `Mcp-Name` repeats, by method. */
  readonly nameParams: ReadonlyMap<string, string>;
}

/** Answers requests from the registries of a kernel. */
export class Engine {
  readonly kernel: Kernel;
  readonly info: ServerInfo;
  readonly #modern: ModernResults;
  readonly #listings: Listings;
  #added: Added | undefined;

  constructor(kernel: Kernel, info: ServerInfo) {
    this.kernel = kernel;
    this.info = info;
    this.#modern = new ModernResults(info);
    const finish = (json: string, era: Era) => era === "modern" ? this.#modern.extend(json, FRESH_HINT) : json;
    this.#listings = new Listings(kernel, finish);
  }

  /** Tells whether a method is served in an era, beside those that belong to a connection. */
  has(method: string, era: Era): boolean {
    if (Object.hasOwn(METHODS, method) || LIST_METHODS.has(method)) return true;
    return (era === "modern" && method === "server/discover") || this.added.methods[era].has(method);
  }

  /** Runs a request; gives its result as JSON. */
  run(request: EngineRequest): Encoded | Promise<Encoded> {
    const { method, params, call, era } = request;
    if (LIST_METHODS.has(method)) {
      const cursor = params["cursor"] as string | undefined;
      return this.#listings.page(method as ListMethod, { call, era, cursor });
    }
    if (method === "server/discover") return this.#modern.encode(this.#discover(), DISCOVER_HINT);
    return this.#runObject(request);
  }

  async #runObject(request: EngineRequest): Promise<string> {
    const { method, params, call, era } = request;
    const result = Object.hasOwn(METHODS, method)
      ? await METHODS[method]!(this, request)
      : await this.added.methods[era].get(method)!(params, call);
    return this.encode(result, request);
  }

  /** Writes a result as its revision has it. */
  encode(result: JsonObject, { method, era }: Pick<EngineRequest, "method" | "era">): string {
    if (era === "legacy") return JSON.stringify(result);
    return this.#modern.encode(result, method === "resources/read" ? FRESH_HINT : undefined);
  }

  /** Calls a tool, within what plugins put around such requests. */
  callTool({ params, call, era }: EngineRequest): JsonObject | Promise<JsonObject> {
    const name = String(params["name"]);
    const version = call.client.protocolVersion;
    const { around } = this.added;
    const run = async (inner: Call): Promise<JsonObject> =>
      resultFor(await this.kernel.call(name, params["arguments"], inner), { era, version });
    if (around.length === 0) return run(call);
    const { _meta, ...rest } = params;
    const whole = around.reduceRight<(inner: Call) => Promise<JsonObject>>(
      (next, wrap) => async (inner) => await wrap({ name, params: rest, call: inner }, next),
      run,
    );
    return whole(call);
  }

  /** What is told to a client about this server when a connection opens. */
  initializeResult(version: string): JsonObject {
    const { instructions, ...serverInfo } = this.info;
    return { protocolVersion: version, capabilities: this.#capabilities("legacy", version), serverInfo, instructions };
  }

  #discover(): JsonObject {
    const { instructions, ...serverInfo } = this.info;
    return {
      supportedVersions: PROTOCOL_VERSIONS.filter(isModernVersion),
      capabilities: this.#capabilities("modern"),
      instructions,
      _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
    };
  }

  #capabilities(era: Era, version?: string): JsonObject {
    const added = this.kernel.extensions.list();
    if (added.length === 0) return CAPABILITIES;
    const extensions = Object.fromEntries(added.map(({ id, settings = {} }) => [id, settings]));
    const legacy = era === "legacy" && version === "2025-11-25" ? added.map((it) => it.legacy?.capabilities) : [];
    return Object.assign({}, CAPABILITIES, ...legacy, { extensions });
  }

  /** What plugins have added. */
  get added(): Added {
    const { extensions } = this.kernel;
    if (this.#added?.version === extensions.version) return this.#added;
    const list = extensions.list();
    const methodsOf = (pick: (it: typeof list[number]) => Readonly<Record<string, ProtocolMethod>> | undefined) =>
      new Map(list.flatMap((it) => Object.entries(pick(it) ?? {})));
    this.#added = {
      version: extensions.version,
      methods: { modern: methodsOf((it) => it.methods), legacy: methodsOf((it) => it.legacy?.methods) },
      around: list.flatMap(({ aroundToolCall }) => aroundToolCall ?? []),
      nameParams: new Map(
        list.flatMap(({ methods = {}, nameParam }) =>
          nameParam === undefined ? [] : Object.keys(methods).map((method) => [method, nameParam] as const)
        ),
      ),
    };
    return this.#added;
  }

  /** Says what a request failed with, in the words of its revision. What is not meant for clients is logged instead. */
  errorOf(thrown: unknown, { method, era }: { readonly method: string; readonly era: Era }): RpcError {
    if (!isProtocolError(thrown)) {
      this.kernel.log.error(`Request "${method}" failed: ${messageOf(thrown)}`, { error: thrown });
      return { code: ErrorCode.internalError, message: `Request "${method}" failed` };
    }
    const { code, message, data } = thrown;
    // a missing resource has a code of its own only before 2026-07-28
    return {
      code: code === ErrorCode.resourceNotFound && era === "modern" ? ErrorCode.invalidParams : code,
      message,
      data,
    };
  }
}

type WireRef = { readonly type: "ref/prompt"; readonly name: string } | {
  readonly type: "ref/resource";
  readonly uri: string;
};

function completionRef(ref: WireRef): CompletionRef {
  return ref.type === "ref/prompt" ? { type: "prompt", name: ref.name } : { type: "resource", uri: ref.uri };
}

/** The error that answers a method which is not there. */
export function methodNotFound(method: string): ProtocolError {
  return new ProtocolError(ErrorCode.methodNotFound, `Method not found: "${method}"`);
}
