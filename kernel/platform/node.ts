/**
 * The platform of Node and Bun, over `node:` builtins.
 *
 * @module
 */
import { Environment, Fetch, Files, Processes, Sockets } from "../contracts.ts";
import { OwnPackages } from "../own_packages.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { Sql } from "../sql.ts";
import { Workers } from "../workers.ts";
import { createEnvironment, type EnvironmentOptions, type Runtime } from "./environment.ts";
import { createFetch } from "./fetch.ts";
import { createFiles, prepareHome } from "./files.ts";
import { createProcessesOnDemand, createSocketsOnDemand, createSqlOnDemand } from "./on_demand.ts";
import { createOwnPackages } from "./own_packages.ts";
import { createWorkers } from "./workers.ts";

/**
 * Makes the platform plugin: files, processes, requests, sockets, threads, environment and SQLite.
 *
 * Setting it up makes the home folder; unloading it ends every process tree, every connection and every thread.
 */
export function createNodePlatform(options: EnvironmentOptions = {}, runtime?: Runtime): Plugin<void> {
  return definePlugin({
    name: "platform",
    version: "1.0.0",
    description: "Files, processes, requests, sockets, threads, environment and SQLite of this machine",
    provides: [Environment, Fetch, Files, OwnPackages, Processes, Sockets, Sql, Workers],
    async setup(ctx) {
      const environment = createEnvironment(options, runtime);
      await prepareHome(environment.home);
      const processes = createProcessesOnDemand();
      const sockets = createSocketsOnDemand();
      const workers = createWorkers();
      ctx.own("process trees", () => processes.close());
      ctx.own("sockets", () => sockets.close());
      ctx.own("workers", () => workers.close());
      ctx.provide(Environment, environment);
      ctx.provide(Fetch, createFetch({ signal: ctx.signal }));
      ctx.provide(Files, createFiles(environment.home));
      ctx.provide(OwnPackages, createOwnPackages());
      ctx.provide(Processes, processes);
      ctx.provide(Sockets, sockets);
      ctx.provide(Sql, createSqlOnDemand());
      ctx.provide(Workers, workers);
    },
  });
}
