/**
 * One call of a process that serves many: to its run it looks like a process of its own.
 *
 * @module
 */
import type { Process, ProcessExit } from "../../../kernel/mod.ts";
import { TextChannel } from "./text_channel.ts";

/** How a process looks to a run whose answer has come. */
const ANSWERED: ProcessExit = { code: 0, signal: undefined, ended: undefined };

/** What a call asks of the process that serves it. */
export interface CallOwner {
  readonly process: Process;
  /** The call has its answer. */
  release(): void;
  /** The call ends without an answer: the process is not to serve another. */
  retire(): void;
}

/** A process, as far as one call goes. */
export class CallProcess implements Process {
  readonly pid: number;
  readonly stdout: TextChannel;
  readonly stderr: TextChannel;
  readonly exited: Promise<ProcessExit>;
  readonly #id: number;
  readonly #owner: CallOwner;
  #isOver = false;
  #answered: (exit: ProcessExit) => void = () => {};

  /** @param id Id of the request. */
  constructor(id: number, owner: CallOwner) {
    this.#id = id;
    this.#owner = owner;
    this.pid = owner.process.pid;
    this.stdout = new TextChannel();
    this.stderr = new TextChannel();
    this.exited = Promise.race([
      new Promise<ProcessExit>((resolve) => this.#answered = resolve),
      owner.process.exited,
    ]);
  }

  /** Takes a line of stdout; resolves when there is room for the next, and tells whether it was the answer. */
  async takeLine(line: string): Promise<"answer" | "error" | undefined> {
    const answered = answerIn(line, this.#id);
    if (answered === "foreign") return undefined;
    await this.stdout.push(`${line}\n`);
    return answered;
  }

  /** Ends the call: what the process writes from now on is not of it. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.stdout.end();
    this.stderr.end();
    this.#answered(ANSWERED);
    this.#owner.release();
  }

  async write(text: string): Promise<void> {
    // a reply that comes too late would be read by the next call
    if (!this.#isOver) await this.#owner.process.write(text);
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#owner.retire();
    await this.#owner.process.end();
  }

  async kill(graceMs?: number): Promise<void> {
    if (this.#isOver) return;
    this.#owner.retire();
    await this.#owner.process.kill(graceMs);
  }
}

/** Tells what a line is to the request with an id; an answer to another is foreign. */
function answerIn(line: string, id: number): "answer" | "error" | "foreign" | undefined {
  if (!line.includes('"jsonrpc"')) return undefined;
  try {
    const message = JSON.parse(line.replace(/^\uFEFF/, ""));
    if (typeof message?.jsonrpc !== "string" || message.method !== undefined) return undefined;
    const isError = message.error !== undefined && message.error !== null;
    // JSON-RPC gives no id to an error in reading the request
    if (message.id !== id && !(isError && message.id === null)) return "foreign";
    return isError ? "error" : "answer";
  } catch {
    return undefined;
  }
}
