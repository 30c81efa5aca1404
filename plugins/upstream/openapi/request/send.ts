/**
 * Requests on their way: what says who asks goes to the origin of the API and to no other.
 *
 * @module
 */
import { type Fetch, messageOf, ToolError } from "../../../../kernel/mod.ts";
import type { SentBody } from "./bodies.ts";

/** Most bytes of an answer. */
export const MOST_ANSWER_BYTES = 16 * 1_048_576;

const MOST_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A request. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: SentBody | undefined;
}

/** How requests are sent. */
export interface SendOptions {
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** Milliseconds of silence after which a request is given up. */
  readonly timeoutMs: number;
}

/**
 * Sends a request. Redirects within the origin are followed as they are; to another origin only a plain question is, one
 * that neither changes anything nor says who asks.
 *
 * @throws {ToolError} when there is no answer.
 * @throws the reason of `signal` when it aborts.
 */
export async function send(request: ApiRequest, options: SendOptions): Promise<Response> {
  let at = request;
  for (let redirects = 0;; redirects++) {
    const response = await sendOnce(at, options);
    const location = response.headers.get("location");
    if (location === null || !REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) {
      throw new ToolError(`${shown(request)} redirects more than ${MOST_REDIRECTS} times`);
    }
    at = nextOf(at, { status: response.status, location });
  }
}

async function sendOnce({ method, url, headers, body }: ApiRequest, options: SendOptions): Promise<Response> {
  const { fetch, signal, timeoutMs } = options;
  try {
    return await fetch.fetch(url, {
      method: method.toUpperCase(),
      headers: { ...headers, ...(body?.mediaType !== undefined && { "content-type": body.mediaType }) },
      ...(body !== undefined && { body: body.body }),
      redirect: "manual",
      signal,
      timeoutMs,
      maxBytes: MOST_ANSWER_BYTES,
    });
  } catch (thrown) {
    signal.throwIfAborted();
    const why = messageOf(thrown).replace(/^Cannot fetch "[^"]*": /, "");
    throw new ToolError(`${shown({ method, url })} fails: ${why}`, { cause: thrown });
  }
}

/** Source: https://fetch.spec.whatwg.org/#http-redirect-fetch */
function nextOf(
  request: ApiRequest,
  { status, location }: { readonly status: number; readonly location: string },
): ApiRequest {
  const { url: from, headers } = request;
  const fail = (why: string) => new ToolError(`${shown(request)} redirects ${why}, which is not followed`);
  if (!URL.canParse(location, from)) throw fail("to what is no address");
  const url = new URL(location, from);
  const isPost = request.method.toLowerCase() === "post";
  const isPlain = /^(?:get|head)$/i.test(request.method);
  const becomesGet = !isPlain && (status === 303 || (isPost && (status === 301 || status === 302)));
  const next = becomesGet ? { ...request, method: "get", body: undefined } : request;
  if (url.origin === from.origin) return { ...next, url };
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw fail("to what is no plain address");
  }
  if (from.protocol === "https:" && url.protocol === "http:") throw fail(`from https to ${url.origin}`);
  if (!isPlain) throw fail(`to ${url.origin}, another origin`);
  const { accept } = headers;
  return { ...next, url, headers: accept === undefined ? {} : { accept } };
}

function shown({ method, url }: Pick<ApiRequest, "method" | "url">): string {
  // the query may hold what is secret
  return `${method.toUpperCase()} ${url.origin}${url.pathname}`;
}
