/**
 * The one place that asks on which runtime this is, and gives the platform for it: a plugin that provides the
 * contracts `Environment`, `Fetch`, `Files` and, except on edge runtimes, `Processes`, `Sockets` and `Workers`.
 *
 * @module
 */
import type { Environment } from "../contracts.ts";
import type { Plugin } from "../plugin.ts";

/** What the operator or embedder says of the platform. */
export interface PlatformOptions {
  /** Home folder of the server, `~` allowed; `COLLET_HOME` by default, else `~/.collet`. Edge runtimes have none. */
  readonly home?: string;
}

/** Tells which platform module serves this runtime; Bun says that it is Node, and is served as such. */
function detectKind(): "deno" | "node" | "edge" {
  if ("Deno" in globalThis) return "deno";
  const { process } = globalThis as { process?: { readonly release?: { readonly name?: string } } };
  return process?.release?.name === "node" ? "node" : "edge";
}

/**
 * Makes the platform plugin of this runtime; nothing of another runtime is loaded.
 *
 * @example Start a kernel with files and processes
 * ```ts
 * import { detectPlatform, Files, Kernel } from "collet";
 *
 * const home = await Deno.makeTempDir();
 * await using kernel = await new Kernel().use(await detectPlatform({ home })).start();
 * await kernel.get(Files)?.writeAtomic("notes/today.txt", "hello");
 * if (await kernel.get(Files)?.readText("notes/today.txt") !== "hello") throw new Error("unexpected");
 * ```
 */
export async function detectPlatform(options: PlatformOptions = {}): Promise<Plugin<void>> {
  switch (detectKind()) {
    case "deno":
      return (await import("./deno.ts")).createDenoPlatform(options);
    case "node":
      return (await import("./node.ts")).createNodePlatform(options);
    case "edge":
      return (await import("./edge.ts")).createEdgePlatform();
  }
}

/**
 * Reads the surroundings before a kernel exists, as the command line must: variables, the home folder, `~`.
 *
 * @throws {KernelError} `OPTION_INVALID` when the home folder is no possible path.
 */
export async function detectEnvironment(options: PlatformOptions = {}): Promise<Environment> {
  switch (detectKind()) {
    case "deno": {
      const [{ createEnvironment }, { detectRuntime }] = await Promise.all([
        import("./environment.ts"),
        import("./deno.ts"),
      ]);
      return createEnvironment(options, detectRuntime());
    }
    case "node":
      return (await import("./environment.ts")).createEnvironment(options);
    case "edge":
      return (await import("./edge.ts")).createEdgeEnvironment();
  }
}
