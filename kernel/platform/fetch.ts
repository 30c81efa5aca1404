/**
 * Requests over HTTP, with bounds: the `fetch` of the runtime, whose redirects are followed here.
 *
 * @module
 */
import { onAbort } from "../cancellation.ts";
import type { Fetch } from "../contracts.ts";
import { messageOf } from "../errors.ts";

const TIMEOUT_MS = 60_000;
const MOST_REDIRECTS = 10;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

// https://fetch.spec.whatwg.org/#redirect-status and #null-body-status
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const NULL_BODIES: ReadonlySet<number> = new Set([204, 205, 304]);

/** Say who asks, and are for one origin alone. */
const PRIVATE_HEADERS: readonly string[] = ["authorization", "cookie", "proxy-authorization"];
/** Describe a body, and go with it. */
const BODY_HEADERS: readonly string[] = ["content-encoding", "content-language", "content-location", "content-type"];

/** What {@linkcode createFetch} works with. */
export interface FetchOptions {
  /** Ends every request when it aborts. */
  readonly signal?: AbortSignal;
}

/** Makes the requests of a server. */
export function createFetch({ signal: closing }: FetchOptions = {}): Fetch {
  return {
    async fetch(address, { timeoutMs = TIMEOUT_MS, maxBytes = Infinity, signal, ...init } = {}) {
      const url = readUrl(address);
      const watch = new Watch(timeoutMs, [signal, closing]);
      try {
        watch.expect(`an answer from ${shown(url)}`);
        const response = await follow(url, { ...init, signal: watch.signal });
        checkLength(response, maxBytes);
        return bounded(response, { watch, maxBytes });
      } catch (error) {
        const why = explain(url, watch.signal.aborted ? watch.signal.reason : error);
        watch.end(why);
        throw why;
      }
    },
  };
}

