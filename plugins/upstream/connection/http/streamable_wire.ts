/**
 * Messages over Streamable HTTP: a POST for each, whose answer may be a stream, and one stream for what belongs to no
 * request, in revisions before 2026-07-28.
 *
 * @module
 */
import { messageOf, ToolError } from "../../../../kernel/mod.ts";
import { Ending, type Flight, type Receiver, type Wire } from "../wire.ts";
import { readEvents, readText, type ServerEvent } from "./events.ts";
import { HttpFailure } from "./failure.ts";
import { bodyHeaders, type ParamHeader, paramHeaders } from "./headers.ts";
import type { HttpSender } from "./sender.ts";
import { keepOpen, rest } from "./standing.ts";

const ACCEPT = "application/json, text/event-stream";
const EVENTS = "text/event-stream";
/** How long a stream may go on behind its answer. */
const LINGER_MS = 1_000;
const LEAVE_MS = 2_000;
const RETRY_MS = 1_000;
const MOST_RESUMPTIONS = 5;

/** Where a stream was broken off. */
interface StreamPlace {
  lastId: string | undefined;
  retryMs: number | undefined;
  hasAnswer: boolean;
}

/** Speaks Streamable HTTP. */
export class StreamableWire implements Wire {
  readonly hasStreams = true;
  readonly #sender: HttpSender;
  readonly #ending = new Ending();
  readonly #closing = new AbortController();
  readonly #open = new Map<number, AbortController>();
  #receiver!: Receiver;
  #session: string | undefined;
  #version: string | undefined;
  /** Which arguments of tools go into headers, by the tool's name. */
  paramHeaders: ReadonlyMap<string, readonly ParamHeader[]> = new Map();

  constructor(sender: HttpSender) {
    this.#sender = sender;
  }

