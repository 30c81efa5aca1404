/**
 * Whoever makes a call, as a server sees it that asks something back.
 *
 * @module
 */
import {
  type AskOptions,
  type Call,
  canAsk,
  elicitQuestion,
  type ElicitRequest,
  ErrorCode,
  isObject,
  type JsonObject,
  ProtocolError,
  type Question,
  ROOTS_QUESTION,
  sampleQuestion,
  type SampleRequest,
} from "../../../kernel/mod.ts";
import type { AskedMethod, Asker } from "../connection/connection.ts";
import type { PageVisits } from "./page_visits.ts";

const ASKABLE = ["elicitation", "sampling", "roots"];

/** One call in flight, which answers what the server asks within it by asking its client. */
export class Caller implements Asker {
  readonly call: Call;
  /** Equal for calls that are known to be of one client, and for no others. */
  readonly client: unknown;
  readonly #visits: PageVisits | undefined;
  #openQuestions = 0;

  /** @param visits Where pages are noted to which the user is sent. */
  constructor(call: Call, visits?: PageVisits) {
    this.call = call;
    this.#visits = visits;
    // a transport makes one view for a session, and in 2026-07-28, which has none, one for each request
    this.client = call.sessionId ?? call.client;
  }

  /** Whether the server waits for an answer of this client. */
  get isAsked(): boolean {
    return this.#openQuestions > 0;
  }

  /** What the client can be asked for, as client capabilities. */
  get capabilities(): JsonObject {
    const entries = Object.entries(this.call.client.capabilities);
    return Object.fromEntries(entries.filter(([name]) => ASKABLE.includes(name)));
  }

  /**
   * Asks the client.
   *
   * @throws {ProtocolError} `-32601` when the client has not declared that it can be asked so.
   * @throws {ToolError} when it does not answer, or not as the protocol has it.
   * @throws the reason of the signal when the question is withdrawn.
   */
  async ask(method: AskedMethod, params: JsonObject, options?: AskOptions): Promise<JsonObject> {
    this.#openQuestions++;
    try {
      return await this.#ask(method, withoutToken(params), options);
    } finally {
      this.#openQuestions--;
    }
  }

  /** Tells whether the client has declared that it can be asked so. */
  canAnswer(method: AskedMethod, params: JsonObject): boolean {
    return canAsk(questionOf(method, params), this.call.client.capabilities);
  }

  async #ask(method: AskedMethod, params: JsonObject, options?: AskOptions): Promise<JsonObject> {
    if (!this.canAnswer(method, params)) {
      const message = `Cannot answer "${method}": the client that made the call has not declared that capability`;
      throw new ProtocolError(ErrorCode.methodNotFound, message);
    }
    switch (method) {
      case "elicitation/create":
        this.#visits?.asked(params, this.call);
        return { ...await this.call.elicit(params as unknown as ElicitRequest, options) };
      case "sampling/createMessage":
        return { ...await this.call.sample(params as unknown as SampleRequest, options) };
      case "roots/list":
        return { roots: await this.call.roots(options) };
    }
  }
}

function questionOf(method: AskedMethod, params: JsonObject): Question {
  switch (method) {
    case "elicitation/create":
      return elicitQuestion(params as unknown as ElicitRequest);
    case "sampling/createMessage":
      return sampleQuestion(params as unknown as SampleRequest);
    case "roots/list":
      return ROOTS_QUESTION;
  }
}

// tokens are of one connection; the client has its own for what it is asked
function withoutToken(params: JsonObject): JsonObject {
  const { _meta: meta, ...rest } = params;
  if (!isObject(meta)) return rest;
  const { progressToken: _token, ...kept } = meta;
  return Object.keys(kept).length === 0 ? rest : { ...rest, _meta: kept };
}
