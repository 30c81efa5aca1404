/**
 * Starts grants behind an app with users, whose clients answer questions as a test says.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import * as v from "valibot";
import { definePlugin, Kernel, type Plugin, textOf, type ToolResult } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { fakeLog, type PluginUse, type TestEra } from "../../../kernel/testing.ts";
import { usePlugin } from "../../../kernel/testing/surroundings.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import { GrantPolicy } from "../../../plugins/grants/contract.ts";
import grants, { type GrantsConfig } from "../../../plugins/grants/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";

export { temporaryFolder };

/** A plugin with a tool `run`, which gives what a tool of some name and code is granted. */
export const runner: Plugin<void> = definePlugin({
  name: "runner",
  version: "1.0.0",
  requires: { policy: GrantPolicy },
  setup: ({ tool, deps: { policy } }) =>
    void tool({
      name: "run",
      description: "Authorize a tool",
      input: v.object({ tool: v.string(), digest: v.string(), grants: v.unknown() }),
      run: async ({ tool, digest, grants }, call) => ({
        ...await policy.authorize({ tool, digest, grants: policy.read(grants) }, call),
      }),
    }),
});

/** What a user answers: a decision, or an action without one. A function is asked with the message. */
export type Answer = "always" | "once" | "no" | "decline" | "cancel";
/** Answers the questions of one client. */
export type Answerer = (message: string) => Answer | Promise<Answer>;

/** One user's client. */
export interface User {
  readonly client: Client;
  /** The questions that it was asked. */
  readonly questions: string[];
  run(grants: unknown, options?: { readonly tool?: string; readonly digest?: string }): Promise<ToolResult>;
  manage(args: Readonly<Record<string, unknown>>): Promise<ToolResult>;
}

/** How a user connects. */
export interface ConnectOptions {
  /** `local` by default. */
  readonly user?: string;
  readonly era?: TestEra;
  /** Cannot be asked when left out. */
  readonly answer?: Answerer;
}

/** A server with grants. */
export interface GrantsKit extends AsyncDisposable {
  readonly kernel: Kernel;
  connect(options?: ConnectOptions): Promise<User>;
}

/** Starts grants on an edge platform, or on what is given. */
export async function startGrants(
  config: GrantsConfig = {},
  { platform = createEdgePlatform(), plugins = [] }: {
    readonly platform?: Plugin<void>;
    readonly plugins?: readonly PluginUse[];
  } = {},
): Promise<GrantsKit> {
  const kernel = new Kernel({ log: fakeLog(), exposeErrors: true }).use(platform);
  for (const use of plugins) usePlugin(kernel, use);
  await kernel.use(grants, config).use(runner).start();
  const app = createApp(kernel, { name: "grants", version: "1.0.0" }, {
    authenticate: (request) => ({ id: request.headers.get("x-user") ?? "local", scopes: [] }),
  });
  const clients: Client[] = [];
  return {
    kernel,
    async connect({ user = "local", era = "2025", answer } = {}) {
      const questions: string[] = [];
      const client = new Client({ name: user, version: "1.0.0" }, {
        capabilities: answer === undefined ? {} : { elicitation: { form: {} } },
        versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
      });
      if (answer !== undefined) {
        client.setRequestHandler("elicitation/create", async ({ params }) => {
          questions.push(params.message);
          const given = await answer(params.message);
          return given === "decline" || given === "cancel"
            ? { action: given }
            : { action: "accept", content: { decision: given } };
        });
      }
      await client.connect(
        new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), {
          fetch: (url, init) => Promise.resolve(app.fetch(new Request(url, init))),
          requestInit: { headers: { "x-user": user } },
        }),
      );
      clients.push(client);
      const call = async (name: string, args: Readonly<Record<string, unknown>>) =>
        await client.callTool({ name, arguments: args }) as ToolResult;
      return {
        client,
        questions,
        run: (grants, { tool = "news", digest = "d1" } = {}) => call("run", { tool, digest, grants }),
        manage: (args) => call("grants", args),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await app.close();
      await kernel.stop();
    },
  };
}

/** Fails when a result failed, and gives what was granted. */
// deno-lint-ignore no-explicit-any -- tests look into it freely
export function granted(result: ToolResult): any {
  assert.notEqual(result.isError, true, textOf(result));
  return result.structuredContent;
}

/** Fails when a result did not fail, and gives its text. */
export function refused(result: ToolResult): string {
  assert.equal(result.isError, true, JSON.stringify(result));
  return textOf(result);
}
