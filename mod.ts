/**
 * Collet: a self-extending MCP server, built as a small kernel and plugins.
 *
 * As a program it is a command line: `deno run -A mod.ts --help`. As a module it exports the kernel, its transports and
 * what plugins are written with, and starts nothing. Its default export is a `fetch` handler, for `deno serve` and for
 * hosts that take one.
 *
 * @example A kernel in a Hono app
 * ```ts
 * import { createApp, definePlugin, Kernel } from "collet";
 * import * as v from "valibot";
 *
 * const greeter = definePlugin({
 *   name: "greeter",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({
 *       name: "greet",
 *       description: "Greet someone",
 *       input: v.object({ name: v.string() }),
 *       run: ({ name }) => `Hello, ${name}`,
 *     }),
 * });
 * await using kernel = await new Kernel().use(greeter).start();
 * const app = createApp(kernel, { name: "example", version: "1.0.0" });
 * const response = await app.request("http://localhost/healthz");
 * await app.close();
 * if (response.status !== 200) throw new Error("unexpected");
 * ```
 *
 * @module
 */
import type { Program } from "./kernel/command_line/program.ts";
import { detectStart, settleStart } from "./kernel/command_line/start.ts";
import type { Kernel } from "./kernel/mod.ts";
import type { StdioConnection, StdioOptions } from "./kernel/transports/stdio.ts";
import type { ServerInfo } from "./kernel/transports/mod.ts";

export * from "./kernel/mod.ts";
export * from "./kernel/transports/mod.ts";
export { detectEnvironment, detectPlatform, type PlatformOptions } from "./kernel/platform/mod.ts";
export type { StdioConnection, StdioOptions } from "./kernel/transports/stdio.ts";

/** The version of this program. */
export const VERSION = "0.1.0";

// a collet seen from the front: a ring in three parts around the tool it grips
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#3b6ea5" stroke-width="3">' +
  '<circle cx="16" cy="16" r="12"/><circle cx="16" cy="16" r="5"/><path d="M16 4v7M26.4 22l-6-3.5M5.6 22l6-3.5"/></g></svg>';

const program: Program = {
  info: {
    name: "collet",
    version: VERSION,
    title: "Collet",
    description: "A self-extending MCP server",
    icons: [{ src: `data:image/svg+xml;base64,${btoa(ICON)}`, mimeType: "image/svg+xml", sizes: ["any"] }],
    instructions:
      "Tools of this server can be made, changed and removed while you work, and are listed under their own " +
      "names at once. A tool that your list does not show can still be called, by its name or through call_tool. " +
      "search_skills finds instructions and tools for a kind of work, activate_skill shows them; " +
      '{"name": "dev"} shows the tools that make and manage tools. ' +
      "The resource collet://guide tells what there is and how to make more.",
  },
  url: import.meta.url,
  plugins: () => import("./plugins/mod.ts"),
};

/**
 * Serves one client over stdin and stdout.
 *
 * @example Serve a kernel of your own
 * ```ts ignore
 * const connection = await serveStdio(kernel, { name: "mine", version: "1.0.0" });
 * await connection.closed;
 * ```
 */
export async function serveStdio(
  kernel: Kernel,
  info: ServerInfo,
  options: StdioOptions = {},
): Promise<StdioConnection> {
  // loaded here, so that this module can be imported where there is no stdin
  const stdio = await import("./kernel/transports/stdio.ts");
  return stdio.serveStdio(kernel, info, options);
}

/** Answers requests, as `serve` does over HTTP; the first one starts a kernel with the plugins that ship. */
export type ProgramFetch = (request: Request, env?: unknown) => Promise<Response>;

const fetch: ProgramFetch = async (request, env) => {
  const { answer } = await import("./kernel/command_line/fetch.ts");
  return await answer(program, request, env);
};

const start = detectStart(import.meta);

// of a program that was started, Bun would serve the handler, and Deno warns that it is not served
const handler = (start === "program" ? {} : { fetch }) as { readonly fetch: ProgramFetch };
export default handler;

async function startProgram(): Promise<void> {
  if ((start ?? await settleStart(import.meta)) !== "program") return;
  if (!("Deno" in globalThis)) (await import("./kernel/command_line/code_cache.ts")).keepCompiledCode();
  const { runProgram } = await import("./kernel/command_line/main.ts");
  await runProgram(program);
}

// not awaited: a plugin that imports this module would wait for it, and it for the plugin
if (start !== "imported") void startProgram();
