/**
 * (a″) As (a′), but the body is parsed before the SDK sees the request, which spares it reading a copy.
 *
 * @module
 */
import { createMcpHandler } from "@modelcontextprotocol/server";
import { listen, toolsWanted } from "./listen.ts";
import { createSdkFactory } from "./sdk_server.ts";

const handler = createMcpHandler(createSdkFactory(toolsWanted()), { responseMode: "json" });
await listen(async (request) => handler.fetch(request, { parsedBody: await request.json() }));
