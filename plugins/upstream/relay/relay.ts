/**
 * Calls on their way to another server: what comes back is as it was sent, and what the server tells or asks meanwhile
 * goes to the client of that very call.
 *
 * @module
 */
import {
  type Call,
  type Disposer,
  ErrorCode,
  isObject,
  isProtocolError,
  type JsonObject,
  type Log,
  type PromptResult,
  type ResourceResult,
  ToolError,
  type ToolResult,
  toolResult,
  type Typed,
} from "../../../kernel/mod.ts";
import type { Connection, RequestOptions } from "../connection/connection.ts";
import type { Upstream } from "../supervisor/supervisor.ts";
import { withAgreement } from "./agreement.ts";
import { Caller } from "./caller.ts";
import { levelOf, passLog } from "./log_message.ts";
import { PageVisits, type Visitor } from "./page_visits.ts";
import { type Request, requestTask } from "./task_request.ts";
import { Turns } from "./turns.ts";
import { Watches } from "./watches.ts";

/** What the calls of one server go by. */
export interface RelayOptions {
  readonly upstream: Upstream;
  readonly log: Log;
  /** Tells that a resource changed that is listened to, or may have while the server did not run. */
  updated(uri: string): void;
  /** Tells a client that its user is done at the page to which the server sent it. */
  visited(elicitationId: string, visitor: Visitor): void;
}

/** What an argument belongs to, as the protocol names it. */
export type CompletedRef =
  | { readonly type: "ref/prompt"; readonly name: string }
  | { readonly type: "ref/resource"; readonly uri: string };

// what one connection says of itself, and means nothing on another
const ENVELOPE_PREFIX = "io.modelcontextprotocol/";
const SERVER_INFO = "io.modelcontextprotocol/serverInfo";
const MODERN_VERSION = "2026-07-28";

/** Passes on the calls of one server, which is started by the first of them if need be. */
export class Relay {
  readonly #upstream: Upstream;
  readonly #turns = new Turns();
  readonly #watches: Watches;
  readonly #visits = new PageVisits();
  readonly #stopListening: () => void;