  get closed(): Promise<string | undefined> {
    return this.#ending.closed;
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  request(flight: Flight, text: string): void {
    const controller = new AbortController();
    this.#open.set(flight.id, controller);
    this.#exchange(flight, { text, signal: controller.signal })
      .catch((error) => this.#receiver.fail(flight.id, error))
      .finally(() => this.#open.delete(flight.id));
  }

  async tell(text: string): Promise<void> {
    const response = await this.#post(text, { headers: {}, signal: this.#closing.signal });
    if (response.ok) return await response.body?.cancel();
    throw new HttpFailure(response.status, await readText(response));
  }

  cancel(flight: Flight, text: string | undefined): void {
    const leave = () => this.#open.get(flight.id)?.abort();
    // from 2026-07-28 on, to leave is to cancel
    if (text === undefined || bodyHeaders(flight) !== undefined) return leave();
    void this.tell(text).catch(() => {}).finally(leave);
  }

  begin(version: string): void {
    this.#version = version;
    let lastId: string | undefined;
    let retryMs: number | undefined;
    void keepOpen({
      signal: this.#closing.signal,
      pauseMs: () => retryMs,
      lost: (reason) => this.#ending.end(`its stream cannot be had any more: ${reason}`),
      read: async (opened) => {
        const response = await this.#get(lastId, this.#closing.signal);
        // a server need not have one
        if (response === undefined) return false;
        opened();
        await readEvents(response, {
          retry: (ms) => retryMs = ms,
          event: ({ type, data, id }) => {
            lastId = id ?? lastId;
            if (type === "message" && data !== "") this.#take(data);
          },
        });
        return true;
      },
    });
  }

  async close(): Promise<void> {
    const session = this.#session;
    const isLost = this.#ending.isOver;
    this.#ending.end(undefined);
    this.#closing.abort(new ToolError("The connection was closed"));
    for (const controller of this.#open.values()) controller.abort();
    if (session === undefined || isLost) return;
    try {
      const signal = AbortSignal.timeout(LEAVE_MS);
      const response = await this.#sender.send({ method: "DELETE", headers: this.#sessionHeaders(), signal });
      await response.body?.cancel();
    } catch {
      // whoever cannot be told has forgotten the session, or will
    }
  }

  #sessionHeaders(): Record<string, string> {
    return {
      ...(this.#version !== undefined && { "mcp-protocol-version": this.#version }),
      ...(this.#session !== undefined && { "mcp-session-id": this.#session }),
    };
  }

  #post(
    body: string,
    { headers, signal }: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<Response> {
    const all = { ...this.#sessionHeaders(), "content-type": "application/json", accept: ACCEPT, ...headers };
    return this.#sender.send({ method: "POST", headers: all, body, signal });
  }

  async #exchange(
    flight: Flight,
    { text, signal }: { readonly text: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { method, params } = flight;
    const declared = method === "tools/call" ? this.paramHeaders.get(String(params["name"])) : undefined;
    const headers = {
      ...bodyHeaders(flight),
      ...(declared !== undefined && paramHeaders(declared, params["arguments"])),
    };
    const response = await this.#post(text, { headers, signal });
    if (!response.ok) return await this.#refuse(flight, response);
    if (method === "initialize") this.#session = response.headers.get("mcp-session-id") ?? undefined;
    const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type === EVENTS && response.body !== null) {
      return await this.#readStream(flight, { body: response.body, signal });
    }
    const answer = await readText(response);
    const message = type === "application/json" ? this.#take(answer, flight) : undefined;
    if (isAnswerTo(flight, message)) return;
    this.#receiver.fail(flight.id, new ToolError(`The server answered "${method}" with "${type}" and no answer`));
  }

  async #refuse(flight: Flight, response: Response): Promise<void> {
    const { status } = response;
    const text = await readText(response);
    const failure = new HttpFailure(status, text);
    if (status === 404 && this.#session !== undefined) this.#ending.end("it has forgotten the session");
    // an error of the protocol may come with a status of its own
    const answer = parse(text);
    if (typeof answer === "object" && answer !== null && "error" in answer) {
      this.#receiver.receive({ ...answer, id: flight.id }, flight);
    }
    this.#receiver.fail(flight.id, failure);
  }

  async #readStream(
    flight: Flight,
    { body, signal }: { readonly body: ReadableStream<Uint8Array>; readonly signal: AbortSignal },
  ): Promise<void> {
    const place: StreamPlace = { lastId: undefined, retryMs: undefined, hasAnswer: false };
    let stream: ReadableStream<Uint8Array> | undefined = body;
    for (let resumptions = 0; stream !== undefined; resumptions++) {
      try {
        await this.#readOnce(flight, { place, stream });
      } catch (error) {
        if (place.lastId === undefined || place.hasAnswer || signal.aborted) throw error;
      }
      if (place.hasAnswer) return;
      if (place.lastId === undefined || resumptions === MOST_RESUMPTIONS || bodyHeaders(flight) !== undefined) break;
      await rest(place.retryMs ?? RETRY_MS, signal);
      stream = await this.#get(place.lastId, signal);
    }
    throw new ToolError(`The server ended the stream of "${flight.method}" without an answer`);
  }

  async #readOnce(
    flight: Flight,
    { place, stream }: { readonly place: StreamPlace; readonly stream: ReadableStream<Uint8Array> },
  ): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onEvent = ({ type, data, id }: ServerEvent) => {
      place.lastId = id ?? place.lastId;
      if (type !== "message" || data === "") return;
      const message = this.#take(data, flight);
      if (!isAnswerTo(flight, message)) return;
      place.hasAnswer = true;
      // to read on keeps the connection for the next request
      timer ??= setTimeout(() => this.#open.get(flight.id)?.abort(), LINGER_MS);
    };
    try {
      await readEvents(stream, { event: onEvent, retry: (ms) => place.retryMs = ms });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks for a stream; `undefined` where the server has none. */
  async #get(lastId: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined> {
    const headers = {
      ...this.#sessionHeaders(),
      accept: EVENTS,
      ...(lastId !== undefined && { "last-event-id": lastId }),
    };
    const response = await this.#sender.send({ method: "GET", headers, signal });
    if (response.ok && response.body !== null) return response.body;
    const text = await readText(response);
    if (response.status === 404 && this.#session !== undefined) this.#ending.end("it has forgotten the session");
    if (response.status >= 500 || response.status === 429) throw new HttpFailure(response.status, text);
    return undefined;
  }

  #take(json: string, flight?: Flight): unknown {
    const message = parse(json);
    if (message === undefined) {
      this.#receiver.noise(`Ignored what is no JSON: ${json.slice(0, 200)}`);
      return undefined;
    }
    try {
      this.#receiver.receive(message, flight);
    } catch (error) {
      this.#receiver.noise(`Cannot take a message: ${messageOf(error)}`);
    }
    return message;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isAnswerTo({ id }: Flight, message: unknown): boolean {
  if (Array.isArray(message)) return message.some((each) => isAnswerTo({ id } as Flight, each));
  return typeof message === "object" && message !== null && "id" in message && message.id === id &&
    !("method" in message);
}
