/**
 * One client that calls one tool, again and again.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { McpClient } from "../mcp_client.ts";
import type { Command } from "../processes.ts";
import { NAMESPACE, type Program } from "./programs.ts";

/** How long a server may take until its tools are listed for the first time. */
const LISTED_MS = 60_000;
const LOOK_MS = 5;

/** Makes the call of a program. */
export class Lane implements AsyncDisposable {
  readonly #client: McpClient;
  readonly #program: Program;
  readonly #tool: string;

  /** @param namespace That of the program behind Collet; without it the client speaks to the program itself. */
  constructor(client: McpClient, program: Program, namespace?: string) {
    this.#client = client;
    this.#program = program;
    this.#tool = namespace === undefined ? program.tool : `${namespace}_${program.tool}`;
  }

  /** Of the server that was started for it. */
  get pid(): number | undefined {
    return this.#client.pid;
  }

  /** Starts a program, and speaks to it. */
  static async direct(program: Program): Promise<Lane> {
    return new Lane(await McpClient.start(program.command), program);
  }

  /** Starts Collet, and speaks to the program behind it once that is listed. */
  static async proxied(collet: Command, program: Program): Promise<Lane> {
    const lane = new Lane(await McpClient.start(collet), program, NAMESPACE);
    await lane.listed();
    return lane;
  }

  /** Waits until the tool is listed. */
  async listed(): Promise<void> {
    for (const end = performance.now() + LISTED_MS; performance.now() < end; await sleep(LOOK_MS)) {
      if ((await this.#client.listTools()).some(({ name }) => name === this.#tool)) return;
    }
    throw new Error(`Cannot call "${this.#tool}": it is not listed within ${LISTED_MS / 1_000} s`);
  }

  /**
   * Makes a call.
   *
   * @throws {Error} at a wrong answer.
   */
  async call(): Promise<void> {
    const { text } = await this.#client.call(this.#tool, this.#program.args);
    if (text !== this.#program.answer) throw new Error(`Wrong answer of ${this.#tool}: ${text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
