/**
 * Serves the plugins `secrets` and `careless` over stdin and stdout, and logs to stderr.
 *
 * @module
 */
import process from "node:process";
import { reserveStdout } from "../../../kernel/command_line/stdout.ts";
import { createLog, Kernel } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { serveStdio } from "../../../kernel/transports/stdio.ts";
import secrets from "../../../plugins/secrets/mod.ts";
import careless from "./careless.ts";

const output = reserveStdout();
const kernel = await new Kernel({ log: createLog({ level: "debug" }), exposeErrors: true })
  .use(await detectPlatform({ home: process.argv[2]! })).use(secrets).use(careless).start();
const connection = serveStdio(kernel, { name: "careless", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
