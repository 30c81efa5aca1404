/**
 * The one server factory for all transports: the registries of a kernel behind the SDK's low-level server.
 *
 * @module
 */
import {
  type AuthInfo,
  type JSONRPCMessage,
  type McpRequestContext,
  type McpServerFactory,
  Server,
  type ServerContext,
  type Transport,
} from "@modelcontextprotocol/server";
import { type Call, LOG_LEVELS, type LogLevel, type Principal } from "../call.ts";
import type { CompletionRef } from "../completion.ts";
import { type Icon, isObject, type JsonObject } from "../content.ts";
import { ErrorCode, isProtocolError, messageOf, ProtocolError } from "../errors.ts";
import { RegistryChanged, ResourceUpdated } from "../events.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";
import { legacyCall, modernCall } from "./client_call.ts";
import { KEEPS_STREAM } from "./lenient.ts";
import { MAX_LISTENED } from "./listening.ts";
import { type Exchange, Parking } from "./parking.ts";
import {
  type Era,
  listPrompts,
  listResources,
  listTemplates,
  listTools,
  pageOf,
  promptFor,
  resultFor,
} from "./wire.ts";

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

export interface ServerFactoryOptions {
  /** Derives the principal from what the transport authenticated. */
  principal(auth: AuthInfo | undefined): Principal | undefined;
  /** Where calls wait for their clients; shared by all servers of a door. */
  readonly parking?: Parking;
  /** Whether the server lives as long as its connection, and so tells of list changes. */
  isConnection(context: McpRequestContext): boolean;
}

/** Revisions that open with `initialize`, newest first, then the stateless one. */
export const PROTOCOL_VERSIONS: readonly string[] = Object.freeze([
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
  "2026-07-28",
]);

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

// lists change whenever a model makes a tool, so only what the server says of itself may be kept by a client
const CACHE_HINTS = {
  "server/discover": { ttlMs: 300_000, cacheScope: "public" as const },
  "tools/list": { ttlMs: 0, cacheScope: "private" as const },
  "prompts/list": { ttlMs: 0, cacheScope: "private" as const },
  "resources/list": { ttlMs: 0, cacheScope: "private" as const },
  "resources/templates/list": { ttlMs: 0, cacheScope: "private" as const },
  "resources/read": { ttlMs: 0, cacheScope: "private" as const },
};

// people answer at their own pace
const QUESTION_TIMEOUT_MS = 600_000;

/** Makes the factory that every transport builds its servers with. */
export function createServerFactory(
  kernel: Kernel,
  info: ServerInfo,
  { principal, parking = new Parking(), isConnection }: ServerFactoryOptions,
): McpServerFactory {
  const { instructions, ...identity } = info;
  return (context) => {
    const server = new WireServer(identity as never, {
      capabilities: CAPABILITIES,
      supportedProtocolVersions: [...PROTOCOL_VERSIONS],
      cacheHints: CACHE_HINTS,
      ...(instructions !== undefined && { instructions }),
    });
    const served = new ServedClient(server, { kernel, era: context.era, parking, principal });
    SERVED.set(server, served);
    served.handleRequests();
    if (isConnection(context)) served.tellChanges();
    return server;
  };
}

// the SDK sends -32602 in place of -32002 in every revision; only 2026-07-28 wants that, so -32002 travels disguised
const DISGUISED_NOT_FOUND = ErrorCode.resourceNotFound * 1_000;

class WireServer extends Server {
  override async connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(undisguised(message), options);
    await super.connect(transport);
  }
}

function undisguised(message: JSONRPCMessage): JSONRPCMessage {
  if (!("error" in message) || message.error.code !== DISGUISED_NOT_FOUND) return message;
  return { ...message, error: { ...message.error, code: ErrorCode.resourceNotFound } };
}

const SERVED = new WeakMap<Server, ServedClient>();

/** Tells how many requests of its client a server is working on. */
export function requestsInFlight(server: Server): number {
  return SERVED.get(server)?.inFlight ?? 0;
}

type Handler = (params: JsonObject, call: Call) => unknown;

interface ServedOptions {
  readonly kernel: Kernel;
  readonly era: Era;
  readonly parking: Parking;
  principal(auth: AuthInfo | undefined): Principal | undefined;
}

/** One server of the SDK and the state of its client. */
class ServedClient {
  readonly #server: Server;
  readonly #options: ServedOptions;
  readonly #subscribed = new Map<string, Disposer>();
  #logLevel: LogLevel = "info";
  #inFlight = 0;

