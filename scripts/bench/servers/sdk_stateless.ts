/**
 * (a′) As (a), with the low-level `Server`, which the SDK calls deprecated: it keeps no tools and checks no arguments.
 *
 * @module
 */
import { createMcpHandler } from "@modelcontextprotocol/server";
import { listen, toolsWanted } from "./listen.ts";
import { createSdkFactory } from "./sdk_server.ts";

const handler = createMcpHandler(createSdkFactory(toolsWanted()), { responseMode: "json" });
await listen((request) => handler.fetch(request));