  constructor({ upstream, log, updated, visited }: RelayOptions) {
    this.#upstream = upstream;
    this.#watches = new Watches({ upstream, log, updated });
    this.#stopListening = upstream.listen({
      connected: (connection) => this.#connected(connection),
      updated,
      logged: (params) => this.#logged(params),
      visited: (elicitationId) => {
        const visitor = this.#visits.end(elicitationId);
        if (visitor !== undefined) visited(elicitationId, visitor);
      },
      ask: (...question) => this.#turns.ask(...question),
    });
  }

  /** Whether calls of different clients are made in turn, since it was not known whose a question of the server was. */
  get isInTurn(): boolean {
    return this.#turns.isInTurn;
  }

  /**
   * Calls a tool of the server.
   *
   * @param tool Its name, and whether it can be called as a task only.
   * @throws {ProtocolError} what the server answered.
   * @throws {ToolError} when it cannot be reached, is late, or ends meanwhile.
   */
  async callTool(
    { name, isTask = false }: { readonly name: string; readonly isTask?: boolean },
    args: JsonObject,
    call: Call,
  ): Promise<ToolResult> {
    const send = isTask ? requestTask : request;
    const result = await this.#send({ method: "tools/call", params: { name, arguments: args } }, call, send);
    const { content = [] } = result;
    if (!Array.isArray(content)) throw this.#malformed("tools/call", "content", content);
    return toolResult({ ...result, content });
  }

  /**
   * Reads a resource of the server.
   *
   * @throws as {@linkcode callTool} does.
   */
  async read(uri: string, call: Call): Promise<ResourceResult> {
    const result = await this.#request("resources/read", { uri }, call);
    const { contents } = result;
    if (!Array.isArray(contents)) throw this.#malformed("resources/read", "contents", contents);
    return { ...result, contents };
  }

  /**
   * Renders a prompt of the server.
   *
   * @throws as {@linkcode callTool} does.
   */
  async render(name: string, args: JsonObject, call: Call): Promise<PromptResult> {
    const result = await this.#request("prompts/get", { name, arguments: args }, call);
    const { messages } = result;
    if (!Array.isArray(messages)) throw this.#malformed("prompts/get", "messages", messages);
    return { ...result, messages };
  }

  /**
   * Completes an argument; a server that completes nothing gives nothing.
   *
   * @throws as {@linkcode callTool} does.
   */
  async complete(ref: CompletedRef, { argument, value, chosen = {} }: Typed, call: Call): Promise<readonly string[]> {
    try {
      const context = Object.keys(chosen).length > 0 && { context: { arguments: chosen } };
      const params = { ref, argument: { name: argument, value }, ...context };
      const { completion } = await this.#request("completion/complete", params, call);
      const values = isObject(completion) ? completion["values"] : undefined;
      return Array.isArray(values) ? values.filter((it) => typeof it === "string") : [];
    } catch (thrown) {
      if (isProtocolError(thrown) && thrown.code === ErrorCode.methodNotFound) return [];
      throw thrown;
    }
  }

  /** Listens to a resource of the server, until the disposer is called. */
  watch(uri: string): Disposer {
    return this.#watches.watch(uri);
  }

  /** Hears nothing of the server any more. */
  close(): void {
    this.#stopListening();
    this.#watches.close();
  }

  #request(method: string, params: JsonObject, call: Call): Promise<JsonObject> {
    return this.#send({ method, params }, call, request);
  }

  async #send({ method, params }: Request, call: Call, send: typeof request): Promise<JsonObject> {
    const caller = new Caller(call, this.#visits);
    const { signal } = call;
    const meta = passedMeta(call.meta);
    const sent = { method, params: meta === undefined ? params : { ...params, _meta: meta } };
    const use = () =>
      this.#upstream.use((connection) => send(connection, sent, this.#optionsOf(caller, signal)), { signal });
    try {
      return withoutEnvelope(await withAgreement(call, () => this.#turns.run(caller, use)));
    } catch (thrown) {
      this.#visits.failed(thrown, call);
      throw thrown;
    }
  }

  #optionsOf(caller: Caller, signal: AbortSignal): RequestOptions {
    const { namespace, timeoutMs } = this.#upstream.definition;
    const { call } = caller;
    const logLevel = levelOf(call);
    return {
      signal,
      timeoutMs,
      asker: caller,
      capabilities: caller.capabilities,
      onProgress: ({ progress, total, message }) => void call.progress(progress, total, message).catch(() => {}),
      ...(logLevel !== undefined && { logLevel, onLog: (params: JsonObject) => passLog(call, params, namespace) }),
    };
  }

  // the level of one connection is that of all its clients: each call filters by that of its own
  #connected(connection: Connection): void {
    const { capabilities, protocolVersion } = connection.facts;
    if (capabilities["logging"] !== undefined && protocolVersion < MODERN_VERSION) {
      const { timeoutMs } = this.#upstream.definition;
      const { signal } = new AbortController();
      connection.request("logging/setLevel", { level: "debug" }, { signal, timeoutMs }).catch(() => {});
    }
    this.#watches.connected(connection);
  }

  #logged(params: JsonObject): void {
    const { owner } = this.#turns;
    if (owner !== undefined) passLog(owner, params, this.#upstream.definition.namespace);
  }

  #malformed(method: string, field: string, found: unknown): ToolError {
    const { name } = this.#upstream.definition;
    return new ToolError(
      `Server "${name}" answered "${method}" with ${
        found === undefined ? "no" : "a malformed"
      } "${field}", expected a list`,
    );
  }
}

function request(
  connection: Connection,
  { method, params }: Request,
  options: RequestOptions,
): Promise<JsonObject> {
  return connection.request(method, params, options);
}

/** Gives what of a client's `_meta` is meant for whoever does the work. */
function passedMeta(meta: JsonObject): JsonObject | undefined {
  const passed = Object.entries(meta).filter(([key]) => key !== "progressToken" && !key.startsWith(ENVELOPE_PREFIX));
  return passed.length === 0 ? undefined : Object.fromEntries(passed);
}

/** Takes away what a result of 2026-07-28 says of its connection: this server says that of its own. */
function withoutEnvelope(result: JsonObject): JsonObject {
  const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, _meta: meta, ...rest } = result;
  if (!isObject(meta)) return rest;
  const { [SERVER_INFO]: info, ...kept } = meta;
  // a result that says nothing else has no `_meta`, as it had none where it was made
  return info !== undefined && Object.keys(kept).length === 0 ? rest : { ...rest, _meta: kept };
}
