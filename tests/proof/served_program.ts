/**
 * The program under test: a process of the runtime that runs the tests, with the plugin of the proofs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import process from "node:process";
import { inRepository } from "../../scripts/lib/repository.ts";
import { pause } from "../support/wait.ts";
import { IS_DENO, makeFolder, programPath } from "../command_line/program.ts";

const START_MS = 60_000;
const STOP_MS = 15_000;
const KEPT_CHARS = 200_000;
const LISTENING_REGEXP = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/m;
/** What no input of a client may cause. */
const BROKEN_REGEXP =
  /^(?:\S+Z error .*|.*(?:[Uu]nhandled|[Uu]ncaught|MaxListenersExceeded|out of memory|FATAL).*|\s+at .+:\d+:\d+\)?)$/m;

/** How the program is started. */
export interface ServerOptions {
  /** `server.limits` of its configuration. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** The running program. */
export interface Server extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last of its log. */
  stderr(): string;
  isAlive(): boolean;
  /** Fails when it has ended, or its log tells of an internal failure. */
  assertWell(): void;
  /** Asks it to end as an operator does, and fails when it does not end cleanly. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The program behind a port. */
export interface HttpServer extends Server {
  readonly port: number;
}

/** Starts the program over HTTP, without a token. */
export async function startHttp(options: ServerOptions = {}): Promise<HttpServer> {
  const server = await start(["--transport", "http", "--port", "0", "--no-token"], options);
  const findPort = () => LISTENING_REGEXP.exec(server.stderr())?.[1];
  for (const end = Date.now() + START_MS; findPort() === undefined; await pause(10)) {
    if (server.isAlive() && Date.now() < end) continue;
    await server[Symbol.asyncDispose]();
    throw new Error(`The server did not start: ${server.stderr()}`);
  }
  return Object.assign(server, { port: Number(findPort()) });
}

/** Starts the program over stdio; nobody reads its stdout yet. */
export async function startStdio(options: ServerOptions = {}): Promise<Server> {
  return await start([], options);
}

async function start(args: readonly string[], { limits = {} }: ServerOptions): Promise<Server> {
  const home = await makeFolder();
  const plugins = { [inRepository("tests", "proof", "plugin.ts")]: {} };
  await home.write("collet.json", JSON.stringify({ server: { sandbox: "off", limits }, plugins }));
  const words = IS_DENO ? ["run", "-A", "--v8-flags=--expose-gc"] : ["--expose-gc"];
  const child = spawn(process.execPath, [...words, await programPath(), ...args], {
    cwd: tmpdir(),
    env: { ...environment(), COLLET_HOME: home.path, NO_COLOR: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let stderr = "";
  let broken: string | undefined;
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-KEPT_CHARS);
    // it may have left what is kept by the time that somebody asks
    broken ??= BROKEN_REGEXP.exec(stderr) === null ? undefined : stderr;
  });
  child.stdin.on("error", () => {});
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (isAlive()) process.kill(child.pid!, signal);
    child.stdout.resume();
    const timer = setTimeout(() => process.kill(child.pid!, "SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  return {
    child,
    pid: child.pid!,
    stderr: () => stderr,
    isAlive,
    assertWell() {
      assert.ok(isAlive(), `the server ended with ${child.exitCode ?? child.signalCode}: ${stderr}`);
      assert.equal(broken, undefined, "the log of the server tells of an internal failure");
    },
    async stop() {
      await end("SIGTERM");
      assert.deepEqual([child.exitCode, broken], [0, undefined], stderr);
    },
    async [Symbol.asyncDispose]() {
      if (isAlive()) await end("SIGKILL");
      await home[Symbol.asyncDispose]();
    },
  };
}

// what the operator of this machine has set must not reach the tests
function environment(): NodeJS.ProcessEnv {
  const ours = /^(?:COLLET_|SKILLZ_|SKILL_MCP_|DCC_MCP_|TOOLS_DIR$|NODE_|DENO_(?!DIR))/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
