/**
 * Fakes: a log that remembers, requests and processes that follow a script, and any value as the provider of a contract.
 *
 * @module
 */
import type { JsonObject } from "../content.ts";
import type { Command, Enforcement, Fetch, Process, Processes, ProcessExit, ProcessResult } from "../contracts.ts";
import { KernelError } from "../errors.ts";
import type { NamedLog } from "../log.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import type { Contract } from "../token.ts";

/** One entry of a {@linkcode FakeLog}. */
export interface LogEntry {
  /** How severe it is. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** Names who wrote it: a plugin, or `kernel`. */
  readonly name: string;
  /** What happened. */
  readonly message: string;
  /** What belongs to it, as it was given. */
  readonly data: JsonObject | undefined;
}

/** A log that keeps its entries. */
export interface FakeLog extends NamedLog {
  /** What was logged and not taken yet, oldest first. */
  readonly entries: readonly LogEntry[];
  /** Removes the entries of a level, or all, and gives them: a test says so which errors it expected. */
  take(level?: LogEntry["level"]): LogEntry[];
}

/**
 * Makes a log that keeps its entries.
 *
 * @example Expect an error
 * ```ts
 * import { fakeLog } from "collet/testing";
 *
 * const log = fakeLog();
 * log.error("Cannot reach the moon");
 * if (log.take("error")[0]?.message !== "Cannot reach the moon") throw new Error("unexpected");
 * if (log.entries.length !== 0) throw new Error("unexpected");
 * ```
 */
export function fakeLog(): FakeLog {
  const entries: LogEntry[] = [];
  const make = (name: string): FakeLog => {
    const write = (level: LogEntry["level"]) => (message: string, data?: JsonObject) => {
      entries.push({ level, name, message, data });
    };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      named: make,
      entries,
      take(level) {
        const taken = entries.filter((entry) => level === undefined || entry.level === level);
        const left = entries.filter((entry) => !taken.includes(entry));
        entries.splice(0, entries.length, ...left);
        return taken;
      },
    };
  };
  return make("kernel");
}

/**
 * Wraps a value as a plugin that provides it.
 *
 * @example A greeter for a plugin that requires one
 * ```ts
 * import { type Contract, contract, Kernel } from "collet";
 * import { provide } from "collet/testing";
 *
 * interface Greeter { greet(): string }
 * const Greeter: Contract<Greeter> = contract("greeter");
 * await using kernel = await new Kernel().use(provide(Greeter, { greet: () => "hi" })).start();
 * if (kernel.get(Greeter)?.greet() !== "hi") throw new Error("unexpected");
 * ```
 */
export function provide<T>(contract: Contract<T>, value: T): Plugin<void> {
  return definePlugin({
    name: `provides_${contract.id.replace(/[^a-z0-9]+/g, "_")}`,
    version: "1.0.0",
    provides: [contract],
    setup: (ctx) => void ctx.provide(contract, value),
  });
}

/**
 * Makes requests that a function answers; by default nothing is found anywhere.
 *
 * @example A site of one page
 * ```ts
 * import { fakeFetch } from "collet/testing";
 *
 * const { fetch } = fakeFetch((request) => new Response(new URL(request.url).pathname));
 * if (await (await fetch("https://example.com/hello")).text() !== "/hello") throw new Error("unexpected");
 * ```
 */
export function fakeFetch(
  answer: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 404 }),
): Fetch {
  return { fetch: async (url, init) => await answer(new Request(url, init)) };
}

/** What a scripted process answers: its stdout, or more of its result. */
export type ProcessReply = string | Partial<ProcessResult>;

/**
 * Says what commands answer: by command line (`git --version`), by program alone (`git`), or by a function, which sees
 * the whole stdin once it is closed. A promise that never settles is a process that hangs.
 */
export type ProcessScript =
  | Readonly<Record<string, ProcessReply>>
  | ((command: Command, input: string) => ProcessReply | Promise<ProcessReply>);

/** Processes that follow a script. */
export interface FakeProcesses extends Processes {
  /** What was started, in order. */
  readonly commands: readonly Command[];
  /** Number of processes that have not exited. */
  readonly running: number;
}

