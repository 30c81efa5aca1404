/**
 * The client's side of JSON-RPC with one server: its messages may come late, twice, for nobody, or be none.
 *
 * @module
 */
import { ErrorCode, isObject, type JsonObject, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { AskedMethod, ConnectionEvents } from "./connection.ts";
import { type FlightOptions, Flights, type WaitingFlight } from "./flights.ts";
import type { Flight, Receiver, Wire } from "./wire.ts";

// most questions of a server that are open at one time
const MOST_ASKED = 64;
// most answers to a server that are on their way: each may be a request of its own
const MOST_ANSWERS = 256;
const ASKED: ReadonlySet<string> = new Set<AskedMethod>([
  "elicitation/create",
  "sampling/createMessage",
  "roots/list",
]);
/** Requests before the greeting is over, of which a server cannot be told that they are given up. */
const GREETINGS: ReadonlySet<string> = new Set(["initialize", "server/discover"]);
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const LISTS: Readonly<Record<string, "tools" | "resources" | "prompts">> = {
  "notifications/tools/list_changed": "tools",
  "notifications/resources/list_changed": "resources",
  "notifications/prompts/list_changed": "prompts",
};

/** Sends requests over a wire, and takes what comes back. */
export class Peer implements Receiver {
  readonly #wire: Wire;
  readonly #events: ConnectionEvents;
  readonly #flights = new Flights();
  #end: ToolError | undefined;
  /** Questions of the server that are open, by their ids; aborted when it withdraws them. */
  readonly #asked = new Map<unknown, AbortController>();
  #answers = 0;
  /** Adds to what the server is told when a request is given up: the envelope of its revision. */
  cancelMeta: JsonObject | undefined;
  /** Whether the server may ask; revisions from 2026-07-28 on have it do so in its answers. */
  mayAsk = true;

  constructor(wire: Wire, events: ConnectionEvents) {
    this.#wire = wire;
    this.#events = events;
    void wire.closed.then((reason) => {
      this.#end = new ToolError(`The connection has ended: ${reason ?? "it was closed"}`);
      this.#flights.failAll(this.#end);
      for (const question of this.#asked.values()) question.abort(this.#end);
    });
    wire.attach(this);
  }

  /** Whether the connection has ended. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Sends a request; gives its result as it came. */
  request(method: string, params: JsonObject, options: FlightOptions): Promise<JsonObject> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return this.#flights.add({ method, params, options }, {
      send: (flight) =>
        this.#wire.request(
          flight,
          JSON.stringify({ jsonrpc: "2.0", id: flight.id, method, params: flight.params }),
        ),
      giveUp: (flight, reason) => this.#wire.cancel(flight, this.#cancellation(flight, reason)),
    });
  }

  /** Sends a notification. */
  notify(method: string, params: JsonObject = {}): Promise<void> {
    return this.#wire.tell(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  receive(message: unknown, flight?: Flight): void {
    if (Array.isArray(message)) {
      for (const each of message) this.receive(each, flight);
      return;
    }
    if (!isObject(message)) return this.noise("Ignored what is no message of JSON-RPC");
    if (typeof message["method"] !== "string") return this.#onAnswer(message, flight);
    const params = isObject(message["params"]) ? message["params"] as JsonObject : {};
    if (message["id"] === undefined) this.#onNotification(message["method"], { params, flight });
    else this.#onRequest(message["id"], { method: message["method"], params, flight });
  }

  fail(id: number, error: unknown): void {
    this.#flights.get(id)?.settle.reject(error);
  }

  noise(text: string): void {
    this.#events.stderr(`${text}\n`);
  }

  #cancellation({ id, method }: Flight, reason: string): string | undefined {
    if (GREETINGS.has(method)) return undefined;
    const _meta = this.cancelMeta;
    const params = { requestId: id, reason, ...(_meta !== undefined && { _meta }) };
    return JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params });
  }

  #onAnswer(message: Record<string, unknown>, stream: Flight | undefined): void {
    const { id } = message;
    const waiting = this.#flights.get(id);
    // an answer on the stream of another request is for nobody
    if (waiting !== undefined && (stream === undefined || stream.id === id)) return waiting.answer(message);
    this.noise(`Ignored an answer to request ${shown(id)}, which waits for none`);
  }

  #onNotification(
    method: string,
    { params, flight }: { readonly params: JsonObject; readonly flight: Flight | undefined },
  ): void {
    const list = Object.hasOwn(LISTS, method) ? LISTS[method] : undefined;
    if (list !== undefined) return this.#events.changed(list);
    switch (method) {
      case "notifications/progress":
        return this.#flights.get(params["progressToken"])?.advance(params);
      case "notifications/message":
        return this.#onLog(params, flight);
      case "notifications/cancelled":
        return this.#asked.get(params["requestId"])?.abort(new ToolError("The server withdrew its question"));
      case "notifications/subscriptions/acknowledged": {
        const id = isObject(params["_meta"]) ? params["_meta"][SUBSCRIPTION] : flight?.id;
        return this.#flights.get(id)?.options.onAcknowledged?.();
      }
      case "notifications/elicitation/complete":
        if (typeof params["elicitationId"] === "string") this.#events.visited?.(params["elicitationId"]);
        return;
      case "notifications/resources/updated":
        if (typeof params["uri"] === "string") this.#events.updated(params["uri"]);
    }
  }

  #onLog(params: JsonObject, flight: Flight | undefined): void {
    const options = flight === undefined ? undefined : this.#flights.get(flight.id)?.options;
    if (options?.onLog === undefined) this.#events.logged(params);
    else options.onLog(params);
  }

  #onRequest(
    id: unknown,
    { method, params, flight }: {
      readonly method: string;
      readonly params: JsonObject;
      readonly flight: Flight | undefined;
    },
  ): void {
    if (!this.mayAsk) return this.noise(`Ignored a request "${method}": servers of this revision send none`);
    if (method === "ping") return this.#answer(id, { result: {} });
    if (!ASKED.has(method)) {
      return this.#answer(id, { error: { code: ErrorCode.methodNotFound, message: `Method not found: ${method}` } });
    }
    if (this.#asked.has(id)) return this.noise(`Ignored a request with the id ${shown(id)} of one that is open`);
    if (this.#asked.size >= MOST_ASKED) {
      const message = `At most ${MOST_ASKED} requests are answered at one time`;
      return this.#answer(id, { error: { code: ErrorCode.internalError, message } });
    }
    const question = new AbortController();
    this.#asked.set(id, question);
    const of = flight === undefined ? undefined : this.#flights.get(flight.id);
    // nobody waits for the answer to a question that was withdrawn
    const answer = (message: JsonObject) => question.signal.aborted || this.#answer(id, message);
    void this.#ask(method as AskedMethod, { params, of, signal: question.signal }).then(
      (result) => answer({ result }),
      (error) => answer({ error: { code: ErrorCode.internalError, message: messageOf(error) } }),
    ).finally(() => this.#asked.delete(id));
  }

  async #ask(
    method: AskedMethod,
    { params, of, signal }: {
      readonly params: JsonObject;
      readonly of: WaitingFlight | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<JsonObject> {
    if (of !== undefined) {
      if (of.options.asker === undefined) throw new Error("Whoever called has nobody who could answer");
      return await of.options.asker.ask(method, params, { signal });
    }
    const askers = this.#flights.askers();
    if (this.#events.ask !== undefined) return await this.#events.ask(method, params, askers, { signal });
    const [asker] = askers;
    if (asker !== undefined && askers.length === 1) return await asker.ask(method, params, { signal });
    if (asker === undefined && method === "roots/list") return { roots: [] };
    throw new Error(
      asker === undefined
        ? "No client is calling that could answer"
        : "Calls of several clients are in flight, and it cannot be told which of them this is for",
    );
  }

  #answer(id: unknown, answer: JsonObject): void {
    if (this.#answers >= MOST_ANSWERS) {
      return this.noise(`Left request ${shown(id)} without an answer: ${MOST_ANSWERS} others are being answered`);
    }
    this.#answers++;
    this.#wire.tell(JSON.stringify({ jsonrpc: "2.0", id, ...answer }))
      .catch((error) => this.noise(`Cannot answer request ${shown(id)}: ${messageOf(error)}`))
      .finally(() => this.#answers--);
  }
}

function shown(id: unknown): string {
  return JSON.stringify(id)?.slice(0, 80) ?? "without an id";
}
