/**
 * The script protocol for programs that are no processes: the same messages, handed over one by one.
 *
 * @module
 */
import type { Call, Catalog, Environment, JsonObject, Toolbox } from "../../kernel/mod.ts";
import type { ToolLibrary } from "../library/contract.ts";
import type { Memory } from "../memory/contract.ts";
import type { Secrets } from "../secrets/contract.ts";
import type { MessageHost } from "./message_host.ts";
import { NOTICES } from "./messages.ts";
import { OutputTooLong } from "./output_lines.ts";
import { NO_REDACTION } from "./redaction.ts";
import { replyTo } from "./replies.ts";
import { rootsOf } from "./request.ts";
import { StderrTail } from "./stderr.ts";
import { StreamedOutput } from "./streamed_output.ts";

/** Failed requests are answered with JSON-RPC errors. */
const PROTOCOL = 2;

/** What conversations reach. */
export interface ConversationOptions {
  readonly toolbox: Toolbox;
  readonly catalog: Catalog;
  readonly library: Pick<ToolLibrary, "callVersion">;
  readonly environment: Environment;
  /** Where programs remember things, if there is such a place. */
  readonly memory: Memory | undefined;
  /** What keeps secrets out of logs, if there is such a thing. */
  readonly secrets: Secrets | undefined;
}

/** A program that talks. */
export interface Talker {
  /** The name of its logger. */
  readonly name: string;
  /** Names its memory; `name` by default. */
  readonly memory?: string | undefined;
}

/** Serves what one run says. */
export class Conversation {
  readonly #host: MessageHost;
  readonly #streamed: StreamedOutput;
  readonly #stderr: StderrTail;
  /** Ends what was called for the program when nobody waits for it any more. */
  readonly #over = new AbortController();

  constructor({ name, memory: memoryName = name }: Talker, call: Call, options: ConversationOptions) {
    const { memory, secrets = NO_REDACTION, environment } = options;
    const own = secrets.guard(call.derive({ signal: AbortSignal.any([call.signal, this.#over.signal]) }));
    this.#stderr = new StderrTail({ call: own, name, redacted: secrets.stream() });
    this.#streamed = new StreamedOutput(own, secrets);
    this.#host = {
      ...options,
      ...{ name, protocol: PROTOCOL, call: own },
      memory: memory?.open(memoryName, call.principal),
      streamed: this.#streamed,
      roots: () => rootsOf(call, environment),
    };
  }

  /**
   * Serves a message that wants no reply; one that cannot be served is dropped, as a script's is. Resolves when the next
   * one may come.
   *
   * @throws {Error} when the program streams more than is kept.
   */
  async notify(method: string, params: JsonObject): Promise<void> {
    try {
      await NOTICES.get(method)?.(params, this.#host);
    } catch (error) {
      if (error instanceof OutputTooLong) throw error;
    }
  }

  /** Serves a message that wants a reply: an object with `result`, or with `error` as JSON-RPC has it. */
  async request(method: string, params: JsonObject): Promise<JsonObject> {
    const notice = NOTICES.get(method);
    if (notice === undefined) return await replyTo(method, params, this.#host);
    await this.notify(method, params);
    return { result: {} };
  }

  /** Logs what the program writes to stderr. */
  stderr(text: string): void {
    this.#stderr.push(text);
  }

  /** Gives the last of what was written to stderr, without secrets. */
  get stderrTail(): string {
    return this.#stderr.tail;
  }

  /** Ends it, and what was called in it; gives what was streamed, joined, or `undefined`. */
  async end(): Promise<unknown> {
    this.#stderr.end();
    await this.#streamed.end();
    this.#stderr.mute();
    this.#over.abort();
    return this.#streamed.joined();
  }
}
