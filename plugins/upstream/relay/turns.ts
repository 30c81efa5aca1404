/**
 * Whose the questions of a server are that it puts to no certain call: never guessed.
 *
 * Where one connection serves many clients, and the revision does not say which call a question or log message belongs to,
 * it is known only while all calls in flight are of one client. The first question for which it is not known is refused,
 * and from then on calls of different clients are made in turn, so that it is known for every later one.
 *
 * @module
 */
import { type AskOptions, type Call, ErrorCode, type JsonObject, ProtocolError } from "../../../kernel/mod.ts";
import type { AskedMethod, Asker } from "../connection/connection.ts";
import { Caller } from "./caller.ts";

interface Waiting {
  readonly caller: Caller;
  admit(): void;
}

/** The calls of one server: at the same time, or those of different clients in turn once it has to be. */
export class Turns {
  readonly #inFlight = new Set<Caller>();
  readonly #waiting: Waiting[] = [];
  #isInTurn = false;

  /** Whether calls of different clients wait for each other. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  /** The newest call in flight when all are of one client; `undefined` when there is none, or several clients have some. */
  get owner(): Call | undefined {
    return newestOf([...this.#inFlight])?.call;
  }

  /**
   * Makes a call, when it is its client's turn.
   *
   * @throws the reason of the call's signal when it aborts before, and whatever the work throws.
   */
  async run<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    if (this.#isInTurn && !this.#mayEnter(caller)) await this.#wait(caller);
    else this.#inFlight.add(caller);
    try {
      return await work();
    } finally {
      this.#inFlight.delete(caller);
      this.#admit();
    }
  }

  /**
   * Answers a question that belongs to no certain call.
   *
   * @param askers Those of the calls in flight on the connection over which it came, oldest first.
   * @throws {ProtocolError} when it is not known whose it is.
   */
  async ask(
    method: AskedMethod,
    params: JsonObject,
    askers: readonly Asker[],
    options?: AskOptions,
  ): Promise<JsonObject> {
    const callers = askers.filter((it) => it instanceof Caller);
    // where no client can be asked, it is all the same whose the question is
    const newest = newestOf(callers) ??
      (callers.some((it) => it.canAnswer(method, params)) ? undefined : callers.at(-1));
    if (newest !== undefined) return await newest.ask(method, params, options);
    const refused = `Cannot answer "${method}": it belongs to no certain call, and `;
    if (callers.length === 0) throw new ProtocolError(ErrorCode.invalidRequest, `${refused}none is in flight`);
    this.#isInTurn = true;
    throw new ProtocolError(
      ErrorCode.invalidRequest,
      `${refused}calls of several clients are in flight; from now on calls of different clients are made in turn, so that ` +
        "it is answered when the call is made again",
    );
  }

  // whoever is asked may have to call again to answer, and must not wait for those who wait for it
  #mayEnter(caller: Caller): boolean {
    const inFlight = [...this.#inFlight];
    if (inFlight.some((it) => it.client !== caller.client)) return false;
    return this.#waiting.length === 0 || inFlight.some((it) => it.isAsked);
  }

  #wait(caller: Caller): Promise<void> {
    const { signal } = caller.call;
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        this.#admit();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        caller,
        admit: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
    });
  }

  // a call counts as in flight before its promise goes on, so that nobody comes between
  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { client } = first.caller;
      if ([...this.#inFlight].some((it) => it.client !== client)) return;
      this.#waiting.shift();
      this.#inFlight.add(first.caller);
      first.admit();
    }
  }
}

function newestOf(callers: readonly Caller[]): Caller | undefined {
  const newest = callers.at(-1);
  return callers.every((it) => it.client === newest?.client) ? newest : undefined;
}