  constructor(server: Server, options: ServedOptions) {
    this.#server = server;
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  handleRequests(): void {
    const { kernel, era } = this.#options;
    const on = (method: string, handler: Handler) => this.#handle(method, handler);
    on("tools/list", (params, call) => paged("tools", listTools(kernel, call, era), { params, key: "name" }));
    on("prompts/list", (params, call) => paged("prompts", listPrompts(kernel, call), { params, key: "name" }));
    on(
      "resources/list",
      async (params, call) => paged("resources", await listResources(kernel, call), { params, key: "uri" }),
    );
    on(
      "resources/templates/list",
      (params, call) => paged("resourceTemplates", listTemplates(kernel, call), { params, key: "uriTemplate" }),
    );
    on("tools/call", async ({ name, arguments: args }, call) => {
      const result = await kernel.call(String(name), args, call);
      return resultFor(result, { era, version: call.client.protocolVersion });
    });
    on("prompts/get", async (params, call) => {
      const result = await kernel.render(String(params["name"]), params["arguments"], call);
      return promptFor(result, { era, version: call.client.protocolVersion });
    });
    on("resources/read", async ({ uri }, call) => ({ contents: await kernel.read(String(uri), call) }));
    on(
      "completion/complete",
      async ({ ref, argument }, call) => ({ completion: await this.#complete(ref, argument, call) }),
    );
    if (era === "modern") return;
    on("logging/setLevel", ({ level }) => {
      this.#logLevel = LOG_LEVELS.find((it) => it === level) ?? "info";
      return {};
    });
    on("resources/subscribe", async ({ uri }, call) => {
      const before = this.#subscribed.get(String(uri));
      if (before === undefined && this.#subscribed.size >= MAX_LISTENED) {
        throw new ProtocolError(ErrorCode.invalidParams, `Cannot subscribe to more than ${MAX_LISTENED} resources`);
      }
      this.#subscribed.set(String(uri), kernel.subscribe(String(uri), call));
      await before?.();
      return {};
    });
    on("resources/unsubscribe", async ({ uri }) => {
      const before = this.#subscribed.get(String(uri));
      this.#subscribed.delete(String(uri));
      await before?.();
      return {};
    });
  }

  /** Tells this client of changes, for as long as it is connected. */
  tellChanges(): void {
    const server = this.#server;
    const { kernel, era } = this.#options;
    const lists = {
      tool: () => server.sendToolListChanged(),
      resource: () => server.sendResourceListChanged(),
      prompt: () => server.sendPromptListChanged(),
    };
    // a client that is going away misses nothing
    const quietly = (sending: Promise<void>) => void sending.catch(() => {});
    let isReady = era === "modern";
    const disposers = [
      kernel.on(RegistryChanged, ({ kind }) => {
        if (isReady) quietly(lists[kind]());
      }),
      kernel.on(ResourceUpdated, ({ uri }) => {
        if (era === "modern" || this.#subscribed.has(uri)) quietly(server.sendResourceUpdated({ uri }));
      }),
    ];
    server.oninitialized = () => isReady = true;
    const { onclose } = server;
    server.onclose = () => {
      onclose?.();
      for (const dispose of [...disposers, ...this.#subscribed.values()]) void dispose();
      this.#subscribed.clear();
    };
  }

  #handle(method: string, handler: Handler): void {
    const { era, parking } = this.#options;
    // the SDK types each method by name; here all are handled alike
    const register = this.#server.setRequestHandler.bind(this.#server) as unknown as (
      method: string,
      handler: (request: { params?: JsonObject }, context: ServerContext) => Promise<unknown>,
    ) => void;
    register(method, async ({ params = {} }, context) => {
      this.#inFlight++;
      // a handler that its call has left behind asks and tells the client nothing more
      const ended = new AbortController();
      try {
        const result = era === "legacy"
          ? await handler(params, this.#legacyCall(context, ended.signal))
          : await parking.serve(
            this.#exchange(params, context, ended.signal),
            async (parked) => await handler(params, modernCall(parked)),
          );
        // thrown here and answered; the SDK would leave a request unanswered whose result JSON cannot carry
        JSON.stringify(result);
        return result;
      } catch (thrown) {
        throw this.#toProtocolError(method, thrown);
      } finally {
        ended.abort("The call has ended");
        this.#inFlight--;
        if (era === "legacy" && context.mcpReq.signal.aborted) this.#endCancelled(context);
      }
    });
  }

  #toProtocolError(method: string, thrown: unknown): ProtocolError {
    const { kernel, era } = this.#options;
    if (isProtocolError(thrown)) return forEra(thrown, era);
    kernel.log.error(`Request "${method}" failed: ${messageOf(thrown)}`, { error: thrown });
    return new ProtocolError(ErrorCode.internalError, `Request "${method}" failed`);
  }

  // the SDK leaves a cancelled request unanswered, and over HTTP its stream open as long as the session: an answer, which
  // clients ignore by then, ends it
  #endCancelled({ mcpReq, http }: ServerContext): void {
    if (http?.req === undefined) return;
    const error = { code: ErrorCode.internalError, message: "Cancelled by the client" };
    void this.#server.transport?.send({ jsonrpc: "2.0", id: mcpReq.id, error }).catch(() => {});
  }

  async #complete(ref: unknown, argument: unknown, call: Call): Promise<JsonObject> {
    if (!isObject(argument)) throw new ProtocolError(ErrorCode.invalidParams, "Cannot complete: argument is missing");
    const values = await this.#options.kernel.complete(completionRef(ref), {
      argument: String(argument["name"]),
      value: String(argument["value"] ?? ""),
    }, call);
    return { values: values.slice(0, 100), total: values.length, hasMore: values.length > 100 };
  }

