/**
 * MCP over stdin and stdout: one JSON message a line.
 *
 * @module
 */
import type { Encoded } from "../http_answer.ts";
import { createCall, LOCAL_PRINCIPAL } from "../call.ts";
import { ErrorCode } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Disposer } from "../plugin.ts";
import { clientOf } from "./client_call.ts";
import { Connection } from "./connection.ts";
import { Engine, type ServerInfo } from "./engine.ts";
import { type LineOptions, Lines } from "./stdio_lines.ts";
import { followChanges, ListenHub } from "./listening.ts";
import {
  encodeError,
  encodeNotification,
  type Message,
  type NotificationMessage,
  readMessage,
  type RequestId,
  type RequestMessage,
} from "./messages.ts";
import { type Outlet, RunningRequests } from "./outlet.ts";
import { checkParams } from "./params.ts";
import { Parking, type ParkingOptions } from "./parking.ts";
import { ENVELOPE } from "./revisions.ts";
import { answerStateless, checkEnvelope, checkVersion, claimsEnvelope, metaOf } from "./stateless.ts";

/** What the connection can be told. */
export interface StdioOptions extends LineOptions {
  readonly parking?: ParkingOptions;
}

/** A served connection. */
export interface StdioConnection {
  /** Resolves when the client has closed its end, or the connection was closed here. */
  readonly closed: Promise<void>;
  /** Ends the connection: calls are cancelled. */
  close(): Promise<void>;
}

/** Serves one connection over stdin and stdout. */
export function serveStdio(kernel: Kernel, info: ServerInfo, options: StdioOptions = {}): StdioConnection {
  return new StdioServer(kernel, info, options);
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);

/** One client; each of its messages says by itself of which era it is. */
class StdioServer implements StdioConnection {
  readonly closed: Promise<void>;
  readonly #engine: Engine;
  readonly #parking: Parking;
  readonly #lines: Lines;
  readonly #outlet: Outlet;
  readonly #connection: Connection;
  /** Requests of 2026-07-28; the connection knows its own. */
  readonly #running = new RunningRequests();
  readonly #hub: ListenHub;
  readonly #listening = new Map<RequestId, Promise<Disposer>>();
  readonly #unfollow: Disposer;
  #ending: Promise<void> | undefined;

  constructor(kernel: Kernel, info: ServerInfo, options: StdioOptions) {
    const engine = this.#engine = new Engine(kernel, info);
    const parking = this.#parking = new Parking(options.parking);
    const lines = this.#lines = new Lines(options, (value) => this.#receive(value));
    this.#outlet = {
      isOpen: true,
      notify: (message) => lines.notify(message),
      ask: (message) => lines.send(message),
    };
    this.#connection = new Connection({ engine, parking, send: (message) => lines.notify(message) });
    this.#hub = new ListenHub(engine);
    this.#unfollow = followChanges(kernel, (change) => {
      this.#connection.tellOf(change, LOCAL_PRINCIPAL.id);
      this.#hub.tell(change);
    });
    this.closed = lines.closed.then(() => this.#end());
    lines.start();
  }

  async close(): Promise<void> {
    await this.#hub.close();
    this.#lines.close();
    await this.closed;
  }

  #end(): Promise<void> {
    return this.#ending ??= (async () => {
      await this.#unfollow();
      this.#parking.close();
      this.#running.close();
      this.#connection.close();
      for (const id of [...this.#listening.keys()]) await this.#stopListening(id);
    })();
  }

  // batches are of revision 2025-03-26; each message is answered by itself, and an empty one is none
  #receive(value: unknown): void {
    for (const item of Array.isArray(value) && value.length > 0 ? value : [value]) {
      const message = readMessage(item);
      if (message.kind === "invalid") {
        const error = { code: ErrorCode.invalidRequest, message: `Invalid Request: ${message.reason}` };
        void this.#lines.send(encodeError(message.id, error));
      } else {
        void this.#serve(message).then((answer) => answer === undefined ? undefined : this.#lines.send(answer));
      }
    }
  }

  #serve(message: Message): Promise<Encoded | undefined> {
    if (message.kind === "request") {
      return claimsEnvelope(message)
        ? this.#answerStateless(message)
        : this.#connection.answer(message, { principal: LOCAL_PRINCIPAL, outlet: this.#outlet });
    }
    if (message.kind === "answer") this.#connection.settle(message);
    else this.#hear(message);
    return NOTHING;
  }

  #hear(message: NotificationMessage): void {
    this.#connection.receive(message);
    if (message.method !== "notifications/cancelled") return;
    const id = message.params["requestId"] as RequestId;
    this.#running.cancel(id);
    void this.#stopListening(id);
  }

  async #answerStateless(message: RequestMessage): Promise<Encoded | undefined> {
    const { id, method, params } = message;
    const cancellation = this.#running.start(id);
    let isOver = false;
    try {
      checkEnvelope(params);
      checkVersion(metaOf(params)[ENVELOPE.protocolVersion]);
      if (method === "subscriptions/listen") return await this.#listen(message);
      const { body } = await answerStateless({
        message,
        meta: metaOf(params),
        principal: LOCAL_PRINCIPAL,
        // a handler that its call has left behind tells the client nothing more
        tell: (notified, with_) => isOver ? NOTHING : this.#lines.notify(encodeNotification(notified, with_)),
        onLeave: (listener) => cancellation.onCancel(listener),
      }, { engine: this.#engine, parking: this.#parking });
      return cancellation.isCancelled ? undefined : body;
    } catch (thrown) {
      return encodeError(id, this.#engine.errorOf(thrown, { method, era: "modern" }));
    } finally {
      isOver = true;
      this.#running.end(id, cancellation);
    }
  }

  async #stopListening(id: RequestId): Promise<void> {
    const listening = this.#listening.get(id);
    this.#listening.delete(id);
    const stop = await listening?.catch(() => {});
    await stop?.();
  }

  async #listen({ id, method, params }: RequestMessage): Promise<undefined> {
    checkParams(method, params);
    void this.#stopListening(id);
    const send = (message: string) => this.#lines.notify(message);
    const end = () => void this.#listening.delete(id);
    const call = createCall({ principal: LOCAL_PRINCIPAL, client: clientOf(metaOf(params)) });
    const listening = this.#hub.listen({ id, params, call, send, end });
    this.#listening.set(id, listening);
    await listening;
  }
}
