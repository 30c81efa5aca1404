/**
 * The program that ships, over stdio, with script tools.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inRepository } from "../../lib/repository.ts";
import { CpuAccount } from "../cpu_account.ts";
import { makeScratchFolder } from "../scratch.ts";
import type { TimeCalls, Timed } from "../servers/script_caller.ts";
import { StdioSession } from "../stdio_session.ts";
import { commandFor, type Runtime } from "../subjects.ts";
import { type ScriptTool, toolName } from "./tools.ts";

/** How a server with script tools is started. */
export interface ScriptServerOptions {
  /** `bubblewrap` by default. */
  readonly sandbox?: "bubblewrap" | "off";
  /** Settings of the pool; those of the plugin by default. */
  readonly warm?: { readonly total?: number; readonly idle_ms?: number };
  readonly tools: readonly ScriptTool[];
  /** Whether it has the persistent forms too; `false` by default. */
  readonly hasPersistent?: boolean;
}

/** A server with script tools. */
export class ScriptServer implements AsyncDisposable {
  /** Absolute path of its home. */
  readonly home: string;
  readonly #session: StdioSession;
  readonly #account: CpuAccount;

  private constructor(session: StdioSession, home: string) {
    this.#session = session;
    this.home = home;
    this.#account = new CpuAccount(session.pid);
  }

  /** Starts a server, and registers its tools. */
  static async open(runtime: Runtime, options: ScriptServerOptions): Promise<ScriptServer> {
    const { sandbox = "bubblewrap", warm, tools, hasPersistent = false } = options;
    const home = await makeScratchFolder("home");
    const caller = inRepository("scripts", "bench", "servers", "script_caller.ts");
    const plugins = { [caller]: {}, ...(warm !== undefined && { scripts: { warm } }) };
    await writeFile(join(home, "collet.json"), JSON.stringify({ plugins }));
    const args = ["--home", home, "--sandbox", sandbox];
    const server = new ScriptServer(await StdioSession.open(commandFor(runtime, "collet", { args })), home);
    try {
      for (const tool of tools) await server.#register(tool, hasPersistent);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #register(tool: ScriptTool, hasPersistent: boolean): Promise<void> {
    const { title, interpreter, plain, serving, servingExtension: extension } = tool;
    const common = { description: `Add one, in ${title}`, interpreter };
    await this.#session.call("register_script", { ...common, name: toolName(tool, "pooled"), code: plain });
    if (!hasPersistent || serving === undefined) return;
    await this.#session.call("register_script", {
      ...common,
      name: toolName(tool, "persistent"),
      code: serving,
      persistent: true,
      ...(extension !== undefined && { extension }),
    });
  }

  /** Of the server's process. */
  get pid(): number {
    return this.#session.pid;
  }

  /** Processor time so far of the server and of all that it ever started; NaN where nobody tells. */
  get cpuSeconds(): number {
    return this.#account.seconds;
  }

  /** Times calls inside the server, from the kernel's call to its result; fails at a wrong answer. */
  async timeCalls(job: TimeCalls): Promise<Timed> {
    return await this.#session.call("time_calls", job) as Timed;
  }

  /** Times the start of a command in the sandbox to its end, inside the server, in milliseconds. */
  async timeStart(command: { readonly program: string; readonly args: readonly string[] }): Promise<number> {
    const { ms } = await this.#session.call("time_start", command) as { readonly ms: number };
    return ms;
  }

  /**
   * Times one call as a client sees it, in milliseconds.
   *
   * @throws {Error} when the answer is wrong.
   */
  async timeEndToEnd(name: string): Promise<number> {
    const startedAt = performance.now();
    const answer = await this.#session.call(name, { n: 1 });
    const ms = performance.now() - startedAt;
    if ((answer as { readonly n?: unknown } | undefined)?.n === 2) return ms;
    throw new Error(`Wrong answer of "${name}": ${JSON.stringify(answer)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
    await this.#account[Symbol.asyncDispose]();
  }
}
