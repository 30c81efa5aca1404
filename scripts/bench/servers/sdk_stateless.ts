/**
 * (a) A bare server on the SDK's stateless handler: a server object for each request.
 *
 * @module
 */
import { createMcpHandler } from "@modelcontextprotocol/server";
import { listen, toolsWanted } from "./listen.ts";
import { createSdkFactory } from "./sdk_server.ts";

const handler = createMcpHandler(createSdkFactory(toolsWanted()), { responseMode: "json" });
await listen((request) => handler.fetch(request));