/** What may end one request: the signals that it was given, and the clock. */
class Watch {
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  readonly #forget: readonly (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, signals: readonly (AbortSignal | null | undefined)[]) {
    this.#timeoutMs = timeoutMs;
    this.#forget = signals.filter((it) => it !== undefined && it !== null)
      .map((signal) => onAbort(signal, () => this.#abort(signal.reason)));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the clock anew. */
  expect(what: string): void {
    this.rest();
    if (this.#timeoutMs > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(() => {
      this.#abort(new DOMException(`Waited ${this.#timeoutMs} ms in vain for ${what}`, "TimeoutError"));
    }, this.#timeoutMs);
  }

  /** Stops the clock. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** Lets go of clock and signals. */
  close(): void {
    this.rest();
    for (const forget of this.#forget) forget();
  }

  /** Ends the request, if it is not over. */
  end(why: unknown): void {
    this.close();
    this.#abort(why);
  }

  #abort(reason: unknown): void {
    this.#controller.abort(reason);
  }
}

function readUrl(address: string | URL): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch (error) {
    throw new TypeError(`Cannot fetch ${JSON.stringify(String(address))}: it is no address`, { cause: error });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`Cannot fetch ${shown(url)}: its protocol is "${url.protocol}", expected http: or https:`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError(`Cannot fetch ${shown(url)}: the address holds a user or password; pass them in a header`);
  }
  return url;
}

/** Shows an address without what may be secret in it. */
function shown({ protocol, host, pathname }: URL): string {
  return `"${protocol}//${host}${pathname}"`;
}

interface Hop {
  readonly url: URL;
  readonly init: RequestInit;
}

async function follow(start: URL, given: RequestInit): Promise<Response> {
  const { redirect = "follow" } = given;
  let { url, init }: Hop = { url: start, init: { ...given, redirect: "manual" } };
  for (let redirects = 0;; redirects++) {
    const response = await fetch(url, init);
    const location = response.headers.get("location");
    if (redirect === "manual" || location === null || !REDIRECTS.has(response.status)) {
      return withPlace(response, { url, redirected: redirects > 0 });
    }
    await response.body?.cancel();
    if (redirect === "error") throw new TypeError("it answers with a redirect");
    if (redirects === MOST_REDIRECTS) throw new TypeError(`it redirects more than ${MOST_REDIRECTS} times`);
    ({ url, init } = nextHop({ url, init }, { status: response.status, location }));
  }
}

/** Source: https://fetch.spec.whatwg.org/#http-redirect-fetch */
function nextHop({ url: from, init }: Hop, { status, location }: { status: number; location: string }): Hop {
  const url = readUrl(new URL(location, from));
  if (from.protocol === "https:" && url.protocol === "http:") {
    throw new TypeError(`it redirects from https to ${shown(url)}`);
  }
  const headers = new Headers(init.headers);
  if (url.origin !== from.origin) { for (const name of PRIVATE_HEADERS) headers.delete(name); }
  const { method = "GET", body, ...rest } = init;
  const verb = method.toUpperCase();
  const becomesGet = status === 303 ? verb !== "GET" && verb !== "HEAD" : status <= 302 && verb === "POST";
  if (becomesGet) {
    for (const name of BODY_HEADERS) headers.delete(name);
    return { url, init: { ...rest, headers, method: "GET" } };
  }
  if (body instanceof ReadableStream) throw new TypeError("it redirects a body that cannot be sent again");
  return { url, init: { ...rest, headers, method, ...(body !== undefined && { body }) } };
}

function checkLength({ headers, body }: Response, maxBytes: number): void {
  const length = Number(headers.get("content-length") ?? 0);
  if (body === null || headers.has("content-encoding") || !(length > maxBytes)) return;
  throw tooLarge(maxBytes, `it says that it has ${length} bytes`);
}

function tooLarge(maxBytes: number, found: string): TypeError {
  return new TypeError(`the answer is too large: ${found}, at most ${maxBytes} are taken`);
}

/** Gives the same response with a body that keeps to the bounds. */
function bounded(
  response: Response,
  { watch, maxBytes }: { readonly watch: Watch; readonly maxBytes: number },
): Response {
  const { body, status, statusText, headers, url, redirected } = response;
  watch.rest();
  if (body === null || NULL_BODIES.has(status)) {
    watch.close();
    return response;
  }
  const place = new URL(url);
  const reader = body.getReader();
  // Deno forgets to end a body whose response nobody holds any more (seen in 2.9)
  onAbort(watch.signal, () => void reader.cancel(watch.signal.reason).catch(() => {}));
  let bytes = 0;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        watch.expect(`more of ${shown(place)}`);
        const { done, value } = await reader.read();
        watch.rest();
        watch.signal.throwIfAborted();
        if (done) {
          watch.close();
          return controller.close();
        }
        bytes += value.length;
        if (bytes > maxBytes) throw tooLarge(maxBytes, "it goes on");
        controller.enqueue(value);
      } catch (error) {
        const why = explain(place, watch.signal.aborted ? watch.signal.reason : error);
        watch.end(why);
        controller.error(why);
      }
    },
    async cancel(reason) {
      watch.close();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return withPlace(new Response(stream, { status, statusText, headers }), { url: place, redirected });
}

// a response that is made by hand knows neither, and one of a single hop not of those before
function withPlace(response: Response, { url, redirected }: { readonly url: URL; readonly redirected: boolean }) {
  const { href } = new URL(url);
  return Object.defineProperties(response, { url: { value: href }, redirected: { value: redirected } });
}

/** Says why there is no answer; the reasons of signals, and what says it already, stay as they are. */
function explain(url: URL, thrown: unknown): unknown {
  if (!(thrown instanceof TypeError) || thrown.message.startsWith("Cannot fetch ")) return thrown;
  const { cause } = thrown;
  const reason = cause instanceof Error && cause.message !== "" ? cause.message : messageOf(thrown);
  // Deno's words begin with the whole address
  const short = reason.replace(/^error sending request [^()]*\([^()]*\): /, "").replaceAll(url.search || "\0", "");
  return new TypeError(`Cannot fetch ${shown(url)}: ${short}`, { cause });
}
