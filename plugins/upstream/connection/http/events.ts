/**
 * Server-sent events, out of a body that comes in pieces.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * @module
 */
import { MOST_MESSAGE, tooLarge } from "../wire.ts";

/** One event. */
export interface ServerEvent {
  /** `message` by default. */
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Takes what a stream says. */
export interface EventReceiver {
  /** Takes an event. */
  event(event: ServerEvent): void;
  /** Takes how long to wait before the stream is asked for again, in milliseconds. */
  retry?(ms: number): void;
}

/** What a line counts beside its characters. */
const KEPT_LINE = 16;
const LINE_END_REGEXP = /\r\n|\n|\r/g;

/** Reads events out of text. */
class EventParser {
  readonly #receiver: EventReceiver;
  /** What has come of a line that has not ended. */
  #pieces: string[] = [];
  #type = "";
  #data: string[] = [];
  /** Of the data, and what it takes to keep each line: those that hold nothing take room as well. */
  #dataLength = 0;
  #length = 0;
  #id: string | undefined;

  constructor(receiver: EventReceiver) {
    this.#receiver = receiver;
  }

  push(text: string): void {
    const before = this.#pieces.at(-1);
    if (before?.endsWith("\r") !== true && !/[\r\n]/.test(text)) {
      this.#pieces.push(text);
      this.#length += text.length;
      return this.#checkLength();
    }
    const all = this.#pieces.join("") + text;
    let start = 0;
    for (const { 0: end, index } of all.matchAll(LINE_END_REGEXP)) {
      // what follows may be the other half of a line end
      if (end === "\r" && index === all.length - 1) break;
      this.#line(all.slice(start, index));
      start = index + end.length;
    }
    const rest = all.slice(start);
    this.#pieces = rest === "" ? [] : [rest];
    this.#length = this.#dataLength + rest.length;
    this.#checkLength();
  }

  #checkLength(): void {
    if (this.#length > MOST_MESSAGE) throw tooLarge();
  }

  #line(line: string): void {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    switch (field) {
      case "data":
        this.#data.push(value);
        this.#dataLength += value.length + KEPT_LINE;
        break;
      case "event":
        this.#type = value;
        break;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        break;
      case "retry":
        if (/^\d{1,9}$/.test(value)) this.#receiver.retry?.(Number(value));
    }
  }

  #dispatch(): void {
    const { type, data, id } = { type: this.#type, data: this.#data, id: this.#id };
    this.#type = "";
    this.#data = [];
    this.#dataLength = 0;
    this.#id = undefined;
    if (data.length === 0 && id === undefined) return;
    this.#receiver.event({ type: type === "" ? "message" : type, data: data.join("\n"), id });
  }
}

/**
 * Reads events until the body ends.
 *
 * @throws {ToolError} when one is too large.
 * @throws whatever breaks the body off.
 */
export async function readEvents(body: ReadableStream<Uint8Array>, receiver: EventReceiver): Promise<void> {
  const parser = new EventParser(receiver);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.push(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

/**
 * Reads a whole body as text.
 *
 * @throws {ToolError} when it is larger than a message may be.
 */
export async function readText(response: Response): Promise<string> {
  const { body } = response;
  if (body === null) return "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > MOST_MESSAGE) {
      await reader.cancel();
      throw tooLarge();
    }
  }
}
