/**
 * A server that calls the tools it is told to, by lines on stdin, until that closes or it is killed.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { callTask, startServer } from "./kit.ts";
import { LEASE_MS, openState, sharedTools } from "./shared_home.ts";

const [folder = "", engine = ""] = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const opened = openState(folder, engine);
const server = await startServer({
  store: opened.store,
  config: { lease_ms: LEASE_MS },
  tools: sharedTools({ holds: true, say }),
});
say("ready");
for await (const tool of createInterface({ input: process.stdin })) say(`task ${tool} ${await callTask(server, tool)}`);
await server[Symbol.asyncDispose]();
await opened[Symbol.asyncDispose]();
process.exit(0);
