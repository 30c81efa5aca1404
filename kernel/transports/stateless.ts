/**
 * Requests of revision 2026-07-28: each says all about itself in its `_meta` envelope, and none knows of another.
 *
 * @module
 */
import type { Encoded } from "../http_answer.ts";
import type { Call } from "../call.ts";
import { CancellationSource, untilCancelled } from "../cancellation.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, ProtocolError, ToolError } from "../errors.ts";
import { modernCall } from "./client_call.ts";
import { type Engine, methodNotFound } from "./engine.ts";
import { encodeError, encodeResult, type NotificationMessage, type RequestMessage } from "./messages.ts";
import { checkParams, findEnvelopeIssue } from "./params.ts";
import type { Exchange, Parking } from "./parking.ts";
import { ENVELOPE, isModernVersion, MODERN_VERSION } from "./revisions.ts";

const NO_META: JsonObject = Object.freeze({});

/** Gives the `_meta` of a message's parameters. */
export function metaOf(params: JsonObject): JsonObject {
  const meta = params["_meta"];
  return isObject(meta) ? meta : NO_META;
}

/** Tells whether a message says that it is of 2026-07-28 or later, be it well-formed or not. */
export function claimsEnvelope({ method, params }: RequestMessage | NotificationMessage): boolean {
  const meta = metaOf(params);
  if (!Object.hasOwn(meta, ENVELOPE.protocolVersion)) return false;
  if (method !== "initialize") return true;
  // the handshake of the revisions before it, unless all else says otherwise
  const version = meta[ENVELOPE.protocolVersion];
  return typeof version === "string" && isModernVersion(version) && findEnvelopeIssue(meta) === undefined;
}

/**
 * Checks that an envelope is whole.
 *
 * @throws {ProtocolError} `-32602` with the key that is wrong.
 */
export function checkEnvelope(params: JsonObject): void {
  const issue = findEnvelopeIssue(metaOf(params));
  if (issue === undefined) return;
  throw new ProtocolError(
    ErrorCode.invalidParams,
    `Invalid _meta envelope of revision ${MODERN_VERSION}: ${issue.key}: ${issue.problem}`,
    { envelope: issue },
  );
}

/**
 * Checks that the revision which a message names is one that is served without sessions.
 *
 * @throws {ProtocolError} `-32022` with those that are.
 */
export function checkVersion(requested: unknown): void {
  if (requested === MODERN_VERSION) return;
  throw new ProtocolError(
    ErrorCode.unsupportedProtocolVersion,
    `Unsupported protocol version "${requested}": a request with an envelope is of ${MODERN_VERSION}`,
    { supported: [MODERN_VERSION], requested },
  );
}

/** What requests are served with. */
export interface StatelessOptions {
  readonly engine: Engine;
  readonly parking: Parking;
}

/** An answer, and the code of the error that it is. */
export interface StatelessAnswer {
  readonly body: Encoded;
  readonly code?: number;
}

// results of other methods are always complete
const MAY_ASK: ReadonlySet<string> = new Set(["tools/call", "prompts/get", "resources/read"]);

/** Answers a request whose envelope has been checked. */
export async function answerStateless(
  exchange: Exchange,
  { engine, parking }: StatelessOptions,
): Promise<StatelessAnswer> {
  const { id, method, params } = exchange.message;
  try {
    if (!engine.has(method, "modern")) throw methodNotFound(method);
    checkParams(method, params);
    const result = MAY_ASK.has(method)
      ? await parking.serve(exchange, (call) => runAs(modernCall(call), { exchange, engine }))
      : await runUnasked(exchange, engine);
    const isAsking = typeof result === "object" && "inputRequests" in result;
    return { body: encodeResult(id, isAsking ? engine.encode({ ...result }, { method, era: "modern" }) : result) };
  } catch (thrown) {
    const error = engine.errorOf(thrown, { method, era: "modern" });
    return { body: encodeError(id, error), code: error.code };
  }
}

// a promise in any case: what is thrown at once belongs to the call as well
async function runAs(
  call: Call,
  { exchange, engine }: { readonly exchange: Exchange; readonly engine: Engine },
): Promise<Encoded> {
  const { method, params } = exchange.message;
  return await engine.run({ method, params, call, era: "modern" });
}

async function runUnasked(exchange: Exchange, engine: Engine): Promise<Encoded> {
  const cancellation = new CancellationSource();
  const forget = exchange.onLeave(() => cancellation.cancel(new ToolError("Cancelled by the client")));
  const ask = () => Promise.reject(new ToolError(`Cannot ask the client: "${exchange.message.method}" has no way to`));
  try {
    return await untilCancelled(runAs(modernCall({ exchange, cancellation, ask }), { exchange, engine }), cancellation);
  } finally {
    forget();
  }
}
