/**
 * One run of a script: the request goes in, messages come and go, and the first answer counts.
 *
 * @module
 */
import {
  isToolError,
  type JsonObject,
  messageOf,
  type Process,
  type ProcessExit,
  ToolError,
} from "../../kernel/mod.ts";
import { type MessageHost, NOTICES, REQUESTS } from "./messages.ts";
import {
  type AnswerLine,
  type ErrorLine,
  LineSplitter,
  type MessageId,
  type MessageLine,
  OUTPUT_LIMIT,
  type OutputLine,
  OutputTooLong,
  readLine,
} from "./output_lines.ts";
import { StderrTail } from "./stderr.ts";
import { StreamedOutput } from "./streamed_output.ts";

/** How long a script may take to end once it has answered. */
const GRACE_MS = 2_000;
/** How long a script may go on that has closed its output; longer than it takes to end one that will not. */
const SILENT_MS = 5_000;
/** How long an error waits for what stderr has to say about it. */
const STDERR_MS = 300;
/** Most requests of a script that are served at once; it waits with the next one. */
const MOST_REQUESTS = 64;
const METHOD_NOT_FOUND = -32601;
const REQUEST_FAILED = -32000;

/** What a run needs to know. */
export interface SessionOptions extends Omit<MessageHost, "streamed"> {
  readonly protocol: number;
  /** The request, one line without its end. */
  readonly request: string;
  readonly isStdinClosed: boolean;
}

/** How a script came to its answer. */
export type Answer =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "text"; readonly text: string };

/** The conversation with one process. */
export class ScriptSession {
  readonly #process: Process;
  readonly #options: SessionOptions;
  readonly #host: MessageHost;
  readonly #stderr: StderrTail;
  readonly #serving = new Set<Promise<void>>();
  /** Ends what was called for the script when the script has ended. */
  readonly #over = new AbortController();
  #text: string[] = [];
  #textLength = 0;

