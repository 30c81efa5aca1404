/**
 * The older HTTP+SSE transport (revision 2024-11-05): `GET /sse` opens a stream whose first event names the address
 * for messages, `POST` there is answered on the stream. Over web streams, for the clients that still speak it.
 *
 * @module
 */
import type { Principal } from "../call.ts";
import { Connection } from "./connection.ts";
import type { Engine } from "./engine.ts";
import { EventStream } from "./event_stream.ts";
import { type Message, textOfEncoded } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import type { Parking } from "./parking.ts";
import type { Session } from "./sessions.ts";

/** What a session of the older transport is made of. */
export interface SseOptions {
  readonly engine: Engine;
  readonly parking: Parking;
  /** Gives the address of messages for a session id. */
  endpoint(sessionId: string): string;
  /** Runs when the stream has ended. */
  onEnd(): void;
}

/** One session of the older transport: a connection and the stream that all goes out on. */
export class SseSession implements Session {
  readonly kind = "sse";
  readonly id: string = crypto.randomUUID();
  readonly connection: Connection;
  readonly #stream: EventStream;
  readonly #outlet: Outlet;
  #sending: Promise<void> = Promise.resolve();

  constructor({ engine, parking, endpoint, onEnd }: SseOptions) {
    const stream = this.#stream = new EventStream({
      onEnd: () => {
        this.connection.close();
        onEnd();
      },
    });
    void stream.send(endpoint(this.id), { event: "endpoint" });
    const send = (message: string) => stream.send(message);
    this.connection = new Connection({ engine, parking, sessionId: this.id, send });
    this.#outlet = {
      notify: send,
      ask: send,
      get isOpen() {
        return stream.isOpen;
      },
    };
  }

  /** The answer that carries the stream. */
  get response(): Response {
    return this.#stream.response;
  }

  isBusy(): boolean {
    return this.connection.isBusy;
  }

  /** Takes posted messages; their answers go out on the stream. */
  receive(messages: readonly Message[], principal: Principal): Response {
    for (const message of messages) {
      if (message.kind === "answer") this.connection.settle(message);
      else if (message.kind === "notification") this.connection.receive(message);
      else void this.#answer(message, principal);
    }
    return new Response("Accepted", { status: 202 });
  }

  async #answer(message: Message & { readonly kind: "request" }, principal: Principal): Promise<void> {
    const answer = await this.connection.answer(message, { principal, outlet: this.#outlet });
    if (answer === undefined) return;
    // one after the other, as the client reads: together they might be more than a stream may hold
    this.#sending = this.#sending.then(() => this.#stream.send(textOfEncoded(answer)));
    await this.#sending;
  }

  close(): Promise<void> {
    this.#stream.close();
    return Promise.resolve();
  }
}
