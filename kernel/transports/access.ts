/**
 * Who may talk to the HTTP door: `Host` and `Origin` against DNS rebinding and foreign pages, CORS for the pages that
 * are welcome, a bearer token for everybody.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { LOCAL_PRINCIPAL, type Principal } from "../call.ts";
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

/** Refuses requests whose `Host` is not one of ours: a foreign name that resolves here is an attack. */
export function checkHost({ allowedHosts = LOOPBACK_HOSTS }: AccessOptions): MiddlewareHandler {
  return async function checkHost(c, next) {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    const name = hostnameOf(`http://${host}`);
    if (allowedHosts !== "*" && (name === undefined || !allowedHosts.includes(name))) {
      return errorResponse({ status: 403, code: -32000, message: `Forbidden: host "${host}" is not served here` });
    }
    await next();
  };
}

function isWelcome(origin: string, { allowedOrigins = [] }: AccessOptions): boolean {
  if (allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return true;
  const name = hostnameOf(origin);
  return name !== undefined && LOOPBACK_HOSTS.includes(name);
}

/** Refuses requests of pages that are not welcome. Programs send no `Origin` and pass. */
export function checkOrigin(options: AccessOptions): MiddlewareHandler {
  return async function checkOrigin(c, next) {
    const origin = c.req.header("origin");
    const isSameOrigin = origin !== undefined && origin === new URL(c.req.url).origin;
    if (origin !== undefined && !isSameOrigin && !isWelcome(origin, options)) {
      return errorResponse({ status: 403, code: -32000, message: `Forbidden: origin "${origin}" is not allowed` });
    }
    await next();
  };
}

/** Answers pages that are welcome with the headers that let them read the answer. */
export function allowPages(options: AccessOptions): MiddlewareHandler {
  return cors({
    origin: (origin) => isWelcome(origin, options) ? origin : null,
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    exposeHeaders: ["Mcp-Session-Id", "WWW-Authenticate"],
    maxAge: 600,
  });
}

/** Names the principal of a request; `undefined` refuses it. */
export type Authenticate = (request: Request) => Principal | undefined | Promise<Principal | undefined>;

/** Accepts requests that show the token, as `local`; all requests when there is none. */
export function tokenCheck(token: string | undefined): Authenticate {
  if (token === undefined) return () => LOCAL_PRINCIPAL;
  const expected = digest(token);
  return async (request) => {
    const [, shown] = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (shown === undefined) return undefined;
    return isEqual(await digest(shown.trim()), await expected) ? LOCAL_PRINCIPAL : undefined;
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

// digests have one length, and comparing all of it takes one time
async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((different, byte, i) => different | (byte ^ b[i]!), 0) === 0;
}
