/**
 * One worker that runs artifacts, as the server sees it.
 *
 * @module
 */
import { ErrorCode, type JsonObject, messageOf, type Worker } from "../../../kernel/mod.ts";
import { Kept } from "../worker/kept.ts";
import type { BundleRun, FromWorker, ModuleRun, ReplyError, RunOutcome, ToWorker } from "../worker/messages.ts";
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
  /** Gives more of stdin of an interactive run; `undefined` at its end. */
  readStdin(): Promise<string | undefined>;
  /** Resolves when all that was said was taken in. */
  settled(): Promise<void>;
}

/** What is run, with what a worker may have already. */
export type FullRun = (ModuleRun & { readonly module: WebAssembly.Module }) | (BundleRun & { readonly bundle: string });

/** The worker ended by itself in the middle of a run. */
export class WorkerDied extends Error {
  override readonly name = "WorkerDied";
}

interface Running {
  readonly peer: Peer;
  /** Whether the thread waits for replies, as it does for modules. */
  readonly isBlocking: boolean;
  resolve(outcome: RunOutcome): void;
  reject(error: Error): void;
}

/** Runs one artifact at a time. */
export class Thread {
  readonly #worker: Worker;
  /** What the worker has. */
  readonly #modules = new Kept<true>();
  readonly #bundles = new Kept<true>();
  #channel = createChannel();
  readonly #replies = this.#channel && new ReplyWriter(this.#channel);
  #running: Running | undefined;
  #isEnded = false;
  #error: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
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

  /** Tells whether the worker has an artifact. */
  has(digest: string): boolean {
    return this.#modules.has(digest) || this.#bundles.has(digest);
  }

  /**
   * Runs an artifact to its end.
   *
   * @throws {WorkerDied} when the worker ends before.
   */
  run(run: FullRun, peer: Peer): Promise<RunOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded) return reject(this.#death());
      this.#running = { peer, isBlocking: run.kind === "module", resolve, reject };
      const channel = this.#channel;
      this.#channel = undefined;
      const message = this.#withoutKnown(run);
      this.#post(channel === undefined ? message : { ...message, replies: channel });
    });
  }

  #withoutKnown(run: FullRun): ModuleRun | BundleRun {
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

  /** Ends the worker, at whatever it is; what runs comes to no end. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#running = undefined;
    await this.#worker.terminate();
  }

  #take(message: FromWorker): void {
    const running = this.#running;
    // what comes late is of a run that nobody waits for
    if (running === undefined) return;
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
      case "stdin":
        return void peer.readStdin().then((text) => this.#reply(text, running));
      case "pause":
        return void peer.settled().then(() => this.#reply("", running));
      case "more":
        return this.#replies?.next();
    }
  }

  async #serve(
    { id, method, params }: Extract<FromWorker, { readonly kind: "request" }>,
    running: Running,
  ): Promise<void> {
    const text = encode(await running.peer.request(method, params));
    if (running.isBlocking) return this.#reply(text, running);
    if (this.#running === running) this.#post({ kind: "reply", id, ...JSON.parse(text) });
  }

  #reply(text: string | undefined, running: Running): void {
    if (this.#running === running) this.#replies?.reply(text);
  }

  #post(message: ToWorker): void {
    this.#worker.post(message);
  }

  #death(): WorkerDied {
    return new WorkerDied(this.#error === undefined ? "it was ended" : messageOf(this.#error));
  }
}

/** Writes a reply; values that are no JSON, as a tool of a careless plugin may give them, are a failure as well. */
function encode(reply: JsonObject): string {
  try {
    return JSON.stringify(reply);
  } catch (thrown) {
    const error: ReplyError = { code: ErrorCode.internalError, message: `The answer is no JSON: ${messageOf(thrown)}` };
    return JSON.stringify({ error });
  }
}