/**
 * Makes processes that follow a script. What the script does not know cannot be started.
 *
 * @example A git that knows its version
 * ```ts
 * import { fakeProcesses } from "collet/testing";
 *
 * const processes = fakeProcesses({ "git --version": "git version 2.40.0\n", git: { code: 1, stderr: "no\n" } });
 * const { stdout } = await processes.run({ program: "git", args: ["--version"] });
 * if (stdout !== "git version 2.40.0\n") throw new Error("unexpected");
 * if ((await processes.run({ program: "git" })).code !== 1) throw new Error("unexpected");
 * ```
 */
export function fakeProcesses(script: ProcessScript = {}): FakeProcesses {
  return new ScriptedProcesses(script);
}

const FINISHED: ProcessResult = {
  code: 0,
  signal: undefined,
  ended: undefined,
  stdout: "",
  stderr: "",
  truncated: false,
};

class ScriptedProcesses implements FakeProcesses {
  readonly commands: Command[] = [];
  readonly #script: ProcessScript;
  #running = 0;
  #lastPid = 0;

  constructor(script: ProcessScript) {
    this.#script = script;
  }

  get running(): number {
    return this.#running;
  }

  async run(command: Command & { readonly input?: string }): Promise<ProcessResult> {
    return await this.#finish(command, this.#answerer(command)(command.input ?? ""));
  }

  // deno-lint-ignore require-await -- what is thrown must reject
  async spawn(command: Command): Promise<Process> {
    const answer = this.#answerer(command);
    let input = "";
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => end = resolve);
    const killed = new AbortController();
    const signal = command.signal === undefined ? killed.signal : AbortSignal.any([command.signal, killed.signal]);
    const result = this.#finish({ ...command, signal }, ended.then(() => answer(input)));
    // whoever looks at none of the streams has no rejection to handle either
    result.catch(() => {});
    return {
      pid: ++this.#lastPid,
      stdout: textOnce(result.then((it) => it.stdout)),
      stderr: textOnce(result.then((it) => it.stderr)),
      // deno-lint-ignore require-await -- the interface is asynchronous
      write: async (text) => void (input += text),
      // deno-lint-ignore require-await -- the interface is asynchronous
      end: async () => end(),
      async kill() {
        killed.abort();
        await result;
      },
      exited: result.then(({ code, signal, ended }): ProcessExit => ({ code, signal, ended })),
    };
  }

  // deno-lint-ignore require-await -- the interface is asynchronous
  async which(program: string): Promise<string | undefined> {
    const isKnown = typeof this.#script === "function" ||
      Object.keys(this.#script).some((line) => line.split(" ")[0] === program);
    return isKnown ? `/usr/bin/${program}` : undefined;
  }

  // deno-lint-ignore require-await -- the interface is asynchronous
  async enforcement(): Promise<Enforcement> {
    return { memory: "none", processes: "none" };
  }

  #answerer(command: Command): (input: string) => Promise<ProcessReply> {
    const script = this.#script;
    if (typeof script === "function") {
      this.commands.push(command);
      return async (input) => await script(command, input);
    }
    const line = [command.program, ...command.args ?? []].join(" ");
    const reply = script[line] ?? script[command.program];
    if (reply === undefined) {
      throw new KernelError("PROCESS_UNSTARTED", `Cannot start "${line}": the script has no such command`);
    }
    this.commands.push(command);
    return () => Promise.resolve(reply);
  }

  async #finish({ timeoutMs, signal }: Command, reply: Promise<ProcessReply>): Promise<ProcessResult> {
    this.#running++;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let onAbort = (): void => {};
    const ended = new Promise<ProcessReply>((resolve) => {
      const end = (why: ProcessResult["ended"]) => resolve({ code: undefined, signal: "SIGTERM", ended: why });
      onAbort = () => end("abort");
      if (timeoutMs !== undefined) timer = setTimeout(() => end("timeout"), timeoutMs);
      if (signal?.aborted) end("abort");
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const answered = await Promise.race([ended, reply]);
      return { ...FINISHED, ...(typeof answered === "string" ? { stdout: answered } : answered) };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#running--;
    }
  }
}

async function* textOnce(text: Promise<string>): AsyncIterable<string> {
  const whole = await text;
  if (whole !== "") yield whole;
}
