/**
 * The oracle: the SDK's low-level server over the registries of a kernel, as the SDK's own documentation wires it up, by
 * HTTP (stateless for 2026-07-28, with sessions for the revisions before it) and by stdio. It has no more features than
 * the comparison needs: no questions to the client, no resumption of streams, no limits.
 *
 * @module
 */
import {
  classifyInboundRequest,
  createMcpHandler,
  isInitializeRequest,
  isJSONRPCRequest,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { type Kernel, RegistryChanged, ResourceUpdated } from "../../kernel/mod.ts";
import type { ServerInfo } from "../../kernel/transports/mod.ts";
import { createServer } from "./oracle_server.ts";

/** The part of a door that the comparison needs. */
export interface Door {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Serves a kernel by the SDK over HTTP. */
export function createOracle(kernel: Kernel, info: ServerInfo): Door {
  const modern = createMcpHandler(() => createServer(kernel, info, "modern"), { legacy: "reject" });
  const disposers = [
    kernel.on(RegistryChanged, ({ kind }) => modern.bus.publish({ kind: `${kind}s_list_changed` })),
    kernel.on(ResourceUpdated, ({ uri }) => modern.notify.resourceUpdated(uri)),
  ];
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  return {
    async fetch(request) {
      const isModern = (request.headers.get("mcp-protocol-version") ?? "") >= "2026";
      const isPost = request.method === "POST";
      if (isPost ? !await isLegacyRequest(request) : isModern) return await modern.fetch(request);
      return await serveSession(request, { sessions, open: () => openSession(kernel, info, sessions) });
    },
    async close() {
      for (const dispose of disposers) await dispose();
      for (const transport of sessions.values()) await transport.close();
      await modern.close();
    },
  };
}

interface Sessions {
  readonly sessions: ReadonlyMap<string, WebStandardStreamableHTTPServerTransport>;
  open(): Promise<WebStandardStreamableHTTPServerTransport>;
}

async function serveSession(request: Request, { sessions, open }: Sessions): Promise<Response> {
  const id = request.headers.get("mcp-session-id");
  const session = id === null ? undefined : sessions.get(id);
  if (session !== undefined) return await session.handleRequest(request);
  if (id !== null) return refusal(404, "Session not found", -32001);
  const body: unknown = await request.clone().json().catch(() => undefined);
  // a transport of its own also tells a body that is no JSON, and a type that is none
  const isOpening = (isJSONRPCRequest(body) && isInitializeRequest(body)) || body === undefined;
  if (request.method !== "POST" || !isOpening) return refusal(400, "No session");
  const transport = await open();
  return await transport.handleRequest(request);
}

function refusal(status: number, message: string, code = -32000): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: { code, message } }, { status });
}

async function openSession(
  kernel: Kernel,
  info: ServerInfo,
  sessions: Map<string, WebStandardStreamableHTTPServerTransport>,
): Promise<WebStandardStreamableHTTPServerTransport> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await createServer(kernel, info, "legacy").connect(transport);
  return transport;
}

/** Serves a kernel by the SDK over two streams. One server has one era there, so there is one for each. */
export function serveOracle(
  kernel: Kernel,
  info: ServerInfo,
  { input, output }: { readonly input: Readable; readonly output: Writable },
): { close(): Promise<void> } {
  const [legacy, modern] = [new PassThrough(), new PassThrough()];
  const handles = [legacy, modern].map((lines) =>
    serveStdio(({ era }) => createServer(kernel, info, era, { isConnection: true }), {
      transport: new StdioServerTransport(lines, output),
    })
  );
  let text = "";
  input.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${text}${chunk}`.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const { kind } = classifyInboundRequest({ httpMethod: "POST", body: parsed(line) });
      (kind === "legacy" ? legacy : modern).write(`${line}\n`);
    }
  });
  return { close: async () => void await Promise.all(handles.map((it) => it.close())) };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
