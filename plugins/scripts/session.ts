/**
 * One run of a script: the request goes in, messages come and go, and the first answer counts.
 *
 * @module
 */
import { type Process, type ProcessExit, ToolError } from "../../kernel/mod.ts";
import { comesWithin, describeExit, drain, KILL_MS, SILENT_MS, STDERR_MS, Wait } from "./ending.ts";
import { answeredError, failure } from "./failures.ts";
import { MessageServer } from "./message_server.ts";
import type { MessageHost } from "./message_host.ts";
import {
  type AnswerLine,
  LineSplitter,
  type OutputLine,
  OutputTooLong,
  PlainOutput,
  readLine,
} from "./output_lines.ts";
import type { Redaction } from "./redaction.ts";
import { StderrTail } from "./stderr.ts";
import { StreamedOutput } from "./streamed_output.ts";

/** Most characters of plain output that are logged beside an answer. */
const PRINTED = 8_000;

/** What a run needs to know. */
export interface SessionOptions extends Omit<MessageHost, "streamed"> {
  /** Id of the request. */
  readonly id: number;
  /** The request, one line without its end. */
  readonly request: string;
  readonly isStdinClosed: boolean;
  /** What errors call it. */
  readonly title: string;
  /** Time limit of the run. */
  readonly timeoutMs: number;
  /** What a script does that needs longer. */
  readonly longerBy: string;
  readonly redaction: Redaction;
  /** Hears what comes on stderr, all of it before the answer counts. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** How a script came to its answer. */
export type Answer =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "text"; readonly text: string };

/** The conversation with one process. */
export class ScriptSession {
  readonly #process: Process;
  readonly #options: SessionOptions;
  readonly #messages: MessageServer;
  readonly #streamed: StreamedOutput;
  readonly #stderr: StderrTail;
  readonly #stderrEnd: Promise<void>;
  /** Ends what was called for the script when nobody waits for it any more. */
  readonly #over = new AbortController();
  readonly #printed = new PlainOutput();
  readonly #wait: Wait;

  constructor(process: Process, options: SessionOptions) {
    const { call, name, redaction, id, timeoutMs, isStdinClosed, onStderr } = options;
    this.#process = process;
    this.#options = options;
    this.#wait = new Wait(process, { signal: call.signal, timeoutMs, id, isStdinOpen: !isStdinClosed });
    const own = redaction.guard(call.derive({ signal: AbortSignal.any([call.signal, this.#over.signal]) }));
    this.#streamed = new StreamedOutput(own, redaction);
    this.#stderr = new StderrTail({ call: own, name, redacted: redaction.stream(), onText: onStderr });
    this.#stderrEnd = this.#stderr.follow(process.stderr);
    this.#messages = new MessageServer(
      { ...options, call: own, streamed: this.#streamed },
      (line) => process.write(`${line}\n`),
    );
  }

  /**
   * Talks with the script until it answers or ends, the call is cancelled, or the time is over.
   *
   * @throws {ToolError} when it answers with an error, fails, or nobody waits for it any more.
   */
  async converse(): Promise<Answer> {
    const { title, request, isStdinClosed } = this.#options;
    // not awaited: a script may answer without having read it all, or anything
    void this.#process.write(`${request}\n`);
    if (isStdinClosed) void this.#process.end();
    try {
      return await this.#wait.for(this.#talk(), () => {
        throw this.#timeout();
      });
    } catch (error) {
      if (!(error instanceof OutputTooLong)) throw error;
      throw new ToolError(`${title} was ended: ${error.message}`);
    } finally {
      this.#stderr.mute();
      this.#over.abort(new ToolError("The script has ended"));
    }
  }

  /** Ends the process, kindly at first; resolves when its tree is gone. */
  async end(): Promise<void> {
    await Promise.all([drain(this.#process.stdout), this.#wait.end(), this.#stderrEnd]);
  }

  async #talk(): Promise<Answer> {
    const answer = await this.#readAnswer();
    this.#over.signal.throwIfAborted();
    await this.#streamed.end();
    return answer === undefined ? await this.#concludeWithoutAnswer() : await this.#accept(answer);
  }

  async #readAnswer(): Promise<AnswerLine | undefined> {
    const splitter = new LineSplitter();
    for await (const piece of this.#process.stdout) {
      for (const line of splitter.push(piece)) {
        if (this.#over.signal.aborted) return undefined;
        const answer = await this.#take(readLine(line));
        if (answer !== undefined) return answer;
      }
    }
    const last = splitter.end();
    return last === undefined ? undefined : await this.#take(readLine(last));
  }

  async #take(line: OutputLine): Promise<AnswerLine | undefined> {
    if (line.kind === "text") this.#printed.add(line.text);
    else if (line.kind === "message") await this.#messages.serve(line);
    else if (line.kind === "malformed") await this.#messages.refuse(line.reason);
    else return line;
    return undefined;
  }

  async #accept(answer: AnswerLine): Promise<Answer> {
    const { name, call, redaction, onStderr } = this.#options;
    // what was printed beside the answer is for whoever looks for a mistake
    const printed = redaction.redact(this.#printed.text);
    if (printed !== "") call.log("info", printed.slice(0, PRINTED), undefined, name);
    if (answer.kind === "error" || onStderr !== undefined) await comesWithin(this.#stderrEnd, STDERR_MS);
    if (answer.kind === "error") throw answeredError(answer, this.#stderr.tail);
    return { kind: "result", result: answer.result ?? this.#streamed.joined() };
  }

  async #concludeWithoutAnswer(): Promise<Answer> {
    void this.#process.end();
    // a script that closed its output and goes on has said all it has to say
    const isOver = await comesWithin(this.#process.exited, SILENT_MS);
    if (!isOver) await this.#process.kill(KILL_MS);
    const exit = await this.#process.exited;
    const { text } = this.#printed;
    const whole = readLine(text);
    if (whole.kind === "result" || whole.kind === "error") {
      this.#printed.clear();
      return await this.#accept(whole);
    }
    const isFailed = exit.ended !== undefined || isOver && exit.code !== 0;
    if (isFailed || this.#options.onStderr !== undefined) await comesWithin(this.#stderrEnd, STDERR_MS);
    if (isFailed) throw this.#failure(describeExit(exit), exit);
    if (text !== "") return { kind: "text", text };
    return { kind: "result", result: this.#streamed.joined() };
  }

  #timeout(): ToolError {
    const { longerBy } = this.#options;
    const how = `did not answer within its time limit, and was ended; a script that needs longer ${longerBy}`;
    return this.#failure(how, { code: undefined, signal: undefined });
  }

  #failure(how: string, { code, signal }: Pick<ProcessExit, "code" | "signal">): ToolError {
    const { title, redaction } = this.#options;
    const stdout = redaction.redact(this.#printed.text);
    return failure(`${title} ${how}`, { code, signal, stdout, stderr: this.#stderr.tail });
  }
}
