/**
 * A web API as a connection, as if it were an MCP server: its operations are listed as tools, and calls of them become
 * requests.
 *
 * @module
 */
import {
  type CompiledSchema,
  compileSchema,
  ErrorCode,
  type Fetch,
  formatIssues,
  isObject,
  type JsonObject,
  type JsonSchema,
  ProtocolError,
  ToolError,
} from "../../../kernel/mod.ts";
import { SYSTEM_CLOCK } from "../clock.ts";
import type { Connection, ListKind, ListOptions, RequestOptions, ServerFacts } from "../connection/connection.ts";
import type { UpstreamDefinition } from "../definition.ts";
import type { OpenApiTarget } from "../openapi_target.ts";
import { resultOf } from "./answer.ts";
import type { KeptDocuments } from "./document/kept_documents.ts";
import type { Operation } from "./operations/operation.ts";
import { readOperations } from "./operations/operations.ts";
import { addressOf, isGiven } from "./request/address.ts";
import { bodyOf } from "./request/bodies.ts";
import { type Credentials, credentialsFor, schemesFor } from "./request/credentials.ts";
import { withoutCredentials } from "./request/redaction.ts";
import { send } from "./request/send.ts";
import { encode, type Pair, writeInHeader, writeInQuery } from "./request/style.ts";
import { Tokens } from "./request/tokens.ts";

const SPARE_MS = 1_000;

/** What connections to web APIs are made with. */
export interface OpenApiConnectorOptions {
  readonly fetch: Fetch;
  readonly documents: KeptDocuments;
}

/** A definition whose target is a web API, with what it refers to filled in. */
export type OpenApiDefinition = Omit<UpstreamDefinition, "target"> & { readonly target: OpenApiTarget };

/**
 * Opens a connection; nothing is sent before a tool is called.
 *
 * @throws {ToolError} when the document is not there any more.
 */
export async function openOpenApi(
  definition: OpenApiDefinition,
  { fetch, documents }: OpenApiConnectorOptions,
): Promise<Connection> {
  const { name, target } = definition;
  const document = await documents.open(name, target.document);
  const baseUrl = target.isOverridden ? target.servers[0] : undefined;
  const { operations } = await readOperations(document, { ...target, baseUrl });
  const { title, version, root } = document;
  const { description } = isObject(root["info"]) ? root["info"] : {};
  const facts: ServerFacts = {
    name: title,
    version,
    protocolVersion: `OpenAPI ${String(root["openapi"])}`,
    capabilities: { tools: {} },
    ...(typeof description === "string" && { instructions: description }),
  };
  return new OpenApiConnection(facts, { definition, fetch, operations });
}

interface OpenApiConnectionOptions {
  readonly definition: OpenApiDefinition;
  readonly fetch: Fetch;
  readonly operations: readonly Operation[];
}

class OpenApiConnection implements Connection {
  readonly facts: ServerFacts;
  readonly closed: Promise<string | undefined>;
  readonly #definition: OpenApiDefinition;
  readonly #fetch: Fetch;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #promises = new Map<string, CompiledSchema | undefined>();
  readonly #tokens: Tokens;
  readonly #controller = new AbortController();
  #resolveClosed: (reason: string | undefined) => void = () => {};

  constructor(facts: ServerFacts, { definition, fetch, operations }: OpenApiConnectionOptions) {
    this.facts = facts;
    this.#definition = definition;
    this.#fetch = fetch;
    this.#operations = new Map(operations.map((it) => [it.name, it]));
    this.#tokens = new Tokens({ fetch, auth: definition.target.auth });
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
  }

