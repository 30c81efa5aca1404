/**
 * The platform of Node and Bun, over `node:` builtins.
 *
 * @module
 */
import { Environment, Fetch, Files, Processes, Sockets } from "../contracts.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { Sql } from "../sql.ts";
import { createEnvironment, type EnvironmentOptions, type Runtime } from "./environment.ts";
import { createFetch } from "./fetch.ts";
import { createFiles, prepareHome } from "./files.ts";
import { createProcessesOnDemand, createSocketsOnDemand, createSqlOnDemand } from "./on_demand.ts";

/**
 * Makes the platform plugin: files, processes, requests, sockets, environment and SQLite.
 *
 * Setting it up makes the home folder; unloading it ends every process tree and every connection.
 */
export function createNodePlatform(options: EnvironmentOptions = {}, runtime?: Runtime): Plugin<void> {
  return definePlugin({
    name: "platform",
    version: "1.0.0",
    description: "Files, processes, requests, sockets, environment and SQLite of this machine",
    provides: [Environment, Fetch, Files, Processes, Sockets, Sql],
    async setup(ctx) {
      const environment = createEnvironment(options, runtime);
      await prepareHome(environment.home);
      const processes = createProcessesOnDemand();
      const sockets = createSocketsOnDemand();
      ctx.own("process trees", () => processes.close());
      ctx.own("sockets", () => sockets.close());
      ctx.provide(Environment, environment);
      ctx.provide(Fetch, createFetch({ signal: ctx.signal }));
      ctx.provide(Files, createFiles(environment.home));
      ctx.provide(Processes, processes);
      ctx.provide(Sockets, sockets);
      ctx.provide(Sql, createSqlOnDemand());
    },
  });
}
