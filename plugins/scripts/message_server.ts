/**
 * Serves the messages of one run: looks them up, answers those that have an id, and says what failed as the revision of
 * the protocol has it.
 *
 * @module
 */
import { ErrorCode, type JsonObject, messageOf } from "../../kernel/mod.ts";
import type { MessageHost } from "./message_host.ts";
import { NOTICES } from "./messages.ts";
import type { MessageId, MessageLine } from "./output_lines.ts";
import { isJsonObject } from "./params.ts";
import { attempt, replyTo } from "./replies.ts";

/** Most requests of a script that are served at once; it waits with the next one. */
const MOST_REQUESTS = 64;
/** Most characters of replies that wait to be read; a script that reads none waits with the next message. */
const MOST_UNREAD = 4 * 1024 * 1024;

/** Takes a line, without its end, to the script. */
type Write = (line: string) => Promise<void>;

/** Serves what one script sends. */
export class MessageServer {
  readonly #host: MessageHost;
  readonly #write: Write;
  #serving = 0;
  #unread = 0;
  /** Goes on with the message that waits, when there may be room for it. */
  #wake: (() => void) | undefined;

  constructor(host: MessageHost, write: Write) {
    this.#host = host;
    this.#write = write;
  }

  /**
   * Takes a message; resolves when the script may send the next one, which may be before it is answered.
   *
   * @throws {OutputTooLong} when a chunk is one too many.
   */
  async serve({ method, params, id }: MessageLine): Promise<void> {
    const given = isJsonObject(params) ? params : {};
    const notice = NOTICES.get(method);
    if (notice !== undefined) {
      // one after the other, as they were written
      const reply = await attempt(async () => void await notice(given, this.#host), this.#host);
      if (id !== undefined) this.#reply(id, reply);
    } else if (id !== undefined) {
      // to answer without an id would not reach whoever asked
      this.#serving++;
      void replyTo(method, given, this.#host).then((reply) => {
        this.#serving--;
        this.#reply(id, reply);
        this.#wake?.();
      });
    }
    await this.#room();
  }

  /** Answers a request of which not even the id can be read. */
  async refuse(reason: string): Promise<void> {
    this.#reply(null, { error: { code: ErrorCode.invalidRequest, message: `Invalid request: ${reason}` } });
    await this.#room();
  }

  #reply(id: MessageId, reply: JsonObject): void {
    const line = encodeReply(id, reply);
    this.#unread += line.length;
    void this.#write(line).then(() => {
      this.#unread -= line.length;
      this.#wake?.();
    });
  }

  async #room(): Promise<void> {
    while (this.#serving >= MOST_REQUESTS || this.#unread > MOST_UNREAD) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** Writes a reply; values that are no JSON, as a tool of a careless plugin may give them, are a failure as well. */
function encodeReply(id: MessageId, reply: JsonObject): string {
  const head = `{"jsonrpc":"2.0","id":${typeof id === "bigint" ? id : JSON.stringify(id)}`;
  try {
    return `${head},${JSON.stringify(reply).slice(1)}`;
  } catch (error) {
    const message = `The answer is no JSON: ${messageOf(error)}`;
    return `${head},${JSON.stringify({ error: { code: ErrorCode.internalError, message } }).slice(1)}`;
  }
}
