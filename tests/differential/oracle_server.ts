/**
 * The SDK's low-level server over the registries of a kernel: what the oracle answers with, by whichever way.
 *
 * @module
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import {
  type Call,
  createCall,
  type Disposer,
  type JsonObject,
  type Kernel,
  LOCAL_PRINCIPAL,
  RegistryChanged,
  ResourceUpdated,
} from "../../kernel/mod.ts";
import type { ServerInfo } from "../../kernel/transports/mod.ts";

const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2026-07-28"];
const PAGE_SIZE = 500;
const FRESH = { ttlMs: 0, cacheScope: "private" as const };

type Era = "legacy" | "modern";

/** Makes a server; one of a connection tells of changes. */
export function createServer(
  kernel: Kernel,
  { instructions, ...identity }: ServerInfo,
  era: Era,
  { isConnection = era === "legacy" }: { readonly isConnection?: boolean } = {},
): Server {
  const server = new Server(identity as never, {
    capabilities: {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    },
    supportedProtocolVersions: VERSIONS,
    cacheHints: {
      "server/discover": { ttlMs: 300_000, cacheScope: "public" },
      "tools/list": FRESH,
      "prompts/list": FRESH,
      "resources/list": FRESH,
      "resources/templates/list": FRESH,
      "resources/read": FRESH,
    },
    ...(instructions !== undefined && { instructions }),
  });
  handleLists(server, kernel, era);
  handleUses(server, kernel, era);
  const subscribed = era === "legacy" ? handleSubscriptions(server, kernel) : undefined;
  if (isConnection) tellChanges(server, kernel, subscribed);
  return server;
}

function handleLists(server: Server, kernel: Kernel, era: Era): void {
  server.setRequestHandler(
    "tools/list",
    ({ params }) =>
      pageOf(
        "tools",
        params?.cursor,
        kernel.tools.entries().map(({ key, definition, compiled }) => ({
          name: key,
          ...pick(definition, ["title", "description", "annotations", "icons"]),
          inputSchema: compiled.input.jsonSchema,
          ...(isKnown(compiled.output?.jsonSchema, era) && { outputSchema: compiled.output?.jsonSchema }),
          ...(definition.meta !== undefined && { _meta: definition.meta }),
        })),
      ) as never,
  );
  server.setRequestHandler(
    "prompts/list",
    ({ params }) =>
      pageOf(
        "prompts",
        params?.cursor,
        kernel.prompts.entries().map(({ key, definition, compiled }) => ({
          name: key,
          ...pick(definition, ["title", "description", "icons"]),
          arguments: promptArguments(compiled.args?.jsonSchema),
        })),
      ) as never,
  );
  server.setRequestHandler(
    "resources/templates/list",
    ({ params }) =>
      pageOf(
        "resourceTemplates",
        params?.cursor,
        kernel.resources.entries().filter(({ compiled }) => compiled.template !== undefined).map((
          { key, definition },
        ) => ({ uriTemplate: key, ...pick(definition, ["name", "title", "description", "mimeType"]) })),
      ) as never,
  );
  server.setRequestHandler(
    "resources/list",
    async ({ params }) => pageOf("resources", params?.cursor, await resourceList(kernel)) as never,
  );
}

// before 2026-07-28 structured content is an object
function isKnown(schema: JsonObject | undefined, era: Era): boolean {
  return schema !== undefined && (era === "modern" || schema["type"] === "object");
}

async function resourceList(kernel: Kernel): Promise<JsonObject[]> {
  const lists = await Promise.all(
    kernel.resources.entries().map(async ({ key, definition, compiled }) => {
      if (compiled.template !== undefined) return await definition.list?.(createCall()) ?? [];
      const fields = ["name", "title", "description", "mimeType", "icons", "annotations", "size"];
      return [{ uri: key, ...pick(definition, fields), ...(definition.meta && { _meta: definition.meta }) }];
    }),
  );
  return (lists.flat() as unknown as JsonObject[]).sort((a, b) => String(a["uri"]) < String(b["uri"]) ? -1 : 1);
}

function promptArguments({ properties = {}, required = [] }: JsonObject = {}): JsonObject[] {
  return Object.entries(properties as Record<string, JsonObject>).map(([name, schema]) => ({
    name,
    ...pick(schema, ["title", "description"]),
    required: (required as string[]).includes(name),
  }));
}

