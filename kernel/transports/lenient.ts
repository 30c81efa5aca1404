/**
 * Requests as clients really send them: with any `Accept` header.
 *
 * @module
 */
import type { AuthInfo, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { isObject } from "../content.ts";
import { errorResponse } from "./body.ts";
import { boundStream, isEventStream } from "./event_stream.ts";

/** Marks a caller, among what the SDK calls its authentication, whose stream must not be let go. */
export const KEEPS_STREAM = "keepsStream";

/** What belongs to a request beside its headers. */
export interface LenientOptions {
  /** The parsed body of a POST. */
  readonly body: unknown;
  readonly authInfo: AuthInfo;
}

/** Hands a request to the transport of its session with an `Accept` header as strict as the specification's. */
export async function handleLeniently(
  transport: WebStandardStreamableHTTPServerTransport,
  request: Request,
  { body, authInfo }: LenientOptions,
): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set("accept", "application/json, text/event-stream");
  const strict = new Request(request.url, { method: request.method, headers, signal: request.signal });
  // whoever takes only JSON waits for the answer: a stream that its call lets go would lose it
  const caller = takesStream(request) ? authInfo : { ...authInfo, extra: { ...authInfo.extra, [KEEPS_STREAM]: true } };
  const response = await transport.handleRequest(strict, { parsedBody: body, authInfo: caller });
  if (takesStream(request) || request.method !== "POST" || !isEventStream(response)) return boundStream(response);
  return await answersAsJson(response);
}

/** Tells whether a client takes an event stream: one that asks for JSON alone does not. */
export function takesStream({ headers }: Request): boolean {
  const accept = headers.get("accept") ?? "*/*";
  return !accept.includes("application/json") || /text\/event-stream|\*\/\*/.test(accept);
}

/** Reads an event stream to its end and answers with the responses it carried, for clients that take only JSON. */
export async function answersAsJson(response: Response): Promise<Response> {
  const answers: unknown[] = [];
  for (const event of (await response.text()).split("\n\n")) {
    const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
    const message: unknown = data.trim() === "" ? undefined : JSON.parse(data);
    if (isObject(message) && ("result" in message || "error" in message)) answers.push(message);
  }
  if (answers.length === 0) {
    const message = "Service Unavailable: the session ended before the answer";
    return errorResponse({ status: 503, code: -32000, message });
  }
  const headers = new Headers(response.headers);
  headers.delete("content-type");
  return Response.json(answers.length === 1 ? answers[0] : answers, { status: response.status, headers });
}
