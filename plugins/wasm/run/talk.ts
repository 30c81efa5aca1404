/**
 * What a run says while it goes on: logs, progress, requests. Most runs say nothing, and cost nothing here.
 *
 * @module
 */
import { type Call, ErrorCode, type JsonObject, messageOf } from "../../../kernel/mod.ts";
import { Conversation, type ConversationOptions, type Talker } from "../../scripts/contract.ts";
import type { Peer } from "./thread.ts";

/** Most requests of a run that are served at once; more wait. */
const MOST_REQUESTS = 64;

/** The end of a run that said nothing. */
const SILENCE: Promise<undefined> = Promise.resolve(undefined);

/** What a {@linkcode Talk} works with. */
export interface TalkOptions {
  readonly conversation: ConversationOptions;
  readonly call: Call;
  /** Is called when the run has to be ended for what it says. */
  onExcess(reason: string): void;
}

/** Serves what one run says. */
export class Talk implements Peer {
  readonly #talker: Talker;
  readonly #options: TalkOptions;
  #made: Conversation | undefined;
  /** Resolves when every message that came was served, one after the other. */
  #served: Promise<void> = SILENCE;
  #requests = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(talker: Talker, options: TalkOptions) {
    this.#talker = talker;
    this.#options = options;
  }

  get #conversation(): Conversation {
    return this.#made ??= new Conversation(this.#talker, this.#options.call, this.#options.conversation);
  }

  stderr(text: string): void {
    this.#conversation.stderr(text);
  }

  notify(method: string, params: JsonObject): void {
    this.#served = this.#served.then(() => this.serveNotice(method, params))
      .catch((error) => this.#options.onExcess(messageOf(error)));
  }

  /** Serves a message that wants no reply, when those before it were served. */
  protected serveNotice(method: string, params: JsonObject): Promise<void> {
    return this.#conversation.notify(method, params);
  }

  async request(method: string, params: JsonObject): Promise<JsonObject> {
    await this.#served;
    while (this.#requests >= MOST_REQUESTS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#requests++;
    try {
      return await this.#conversation.request(method, params);
    } catch (error) {
      const message = messageOf(error);
      this.#options.onExcess(message);
      return { error: { code: ErrorCode.internalError, message } };
    } finally {
      this.#requests--;
      this.#waiting.shift()?.();
    }
  }

  settled(): Promise<void> {
    return this.#served;
  }

  // these two are of interactive runs
  stdout(): void {}

  readStdin(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Gives the last of what was written to stderr. */
  get stderrTail(): string {
    return this.#made?.stderrTail ?? "";
  }

  /** Takes secrets out of a text. */
  redact(text: string): string {
    return this.#options.conversation.secrets?.redact(text) ?? text;
  }

  /** Logs what was printed beside an answer. */
  print(text: string): void {
    this.notify("log", { level: "info", message: text });
  }

  /** Ends it, when all that was said is served; gives what was streamed, joined, or `undefined`. */
  end(): Promise<unknown> {
    return this.#served === SILENCE && this.#made === undefined ? SILENCE : this.#end();
  }

  async #end(): Promise<unknown> {
    await this.#served;
    return await this.#made?.end();
  }
}
