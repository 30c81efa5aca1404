/**
 * Serves scripts over stdin and stdout; the first argument is the home folder.
 *
 * @module
 */
import process from "node:process";
import { guardChildren, reserveStdout } from "../../../kernel/command_line/stdout.ts";
import { createLog, Kernel } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { serveStdio } from "../../../kernel/transports/stdio.ts";
import library from "../../../plugins/library/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";

const output = reserveStdout();
await guardChildren();
const kernel = new Kernel({ log: createLog({ level: "silent" }) })
  .use(await detectPlatform({ home: process.argv[2]! }))
  .use(library)
  .use(scripts);
await kernel.start();
const connection = serveStdio(kernel, { name: "scripts", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
