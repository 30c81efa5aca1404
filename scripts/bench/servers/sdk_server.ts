/**
 * A server on the SDK, in the form that costs it least: the low-level `Server` with two handlers over tools that are
 * kept ready. Nothing is checked but by the SDK itself.
 *
 * @module
 */
import { Server } from "@modelcontextprotocol/server";
import { makeTools } from "./tools.ts";

/** Makes the function that makes a server: for each request, session or connection, as the SDK demands. */
export function createSdkFactory(count: number): () => Server {
  const tools = makeTools(count).map((tool) => ({
    ...tool,
    inputSchema: { ...tool.inputSchema, required: [...tool.inputSchema.required] },
  }));
  return () => {
    const server = new Server({ name: "bare", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({ tools }));
    server.setRequestHandler("tools/call", ({ params }) => ({
      content: [{ type: "text", text: String(params.arguments?.["text"]) }],
    }));
    return server;
  };
}
