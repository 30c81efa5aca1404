/**
 * Starts kernels that import servers, and a small server whose tools a test writes into a file.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type CallPatch, type JsonObject, textOf } from "../../../../kernel/mod.ts";
import library from "../../../../plugins/library/mod.ts";
import grants from "../../../../plugins/grants/mod.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import trust from "../../../../plugins/trust/mod.ts";
import type { UpstreamConfig } from "../../../../plugins/upstream/settings.ts";
import upstream from "../../../../plugins/upstream/mod.ts";
import { type FakeLog, fakeLog } from "../../../../kernel/testing.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { createCall, Kernel } from "../../../../kernel/mod.ts";

const SERVER = `
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
process.stderr.write("up\\n");
const [, , file] = process.argv;
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const say = (answer) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...answer }) + "\\n");
  if (method === "initialize") {
    return say({ result: {
      protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "small", version: "1.2.3" },
    } });
  }
  if (method === "ping") return say({ result: {} });
  const tools = JSON.parse(readFileSync(file, "utf8"));
  if (method === "tools/list" && Array.isArray(tools)) return say({ result: { tools } });
  if (method === "tools/call") {
    const text = JSON.stringify({ tool: params.name, env: process.env.GIVEN ?? null, pid: process.pid });
    return say({ result: { content: [{ type: "text", text }] } });
  }
  say({ error: { code: -32603, message: "no " + method } });
});
`;

/** A tool as the small server lists it. */
export function listed(name: string, description = `Does ${name}`): JsonObject {
  return { name, description, inputSchema: { type: "object" } };
}

/** A kernel with all that importing works with. */
export interface UpstreamKit extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
  /** Calls a tool, fails when that fails, and gives its data. */
  // deno-lint-ignore no-explicit-any -- each tool answers with something else
  data(tool: string, args?: JsonObject, call?: CallPatch): Promise<any>;
  /** Calls a tool, fails when that does not fail, and gives its text. */
  refused(tool: string, args?: JsonObject, call?: CallPatch): Promise<string>;
  /** Names of all tools that begin with a word. */
  tools(prefix: string): readonly string[];
}

/** Starts a kernel on a home folder. */
export async function startUpstream(home: string, config: UpstreamConfig = {}): Promise<UpstreamKit> {
  const log = fakeLog();
  const kernel = new Kernel({ log, exposeErrors: true }).use(await detectPlatform({ home })).use(store).use(secrets)
    .use(grants, {}).use(library, {}).use(trust).use(upstream, config);
  await kernel.start();
  const call = (tool: string, args: JsonObject = {}, patch: CallPatch = {}) =>
    kernel.call(tool, args, createCall(patch));
  return {
    kernel,
    log,
    async data(tool, args, patch) {
      const result = await call(tool, args, patch);
      if (result.isError === true) throw new Error(textOf(result));
      return result.structuredContent;
    },
    async refused(tool, args, patch) {
      const result = await call(tool, args, patch);
      if (result.isError !== true) throw new Error(`it was not refused: ${textOf(result)}`);
      return textOf(result);
    },
    tools: (prefix) => kernel.tools.entries().map(({ key }) => key).filter((it) => it.startsWith(prefix)),
    [Symbol.asyncDispose]: () => kernel.stop(),
  };
}

/** The small server, in a folder. */
export class SmallServer {
  readonly #folder: string;
  readonly #name: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  static async make(folder: string, tools: unknown, name = "tools"): Promise<SmallServer> {
    const server = new SmallServer(folder, name);
    await writeFile(join(folder, "server.mjs"), SERVER);
    await server.offer(tools);
    return server;
  }

  /** Makes it list other tools from now on; what is no list makes it fail to list. */
  async offer(tools: unknown): Promise<void> {
    await writeFile(join(this.#folder, `${this.#name}.json`), JSON.stringify(tools));
  }

  /** How it is started. */
  get command(): { readonly command: string; readonly args: readonly string[] } {
    const words = [join(this.#folder, "server.mjs"), join(this.#folder, `${this.#name}.json`)];
    const command = process.execPath;
    return "Deno" in globalThis ? { command, args: ["run", "-A", "--no-config", ...words] } : { command, args: words };
  }
}

/** A call whose user answers questions. */
export function answering(answer: string | undefined, questions: string[] = []): CallPatch {
  return {
    client: { name: "test", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: { form: {} } } },
    elicit: ({ message }) => {
      questions.push(message);
      return Promise.resolve(
        answer === undefined ? { action: "decline" } : { action: "accept", content: { decision: answer } },
      );
    },
  };
}

/** Tells whether a process of this machine lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
