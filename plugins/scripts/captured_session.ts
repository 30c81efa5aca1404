/**
 * One run of a script of which everything is told: what it printed, cut to what is kept, and how it ended.
 *
 * @module
 */
import { type Call, type JsonObject, type Process, ToolError } from "../../kernel/mod.ts";
import type { CapturedResult, CapturedScript } from "./contract.ts";
import { Wait } from "./ending.ts";
import type { MessageHost } from "./message_host.ts";
import { MessageServer } from "./message_server.ts";
import { NOTICES } from "./messages.ts";
import { MixedOutput, type MixedPart } from "./mixed_output.ts";
import type { MessageLine } from "./output_lines.ts";
import type { Redaction } from "./redaction.ts";
import { ShownOutput } from "./shown_output.ts";

/** What a script needs that talks while it runs. */
export interface Talk extends Omit<MessageHost, "call" | "streamed"> {
  /** The request, one line without its end. */
  readonly request: string;
}

/** What a run needs to know. */
export interface CapturedSessionOptions extends Pick<CapturedScript, "onOutput"> {
  readonly call: Call;
  /** Id of the request. */
  readonly id: number;
  /** All of its stdin, unless it talks. */
  readonly input: string;
  /** How it talks with the server; `undefined` when all that it prints is output. */
  readonly talk: Talk | undefined;
  /** Time limit of the run. */
  readonly timeoutMs: number;
  /** Characters kept of each stream. */
  readonly mostOutput: number;
  readonly redaction: Redaction;
}

/** How a script ended whose time was over: by this server. */
const NO_EXIT = { code: undefined, signal: undefined, ended: undefined } as const;

/** The run of one process. */
export class CapturedSession {
  readonly #process: Process;
  readonly #options: CapturedSessionOptions;
  readonly #wait: Wait;
  readonly #stdout: ShownOutput;
  readonly #stderr: ShownOutput;
  readonly #reading: Promise<unknown>;
  /** Ends what was called for the script when nobody waits for it any more. */
  readonly #over = new AbortController();
  #isTimedOut = false;
  #isMuted = false;

  constructor(process: Process, options: CapturedSessionOptions) {
    const { call, id, talk, timeoutMs, mostOutput: most, redaction, onOutput } = options;
    this.#process = process;
    this.#options = options;
    this.#wait = new Wait(process, { signal: call.signal, timeoutMs, id, isStdinOpen: talk !== undefined });
    const show = (stream: "stdout" | "stderr") =>
      new ShownOutput({
        ...{ most, redacted: redaction.stream() },
        onText: onOutput && ((text) => this.#isMuted || onOutput(stream, text)),
      });
    this.#stdout = show("stdout");
    this.#stderr = show("stderr");
    this.#reading = Promise.all([
      talk === undefined ? this.#read(process.stdout, this.#stdout) : this.#converse(talk),
      this.#read(process.stderr, this.#stderr),
    ]);
    // who waits for it hears of it
    this.#reading.catch(() => {});
  }

  /**
   * Waits for the end of the script, or of its time.
   *
   * @throws {ToolError} when the call is cancelled.
   */
  async finish(): Promise<CapturedResult> {
    const { input, talk } = this.#options;
    // not awaited: a script may end without having read it
    void this.#process.write(talk === undefined ? input : `${talk.request}\n`);
    if (talk === undefined) void this.#process.end();
    try {
      return await this.#wait.for(this.#conclude(), async () => {
        this.#isTimedOut = true;
        this.#over.abort(new ToolError("The script took too long"));
        await this.end();
        return await this.#conclude();
      });
    } finally {
      this.#isMuted = true;
      this.#over.abort(new ToolError("The script has ended"));
    }
  }

  /** Ends the process; resolves when its tree is gone. */
  async end(): Promise<void> {
    await Promise.allSettled([this.#reading, this.#wait.end()]);
  }

  async #conclude(): Promise<CapturedResult> {
    const [exit] = await Promise.all([this.#process.exited, this.#reading]);
    const { code, signal, ended } = this.#isTimedOut ? NO_EXIT : exit;
    return {
      stdout: this.#stdout.text,
      stderr: this.#stderr.text,
      isStdoutCut: this.#stdout.isCut,
      isStderrCut: this.#stderr.isCut,
      exitCode: code,
      signal,
      isTimedOut: this.#isTimedOut,
      overLimit: ended === "timeout" || ended === "abort" ? undefined : ended,
    };
  }

  async #read(stream: AsyncIterable<string>, output: ShownOutput): Promise<void> {
    for await (const piece of stream) output.push(piece);
    output.end();
  }

  async #converse(talk: Talk): Promise<void> {
    const { call, redaction } = this.#options;
    const own = redaction.guard(call.derive({ signal: AbortSignal.any([call.signal, this.#over.signal]) }));
    // what is given piece by piece is output like any other
    const streamed = { isProgressOwn: false, add: (chunk: JsonObject) => Promise.resolve(this.#addChunk(chunk)) };
    const messages = new MessageServer({ ...talk, call: own, streamed }, (line) => this.#process.write(`${line}\n`));
    const mixed = new MixedOutput(isServed);
    for await (const piece of this.#process.stdout) await this.#take(mixed.push(piece), messages);
    await this.#take(mixed.end(), messages);
    this.#stdout.end();
  }

  async #take(parts: readonly MixedPart[], messages: MessageServer): Promise<void> {
    for (const part of parts) {
      if (typeof part === "string") this.#stdout.push(part);
      else if (!this.#over.signal.aborted) await messages.serve(part);
    }
  }

  #addChunk({ data }: JsonObject): void {
    if (data !== undefined) this.#stdout.push(typeof data === "string" ? data : `${JSON.stringify(data)}\n`);
  }
}

/** Whoever asks waits for an answer; a notice that is not known is no message of the protocol. */
function isServed({ method, id }: MessageLine): boolean {
  return id !== undefined || NOTICES.has(method);
}
