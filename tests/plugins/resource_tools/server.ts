/**
 * Serves the plugins `resource_tools`, `results` and `items` over stdin and stdout.
 *
 * @module
 */
import { reserveStdout } from "../../../kernel/command_line/stdout.ts";
import { createLog, Kernel } from "../../../kernel/mod.ts";
import { serveStdio } from "../../../kernel/transports/stdio.ts";
import resourceTools from "../../../plugins/resource_tools/mod.ts";
import results from "../../../plugins/results/mod.ts";
import items from "./items.ts";

const output = reserveStdout();
const kernel = await new Kernel({ log: createLog({ level: "silent" }) }).use(items).use(resourceTools)
  .use(results, { inline_characters: 20_000 }).start();
const connection = serveStdio(kernel, { name: "items", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
