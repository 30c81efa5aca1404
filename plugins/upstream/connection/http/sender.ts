/**
 * Sends requests to the address of one server, with its headers and its authorization.
 *
 * @module
 */
import { type Fetch, ToolError } from "../../../../kernel/mod.ts";
import type { Authorization } from "../auth/authorization.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MOST_HOPS = 3;
// once for a token that is missing or expired, once for one whose scope is too narrow
const MOST_RENEWALS = 2;

/** What one request is made of. */
export interface SentRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** The server's address by default. */
  readonly url?: string;
}

/** What requests are sent with. */
export interface SenderOptions {
  readonly fetch: Fetch;
  readonly url: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: Authorization;
}

/** Sends requests. */
export class HttpSender {
  readonly #fetch: Fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #authorization: Authorization;
  #url: string;

  constructor({ fetch, url, headers, authorization }: SenderOptions) {
    this.#fetch = fetch;
    this.#url = url;
    this.#headers = headers;
    this.#authorization = authorization;
  }

  /** Address of the server. */
  get url(): string {
    return this.#url;
  }

  /**
   * Sends a request, again where authorization is renewed. The caller reads or cancels the body.
   *
   * @throws {ToolError} when authorization is missing, or the server is elsewhere.
   */
  async send(request: SentRequest): Promise<Response> {
    for (let renewals = 0;; renewals++) {
      const authorization = await this.#authorization.header();
      const response = await this.#follow(request, authorization);
      if (response.status !== 401 && response.status !== 403) return response;
      if (renewals === MOST_RENEWALS) return response;
      if (!await this.#authorization.renew(response, authorization)) return response;
      await response.body?.cancel();
    }
  }

  /** Follows what leads to another path of the same server; its headers are not for others. */
  async #follow(request: SentRequest, authorization: string | undefined): Promise<Response> {
    const { method, headers, body, signal, url = this.#url } = request;
    const all = {
      ...this.#headers,
      ...headers,
      ...(authorization !== undefined && { authorization }),
    };
    let address = url;
    for (let hops = 0;; hops++) {
      const response = await this.#fetch.fetch(address, {
        method,
        headers: all,
        signal,
        redirect: "manual",
        timeoutMs: Infinity,
        ...(body !== undefined && { body }),
      });
      const location = response.headers.get("location");
      if (location === null || !REDIRECTS.has(response.status)) {
        if (hops > 0 && url === this.#url) this.#url = address;
        return response;
      }
      await response.body?.cancel();
      address = this.#next({ from: address, location, hops, isKept: response.status >= 307 || method === "GET" });
    }
  }

  #next({ from, location, hops, isKept }: {
    readonly from: string;
    readonly location: string;
    readonly hops: number;
    readonly isKept: boolean;
  }): string {
    const next = new URL(location, from);
    const where = `${next.origin}${next.pathname}`;
    if (next.origin !== new URL(from).origin || !isKept || hops === MOST_HOPS) {
      throw new ToolError(`The server redirects to ${where}; if that is its address, import it with this one`);
    }
    return next.href;
  }
}
