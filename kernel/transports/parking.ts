/**
 * Calls that wait for their client in revision 2026-07-28, where a server may not send requests: the running call is
 * parked, its questions go out as an `input_required` answer with a signed state, and the client's retry resumes it.
 *
 * @module
 */
import type { AskOptions, Principal } from "../call.ts";
import { CancellationSource, onAbort } from "../cancellation.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, ProtocolError, ToolError } from "../errors.ts";
import type { RequestMessage } from "./messages.ts";
import { isAnswer, type Question } from "../questions.ts";
import { StateSigner } from "./state_signer.ts";

/** One HTTP request or stdio message that a call is answered by; a parked call sees several in turn. */
export interface Exchange {
  /** The request; its parameters may bring answers (`inputResponses`) and a state (`requestState`). */
  readonly message: RequestMessage;
  /** `_meta` of the request, envelope included. */
  readonly meta: JsonObject;
  readonly principal: Principal | undefined;
  /** Sends a notification along with this request; resolves when the way to the client is free for more. */
  tell(method: string, params: JsonObject): Promise<void>;
  /** Calls back when the client gives this request up, at once if it has; gives what takes that back. */
  onLeave(listener: () => void): () => void;
}

/** How many calls may wait for their clients, and how long. */
export interface ParkingOptions {
  /** Most calls that wait for their clients at one time, whatever their revision; 1,000 by default. */
  readonly maxParked?: number;
  /** Time after which a call that waits for its client is given up, in milliseconds; 600,000 by default. */
  readonly ttlMs?: number;
}

/** What a parked call answers with: the protocol's `InputRequiredResult`. */
export interface InputRequired {
  readonly resultType: "input_required";
  readonly inputRequests: Readonly<Record<string, { readonly method: string; readonly params: JsonObject }>>;
  readonly requestState: string;
}

/** Runs calls of revision 2026-07-28, parks those that ask, and resumes them; bounds how many calls wait. */
export class Parking {
  readonly #maxParked: number;
  /** Time after which a call that waits is given up, in milliseconds. */
  readonly ttlMs: number;
  readonly #parked = new Map<string, ParkedCall>();
  #waiting = 0;
  readonly #signer = new StateSigner();

  constructor({ maxParked = 1_000, ttlMs = 600_000 }: ParkingOptions = {}) {
    this.#maxParked = maxParked;
    this.ttlMs = ttlMs;
  }

  /** Number of calls that wait for their client. */
  get size(): number {
    return this.#parked.size + this.#waiting;
  }

  /**
   * Counts a call that waits while its client is asked by a request, as the revisions before 2026-07-28 do.
   *
   * @throws {ToolError} when too many calls wait.
   */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    if (this.size >= this.#maxParked) throw tooManyWait();
    this.#waiting++;
    try {
      return await ask();
    } finally {
      this.#waiting--;
    }
  }

  /**
   * Serves one request: starts the work, or resumes the parked call that its state names.
   *
   * @throws {ProtocolError} `-32602` when the state is forged, replayed, expired, or of another principal or request.
   */
  async serve<T>(exchange: Exchange, work: (parked: ParkedCall) => Promise<T>): Promise<T | InputRequired> {
    const { inputResponses, requestState } = exchange.message.params;
    if (inputResponses !== undefined && !isObject(inputResponses)) {
      throw new ProtocolError(ErrorCode.invalidParams, "Invalid inputResponses: expected an object of answers by key");
    }
    const call = requestState === undefined
      ? new ParkedCall(exchange, work)
      : await this.#take(exchange, String(requestState));
    let outcome = await call.untilAnswer();
    // what was asked may have been withdrawn since
    while (outcome === ASKING && !call.isAsking) outcome = await call.untilAnswer();
    if (outcome !== ASKING) return outcome as T;
    if (this.size < this.#maxParked) return await this.#park(call, exchange);
    call.abort(tooManyWait());
    return await call.outcome as T;
  }

  /** Ends every parked call. */
  close(): void {
    for (const call of this.#parked.values()) call.abort(new ToolError("Cancelled: the server is stopping"));
    this.#parked.clear();
  }

  async #park(call: ParkedCall, exchange: Exchange): Promise<InputRequired> {
    const inputRequests = call.detach();
    this.#parked.set(call.id, call);
    call.expireAfter(this.ttlMs, () => this.#parked.delete(call.id));
    const requestState = await this.#signer.sign(`${call.id} ${call.round}`, {
      binding: bindingOf(exchange),
      ttlMs: this.ttlMs,
    });
    return { resultType: "input_required", inputRequests, requestState };
  }

  async #take(exchange: Exchange, state: string): Promise<ParkedCall> {
    const payload = await this.#signer.verify(state, bindingOf(exchange));
    const [id = "", round] = payload?.split(" ") ?? [];
    const call = this.#parked.get(id);
    if (call === undefined || String(call.round) !== round) {
      throw new ProtocolError(ErrorCode.invalidParams, "Invalid or expired requestState", {
        reason: "invalid_request_state",
      });
    }
    this.#parked.delete(call.id);
    call.attach(exchange);
    return call;
  }
}

function tooManyWait(): ToolError {
  return new ToolError("Cannot ask the client: too many calls wait for theirs; try again later");
}

// a state is good for the same request of the same principal only
function bindingOf({ principal, message: { method, params } }: Exchange): string {
  const { inputResponses: _answers, requestState: _state, _meta, ...request } = params;
  return JSON.stringify([principal?.id ?? null, method, request]);
}

