/**
 * One worker that runs artifacts, as the server sees it.
 *
 * @module
 */
import { ErrorCode, type JsonObject, messageOf, type Worker } from "../../../kernel/mod.ts";
import { Kept } from "../worker/kept.ts";
import type {
  Ask,
  BundleRun,
  CodeTask,
  FromWorker,
  ModuleRun,
  ReplyError,
  RunOutcome,
  ToWorker,
} from "../worker/messages.ts";
import { Answers } from "./answers.ts";
import { AskReader, createAskChannel } from "../worker/ask_channel.ts";
import { createChannel, ReplyWriter } from "../worker/reply_channel.ts";

/** Who a run talks with. */
export interface Peer {
  /** Takes text of stderr. */
  stderr(text: string): void;
  /** Takes a piece of stdout of an interactive run. */
  stdout(text: string): void;
  /** Takes a message that wants no reply. */
  notify(method: string, params: JsonObject): void;
  /** Serves a message that wants a reply: an object with `result`, or with `error`. */
  request(method: string, params: JsonObject): Promise<JsonObject>;
  /** Serves a request of code: its params and the reply are JSON. */
  ask?(method: string, text: string): Promise<string>;
  /** Gives more of stdin of an interactive run; `undefined` at its end. */
  readStdin(): Promise<string | undefined>;
  /** Resolves when all that was said was taken in. */
  settled(): Promise<void>;
}

/** What is run, with what a worker may have already. */
export type FullRun =
  | (ModuleRun & { readonly module: WebAssembly.Module })
  | (BundleRun & { readonly bundle: string })
  | CodeTask;

/** What stands for a digest where code is run: a worker that has run some has what is needed for it. */
export const CODE_DIGEST = "code";

/** How long requests of one run are looked for until others have their turn, in milliseconds. */
const LOOK_MS = 2;

/** The worker ended by itself in the middle of a run. */
export class WorkerDied extends Error {
  override readonly name = "WorkerDied";
}

interface Running {
  readonly peer: Peer;
  /** Whether the thread waits for replies, as it does for modules. */
  readonly isBlocking: boolean;
  /** On their way to code. */
  readonly answers: Answers | undefined;
  resolve(outcome: RunOutcome): void;
  reject(error: Error): void;
}

/** Runs one artifact at a time. */
export class Thread {
  readonly #worker: Worker;
  /** What the worker has. */
  readonly #modules = new Kept<true>();
  readonly #bundles = new Kept<true>();
  #hasRunCode = false;
  readonly #replies: ReplyWriter;
  readonly #asks: AskReader;
  /** Until when it is looked for requests before others have their turn. */
  #lookUntil = 0;
  #running: Running | undefined;
  /** Is told when the run has ended that nobody waits for. */
  #onHalted: (() => void) | undefined;
  #isLarge = false;
  #isEnded = false;
  #error: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    const memory = createChannel();
    this.#replies = new ReplyWriter(memory);
    const asks = createAskChannel();
    this.#asks = new AskReader(asks);
    this.#post({ kind: "channel", memory, asks });
    worker.listen((message) => this.#take(message as FromWorker));
    void worker.ended.then((error) => {
      this.#isEnded = true;
      this.#error = error;
      this.#running?.reject(this.#death());
      this.#running = undefined;
    });
  }

  /** Whether it can run nothing more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether code has taken much memory, which is only given back for certain when the worker ends. */
  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Tells whether the worker has an artifact, or what runs code. */
  has(digest: string): boolean {
    return digest === CODE_DIGEST ? this.#hasRunCode : this.#modules.has(digest) || this.#bundles.has(digest);
  }

