/**
 * The first module of every worker: closes the way to stdout, loads the module that the worker was started for, and
 * calls it.
 *
 * What fails is thrown, which ends the worker and reaches who started it.
 *
 * @module
 */
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import type { WorkerMain, WorkerScope } from "../workers.ts";
import { Mailbox } from "./mailbox.ts";
import { checkEnd } from "./worker_end.ts";
import { openFolder } from "./worker_files.ts";
import type { WorkerData } from "./workers.ts";

/** Methods of the console that write to stdout. */
const STDOUT_METHODS = [
  "count",
  "debug",
  "dir",
  "dirxml",
  "group",
  "groupCollapsed",
  "info",
  "log",
  "table",
  "timeEnd",
  "timeLog",
] as const;

// stdout is for the protocol of the server, and the console of a worker of Deno writes straight to it
function closeStdout(): void {
  // deno-lint-ignore no-console -- nothing is printed
  for (const method of STDOUT_METHODS) console[method] = console.error;
  process.stdout.write = process.stderr.write.bind(process.stderr);
}

async function loadMain(module: string): Promise<WorkerMain> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(module);
  } catch (error) {
    throw new Error(`Cannot load the module "${module}" in a worker: ${messageOf(error)}`, { cause: error });
  }
  if (typeof loaded.default !== "function") {
    throw new Error(`Cannot run the module "${module}" in a worker: its default export is not a function`);
  }
  return loaded.default as WorkerMain;
}

function openScope(): WorkerScope {
  if (parentPort === null) throw new Error("Cannot run outside a worker: start it by the contract Workers");
  const port = parentPort;
  const mailbox = new Mailbox();
  port.on("message", (message) => mailbox.take(message));
  port.on("messageerror", (error) => {
    throw new Error(`Cannot read a message that was sent to a worker: ${messageOf(error)}`, { cause: error });
  });
  return {
    post(message, transfer) {
      checkEnd();
      port.postMessage(message, transfer);
    },
    listen: (listener) => mailbox.listen(listener),
    checkEnd,
    openFolder,
  };
}

closeStdout();
const scope = openScope();
const main = await loadMain((workerData as WorkerData).module);
await main(scope);