const ASKING = Symbol("asking");

const OVER = "Ended: the call has its result";

interface OpenQuestion {
  readonly question: Question;
  answer(value: unknown): void;
  refuse(reason: unknown): void;
}

/** One call of revision 2026-07-28, over all requests that serve it. */
export class ParkedCall {
  #id: string | undefined;
  /** What the work comes to. */
  readonly outcome: Promise<unknown>;
  /** Comes when the client gives up or never comes back. */
  readonly cancellation: CancellationSource = new CancellationSource();
  readonly #open = new Map<string, OpenQuestion>();
  readonly #early: Map<string, unknown> | undefined;
  #exchange: Exchange | undefined;
  #unfollow: (() => void) | undefined;
  #asked: (() => void) | undefined;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #questions = 0;
  #isOver = false;
  #round = 0;

  constructor(exchange: Exchange, work: (call: ParkedCall) => Promise<unknown>) {
    // answers may come with the first request already, by the keys that the questions will have
    const { inputResponses } = exchange.message.params;
    this.#early = inputResponses === undefined ? undefined : new Map(Object.entries(inputResponses as JsonObject));
    this.#follow(exchange);
    this.outcome = work(this);
    // a call that ends while it is parked is read by the retry, or by nobody; a handler that it left behind gets no answer
    const end = () => this.#settle();
    this.outcome.then(end, end);
  }

  /** The request that is being served now; `undefined` while the call is parked. */
  get exchange(): Exchange | undefined {
    return this.#exchange;
  }

  /** Names it while it is parked. */
  get id(): string {
    return this.#id ??= crypto.randomUUID();
  }

  get round(): number {
    return this.#round;
  }

  /** Whether it has questions that its client is to be asked now. */
  get isAsking(): boolean {
    return this.#asking;
  }

  /** Puts a question to the client; resolves with its answer, some requests later. */
  ask(question: Question, { signal }: AskOptions): Promise<unknown> {
    const key = this.#freeKey(question);
    const early = this.#early?.get(key);
    this.#early?.delete(key);
    if (isAnswer(question, early)) return Promise.resolve(early);
    if (this.cancellation.isCancelled) return Promise.reject(this.cancellation.reason);
    if (this.#isOver) return Promise.reject(new ToolError(OVER));
    const answered = new Promise((answer, refuse) => {
      this.#open.set(key, { question, answer, refuse });
      this.#announce();
    });
    if (signal === undefined) return answered;
    return answered.finally(onAbort(signal, () => this.#withdraw(key, signal.reason)));
  }

  /** Waits until the call has its outcome, or has questions that need an answer first. */
  untilAnswer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#asked = () => resolve(ASKING);
      if (this.#asking) resolve(ASKING);
      this.outcome.then(resolve, reject);
    });
  }

  /** Takes the questions out, and leaves the request that they answer. */
  detach(): InputRequired["inputRequests"] {
    this.#leave();
    this.#round++;
    this.#asking = false;
    return Object.fromEntries(
      [...this.#open].map(([key, { question: { method, params } }]) => [key, { method, params }]),
    );
  }

  /** Goes on under a new request, with the answers it brings. Questions without a proper answer are asked again. */
  attach(exchange: Exchange): void {
    clearTimeout(this.#timer);
    this.#follow(exchange);
    this.#asking = false;
    const answers = new Map(Object.entries(exchange.message.params["inputResponses"] ?? {}));
    for (const [key, { question, answer }] of [...this.#open]) {
      const value = answers.get(key);
      if (!isAnswer(question, value)) continue;
      this.#open.delete(key);
      answer(value);
    }
    if (this.#open.size > 0) this.#announce();
  }

  /** Gives the parked call up after a time. */
  expireAfter(ms: number, onExpired: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      onExpired();
      this.abort(new ToolError(`Cancelled: the client did not answer within ${ms / 1000} s`));
    }, ms);
  }

  abort(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#end(reason);
  }

  #settle(): void {
    this.#isOver = true;
    this.#unfollow?.();
    for (const { refuse } of this.#open.values()) refuse(new ToolError(OVER));
    this.#open.clear();
  }

  #end(reason: unknown): void {
    this.cancellation.cancel(reason);
    for (const { refuse } of this.#open.values()) refuse(reason);
    this.#open.clear();
  }

  #withdraw(key: string, reason: unknown): void {
    this.#open.get(key)?.refuse(reason);
    this.#open.delete(key);
    if (this.#open.size === 0) this.#asking = false;
  }

  // questions asked in one turn of the event loop go out together
  #announce(): void {
    setTimeout(() => {
      // while parked there is nobody to tell; the retry announces what is still open
      if (this.#open.size === 0 || this.#exchange === undefined) return;
      this.#asking = true;
      this.#asked?.();
    }, 0);
  }

  #follow(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#unfollow = exchange.onLeave(() => this.abort(new ToolError("Cancelled by the client")));
  }

  #leave(): void {
    this.#unfollow?.();
    this.#exchange = undefined;
  }

  #freeKey({ key, method }: Question): string {
    const base = key ?? `${method.split("/")[0]}_${++this.#questions}`;
    let free = base;
    for (let i = 2; this.#open.has(free); i++) free = `${base}_${i}`;
    return free;
  }
}
