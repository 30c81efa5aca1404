/**
 * Parts of the platform that are loaded when they are first used: a server that starts no process and keeps no state
 * should not wait for them.
 *
 * @module
 */
import process from "node:process";
import type { Sql } from "../sql.ts";
import type { OwnedProcesses } from "./processes.ts";
import type { OwnedSockets } from "./sockets.ts";

/** Makes the processes of a server. */
export function createProcessesOnDemand(): OwnedProcesses {
  let loading: Promise<OwnedProcesses> | undefined;
  let isClosed = false;
  const load = () =>
    loading ??= import("./processes.ts").then(async ({ createProcesses }) => {
      const processes = createProcesses();
      if (isClosed) await processes.close();
      return processes;
    });
  return {
    spawn: async (command) => await (await load()).spawn(command),
    run: async (command) => await (await load()).run(command),
    which: async (program) => await (await load()).which(program),
    enforcement: async () => await (await load()).enforcement(),
    async close() {
      isClosed = true;
      await (await loading)?.close();
    },
  };
}

/** Makes the sockets of a server. */
export function createSocketsOnDemand(): OwnedSockets {
  let loading: Promise<OwnedSockets> | undefined;
  let isClosed = false;
  const load = () =>
    loading ??= import("./sockets.ts").then(async ({ createSockets }) => {
      const sockets = createSockets();
      if (isClosed) await sockets.close();
      return sockets;
    });
  return {
    listen: async (handler) => await (await load()).listen(handler),
    connect: async (options) => await (await load()).connect(options),
    async close() {
      isClosed = true;
      await (await loading)?.close();
    },
  };
}

/** Makes the SQLite engine of this runtime: `node:sqlite` where the runtime has it, else the package `libsql`. */
export function createSqlOnDemand(): Sql {
  const engine = hasBuiltinSqlite() ? "node:sqlite" : "libsql";
  return {
    engine,
    open: async (path) => await (await import("./sqlite.ts")).createSql({ engine }).open(path),
  };
}

// Deno has it, and Node since 22.13; to ask `node:module` would load more than the answer is worth
function hasBuiltinSqlite(): boolean {
  if ("Deno" in globalThis) return true;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}
