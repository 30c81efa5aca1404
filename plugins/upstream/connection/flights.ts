/**
 * Requests that wait for their answers.
 *
 * @module
 */
import { isObject, type JsonObject, ProtocolError, ToolError } from "../../../kernel/mod.ts";
import type { Asker, Progress, RequestOptions } from "./connection.ts";
import type { Flight } from "./wire.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a waiting request does when it is given up. */
export type GiveUp = (flight: Flight, why: string) => void;

/** Says that an answer did not come in time. */
export class LateError extends ToolError {
  override readonly name = "LateError";
}

/** How a request is made, with what is of no concern to callers. */
export interface FlightOptions extends RequestOptions {
  /** Hears that a subscription holds. */
  onAcknowledged?(): void;
}

interface Settling {
  resolve(result: JsonObject): void;
  reject(error: unknown): void;
}

/** What is asked for, and how. */
export interface FlightRequest {
  readonly method: string;
  readonly params: JsonObject;
  readonly options: FlightOptions;
}

/** One request that waits. */
export class WaitingFlight implements Flight {
  readonly id: number;
  readonly method: string;
  readonly params: JsonObject;
  readonly options: FlightOptions;
  /** Ends the wait; set by {@linkcode Flights.add}. */
  settle: Settling = { resolve: () => {}, reject: () => {} };

  constructor(id: number, { method, params, options }: FlightRequest) {
    this.id = id;
    this.method = method;
    this.params = withProgressToken(params, options.onProgress === undefined ? undefined : id);
    this.options = options;
  }

  /** Takes an answer; what is none of the protocol is an error. */
  answer(message: Record<string, unknown>): void {
    const { result, error } = message;
    if (isObject(result)) return this.settle.resolve(result as JsonObject);
    if (isObject(error) && typeof error["code"] === "number") {
      const text = typeof error["message"] === "string" ? error["message"] : `error ${error["code"]}`;
      return this.settle.reject(new ProtocolError(error["code"], text, error["data"]));
    }
    this.settle.reject(new ToolError(`The server answered "${this.method}" with neither a result nor an error`));
  }

  /** Takes how far it has come; what is malformed, or not asked for, is left out. */
  advance(params: Record<string, unknown>): void {
    const { progress, total, message } = params;
    if (typeof progress !== "number") return;
    const told: Progress = {
      progress,
      ...(typeof total === "number" && { total }),
      ...(typeof message === "string" && { message }),
    };
    this.options.onProgress?.(told);
  }
}

// a token of another hop would be taken for one of ours
function withProgressToken(params: JsonObject, token: number | undefined): JsonObject {
  const { _meta } = params;
  const before = isObject(_meta) ? _meta as JsonObject : undefined;
  if (token !== undefined) return { ...params, _meta: { ...before, progressToken: token } };
  if (before === undefined || !("progressToken" in before)) return params;
  const { progressToken: _foreign, ...rest } = before;
  return { ...params, _meta: rest };
}

/** All requests of one connection that wait. */
export class Flights {
  readonly #waiting = new Map<number, WaitingFlight>();
  #last = 0;

  /** Adds a request; `send` runs with it, `giveUp` when it is late or its caller gives up. */
  add(
    request: FlightRequest,
    { send, giveUp }: { readonly send: (flight: WaitingFlight) => void; readonly giveUp: GiveUp },
  ): Promise<JsonObject> {
    const { signal, timeoutMs } = request.options;
    if (signal.aborted) return Promise.reject(signal.reason);
    const flight = new WaitingFlight(++this.#last, request);
    this.#waiting.set(flight.id, flight);
    return new Promise<JsonObject>((resolve, reject) => {
      const timer = timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(() => {
        leave();
        giveUp(flight, "it is late");
        reject(
          new LateError(`The server did not answer "${flight.method}" within ${timeoutMs} ms; it was told to stop`),
        );
      }, timeoutMs);
      const onAbort = () => {
        leave();
        giveUp(flight, "its caller gave up");
        reject(signal.reason);
      };
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        this.#waiting.delete(flight.id);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      flight.settle = {
        resolve: (result) => (leave(), resolve(result)),
        reject: (error) => (leave(), reject(error)),
      };
      send(flight);
    });
  }

  /** Gives the request of an id. */
  get(id: unknown): WaitingFlight | undefined {
    return this.#waiting.get(id as number);
  }

  /** Lists whoever answers for the requests that wait, each once. */
  askers(): readonly Asker[] {
    const askers = new Set<Asker>();
    for (const { options: { asker } } of this.#waiting.values()) if (asker !== undefined) askers.add(asker);
    return [...askers];
  }

  /** Fails every request. */
  failAll(error: unknown): void {
    for (const { settle } of [...this.#waiting.values()]) settle.reject(error);
  }
}