  #legacyCall({ mcpReq, http, sessionId }: ServerContext, ended: AbortSignal): Call {
    const server = this.#server;
    const { parking } = this.#options;
    const client = server.getClientVersion();
    return legacyCall({
      signal: mcpReq.signal,
      sessionId,
      principal: this.#options.principal(http?.authInfo),
      client: {
        name: client?.name,
        version: client?.version,
        protocolVersion: server.getNegotiatedProtocolVersion(),
        capabilities: server.getClientCapabilities() as JsonObject | undefined ?? {},
      },
      meta: mcpReq._meta as JsonObject | undefined ?? {},
      logLevel: this.#logLevel,
      notify: notifier(mcpReq, ended),
      request: (method, params) =>
        parking.wait(() =>
          mcpReq.send({ method: method as "elicitation/create", params: params as Record<string, unknown> }, {
            timeout: QUESTION_TIMEOUT_MS,
            signal: AbortSignal.any([mcpReq.signal, ended]),
          })
        ),
      releaseStream: () => void (http?.authInfo?.extra?.[KEEPS_STREAM] === true || http?.closeSSE?.()),
    });
  }

  #exchange(params: JsonObject, { mcpReq, http }: ServerContext, ended: AbortSignal): Exchange {
    const { inputResponses, droppedInputResponseKeys } = mcpReq as {
      inputResponses?: unknown;
      droppedInputResponseKeys?: string[];
    };
    return {
      signal: mcpReq.signal,
      notify: notifier(mcpReq, ended),
      principal: this.#options.principal(http?.authInfo),
      method: mcpReq.method,
      params,
      meta: { ...mcpReq._meta, ...mcpReq.envelope } as JsonObject,
      inputResponses: inputResponses ?? (droppedInputResponseKeys === undefined ? undefined : {}),
      requestState: mcpReq.requestState<string>(),
    };
  }
}

function notifier(mcpReq: ServerContext["mcpReq"], ended: AbortSignal): Exchange["notify"] {
  // a stream that the client has left takes nothing more
  return async (method, params) =>
    ended.aborted ? undefined : await mcpReq.notify({ method, params } as never).catch(() => {});
}

function paged(
  name: string,
  list: readonly JsonObject[],
  { params, key }: { readonly params: JsonObject; readonly key: string },
): JsonObject {
  const cursor = params["cursor"];
  const { items, nextCursor } = pageOf(list, { cursor: typeof cursor === "string" ? cursor : undefined, key });
  return { [name]: items, ...(nextCursor !== undefined && { nextCursor }) };
}

function completionRef(ref: unknown): CompletionRef {
  if (isObject(ref) && ref["type"] === "ref/prompt") return { type: "prompt", name: String(ref["name"]) };
  if (isObject(ref) && ref["type"] === "ref/resource") return { type: "resource", uri: String(ref["uri"]) };
  throw new ProtocolError(ErrorCode.invalidParams, 'Cannot complete: ref is neither "ref/prompt" nor "ref/resource"');
}

// a missing resource has a code of its own only before 2026-07-28
function forEra(error: ProtocolError, era: Era): ProtocolError {
  if (error.code !== ErrorCode.resourceNotFound) return error;
  const code = era === "legacy" ? DISGUISED_NOT_FOUND : ErrorCode.invalidParams;
  return new ProtocolError(code, error.message, error.data);
}
