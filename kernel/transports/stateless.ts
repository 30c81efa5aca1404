/**
 * Requests of revision 2026-07-28: each says all about itself in its `_meta` envelope, and none knows of another.
 *
 * @module
 */
import type { Principal } from "../call.ts";
import { CancellationSource } from "../cancellation.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, ProtocolError, ToolError } from "../errors.ts";
import { modernCall } from "./client_call.ts";
import { type Engine, methodNotFound } from "./engine.ts";
import {
  type Encoded,
  encodeError,
  encodeNotification,
  encodeResult,
  type NotificationMessage,
  type RequestMessage,
} from "./messages.ts";
import type { Outlet } from "./outlet.ts";
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

/** Who asks, and the way back. */
export interface StatelessOptions {
  readonly principal: Principal | undefined;
  readonly outlet: Outlet;
  /** Calls back when the client gives the request up; gives what takes that back. */
  onLeave(listener: () => void): () => void;
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
  { id, method, params }: RequestMessage,
  { engine, parking, ...options }: StatelessOptions & { readonly engine: Engine; readonly parking: Parking },
): Promise<StatelessAnswer> {
  let isOver = false;
  try {
    if (!engine.has(method, "modern")) throw methodNotFound(method);
    checkParams(method, params);
    const exchange: Exchange = {
      principal: options.principal,
      method,
      params,
      meta: metaOf(params),
      inputResponses: params["inputResponses"],
      requestState: params["requestState"] as string | undefined,
      onLeave: options.onLeave,
      // a handler that its call has left behind tells the client nothing more
      notify: async (notified, with_) => {
        if (!isOver) await options.outlet.notify(encodeNotification(notified, with_));
      },
    };
    const result = MAY_ASK.has(method)
      ? await parking.serve(
        exchange,
        async (call) => await engine.run({ method, params, call: modernCall(call), era: "modern" }),
      )
      : await runUnasked(exchange, engine);
    const isEncoded = typeof result === "string" || result instanceof Uint8Array;
    return { body: encodeResult(id, isEncoded ? result : engine.encode({ ...result }, { method, era: "modern" })) };
  } catch (thrown) {
    const error = engine.errorOf(thrown, { method, era: "modern" });
    return { body: encodeError(id, error), code: error.code };
  } finally {
    isOver = true;
  }
}

async function runUnasked(exchange: Exchange, engine: Engine): Promise<Encoded> {
  const { method, params } = exchange;
  const cancellation = new CancellationSource();
  const forget = exchange.onLeave(() => cancellation.cancel(new ToolError("Cancelled by the client")));
  const ask = () => Promise.reject(new ToolError(`Cannot ask the client: "${method}" has no way to`));
  try {
    const call = modernCall({ exchange, cancellation, ask });
    return await engine.run({ method, params, call, era: "modern" });
  } finally {
    forget();
  }
}
