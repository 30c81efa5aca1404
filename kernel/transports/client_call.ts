/**
 * The {@linkcode Call} that handlers see, over what a transport offers in each protocol era.
 *
 * @module
 */
import {
  type AskOptions,
  type Call,
  type CallPatch,
  type ClientView,
  type ElicitResult,
  LOG_LEVELS,
  type LogLevel,
  makeCall,
  type Principal,
  type Root,
  type SampleResult,
} from "../call.ts";
import type { Cancellation } from "../cancellation.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, isToolError, messageOf, ProtocolError, ToolError } from "../errors.ts";
import {
  canAsk,
  describeQuestion,
  elicitQuestion,
  isAnswer,
  type Question,
  ROOTS_QUESTION,
  sampleQuestion,
} from "../questions.ts";
import type { Exchange } from "./parking.ts";
import { ENVELOPE } from "./revisions.ts";

/** What a transport knows of a request of the revisions up to 2025-11-25. */
export interface LegacyRequest {
  readonly cancellation: Cancellation;
  readonly sessionId: string | undefined;
  readonly principal: Principal | undefined;
  readonly client: ClientView;
  readonly meta: JsonObject;
  /** The level that the client has set by now, or the default. */
  level(): LogLevel;
  /** Sends a notification along with this request; resolves when the way to the client is free for more. */
  notify(method: string, params: JsonObject): Promise<void>;
  /** Sends a request to the client and waits for its result; it is withdrawn when the signal aborts. */
  request(method: string, params: JsonObject, options: AskOptions): Promise<unknown>;
  releaseStream(retryMs?: number): void;
}

/** Makes the call of a legacy request: questions are requests to the client. */
export function legacyCall(request: LegacyRequest): Call {
  const { client, notify } = request;
  const ask = async (question: Question, options: AskOptions): Promise<unknown> => {
    if (!canAsk(question, client.capabilities)) {
      throw new ToolError(`Cannot ${describeQuestion(question)}: the client has not declared that capability`);
    }
    const params = withElicitationId(question.params);
    const answer = await request.request(question.method, params, options).catch((thrown) => {
      if (isToolError(thrown) || options.signal?.aborted) throw thrown;
      throw new ToolError(`Cannot ${describeQuestion(question)}: ${messageOf(thrown)}`, { cause: thrown });
    });
    if (!isAnswer(question, answer)) {
      throw new ToolError(`Cannot ${describeQuestion(question)}: the answer is malformed`);
    }
    return answer;
  };
  const { progress, log } = reports({ meta: request.meta, level: () => request.level(), notify });
  const { elicit, sample, roots } = questions(ask, client);
  return makeCall({
    sessionId: request.sessionId,
    principal: request.principal,
    client,
    meta: request.meta,
    progress,
    log,
    elicit,
    sample,
    roots,
    releaseStream: (retryMs) => request.releaseStream(retryMs),
  }, request.cancellation);
}

/** A call of revision 2026-07-28, over all requests that serve it. */
export interface ModernRequest {
  /** The request that is being served now; `undefined` while none is. */
  readonly exchange: Exchange | undefined;
  readonly cancellation: Cancellation;
  /** Puts a question to the client; resolves with its answer. */
  ask(question: Question, options: AskOptions): Promise<unknown>;
}

/** Makes the call of a request of revision 2026-07-28: questions park it. */
export function modernCall(parked: ModernRequest): Call {
  const exchange = parked.exchange!;
  const client = clientOf(exchange.meta);
  const ask = (question: Question, options: AskOptions): Promise<unknown> => {
    if (canAsk(question, client.capabilities)) return parked.ask(question, options);
    const message = `Cannot ${describeQuestion(question)}: the client has not declared that capability`;
    return Promise.reject(
      new ProtocolError(ErrorCode.missingClientCapability, message, { requiredCapabilities: question.requires }),
    );
  };
  const { progress, log } = reports({
    meta: exchange.meta,
    level: () => asLogLevel(parked.exchange?.meta[ENVELOPE.logLevel]),
    // each round has its own token and its own stream; while parked nobody listens
    notify: async (method, params) => {
      const now = parked.exchange;
      const token = now?.meta["progressToken"];
      await now?.tell(method, "progressToken" in params ? { ...params, progressToken: token } : params);
    },
  });
  const { elicit, sample, roots } = questions(ask, client);
  const { principal, meta } = exchange;
  return makeCall({ principal, client, meta, progress, log, elicit, sample, roots }, parked.cancellation);
}

const NO_INFO: JsonObject = Object.freeze({});

/** Reads what a request of revision 2026-07-28 says of its client. */
export function clientOf(meta: JsonObject): ClientView {
  const info = meta[ENVELOPE.clientInfo];
  const capabilities = meta[ENVELOPE.clientCapabilities];
  const { name, version } = isObject(info) ? info : NO_INFO;
  return {
    name: typeof name === "string" ? name : undefined,
    version: typeof version === "string" ? version : undefined,
    protocolVersion: String(meta[ENVELOPE.protocolVersion]),
    capabilities: isObject(capabilities) ? capabilities : {},
  };
}

function asLogLevel(level: unknown): LogLevel | undefined {
  return LOG_LEVELS.find((it) => it === level);
}

interface Reporter {
  readonly meta: JsonObject;
  /** `undefined` sends nothing. */
  level(): LogLevel | undefined;
  notify(method: string, params: JsonObject): Promise<void>;
}

function reports({ meta, level, notify }: Reporter): Required<Pick<CallPatch, "progress" | "log">> {
  const { progressToken } = meta;
  let last = -Infinity;
  return {
    async progress(done, total, message) {
      if (typeof progressToken !== "string" && typeof progressToken !== "number") return;
      // progress must rise from one notification to the next
      if (!(done > last)) return;
      last = done;
      await notify("notifications/progress", {
        progressToken,
        progress: done,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      });
    },
    log(at, message, data, logger = "collet") {
      const least = level();
      if (least === undefined || LOG_LEVELS.indexOf(at) < LOG_LEVELS.indexOf(least)) return;
      // what is logged need not be JSON, and a log line must fail nothing
      return (async () => {
        await notify("notifications/message", {
          level: at,
          logger,
          data: data === undefined ? message : logData(message, data),
        });
      })().catch(() => {});
    },
  };
}

function logData(message: string, data: unknown): JsonObject {
  // neither takes the place of the other
  return isObject(data) && !Object.hasOwn(data, "message") ? { message, ...data } : { message, data };
}

function questions(
  put: (question: Question, options: AskOptions) => Promise<unknown>,
  client: ClientView,
): Required<Pick<CallPatch, "elicit" | "sample" | "roots">> {
  const ask = async (question: Question, options: AskOptions = {}): Promise<unknown> => {
    options.signal?.throwIfAborted();
    return await put(question, options);
  };
  return {
    elicit: async (request, options) => await ask(elicitQuestion(request), options) as ElicitResult,
    sample: async (request, options) => await ask(sampleQuestion(request), options) as SampleResult,
    async roots(options) {
      if (!canAsk(ROOTS_QUESTION, client.capabilities)) return [];
      return (await ask(ROOTS_QUESTION, options) as { roots: readonly Root[] }).roots;
    },
  };
}

// 2025-11-25 wants an id on questions that open a page; 2026-07-28 has none
function withElicitationId(params: JsonObject): JsonObject {
  return params["mode"] === "url" && params["elicitationId"] === undefined
    ? { ...params, elicitationId: crypto.randomUUID() }
    : params;
}
