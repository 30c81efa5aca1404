/**
 * The program as its users start it, over folders of skills that a test writes, and clients of both protocol eras.
 *
 * @module
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { type JsonObject, textOf, type ToolResult } from "../../../../kernel/mod.ts";
import type { TestEra } from "../../../../kernel/testing.ts";
import {
  cleanEnvironment,
  IS_DENO,
  programPath,
  type Running,
  startProgram,
  startWords,
} from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";

export type { TestEra } from "../../../../kernel/testing.ts";
export type { ToolResult } from "../../../../kernel/mod.ts";

export const ERAS: readonly TestEra[] = ["2025", "2026"];

/** What a user answers: the value of the only field of the form; `decline`; or `undefined` for a client that cannot ask. */
export type Answer = string | undefined;

/** A machine of a test: the home of the server, that of its user, and a project. Removed with all that runs on it. */
export class Machine implements AsyncDisposable {
  /** Real path of the folder with everything. */
  readonly path: string;
  readonly #running: AsyncDisposable[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Machine> {
    const machine = new Machine(await realpath(await mkdtemp(join(tmpdir(), "collet-proof-"))));
    for (const folder of ["home", "user", "project"]) await mkdir(machine.at(folder));
    return machine;
  }

  /** Gives an absolute path below. */
  at(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  /** Writes a file with the folders above it; gives its path. */
  async write(path: string, text: string | Uint8Array, { mode }: { readonly mode?: number } = {}): Promise<string> {
    const file = this.at(path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    if (mode !== undefined) await chmod(file, mode);
    return file;
  }

  /** Writes the files of a skill into a folder of skills, `home/skills` by default. */
  async skill(
    name: string,
    files: Readonly<Record<string, string | Uint8Array>>,
    folder = "home/skills",
  ): Promise<void> {
    for (const [path, text] of Object.entries(files)) await this.write(`${folder}/${name}/${path}`, text);
  }

  /** Removes a file or folder. */
  async remove(path: string): Promise<void> {
    await rm(this.at(path), { recursive: true, force: true, maxRetries: 5 });
  }

  /** Writes the configuration of the server. */
  async configure(config: JsonObject): Promise<void> {
    await this.write("home/collet.json", JSON.stringify(config));
  }

  /** The variables that the program is started with. */
  get env(): Record<string, string> {
    // the cache of the runtime is found from the home folder of whoever runs the tests
    const cache = IS_DENO ? { DENO_DIR: process.env["DENO_DIR"] ?? join(homedir(), ".cache", "deno") } : {};
    return { ...cache, HOME: this.at("user"), COLLET_HOME: this.at("home") };
  }

  /** Starts the program over HTTP, without a token, in the project. */
  async serve(
    args: readonly string[] = [],
    { env = {} }: { readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<HttpServer> {
    const running = await startProgram(["--transport", "http", "--port", "0", "--no-token", ...args], {
      home: this.at("home"),
      cwd: this.at("project"),
      env: { ...this.env, ...env },
    });
    this.#running.push(running);
    const [, address] = await running.seen("stderr", /^listening on (http:\/\/\S+:\d+)$/m);
    return new HttpServer(running, new URL("/mcp", address));
  }

  /** Starts the program in the project with a client at its stdin and stdout. */
  async pipe(
    { args = [], env = {}, ...options }: TalkOptions & {
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Talk> {
    const [command = "", ...words] = startWords(await programPath());
    const transport = new StdioClientTransport({
      command,
      args: [...words, ...args],
      env: { ...cleanEnvironment(), ...this.env, ...env },
      cwd: this.at("project"),
      stderr: "pipe",
    });
    const talk = await Talk.begin(transport, options);
    this.#running.push(talk);
    return talk;
  }

  /** Runs a command of the program to its end; gives what it printed. */
  async run(...args: readonly string[]): Promise<string> {
    const running = await startProgram(args, { home: this.at("home"), cwd: this.at("project"), env: this.env });
    running.child.stdin?.end();
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const it of this.#running.reverse()) await it[Symbol.asyncDispose]();
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The program behind a port. */
export class HttpServer {
  readonly running: Running;
  readonly url: URL;

  constructor(running: Running, url: URL) {
    this.running = running;
    this.url = url;
  }

  async connect(options: TalkOptions = {}): Promise<Talk> {
    return await Talk.begin(new StreamableHTTPClientTransport(this.url), options);
  }

  /** Ends it as an operator does, and fails when it does not end well. */
  async stop(): Promise<void> {
    this.running.signal("SIGTERM");
    const { code, stderr } = await this.running.ended;
    assert.equal(code, 0, stderr);
  }
}

/** How a client connects. */
export interface TalkOptions {
  readonly era?: TestEra;
  readonly answer?: Answer | ((question: string) => Answer);
}

/** Kinds of lists that change. */
export type ListKind = "tools" | "prompts" | "resources";

/** One client. */
export class Talk implements AsyncDisposable {
  readonly client: Client;
  /** What its user was asked. */
  readonly questions: string[] = [];
  /** How often it was told that a list changed. */
  readonly told: Record<ListKind, number> = { tools: 0, prompts: 0, resources: 0 };
  readonly #transport: StdioClientTransport | StreamableHTTPClientTransport;
  #stderr = "";
  /** Every message that came from the server, as JSON. */
  readonly wire: string[] = [];

  private constructor(
    transport: StdioClientTransport | StreamableHTTPClientTransport,
    { era = "2025", answer }: TalkOptions,
  ) {
    const changed = (kind: ListKind) => ({
      autoRefresh: false,
      debounceMs: 0,
      onChanged: () => void this.told[kind]++,
    });
    this.client = new Client({ name: "proof", version: "1.0.0" }, {
      capabilities: answer === undefined ? {} : { elicitation: { form: {} } },
      versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
      listChanged: { tools: changed("tools"), prompts: changed("prompts"), resources: changed("resources") },
    });
    this.#transport = transport;
    if (answer === undefined) return;
    this.client.setRequestHandler("elicitation/create", ({ params }) => {
      this.questions.push(params.message);
      const given = typeof answer === "string" ? answer : answer(params.message);
      return given === undefined || given === "decline"
        ? { action: "decline" }
        : { action: "accept", content: { decision: given } };
    });
  }

  static async begin(
    transport: StdioClientTransport | StreamableHTTPClientTransport,
    options: TalkOptions,
  ): Promise<Talk> {
    const talk = new Talk(transport, options);
    if (transport instanceof StdioClientTransport) {
      transport.stderr?.on("data", (chunk: Uint8Array) => talk.#stderr += new TextDecoder().decode(chunk));
    }
    await talk.client.connect(transport);
    const heard = transport.onmessage as (message: unknown, ...rest: unknown[]) => void;
    transport.onmessage = (message: unknown, ...rest: unknown[]) => {
      talk.wire.push(JSON.stringify(message));
      heard(message, ...rest);
    };
    return talk;
  }

  /** What the server wrote to its log, over stdio. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Calls a tool. */
  async call(name: string, args: JsonObject = {}, meta: JsonObject = {}): Promise<ToolResult> {
    const result = await this.client.callTool({ name, arguments: args, _meta: meta });
    return result as unknown as ToolResult;
  }

  /** Calls a tool, fails when that fails, and gives what it answers for programs. */
  // deno-lint-ignore no-explicit-any -- each tool answers with something else
  async data(name: string, args: JsonObject = {}): Promise<any> {
    const result = await this.call(name, args);
    assert.notEqual(result.isError, true, textOf(result));
    return result.structuredContent;
  }

  /** Calls a tool, fails when that fails, and gives its text. */
  async text(name: string, args: JsonObject = {}): Promise<string> {
    const result = await this.call(name, args);
    assert.notEqual(result.isError, true, textOf(result));
    return textOf(result);
  }

  /** Calls a tool, fails when that does not fail, and gives its text. */
  async refused(name: string, args: JsonObject = {}): Promise<string> {
    const result = await this.call(name, args);
    assert.equal(result.isError, true, textOf(result));
    return textOf(result);
  }

  /** Lists the names of tools. */
  async tools(): Promise<readonly string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  /** Lists the names of skills that are found, without those that ship. */
  async skills(): Promise<readonly string[]> {
    const { skills } = await this.data("list_skills", { fields: ["name", "origin"] });
    return skills.filter(({ origin }: JsonObject) => origin !== "bundled").map(({ name }: JsonObject) => name);
  }

  /** Waits until the client is told of a change of a list that an action makes. */
  async toldOf(kind: ListKind, action: () => Promise<unknown>): Promise<void> {
    const before = this.told[kind];
    await action();
    await until(() => this.told[kind] > before, `the client to be told of ${kind}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.#transport.close();
  }
}
