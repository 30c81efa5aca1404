/**
 * (a) A bare server on the SDK's stateless handler, made as its documentation shows: a `McpServer` for each request,
 * which registers every tool anew.
 *
 * @module
 */
import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { listen, toolsWanted } from "./listen.ts";
import { makeTools } from "./tools.ts";

const tools = makeTools(toolsWanted()).map(({ name, description, inputSchema }) => ({
  name,
  config: {
    description,
    inputSchema: fromJsonSchema<Record<string, string>>({ ...inputSchema, required: [...inputSchema.required] }),
  },
}));

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  for (const { name, config } of tools) {
    server.registerTool(name, config, (input) => ({ content: [{ type: "text", text: String(input["text"]) }] }));
  }
  return server;
}, { responseMode: "json" });
await listen((request) => handler.fetch(request));
