/**
 * (a) A bare server on the SDK over stdio.
 *
 * @module
 */
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createSdkFactory } from "./sdk_server.ts";

serveStdio(createSdkFactory(0));
