/**
 * Everything for an edge runtime, where there is neither a disk nor a process: the kernel, the HTTP door and a platform
 * with files in memory. No module behind this entry imports one of Node.
 *
 * @example Serve a plugin from a worker
 * ```ts
 * import { createApp, createEdgePlatform, definePlugin, Kernel } from "collet/edge";
 *
 * const hello = definePlugin({
 *   name: "hello",
 *   version: "1.0.0",
 *   setup: ({ prompt }) => void prompt({ name: "hello", description: "Greet", render: () => "Say hello" }),
 * });
 * const kernel = await new Kernel().use(createEdgePlatform()).use(hello).start();
 * const app = createApp(kernel, { name: "greeter", version: "1.0.0" });
 * if (typeof app.fetch !== "function") throw new Error("unexpected");
 * await kernel.stop();
 * ```
 *
 * @module
 */
export * from "./mod.ts";
export { createEdgePlatform, type EdgeOptions } from "./platform/edge.ts";
export type { FileTree } from "./platform/memory_files.ts";
export * from "./transports/mod.ts";
