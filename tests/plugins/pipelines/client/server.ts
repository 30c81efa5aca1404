/**
 * Serves pipelines over stdin and stdout, on the home folder that it is given.
 *
 * @module
 */
import process from "node:process";
import { reserveStdout } from "../../../../kernel/command_line/stdout.ts";
import { createLog } from "../../../../kernel/mod.ts";
import { serveStdio } from "../../../../kernel/transports/stdio.ts";
import { startOnHome } from "./kernel.ts";

const output = reserveStdout();
const kernel = await startOnHome(process.argv[2]!, createLog({ level: "silent" }));
const connection = serveStdio(kernel, { name: "pipelines", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