  list(kind: ListKind, { most }: ListOptions): Promise<readonly JsonObject[]> {
    if (kind !== "tools") return Promise.resolve([]);
    return Promise.resolve([...this.#operations.values()].slice(0, most).map((it) => it.tool));
  }

  async request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject> {
    if (method === "ping") return {};
    if (method !== "tools/call") throw new ProtocolError(ErrorCode.methodNotFound, `Method not found: ${method}`);
    const operation = this.#operations.get(String(params["name"]));
    if (operation === undefined) {
      throw new ProtocolError(ErrorCode.invalidParams, `Unknown tool: ${String(params["name"])}`);
    }
    const args = isObject(params["arguments"]) ? params["arguments"] : {};
    return await this.#within(options, (signal) => this.#call(operation, args, { signal, options }));
  }

  close(): Promise<void> {
    this.#controller.abort(new ToolError("The connection has ended"));
    this.#tokens.close();
    this.#resolveClosed(undefined);
    return Promise.resolve();
  }

  /** Bounds work by its time limit, its caller, and the life of the connection. */
  async #within<T>({ signal, timeoutMs }: RequestOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const reason = new ToolError(`"${this.#definition.name}" did not answer within ${timeoutMs / 1_000} s`);
    const cancel = SYSTEM_CLOCK.after(timeoutMs, () => late.abort(reason));
    const bounds = AbortSignal.any([signal, late.signal, this.#controller.signal]);
    try {
      bounds.throwIfAborted();
      return await work(bounds);
    } catch (thrown) {
      bounds.throwIfAborted();
      throw thrown;
    } finally {
      cancel();
    }
  }

  async #call(
    operation: Operation,
    args: JsonObject,
    { signal, options }: { readonly signal: AbortSignal; readonly options: RequestOptions },
  ): Promise<JsonObject> {
    const { target, namespace } = this.#definition;
    const { auth } = target;
    if (!target.servers.includes(operation.server)) {
      throw new ToolError(
        `Cannot call "${operation.name}": its server is not one that was allowed; import the API again`,
      );
    }
    const { schemes, isSatisfied } = schemesFor(operation, auth);
    const credentials = await credentialsFor(schemes, { auth, tokens: this.#tokens, signal });
    const url = addressOf(operation, args, credentials.query);
    const headers = this.#headersOf(operation, args, credentials);
    const { body: bodyPlan, method } = operation;
    const value = bodyPlan && args[bodyPlan.argument];
    const body = bodyPlan !== undefined && value !== undefined ? bodyOf(bodyPlan, value) : undefined;
    // a little longer, so that the time limit of the whole is what ends it
    const timeoutMs = options.timeoutMs + SPARE_MS;
    const response = await send({ method, url, headers, body }, { fetch: this.#fetch, signal, timeoutMs });
    if (response.status === 401) this.#tokens.refused(schemes);
    const answer = await resultOf(response, { name: operation.name, namespace });
    const result = withoutCredentials(answer, credentials.hidden);
    if (result["isError"] !== true) return await this.#kept(operation, result);
    const isRefused = response.status === 401 || response.status === 403;
    return isRefused && !isSatisfied ? withHint(result, operation) : result;
  }

  #headersOf({ parameters, accepts }: Operation, args: JsonObject, credentials: Credentials): Record<string, string> {
    const headers: Record<string, string> = {
      accept: accepts.length === 0 ? "*/*" : [...accepts, "*/*;q=0.1"].join(", "),
    };
    const cookies: Pair[] = [];
    for (const parameter of parameters) {
      const value = args[parameter.argument];
      if (!isGiven(value)) continue;
      if (parameter.place === "header") {
        headers[parameter.name.toLowerCase()] = headerText(writeInHeader(value, parameter), parameter.argument);
      }
      if (parameter.place === "cookie") cookies.push(...writeInQuery(value, parameter));
    }
    for (const [name, value] of Object.entries(this.#definition.target.headers)) headers[name.toLowerCase()] = value;
    cookies.push(...credentials.cookies);
    if (cookies.length > 0) headers["cookie"] = cookies.map(([name, value]) => `${name}=${value}`).join("; ");
    return { ...headers, ...credentials.headers };
  }

  /** An answer that is not what the document promises is told as such, so that nothing of it is lost. */
  async #kept({ name, tool }: Operation, result: JsonObject): Promise<JsonObject> {
    if (!this.#promises.has(name)) this.#promises.set(name, compiled(tool["outputSchema"] as JsonSchema | undefined));
    const parsed = await this.#promises.get(name)?.parse(result["structuredContent"]);
    if (parsed === undefined || parsed.ok) return result;
    const { structuredContent: _misfit, content, ...rest } = result;
    const text = `The API answered, but not as its document promises: ${formatIssues(parsed.issues)}`;
    return { ...rest, content: [{ type: "text", text }, ...content as readonly unknown[]], isError: true };
  }
}

function compiled(schema: JsonSchema | undefined): CompiledSchema | undefined {
  return schema && compileSchema(schema, { what: "an answer", direction: "output" });
}

function withHint(result: JsonObject, { security }: Operation): JsonObject {
  const ways = security.map((it) => Object.keys(it).map((name) => `"${name}"`).join(" and ")).join(", or ");
  const text = `It wants ${ways}, which was not given; import it again with "auth" and "overwrite": true`;
  return { ...result, content: [...result["content"] as readonly unknown[], { type: "text", text }] };
}

function headerText(text: string, argument: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return text;
  // characters beyond those of headers, and line ends, which would begin another one
  if (/[\r\n\0]/.test(text)) throw new ToolError(`Argument "${argument}" goes into a header, and holds a line end`);
  return encode(text);
}