  /**
   * Runs an artifact, or code, to its end.
   *
   * @throws {WorkerDied} when the worker ends before.
   */
  run(run: FullRun, peer: Peer): Promise<RunOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded) return reject(this.#death());
      const answers = run.kind === "code" ? this.#answers() : undefined;
      this.#running = { peer, isBlocking: run.kind === "module", answers, resolve, reject };
      this.#replies.reset();
      this.#post(this.#withoutKnown(run));
    });
  }

  #withoutKnown(run: FullRun): ModuleRun | BundleRun | CodeTask {
    if (run.kind === "code") {
      this.#hasRunCode = true;
      return run;
    }
    const kept = run.kind === "module" ? this.#modules : this.#bundles;
    const isKnown = kept.has(run.digest);
    kept.use(run.digest, true);
    if (!isKnown) return run;
    if (run.kind === "module") {
      const { module: _, ...known } = run;
      return known;
    }
    const { bundle: _, ...known } = run;
    return known;
  }

  /**
   * Ends what runs, which comes to no end for who waits for it, and keeps the worker.
   *
   * @param patienceMs How long it may take to end, in milliseconds.
   * @returns Whether it ended: the worker can run something else.
   */
  async halt(patienceMs: number): Promise<boolean> {
    if (this.#running === undefined) return !this.#isEnded;
    this.#running = undefined;
    const halted = new Promise<void>((resolve) => this.#onHalted = resolve);
    this.#replies.halt();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), patienceMs));
    const hasEnded = await Promise.race([halted.then(() => true), tooLong, this.#worker.ended.then(() => false)]);
    clearTimeout(timer);
    this.#onHalted = undefined;
    return hasEnded && !this.#isEnded;
  }

  /** Ends the worker, at whatever it is; what runs comes to no end. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#running = undefined;
    await this.#worker.terminate();
  }

  #take(message: FromWorker): void {
    const running = this.#running;
    if (message.kind === "finished" && message.outcome.kind !== "exit") {
      this.#isLarge ||= message.outcome.isLarge === true;
    }
    // what comes late is of a run that nobody waits for
    if (running === undefined) return message.kind === "finished" ? this.#onHalted?.() : undefined;
    const { peer } = running;
    switch (message.kind) {
      case "finished":
        this.#running = undefined;
        return running.resolve(message.outcome);
      case "stderr":
        return peer.stderr(message.text);
      case "stdout":
        return peer.stdout(message.text);
      case "notice":
        return peer.notify(message.method, message.params);
      case "request":
        return void this.#serve(message, running);
      case "asks":
        this.#lookUntil = performance.now() + LOOK_MS;
        return this.#takeAsks(message.asks, running);
      case "stdin":
        return void peer.readStdin().then((text) => this.#reply(text, running));
      case "pause":
        return void peer.settled().then(() => this.#resume(running));
      case "more":
        this.#replies.next();
        return running.answers?.flush();
    }
  }

  async #serve(
    { id, method, params }: Extract<FromWorker, { readonly kind: "request" }>,
    running: Running,
  ): Promise<void> {
    const text = writeReply(await running.peer.request(method, params));
    if (running.isBlocking) this.#reply(text, running);
    else if (this.#running === running) this.#post({ kind: "answer", id, text });
  }

  #takeAsks(asks: readonly Ask[], running: Running): void {
    running.answers?.expect(asks.length);
    for (const ask of asks) void this.#answer(ask, running);
  }

  /** Looks whether code asks for more, now that it has all the replies. */
  #look(): void {
    const running = this.#running;
    if (running === undefined || performance.now() > this.#lookUntil) return;
    const asks = this.#asks.look();
    if (asks !== undefined) this.#takeAsks(asks, running);
  }

  async #answer({ id, method, text }: Ask, running: Running): Promise<void> {
    const answer = await running.peer.ask?.(method, text);
    if (answer !== undefined && this.#running === running) running.answers?.add(id, answer);
  }

  #answers(): Answers {
    const answers: Answers = new Answers({
      hasRoom: () => this.#running?.answers === answers && this.#replies.hasRoom(),
      give: (text) => this.#replies.reply(text),
      onEmpty: () => this.#look(),
    });
    return answers;
  }

  #resume(running: Running): void {
    if (running.answers === undefined) this.#reply("", running);
    else running.answers.resume();
  }

  #reply(text: string | undefined, running: Running): void {
    if (this.#running === running) this.#replies.reply(text);
  }

  #post(message: ToWorker): void {
    this.#worker.post(message);
  }

  #death(): WorkerDied {
    return new WorkerDied(this.#error === undefined ? "it was ended" : messageOf(this.#error));
  }
}

/** Writes a reply; values that are no JSON, as a tool of a careless plugin may give them, are a failure as well. */
export function writeReply(reply: JsonObject): string {
  try {
    return JSON.stringify(reply);
  } catch (thrown) {
    const error: ReplyError = { code: ErrorCode.internalError, message: `The answer is no JSON: ${messageOf(thrown)}` };
    return JSON.stringify({ error });
  }
}
