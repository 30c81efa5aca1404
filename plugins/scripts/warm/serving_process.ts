/**
 * A process that serves calls, one after the other.
 *
 * @module
 */
import type { Process } from "../../../kernel/mod.ts";
import { endProcess } from "../ending.ts";
import { LineSplitter } from "../output_lines.ts";
import { CallProcess } from "./call_process.ts";

/** How long after an error what stderr has to say about it may come. */
const STDERR_MS = 30;
/** Most characters of what is printed between calls that are logged at a time. */
const SHOWN = 500;

/** What a {@linkcode ServingProcess} works with. */
export interface ServingOptions {
  /** Is told that the process can serve the next call, or never will. */
  readonly onFree: () => void;
  /** Is told what the process prints while it serves nobody. */
  readonly onStray: (text: string) => void;
}

/** Passes what a process writes to the call that it serves. */
export class ServingProcess {
  readonly process: Process;
  readonly startedAt: number = Date.now();
  /** How many calls it was given. */
  calls = 0;
  /** Whether it may be given another call, once it has answered. */
  isFit = true;
  readonly #options: ServingOptions;
  #call: CallProcess | undefined;

  constructor(process: Process, options: ServingOptions) {
    this.process = process;
    this.#options = options;
    const reading = this.#readLines().catch((error) => this.#giveUp(error));
    void Promise.all([reading, this.#readStderr().catch(() => {}), process.exited]).then(() => this.#retire());
  }

  /** Whether it serves a call. */
  get isBusy(): boolean {
    return this.#call !== undefined;
  }

  /** Begins a call; gives it as a process of its own, whose request has to have the id {@linkcode calls}. */
  begin(): CallProcess {
    this.calls++;
    const call = new CallProcess(this.calls, {
      process: this.process,
      release: () => {
        this.#call = undefined;
        this.#options.onFree();
      },
      retire: () => this.#retire(),
    });
    this.#call = call;
    return call;
  }

  /** Ends the process, kindly at first; resolves when its tree is gone. */
  async end(): Promise<void> {
    this.isFit = false;
    await endProcess(this.process);
  }

  #retire(): void {
    if (!this.isFit) return;
    this.isFit = false;
    this.#options.onFree();
  }

  async #readLines(): Promise<void> {
    const splitter = new LineSplitter();
    for await (const piece of this.process.stdout) {
      // what came along with an answer was written before the next call began
      const call = this.#call;
      for (const line of splitter.push(piece)) {
        if (call === undefined || call !== this.#call) this.#options.onStray(line.slice(0, SHOWN));
        else await this.#pass(call, line);
      }
    }
    const rest = splitter.end();
    if (rest !== undefined && this.#call !== undefined) await this.#pass(this.#call, rest);
    this.#retire();
    this.#call?.stdout.end();
  }

  /** Ends a process that wrote what cannot be read; the run that it serves, if any, says so. */
  async #giveUp(error: unknown): Promise<void> {
    this.#call?.stdout.end(error);
    this.#retire();
    if (this.#call === undefined) await this.process.kill(0);
    for await (const _ of this.process.stdout) {
      // what nobody reads would keep it from ending
    }
  }

  async #pass(call: CallProcess, line: string): Promise<void> {
    const answer = await call.takeLine(line);
    if (answer === "answer") call.finish();
    else if (answer === "error") {
      await new Promise((resolve) => setTimeout(resolve, STDERR_MS));
      call.finish();
    }
  }

  async #readStderr(): Promise<void> {
    for await (const piece of this.process.stderr) {
      if (this.#call === undefined) this.#options.onStray(piece.slice(0, SHOWN));
      else await this.#call.stderr.push(piece);
    }
    this.#call?.stderr.end();
  }
}
