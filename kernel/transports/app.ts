/**
 * The HTTP app: our routes behind the checks of {@linkcode AccessOptions}, as a Hono app that serves alone or under a
 * prefix of another.
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Principal } from "../call.ts";
import type { MountedApp } from "../collectors.ts";
import { type HttpRequest, type QuickAnswer, toResponse } from "../http_answer.ts";
import type { Kernel } from "../kernel.ts";
import { type AccessOptions, guardAccess, type HostCheck, hostCheck, tokenCheck, unauthorized } from "./access.ts";
import { createHttpHandler, type HttpOptions } from "./http.ts";
import type { ServerInfo } from "./engine.ts";

/** What the app can be told. */
export interface AppOptions extends AccessOptions, HttpOptions {
  /** Takes the host app's user as the principal, in place of the token; `undefined` refuses the request. */
  readonly authenticate?: (
    request: Request,
    context: Context,
  ) => Principal | undefined | Promise<Principal | undefined>;
  /** Sub-apps of plugins, from {@linkcode collectRoutes}. */
  readonly routes?: readonly MountedApp[];
}

/** A Hono app, and the way to end what it holds. */
export type KernelApp = Hono & {
  /** Answers requests that need no router, for whoever listens by lighter means than `Request` and `Response`. */
  readonly quick: QuickAnswer;
  /** Ends streams, sessions and parked calls. The kernel goes on. */
  close(): Promise<void>;
};

/**
 * Makes the HTTP app of a kernel: `/mcp`, `/sse`, `/message`, `/healthz` and what plugins mount. Other paths are left
 * to the host app.
 *
 * @example Under a prefix of an app with its own users
 * ```ts ignore
 * const tools = createApp(kernel, info, { authenticate: (_, c) => ({ id: c.get("user").id, scopes: [] }) });
 * app.route("/tools", tools); // serves /tools/mcp
 * ```
 */
export function createApp(kernel: Kernel, info: ServerInfo, options: AppOptions = {}): KernelApp {
  const http = createHttpHandler(kernel, info, options);
  const checkToken = tokenCheck(options.token);
  const authenticate = options.authenticate ?? ((request: Request) => checkToken(request));
  // on our own routes only: a host app keeps its own manners on its own
  const isOurHost = hostCheck(options);
  const guard = guardAccess(options, isOurHost);
  const guarded = (serve: (c: Context, principal: Principal) => Promise<Response>) => async (c: Context) => {
    const principal = await authenticate(c.req.raw, c);
    return principal === undefined ? unauthorized(c.req.raw) : await serve(c, principal);
  };

  const app = new Hono();
  app.use("/healthz", guard).get((c) => c.text("ok"));
  app.use("/mcp", guard).all(guarded((c, principal) => http.fetch(c.req.raw, { principal })));
  app.use("/message", guard).post(guarded((c, principal) => http.message(c.req.raw, { principal })));
  app.use("/sse", guard).get(guarded((c, principal) => {
    const prefix = c.req.path.slice(0, -"/sse".length);
    return http.openSse(c.req.raw, { principal, endpoint: (id) => `${prefix}/message?sessionId=${id}` });
  }));
  app.all("/*", async (c, next) => {
    // counted in parts, since a part of the prefix may be a parameter
    const partsBefore = routePath(c).split("/").length - 1;
    const path = `/${c.req.path.split("/").slice(partsBefore).join("/")}`;
    const mounted = options.routes?.find((it) => path === it.path || path.startsWith(`${it.path}/`));
    if (mounted === undefined) return await next();
    return await guardedApp(c, { mounted, guard, guarded, path });
  });
  const { fetch } = app;
  // nearly all requests: no page, no host app and no router has anything to say to them
  const quick: QuickAnswer = (request) => {
    if (options.authenticate !== undefined || !isPlainPost(request, isOurHost)) return undefined;
    const principal = checkToken(request);
    return principal && http.post(request, principal);
  };
  return Object.assign(app, {
    fetch: (request: Request, ...rest: Rest): Response | Promise<Response> =>
      quick(request)?.then(toResponse) ?? fetch(request, ...rest),
    quick,
    close: () => http.close(),
  });
}

type Rest = Hono["fetch"] extends (request: Request, ...rest: infer R) => unknown ? R : never;

/** Tells whether a request is a POST of a program to `/mcp` that passes all checks but that of its token. */
function isPlainPost({ method, url, headers }: HttpRequest, isOurHost: HostCheck): boolean {
  if (
    method !== "POST" || !url.endsWith("/mcp") || url.indexOf("/", "https://".length) !== url.length - "/mcp".length
  ) {
    return false;
  }
  const host = headers.get("host");
  return host !== null && !headers.has("origin") && isOurHost(host);
}

interface Guarding {
  readonly mounted: MountedApp;
  readonly guard: MiddlewareHandler;
  guarded(serve: (c: Context) => Promise<Response>): (c: Context) => Promise<Response>;
  /** Path below the app's own prefix. */
  readonly path: string;
}

function guardedApp(c: Context, { mounted, guard, guarded, path }: Guarding): Promise<Response> {
  const serve = guarded(async () => {
    const url = new URL(c.req.url);
    url.pathname = path.slice(mounted.path.length) || "/";
    return await mounted.app.fetch(new Request(url, c.req.raw));
  });
  // the outer context: what the host app has put there tells who asks
  const sub = new Hono().use(guard).all("*", () => serve(c));
  return Promise.resolve(sub.fetch(c.req.raw));
}
