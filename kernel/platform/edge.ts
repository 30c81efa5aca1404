/**
 * The platform of edge runtimes: files in memory, requests, no processes.
 *
 * @module
 */
import { Environment, Fetch, Files } from "../contracts.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { createFetch } from "./fetch.ts";
import { type FileTree, memoryFiles } from "./memory_files.ts";
import { splitPath } from "./paths.ts";

/** What an embedder says of an edge runtime. */
export interface EdgeOptions {
  /** The variables that plugins may read; none by default. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files to begin with. */
  readonly files?: FileTree;
}

/** Makes the environment of a runtime that has no folders and no processes. */
export function createEdgeEnvironment(variables: Readonly<Record<string, string>> = {}): Environment {
  const own = new Map(Object.entries(variables));
  return Object.freeze({
    runtime: "edge" as const,
    runtimeVersion: "unknown",
    os: "other" as const,
    architecture: "other" as const,
    userHome: "/",
    home: "/memory",
    cwd: "/",
    executable: "",
    pid: 0,
    variable: (name: string) => own.get(name),
    variables: (prefix: string) => Object.fromEntries([...own].filter(([name]) => name.startsWith(prefix))),
    expand: (path: string) => `/${splitPath(path.replace(/^~?\/+|^~$/, "")).join("/")}`,
  });
}

/** Makes the platform plugin: files in memory, requests and an environment, no processes. */
export function createEdgePlatform(options: EdgeOptions = {}): Plugin<void> {
  return definePlugin({
    name: "platform",
    version: "1.0.0",
    description: "Files in memory and requests, for runtimes without a disk or processes",
    provides: [Environment, Fetch, Files],
    setup(ctx) {
      ctx.provide(Environment, createEdgeEnvironment(options.variables));
      ctx.provide(Fetch, createFetch({ signal: ctx.signal }));
      ctx.provide(Files, memoryFiles(options.files));
    },
  });
}
