/**
 * (b) A bare server on the SDK's sessionful transport: a server object for each session, answers as JSON.
 *
 * @module
 */
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { listen, toolsWanted } from "./listen.ts";
import { createSdkFactory } from "./sdk_server.ts";

const createServer = createSdkFactory(toolsWanted());
const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

async function connect(): Promise<WebStandardStreamableHTTPServerTransport> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
    enableJsonResponse: true,
  });
  await createServer().connect(transport);
  return transport;
}

await listen(async (request) => {
  const id = request.headers.get("mcp-session-id");
  const transport = id === null ? await connect() : sessions.get(id);
  return await transport?.handleRequest(request) ?? new Response(null, { status: 404 });
});
