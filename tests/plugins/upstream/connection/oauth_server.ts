/**
 * A certified authorization server, and Collet behind it: who comes without a token is sent there.
 *
 * @module
 */
import { once } from "node:events";
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { startApp } from "../../../support/transports.ts";

/** A request that the authorization server waits with. */
interface Interaction {
  readonly prompt: { readonly name: string };
  readonly params: { readonly client_id: string; readonly resource: string; readonly scope: string };
  readonly session?: { readonly accountId: string };
  readonly grantId?: string;
}

/** What a person agreed to. */
interface Grant {
  addOIDCScope(scope: string): void;
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}

type Tokens = { find(token: string): Promise<{ readonly scope?: string } | undefined> };

/** What is used of `oidc-provider`, which has no types of its own. */
interface Provider {
  on(event: "grant.success", listener: (context: { oidc: { params: { grant_type: string } } }) => void): void;
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  readonly AccessToken: Tokens;
  readonly ClientCredentials: Tokens;
  readonly Grant: (new (of: { readonly accountId: string; readonly clientId: string }) => Grant) & {
    find(id: string): Promise<Grant>;
  };
}

/** Both servers. */
export interface OAuthServers extends AsyncDisposable {
  /** Address of the MCP server. */
  readonly url: string;
  /** Grants that were given, such as `authorization_code`. */
  readonly grants: string[];
  /** Has every token that was used until now refused. */
  expire(): void;
  /** Wants a scope of those who come from now on. */
  want(scope: string): void;
}

/** A client that was registered by hand. */
export const HAND_MADE = { client_id: "hand-made", client_secret: "a-secret-of-the-tests" };

/** Starts both servers. */
export async function startOAuth(): Promise<OAuthServers> {
  const grants: string[] = [];
  const refused = new Set<string>();
  const seen = new Set<string>();
  let wanted = "tools";
  const [issuerServer, server] = [createServer(), createServer()];
  const [issuer, origin] = await Promise.all([listening(issuerServer), listening(server)]);
  const url = `${origin}/mcp`;
  const provider = await makeProvider(issuer, url);
  provider.on("grant.success", ({ oidc }) => void grants.push(oidc.params.grant_type));
  issuerServer.on("request", (request, response) => void serveIssuer(provider, request, response));
  const { app, close } = await startApp();
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
  server.on("request", async (request, response) => {
    if (request.url!.startsWith("/.well-known/oauth-protected-resource")) {
      return void send(response, { resource: url, authorization_servers: [issuer], scopes_supported: ["tools"] });
    }
    const challenge = `Bearer resource_metadata="${metadata}"`;
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (token !== undefined) seen.add(token);
    const found = token === undefined || refused.has(token)
      ? undefined
      : await provider.AccessToken.find(token) ?? await provider.ClientCredentials.find(token);
    if (found === undefined) return void response.writeHead(401, { "www-authenticate": challenge }).end();
    if (!String(found.scope).split(" ").includes(wanted)) {
      const more = `${challenge}, error="insufficient_scope", scope="${wanted}"`;
      return void response.writeHead(403, { "www-authenticate": more }).end();
    }
    await forward(request, response, app.fetch);
  });
  return {
    url,
    grants,
    expire() {
      for (const token of seen) refused.add(token);
    },
    want: (scope) => void (wanted = scope),
    async [Symbol.asyncDispose]() {
      await close();
      for (const each of [server, issuerServer]) {
        each.closeAllConnections();
        each.close();
        await once(each, "close");
      }
    },
  };
}

async function makeProvider(issuer: string, resource: string): Promise<Provider> {
  const library = "oidc-provider";
  const { default: Provider } = await import(library) as {
    readonly default: new (issuer: string, settings: object) => Provider;
  };
  return new Provider(issuer, {
    clients: [{
      ...HAND_MADE,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      scope: "tools admin",
    }],
    scopes: ["openid", "offline_access", "tools", "admin"],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "tools admin", audience: resource, accessTokenFormat: "opaque" }),
      },
    },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    cookies: { keys: ["tests"] },
  });
}

/** Agrees at once, as the person would who is asked. */
async function serveIssuer(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!request.url!.startsWith("/interaction/")) return provider.callback()(request, response);
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    return await provider.interactionFinished(request, response, { login: { accountId: "ada" } });
  }
  const grant = grantId === undefined
    ? new provider.Grant({ accountId: session!.accountId, clientId: params.client_id })
    : await provider.Grant.find(grantId);
  grant.addOIDCScope("openid offline_access tools admin");
  grant.addResourceScope(params.resource, String(params.scope));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function send(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  const { authorization: _ours, ...headers } = request.headers as Record<string, string>;
  const answer = await fetch(
    new Request("http://127.0.0.1/mcp", {
      method: request.method!,
      headers,
      ...(pieces.length > 0 && { body: Buffer.concat(pieces) }),
    }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) return void response.end();
  const body = Readable.fromWeb(answer.body as never);
  response.on("close", () => body.destroy());
  body.on("error", () => response.destroy());
  body.pipe(response);
}