function pick(object: object, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key, it]) => keys.includes(key) && it !== undefined));
}

// the cursor is the number of entries before the page
function pageOf(name: string, cursor: string | undefined, list: readonly JsonObject[]): JsonObject {
  const start = Number(cursor ?? 0);
  if (cursor !== undefined && (!/^\d+$/.test(cursor) || start >= list.length || start === 0)) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid cursor");
  }
  const end = start + PAGE_SIZE;
  return { [name]: list.slice(start, end), ...(end < list.length && { nextCursor: String(end) }) };
}

function handleUses(server: Server, kernel: Kernel, era: Era): void {
  const callOf = (context: ServerContext) => oracleCall(server, context, era);
  server.setRequestHandler(
    "tools/call",
    async ({ params }, context) => {
      const { structuredContent, ...rest } = await kernel.call(params.name, params.arguments, callOf(context));
      const isShown = era === "modern" || !Array.isArray(structuredContent);
      return { ...rest, ...(isShown && structuredContent !== undefined && { structuredContent }) } as never;
    },
  );
  server.setRequestHandler(
    "prompts/get",
    async ({ params }, context) => await kernel.render(params.name, params.arguments, callOf(context)) as never,
  );
  server.setRequestHandler(
    "resources/read",
    async ({ params }, context) => await kernel.read(params.uri, callOf(context)) as never,
  );
  server.setRequestHandler("completion/complete", async ({ params: { ref, argument, context: known } }, context) => {
    const item = ref.type === "ref/prompt"
      ? { type: "prompt" as const, name: ref.name }
      : { type: "resource" as const, uri: ref.uri };
    const typed = { argument: argument.name, value: argument.value, chosen: known?.arguments ?? {} };
    const values = await kernel.complete(item, typed, callOf(context));
    return { completion: { values: values.slice(0, 100), total: values.length, hasMore: values.length > 100 } };
  });
}

function handleSubscriptions(server: Server, kernel: Kernel): Map<string, Disposer> {
  const subscribed = new Map<string, Disposer>();
  server.setRequestHandler("resources/subscribe", async ({ params: { uri } }) => {
    const before = subscribed.get(uri);
    subscribed.set(uri, kernel.subscribe(uri));
    await before?.();
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", async ({ params: { uri } }) => {
    await subscribed.get(uri)?.();
    subscribed.delete(uri);
    return {};
  });
  return subscribed;
}

function tellChanges(server: Server, kernel: Kernel, subscribed: Map<string, Disposer> | undefined): void {
  const lists = {
    tool: () => server.sendToolListChanged(),
    resource: () => server.sendResourceListChanged(),
    prompt: () => server.sendPromptListChanged(),
  };
  let isReady = subscribed === undefined;
  server.oninitialized = () => void (isReady = true);
  const disposers = [
    kernel.on(RegistryChanged, ({ kind }) => {
      if (isReady) void lists[kind]().catch(() => {});
    }),
    kernel.on(ResourceUpdated, ({ uri }) => {
      if (subscribed?.has(uri) ?? true) void server.sendResourceUpdated({ uri }).catch(() => {});
    }),
  ];
  const { onclose } = server;
  server.onclose = () => {
    onclose?.();
    for (const dispose of [...disposers, ...subscribed?.values() ?? []]) void dispose();
  };
}

interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

function oracleCall(server: Server, { mcpReq, sessionId }: ServerContext, era: Era): Call {
  const envelope = mcpReq.envelope as JsonObject | undefined;
  const client = (envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion()) as ClientInfo | undefined;
  const capabilities = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities() ?? {};
  const token = mcpReq._meta?.progressToken;
  return createCall({
    signal: mcpReq.signal,
    sessionId: era === "legacy" ? sessionId : undefined,
    principal: LOCAL_PRINCIPAL,
    client: {
      name: client?.name,
      version: client?.version,
      protocolVersion: server.getNegotiatedProtocolVersion(),
      capabilities: capabilities as JsonObject,
    },
    async progress(progress, total, message) {
      if (token === undefined) return;
      const params = {
        progressToken: token,
        progress,
        ...(total !== undefined && { total }),
        ...(message && { message }),
      };
      await mcpReq.notify({ method: "notifications/progress", params });
    },
    log(level, message, data, logger) {
      void mcpReq.log(level, data === undefined ? message : { message, ...data as JsonObject }, logger);
    },
  });
}
