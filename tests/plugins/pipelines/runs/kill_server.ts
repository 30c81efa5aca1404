/**
 * Serves pipelines and scripts over stdin and stdout, on the home folder that it is given.
 *
 * @module
 */
import process from "node:process";
import { guardChildren, reserveStdout } from "../../../../kernel/command_line/stdout.ts";
import { createLog, Kernel } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { serveStdio } from "../../../../kernel/transports/stdio.ts";
import library from "../../../../plugins/library/mod.ts";
import pipelines from "../../../../plugins/pipelines/mod.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import store from "../../../../plugins/store/mod.ts";

// short, so that the death of a server shows soon
const LEASE_MS = 300;

const output = reserveStdout();
await guardChildren();
const kernel = new Kernel({ log: createLog({ level: "silent" }) })
  .use(await detectPlatform({ home: process.argv[2]! }))
  .use(store)
  .use(library)
  .use(scripts)
  .use(pipelines, { lease_ms: LEASE_MS });
await kernel.start();
const connection = serveStdio(kernel, { name: "pipelines", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
