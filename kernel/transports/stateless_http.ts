/**
 * Revision 2026-07-28 over HTTP: one POST, one answer.
 *
 * @module
 */
import { onAbort } from "../cancellation.ts";
import { createCall, type Principal } from "../call.ts";
import type { JsonObject } from "../content.ts";
import { ErrorCode, isProtocolError } from "../errors.ts";
import type { HttpAnswer, HttpRequest } from "../http_answer.ts";
import { errorResponse } from "./body.ts";
import { clientOf } from "./client_call.ts";
import type { Engine } from "./engine.ts";
import { EventStream } from "./event_stream.ts";
import { checkAgreement, checkHeaders, checkNotification } from "./headers.ts";
import { type Change, ListenHub } from "./listening.ts";
import { encodeNotification, type NotificationMessage, type RequestMessage } from "./messages.ts";
import { checkParams } from "./params.ts";
import type { Exchange } from "./parking.ts";
import { Reply, type ReplyStream } from "./reply.ts";
import { ENVELOPE } from "./revisions.ts";
import { answerStateless, checkEnvelope, checkVersion, metaOf, type StatelessOptions } from "./stateless.ts";

// errors that are told by the status as well; what a handler fails with is answered with 200
const STATUS: Readonly<Record<number, number>> = {
  [ErrorCode.methodNotFound]: 404,
  [ErrorCode.missingClientCapability]: 400,
};

/** What comes with a message. */
export interface PostOptions {
  readonly request: HttpRequest;
  readonly principal: Principal;
}

/** Serves requests of 2026-07-28. */
export class StatelessHttp {
  readonly #options: StatelessOptions;
  readonly #engine: Engine;
  readonly #hub: ListenHub;
  readonly #serving = new Set<StatelessReply>();

  constructor(options: StatelessOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#hub = new ListenHub(options.engine);
  }

  /** Answers a posted message. */
  async post(message: RequestMessage | NotificationMessage, options: PostOptions): Promise<HttpAnswer> {
    const { headers } = options.request;
    try {
      if (message.kind === "notification") {
        checkNotification(headers, message);
        // none of this revision says anything that concerns us
        return new Response(null, { status: 202 });
      }
      checkEnvelope(message.params);
      checkAgreement(headers, message);
      checkVersion(metaOf(message.params)[ENVELOPE.protocolVersion]);
      checkHeaders(headers, message, this.#engine);
    } catch (thrown) {
      return refused(thrown, message);
    }
    return message.method === "subscriptions/listen"
      ? await this.#listen(message, options)
      : await this.#answer(message, options);
  }

  /** Tells those who listen of a change. */
  tell(change: Change): void {
    this.#hub.tell(change);
  }

  /** Ends every request that is being served. */
  async close(): Promise<void> {
    for (const reply of [...this.#serving]) reply.leave();
    await this.#hub.close();
  }

  #answer(message: RequestMessage, { request, principal }: PostOptions): Promise<HttpAnswer> {
    // a request whose client has left already uses no state up
    if (message.params["requestState"] !== undefined && request.signal.aborted) return Promise.resolve(clientLeft());
    const reply = new StatelessReply(message, { request, principal });
    this.#serving.add(reply);
    void this.#finish(reply);
    return reply.response;
  }

  async #finish(reply: StatelessReply): Promise<void> {
    const { body, code } = await answerStateless(reply, this.#options);
    this.#serving.delete(reply);
    reply.answer(body, code === undefined ? 200 : STATUS[code] ?? 200);
  }

  async #listen({ id, method, params }: RequestMessage, { request, principal }: PostOptions): Promise<Response> {
    let leave: (() => void) | undefined;
    const stream = new EventStream({ onEnd: () => leave?.() });
    try {
      checkParams(method, params);
      const call = createCall({ principal, client: clientOf(metaOf(params)) });
      const stop = await this.#hub.listen({
        id,
        params,
        call,
        send: (message) => stream.send(message),
        end: () => stream.close(),
      });
      if (!stream.isOpen) await stop();
      leave = () => void stop();
      onAbort(request.signal, () => stream.close());
      return stream.response;
    } catch (thrown) {
      stream.close();
      const error = this.#engine.errorOf(thrown, { method, era: "modern" });
      return errorResponse({ status: STATUS[error.code] ?? 200, ...error, id });
    }
  }
}

// nobody reads it
function clientLeft(): Response {
  return new Response(null, { status: 499 });
}

/** A request on its way to its answer. */
class StatelessReply extends Reply implements Exchange {
  readonly message: RequestMessage;
  readonly meta: JsonObject;
  readonly principal: Principal;
  readonly #request: HttpRequest;
  #hasLeft = false;
  #listeners: Set<() => void> | undefined;

  constructor(message: RequestMessage, { request, principal }: PostOptions) {
    super(request.headers);
    this.message = message;
    this.meta = metaOf(message.params);
    this.principal = principal;
    this.#request = request;
  }

  tell(method: string, params: JsonObject): Promise<void> {
    return this.notify(encodeNotification(method, params));
  }

  onLeave(listener: () => void): () => void {
    if (this.#hasLeft) listener();
    else (this.#listeners ??= new Set()).add(listener);
    return () => void this.#listeners?.delete(listener);
  }

  /** Notes that the client has given the request up. */
  leave(): void {
    this.#hasLeft = true;
    for (const listener of this.#listeners ?? []) listener();
  }

  protected override openStream(): ReplyStream {
    const stream = new EventStream({ onEnd: (hasLeft) => hasLeft && this.leave() });
    // the first bytes send the head, so that the client sees at once that it is being served
    stream.comment("working");
    return { response: stream.response, send: (message) => stream.send(message), end: () => stream.close() };
  }

  // asked for only then: to watch a request costs as much as a quick answer
  protected override onLong(): void {
    onAbort(this.#request.signal, () => this.leave());
  }
}

function refused(thrown: unknown, message: RequestMessage | NotificationMessage): Response {
  if (!isProtocolError(thrown)) throw thrown;
  const id = message.kind === "request" ? message.id : undefined;
  return errorResponse({ status: 400, code: thrown.code, message: thrown.message, data: thrown.data, id });
}
