/**
 * Serves code over stdin and stdout; the first argument is the home folder.
 *
 * @module
 */
import process from "node:process";
import { guardChildren, reserveStdout } from "../../../kernel/command_line/stdout.ts";
import { createLog, Kernel } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { serveStdio } from "../../../kernel/transports/stdio.ts";
import code from "../../../plugins/code/mod.ts";
import library from "../../../plugins/library/mod.ts";
import store from "../../../plugins/store/mod.ts";
import wasm from "../../../plugins/wasm/mod.ts";
import { sampleTools } from "./sample_tools.ts";

const output = reserveStdout();
await guardChildren();
const kernel = new Kernel({ log: createLog({ level: "silent" }) })
  .use(await detectPlatform({ home: process.argv[2]! }))
  .use(store).use(library).use(wasm).use(code).use(sampleTools().plugin);
await kernel.start();
const connection = serveStdio(kernel, { name: "code", version: "1.0.0" }, { output });
await connection.closed;
await kernel.stop();
