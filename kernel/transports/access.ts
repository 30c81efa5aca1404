/**
 * Who may talk to the HTTP door: `Host` and `Origin` against DNS rebinding and foreign pages, CORS for the pages that
 * are welcome, a bearer token for everybody.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { LOCAL_PRINCIPAL, type Principal } from "../call.ts";
import type { HttpRequest } from "../http_answer.ts";
import { errorResponse } from "./body.ts";

/** Host names of this machine's loopback interface. */
export const LOOPBACK_HOSTS: readonly string[] = Object.freeze(["localhost", "127.0.0.1", "[::1]"]);

/** Who may ask. */
export interface AccessOptions {
  /** Host names that requests may address, without port; loopback names by default, `"*"` for any. */
  readonly allowedHosts?: readonly string[] | "*";
  /** Origins of pages that may ask, such as `https://app.example`; pages of this machine are always welcome. */
  readonly allowedOrigins?: readonly string[];
  /** The bearer token to show; without one there is no such check. */
  readonly token?: string;
}

function hostnameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.toLowerCase();
  } catch {
    return undefined;
  }
}

/**
 * Refuses requests whose `Host` is not one of ours, since a foreign name that resolves here is an attack, and those of
 * pages that are not welcome; programs send no `Origin` and pass. Pages that are welcome may read the answer.
 */
export function guardAccess(options: AccessOptions, isOurHost: HostCheck = hostCheck(options)): MiddlewareHandler {
  const allowPages = cors({
    origin: (origin) => isWelcome(origin, options) ? origin : null,
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    exposeHeaders: ["Mcp-Session-Id", "WWW-Authenticate"],
    maxAge: 600,
  });
  return async function guardAccess(c, next) {
    // Deno passes on what stands in the request line, be it no URL
    if (!URL.canParse(c.req.url)) return badAddress();
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isOurHost(host)) return forbidden(`host "${host}" is not served here`);
    const origin = c.req.header("origin");
    if (origin === undefined) return await next();
    const isSameOrigin = origin === new URL(c.req.url).origin;
    if (!isSameOrigin && !isWelcome(origin, options)) return forbidden(`origin "${origin}" is not allowed`);
    return await allowPages(c, next);
  };
}

// what a URL has beside its host and port
const FOREIGN_REGEXP = /[@/?#\\]/;

/** Tells whether a `Host` is one of ours. */
export type HostCheck = (host: string) => boolean;

/** Makes the check of `Host` headers. */
export function hostCheck({ allowedHosts = LOOPBACK_HOSTS }: AccessOptions): HostCheck {
  // one client sends one name: parsing it once is enough
  let last: { readonly host: string; readonly isOurs: boolean } | undefined;
  return (host) => {
    if (allowedHosts === "*") return true;
    if (last?.host !== host) {
      const name = FOREIGN_REGEXP.test(host) ? undefined : hostnameOf(`http://${host}`);
      last = { host, isOurs: name !== undefined && allowedHosts.includes(name) };
    }
    return last.isOurs;
  };
}

function isWelcome(origin: string, { allowedOrigins = [] }: AccessOptions): boolean {
  if (allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return true;
  const name = hostnameOf(origin);
  return name !== undefined && LOOPBACK_HOSTS.includes(name);
}

function badAddress(): Response {
  return errorResponse({ status: 400, code: -32600, message: "Bad Request: the address of the request is no URL" });
}

function forbidden(why: string): Response {
  return errorResponse({ status: 403, code: -32000, message: `Forbidden: ${why}` });
}

/** Names the principal of a request; `undefined` refuses it. */
export type Authenticate = (request: Pick<HttpRequest, "headers">) => Principal | undefined;

/** Accepts requests that show the token, as `local`; all requests when there is none. */
export function tokenCheck(token: string | undefined): Authenticate {
  if (token === undefined) return () => LOCAL_PRINCIPAL;
  return (request) => {
    const [, shown] = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    return shown !== undefined && isEqual(shown.trim(), token) ? LOCAL_PRINCIPAL : undefined;
  };
}

/** Refuses a request that nobody vouches for. */
export function unauthorized(request: Request): Response {
  const shown = request.headers.has("authorization");
  return errorResponse({
    status: 401,
    code: -32000,
    message: shown
      ? "Unauthorized: the token is not the one of this server"
      : 'Unauthorized: send the token of this server as "Authorization: Bearer <token>"',
    headers: { "www-authenticate": `Bearer realm="collet"${shown ? ', error="invalid_token"' : ""}` },
  });
}

// takes one time for every text that is shown, wherever it differs
function isEqual(shown: string, token: string): boolean {
  let different = shown.length ^ token.length;
  for (let i = 0; i < token.length; i++) different |= token.charCodeAt(i) ^ shown.charCodeAt(i % (shown.length || 1));
  return different === 0;
}
