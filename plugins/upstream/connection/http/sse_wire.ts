/**
 * Messages over the older HTTP+SSE (2024-11-05): one stream from the server, a POST for each message to it.
 *
 * @module
 */
import { messageOf, ToolError } from "../../../../kernel/mod.ts";
import { Ending, type Flight, type Receiver, type Wire } from "../wire.ts";
import { readEvents, readText, type ServerEvent } from "./events.ts";
import { HttpFailure } from "./failure.ts";
import type { HttpSender } from "./sender.ts";

/** Speaks HTTP+SSE. */
export class SseWire implements Wire {
  readonly hasStreams = false;
  readonly #sender: HttpSender;
  readonly #ending = new Ending();
  readonly #closing = new AbortController();
  readonly #endpoint: string;
  #receiver: Receiver | undefined;

  private constructor(sender: HttpSender, endpoint: string) {
    this.#sender = sender;
    this.#endpoint = endpoint;
  }

  /**
   * Asks for the stream, and waits for the address that it names.
   *
   * @throws {ToolError} when there is no such stream, or it leads elsewhere.
   */
  static async open(sender: HttpSender, signal: AbortSignal): Promise<SseWire> {
    const closing = new AbortController();
    const onAbort = () => closing.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const headers = { accept: "text/event-stream" };
      const response = await sender.send({ method: "GET", headers, signal: closing.signal });
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      if (!response.ok || !isStream || response.body === null) {
        throw new HttpFailure(response.status, isStream ? "" : await readText(response));
      }
      return await SseWire.#greet(response.body, { sender, closing });
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  static #greet(
    body: ReadableStream<Uint8Array>,
    { sender, closing }: { readonly sender: HttpSender; readonly closing: AbortController },
  ): Promise<SseWire> {
    return new Promise((resolve, reject) => {
      let wire: SseWire | undefined;
      const event = ({ type, data }: ServerEvent) => {
        if (wire !== undefined) return wire.#onEvent(type, data);
        if (type !== "endpoint") return;
        const endpoint = new URL(data, sender.url);
        if (endpoint.origin !== new URL(sender.url).origin) {
          throw new ToolError(`The server wants messages sent to another one, ${endpoint.origin}, which is refused`);
        }
        wire = new SseWire(sender, endpoint.href);
        wire.#closing.signal.addEventListener("abort", () => closing.abort(), { once: true });
        resolve(wire);
      };
      const over = (error: unknown) => {
        if (wire === undefined) reject(error);
        else wire.#ending.end(messageOf(error));
      };
      readEvents(body, { event }).then(() => over(new ToolError("its stream has ended")), over);
    });
  }

  get closed(): Promise<string | undefined> {
    return this.#ending.closed;
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  request(flight: Flight, text: string): void {
    this.tell(text).catch((error) => this.#receiver?.fail(flight.id, error));
  }

  async tell(text: string): Promise<void> {
    const response = await this.#sender.send({
      method: "POST",
      url: this.#endpoint,
      headers: { "content-type": "application/json" },
      body: text,
      signal: this.#closing.signal,
    });
    if (response.ok) return await response.body?.cancel();
    throw new HttpFailure(response.status, await readText(response));
  }

  cancel(_flight: Flight, text: string | undefined): void {
    if (text !== undefined) void this.tell(text).catch(() => {});
  }

  begin(): void {
    // its stream is there since it was opened
  }

  close(): Promise<void> {
    this.#ending.end(undefined);
    this.#closing.abort(new ToolError("The connection was closed"));
    return Promise.resolve();
  }

  #onEvent(type: string, data: string): void {
    if (type !== "message") return;
    try {
      this.#receiver?.receive(JSON.parse(data));
    } catch (error) {
      this.#receiver?.noise(`Ignored an event: ${messageOf(error)}`);
    }
  }
}
