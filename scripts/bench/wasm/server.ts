/**
 * The program that ships, over stdio, with WASM tools, and with what they are compared with.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inRepository } from "../../lib/repository.ts";
import { makeScratchFolder } from "../scratch.ts";
import type { TimeCalls, Timed } from "../servers/script_caller.ts";
import type { TimeOthers } from "../servers/wasm_caller.ts";
import { StdioSession } from "../stdio_session.ts";
import { commandFor, type Runtime } from "../subjects.ts";
import type { WasmTool } from "./tools.ts";

/** A server with WASM tools. */
export class WasmServer implements AsyncDisposable {
  readonly #session: StdioSession;
  readonly #home: string;

  private constructor(session: StdioSession, home: string) {
    this.#session = session;
    this.#home = home;
  }

  /** Starts a server. */
  static async open(runtime: Runtime): Promise<WasmServer> {
    const home = await makeScratchFolder("home");
    const plugins = ["script_caller.ts", "wasm_caller.ts"].map((file) =>
      [inRepository("scripts", "bench", "servers", file), {}] as const
    );
    await writeFile(join(home, "collet.json"), JSON.stringify({ plugins: Object.fromEntries(plugins) }));
    return new WasmServer(await StdioSession.open(commandFor(runtime, "collet", { args: ["--home", home] })), home);
  }

  /**
   * Builds a tool, or finds that it is built already; gives how long that took, in milliseconds.
   *
   * @throws {Error} when it cannot be built.
   */
  async build({ name, title, language, code, dependencies }: WasmTool): Promise<number> {
    const startedAt = performance.now();
    const description = `Add one, in ${title}`;
    await this.#session.call("build_tool", { name, description, language, code, dependencies, overwrite: true });
    return performance.now() - startedAt;
  }

  /** Gives the absolute path of a tool's module. */
  moduleOf({ name }: WasmTool): string {
    return join(this.#home, "tools", name, `${name}.wasm`);
  }

  /** Times calls inside the server, from the kernel's call to its result; fails at a wrong answer. */
  async timeCalls(job: TimeCalls): Promise<Timed> {
    return await this.#session.call("time_calls", job) as Timed;
  }

  /** Times what they are compared with; gives the median in milliseconds. */
  async timeOthers(job: Omit<TimeOthers, "worker">): Promise<number> {
    const worker = inRepository("scripts", "bench", "wasm", "by_hand_worker.mjs");
    const { p50Ms } = await this.#session.call("time_others", { ...job, worker }) as { readonly p50Ms: number };
    return p50Ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