  constructor(process: Process, options: SessionOptions) {
    const { call, name, toolbox, memory } = options;
    this.#process = process;
    this.#options = options;
    const own = call.derive({ signal: AbortSignal.any([call.signal, this.#over.signal]) });
    this.#host = { name, toolbox, memory, call: own, streamed: new StreamedOutput(own) };
    this.#stderr = new StderrTail(process.stderr, { call, name });
  }

  /**
   * Talks with the script until it answers or ends.
   *
   * @throws {ToolError} when it answers with an error, fails, or is ended.
   */
  async converse(): Promise<Answer> {
    const { request, isStdinClosed } = this.#options;
    // not awaited: a script may answer without having read it all, or anything
    void this.#process.write(`${request}\n`);
    if (isStdinClosed) void this.#process.end();
    try {
      const answer = await this.#readAnswer();
      if (answer !== undefined) return await this.#accept(answer);
      return await this.#concludeWithoutAnswer();
    } catch (error) {
      if (!(error instanceof OutputTooLong)) throw error;
      throw new ToolError(`Script "${this.#options.name}" was ended: ${error.message}`);
    } finally {
      this.#stderr.mute();
      this.#over.abort(new ToolError("The script has ended"));
    }
  }

  /** Ends the process, kindly at first; resolves when its tree is gone. */
  async end(): Promise<void> {
    void this.#process.end();
    // what nobody reads would keep the script from ending
    const drained = this.#drain();
    if (!await comesWithin(this.#process.exited, GRACE_MS)) await this.#process.kill(GRACE_MS);
    await Promise.all([drained, this.#stderr.ended]);
  }

  async #drain(): Promise<void> {
    for await (const _ of this.#process.stdout) {
      // dropped
    }
  }

  async #readAnswer(): Promise<AnswerLine | undefined> {
    const splitter = new LineSplitter();
    for await (const piece of this.#process.stdout) {
      for (const line of splitter.push(piece)) {
        const answer = await this.#take(readLine(line));
        if (answer !== undefined) return answer;
      }
    }
    const last = splitter.end();
    return last === undefined ? undefined : await this.#take(readLine(last));
  }

  async #take(line: OutputLine): Promise<AnswerLine | undefined> {
    if (line.kind === "text") this.#addText(line.text);
    else if (line.kind === "message") await this.#serve(line);
    else return line;
    return undefined;
  }

  #addText(text: string): void {
    this.#textLength += text.length + 1;
    if (this.#textLength > OUTPUT_LIMIT) throw new OutputTooLong("it wrote more than 16 MiB without an answer");
    this.#text.push(text);
  }

  async #serve({ method, params, id }: MessageLine): Promise<void> {
    const given = (typeof params === "object" && params !== null ? params : {}) as JsonObject;
    const notice = NOTICES.get(method);
    if (notice !== undefined) await notice(given, this.#host);
    // to answer without an id would not reach whoever asked
    if (id === undefined) return;
    if (notice !== undefined) return void this.#reply(id, { result: {} });
    const serving = this.#answerRequest({ method, params: given, id });
    this.#serving.add(serving);
    serving.finally(() => this.#serving.delete(serving));
    if (this.#serving.size >= MOST_REQUESTS) await Promise.race(this.#serving);
  }

  async #answerRequest(
    { method, params, id }: { readonly method: string; readonly params: JsonObject; readonly id: MessageId },
  ): Promise<void> {
    const request = REQUESTS.get(method);
    if (request === undefined) {
      return await this.#reply(id, { error: { code: METHOD_NOT_FOUND, message: `Method not found: ${method}` } });
    }
    try {
      await this.#reply(id, { result: await request(params, this.#host) });
    } catch (error) {
      const message = messageOf(error);
      const isErrorWanted = this.#options.protocol >= 2;
      await this.#reply(
        id,
        isErrorWanted ? { error: { code: REQUEST_FAILED, message } } : { result: { error: message } },
      );
    }
  }

  #reply(id: MessageId, reply: JsonObject): Promise<void> {
    return this.#process.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...reply })}\n`);
  }

  async #accept(answer: AnswerLine): Promise<Answer> {
    const { name, call } = this.#options;
    // what was printed beside the answer is for whoever looks for a mistake
    const printed = this.#joinedText();
    if (printed !== "") call.log("info", printed.slice(0, 8_000), undefined, name);
    if (answer.kind === "error") {
      await comesWithin(this.#stderr.ended, STDERR_MS);
      throw this.#errorOf(answer);
    }
    return { kind: "result", result: answer.result ?? this.#host.streamed.joined() };
  }

  #errorOf({ code, message, data }: ErrorLine): ToolError {
    const head = code === undefined ? `Error: ${message}` : `Error ${code}: ${message}`;
    const lines = [head, ...(data === undefined || data === null ? [] : [`Data: ${JSON.stringify(data)}`])];
    return new ToolError([...lines, ...this.#stderrLines()].join("\n"), {
      data: { code: code ?? null, message, ...(data !== undefined && { data }) },
    });
  }

  async #concludeWithoutAnswer(): Promise<Answer> {
    void this.#process.end();
    // a script that closed its output and goes on has said all it has to say
    const isOver = await comesWithin(this.#process.exited, SILENT_MS);
    if (!isOver) await this.#process.kill(GRACE_MS);
    const exit = await this.#process.exited;
    const { signal } = this.#options.call;
    if (signal.aborted) {
      throw isToolError(signal.reason) ? signal.reason : new ToolError(`Cancelled: ${messageOf(signal.reason)}`);
    }
    const text = this.#joinedText();
    const whole = readLine(text);
    if (whole.kind === "result" || whole.kind === "error") {
      this.#text = [];
      return await this.#accept(whole);
    }
    if (exit.ended !== undefined || isOver && exit.code !== 0) throw await this.#failure(exit, text);
    if (text !== "") return { kind: "text", text };
    return { kind: "result", result: this.#host.streamed.joined() };
  }

  async #failure(exit: ProcessExit, text: string): Promise<ToolError> {
    await comesWithin(this.#stderr.ended, STDERR_MS);
    const head = `Script "${this.#options.name}" ${describeExit(exit)}`;
    const stdout = text.slice(-4_000);
    const lines = [head, ...this.#stderrLines(), ...(stdout === "" ? [] : ["stdout:", stdout])];
    return new ToolError(lines.join("\n"), {
      data: { exit_code: exit.code ?? null, signal: exit.signal ?? null, stderr: this.#stderr.tail, stdout },
    });
  }

  #stderrLines(): string[] {
    return this.#stderr.tail === "" ? [] : ["stderr:", this.#stderr.tail];
  }

  #joinedText(): string {
    return this.#text.join("\n").replace(/\n+$/, "");
  }
}

function describeExit({ code, signal, ended }: ProcessExit): string {
  switch (ended) {
    case "timeout":
      return "did not answer within its time limit, and was ended; a script that needs longer sets timeout_ms";
    case "memory":
      return "took more memory than its limit, and was ended";
    case "processes":
      return "started more processes than its limit, and was ended";
    case "abort":
      return "was cancelled";
    case undefined:
      return code === undefined
        ? `was ended by ${signal ?? "a signal"} before it answered`
        : `ended with exit code ${code}`;
  }
}

/** Waits for a promise, but no longer than `ms`; tells whether it came. */
async function comesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
