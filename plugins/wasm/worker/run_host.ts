/**
 * What runs in a worker reach: all of it by messages to the server, but for files.
 *
 * @module
 */
import type { JsonObject, SyncFolder, WorkerScope } from "../../../kernel/mod.ts";
import type { AskWriter } from "./ask_channel.ts";
import { type BundleHost, type CodeHost, type ModuleHost, RequestFailure } from "./hosts.ts";
import type { Ask, FromWorker, ReplyError } from "./messages.ts";
import type { ReplyReader } from "./reply_channel.ts";

/** How many characters may be on their way to the server, so that a run that talks without end waits for it. */
const MOST_UNTAKEN = 512 * 1024;
/** What a message takes beside its text, in characters. */
const MESSAGE_SIZE = 100;

/** What the hosts of one run share. */
abstract class RunHost {
  readonly #scope: WorkerScope;
  protected readonly replies: ReplyReader;
  #untaken = 0;

  constructor(scope: WorkerScope, replies: ReplyReader) {
    this.#scope = scope;
    this.replies = replies;
  }

  openFolder(absolutePath: string, options: { readonly writable: boolean }): SyncFolder {
    return this.#scope.openFolder(absolutePath, options);
  }

  isEnded(): boolean {
    try {
      this.#scope.checkEnd();
      return false;
    } catch {
      return true;
    }
  }

  notify(method: string, params: JsonObject): void {
    this.send({ kind: "notice", method, params }, sizeOf(params));
  }

  protected post(message: FromWorker): void {
    this.#scope.post(message);
  }

  /** Sends what nobody replies to. */
  protected send(message: FromWorker, size: number): void {
    this.post(message);
    this.#untaken += size + MESSAGE_SIZE;
    if (this.#untaken < MOST_UNTAKEN) return;
    this.post({ kind: "pause" });
    this.waitUntilTaken();
    this.#untaken = 0;
  }

  /** Waits for the reply that all was taken, which is empty. */
  protected waitUntilTaken(): void {
    this.replies.wait();
  }
}

/** The host of a module. */
export class WorkerModuleHost extends RunHost implements ModuleHost {
  readonly canWait = true;

  stderr(text: string): void {
    this.send({ kind: "stderr", text }, text.length);
  }

  stdout(text: string): void {
    this.send({ kind: "stdout", text }, text.length);
  }

  readStdin(): string | undefined {
    this.post({ kind: "stdin" });
    return this.replies.wait();
  }

  request(method: string, params: JsonObject): unknown {
    this.post({ kind: "request", id: 0, method, params });
    const { result, error } = JSON.parse(this.replies.wait() ?? "{}");
    if (error !== undefined) throw failureOf(error);
    return result;
  }
}

/** The host of a bundle. */
export class WorkerBundleHost extends RunHost implements BundleHost {
  readonly #waiting = new Map<number, (settle: ReplySettler) => void>();
  #lastId = 0;

  request(method: string, params: JsonObject): Promise<unknown> {
    const id = ++this.#lastId;
    this.post({ kind: "request", id, method, params });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (settle) => settle(resolve, reject));
    });
  }

  /** Takes the reply to a request. */
  settle(id: number, text: string): void {
    const { result, error } = JSON.parse(text) as { readonly result?: unknown; readonly error?: ReplyError };
    this.#waiting.get(id)?.((resolve, reject) => error === undefined ? resolve(result) : reject(failureOf(error)));
    this.#waiting.delete(id);
  }
}

/** The host of code. */
export class WorkerCodeHost extends RunHost implements CodeHost {
  readonly #asks: AskWriter;
  /** Whether messages are on their way that no request may overtake. */
  #hasSent = false;
  #take: (text: string) => void = () => {};

  constructor(scope: WorkerScope, { replies, asks }: { readonly replies: ReplyReader; readonly asks: AskWriter }) {
    super(scope, replies);
    this.#asks = asks;
  }

  // shared memory tells it even to who is busy
  override isEnded(): boolean {
    return this.replies.isHalted || super.isEnded();
  }

  ask(asks: readonly Ask[]): void {
    if (!this.#hasSent && this.#asks.ask(asks)) return;
    this.post({ kind: "asks", asks });
    // the server looks for others when it has replied to these
    this.#hasSent = false;
  }

  protected override send(message: FromWorker, size: number): void {
    this.#hasSent = true;
    super.send(message, size);
  }

  onAnswers(take: (text: string) => void): void {
    this.#take = take;
  }

  wait(ms: number): void {
    this.#waitForText(ms);
  }

  // replies to requests may come first
  protected override waitUntilTaken(): void {
    while (this.#waitForText());
  }

  /** Takes replies; tells whether any came, and not the word that all was taken. */
  #waitForText(ms?: number): boolean {
    const text = this.replies.wait(ms);
    if (text === undefined || text === "") return false;
    this.#take(text);
    return true;
  }
}

type ReplySettler = (resolve: (result: unknown) => void, reject: (error: Error) => void) => void;

function failureOf({ code, message, data }: ReplyError): RequestFailure {
  return new RequestFailure(code, message, data);
}

/** Gives about how many characters a message has, without writing it. */
function sizeOf(params: JsonObject): number {
  let size = 0;
  for (const value of Object.values(params)) {
    if (typeof value === "string") size += value.length;
    else if (typeof value === "object" && value !== null) size += JSON.stringify(value).length;
  }
  return size;
}
