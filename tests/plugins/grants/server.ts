/**
 * Serves the plugin `grants` over stdin and stdout, with the tool `run` of the tests.
 *
 * @module
 */
import { reserveStdout } from "../../../kernel/command_line/stdout.ts";
import { createLog, Kernel } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { serveStdio } from "../../../kernel/transports/stdio.ts";
import grants from "../../../plugins/grants/mod.ts";
import { runner } from "./kit.ts";

const output = reserveStdout();
const kernel = await new Kernel({ log: createLog({ level: "silent" }) })
  .use(createEdgePlatform()).use(grants, {}).use(runner).start();
const connection = serveStdio(kernel, { name: "grants", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
