/**
 * One run of a script that speaks no protocol: a text goes in, and what it prints until it ends is its answer.
 *
 * @module
 */
import { type Call, type Process, type ProcessExit, ToolError } from "../../kernel/mod.ts";
import type { PlainResult } from "./contract.ts";
import { comesWithin, describeExit, drain, KILL_MS, SILENT_MS, STDERR_MS, Wait } from "./ending.ts";
import { failure } from "./failures.ts";
import { OUTPUT_LIMIT } from "./output_lines.ts";
import type { Redaction } from "./redaction.ts";
import { StderrTail } from "./stderr.ts";

/** What a run needs to know. */
export interface PlainSessionOptions {
  readonly call: Call;
  /** Name of the script. */
  readonly name: string;
  /** All of its stdin. */
  readonly input: string;
  /** What errors call it. */
  readonly title: string;
  /** Time limit of the run. */
  readonly timeoutMs: number;
  /** What a script does that needs longer. */
  readonly longerBy: string;
  readonly redaction: Redaction;
}

/** The run of one process. */
export class PlainSession {
  readonly #process: Process;
  readonly #options: PlainSessionOptions;
  readonly #stderr: StderrTail;
  readonly #stderrEnd: Promise<void>;
  readonly #printed: string[] = [];
  readonly #wait: Wait;
  #length = 0;

  constructor(process: Process, options: PlainSessionOptions) {
    const { call, name, redaction, timeoutMs } = options;
    this.#process = process;
    this.#options = options;
    this.#wait = new Wait(process, { signal: call.signal, timeoutMs, isStdinOpen: false });
    this.#stderr = new StderrTail({ call: redaction.guard(call), name, redacted: redaction.stream() });
    this.#stderrEnd = this.#stderr.follow(process.stderr);
  }

  /**
   * Waits for the end of the script.
   *
   * @throws {ToolError} when it prints more than is kept, the call is cancelled, or the time is over.
   */
  async finish(): Promise<PlainResult> {
    const { input, longerBy } = this.#options;
    // not awaited: a script may end without having read it
    void this.#process.write(input);
    void this.#process.end();
    const late = `did not end within its time limit, and was ended; a script that needs longer ${longerBy}`;
    try {
      return await this.#wait.for(this.#conclude(), () => {
        throw this.#failure(late);
      });
    } finally {
      this.#stderr.mute();
    }
  }

  /** Ends the process; resolves when its tree is gone. */
  async end(): Promise<void> {
    await Promise.all([drain(this.#process.stdout), this.#wait.end(), this.#stderrEnd]);
  }

  async #conclude(): Promise<PlainResult> {
    for await (const piece of this.#process.stdout) this.#add(piece);
    const { exited } = this.#process;
    // a script that closed its output and goes on has said all it has to say
    const isByItself = await comesWithin(exited, SILENT_MS);
    if (!isByItself) await this.#process.kill(KILL_MS);
    const exit = await exited;
    const hasFailed = exit.ended !== undefined || isByItself && exit.code !== 0;
    if (hasFailed) await comesWithin(this.#stderrEnd, STDERR_MS);
    return {
      stdout: this.#printed.join(""),
      failure: hasFailed ? this.#failure(describeExit(exit), exit) : undefined,
    };
  }

  #add(piece: string): void {
    this.#length += piece.length;
    if (this.#length > OUTPUT_LIMIT) {
      const most = Math.round(OUTPUT_LIMIT / 1024 / 1024);
      throw new ToolError(`${this.#options.title} was ended: it printed more than ${most} MiB`);
    }
    this.#printed.push(piece);
  }

  #failure(how: string, { code, signal }: Partial<ProcessExit> = {}): ToolError {
    const { title, redaction } = this.#options;
    const stdout = redaction.redact(this.#printed.join("")).trim();
    return failure(`${title} ${how}`, { code, signal, stdout, stderr: this.#stderr.tail });
  }
}
