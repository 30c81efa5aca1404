/**
 * A web API with its OpenAPI document: it echoes requests, answers with all kinds of content, redirects, and wants
 * credentials of every kind.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Context, Hono } from "hono";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { listen, type Listening } from "../../../support/listen.ts";

/** Secrets that the API takes, by the names under which Collet keeps them. */
export const SECRETS = {
  API_KEY: "key-that-nobody-sees",
  PASSWORD: "password-that-nobody-sees",
  TOKEN: "token-that-nobody-sees",
  CLIENT_SECRET: "client-secret-nobody-sees",
};

/** The API, and another one that it sends away to. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly elsewhere: string;
  /** Headers of the requests that the other one saw. */
  readonly seenElsewhere: JsonObject[];
  /** How many tokens were asked for. */
  readonly tokens: { count: number };
  /** The document; `servers` is the API itself. */
  document(paths: JsonObject, more?: JsonObject): JsonObject;
  /** Serves a text at a path of the API, such as a document. */
  serve(path: string, text: string): string;
}

/** Starts both. */
export async function startApi(): Promise<ApiServer> {
  const seenElsewhere: JsonObject[] = [];
  const other = await listen((request) => {
    seenElsewhere.push(Object.fromEntries(request.headers));
    return Response.json({ at: "elsewhere" });
  });
  const tokens = { count: 0 };
  const texts = new Map<string, string>();
  const app = makeApp({ elsewhere: other.url, tokens, texts });
  const api: Listening = await listen((request) => app.fetch(request));
  return {
    url: api.url,
    elsewhere: other.url,
    seenElsewhere,
    tokens,
    document: (paths, more = {}) => ({
      openapi: "3.1.0",
      info: { title: "Test API", version: "4.5.6" },
      servers: [{ url: api.url }],
      paths,
      ...more,
    }),
    serve(path, text) {
      texts.set(path, text);
      return `${api.url}/texts${path}`;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([api.close(), other.close()]);
    },
  };
}

interface AppOptions {
  readonly elsewhere: string;
  readonly tokens: { count: number };
  readonly texts: ReadonlyMap<string, string>;
}

function makeApp({ elsewhere, tokens, texts }: AppOptions): Hono {
  const app = new Hono();
  app.all("/echo/*", echo);
  app.all("/echo", echo);
  app.post("/form", async (c) => {
    const form = await c.req.raw.formData();
    const parts = await Promise.all([...form].map(async ([name, value]) => {
      if (typeof value === "string") return { name, text: value };
      return {
        name,
        filename: value.name,
        type: value.type,
        data: Buffer.from(await value.arrayBuffer()).toString("base64"),
      };
    }));
    return c.json({ parts });
  });
  addContent(app);
  app.get("/same", (c) => c.redirect("/echo/moved?by=redirect", 302));
  app.post("/see", (c) => c.redirect("/echo/seen", 303));
  app.post("/again", (c) => c.redirect("/echo/again", 307));
  app.all("/away", (c) => c.redirect(`${elsewhere}/there`, 307));
  app.get("/texts/*", (c) => {
    const text = texts.get(c.req.path.replace("/texts", ""));
    return text === undefined ? c.notFound() : c.body(text);
  });
  addSecured(app, tokens);
  return app;
}

async function echo(c: Context): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const headers = Object.fromEntries(c.req.raw.headers);
  const body = Buffer.from(await c.req.raw.arrayBuffer());
  return c.json({
    method: c.req.method,
    path: pathname,
    search,
    headers,
    body: body.toString("base64"),
    text: body.toString(),
  });
}

function addContent(app: Hono): void {
  app.get("/list", (c) => c.json([1, 2, 3]));
  app.get("/text", (c) => c.body("gr\u00fc\u00df dich", 200, { "content-type": "text/plain; charset=utf-8" }));
  app.get("/latin", (c) => c.body(new Uint8Array([0xe9]), 200, { "content-type": "text/plain; charset=iso-8859-1" }));
  app.get("/image", (c) => c.body(new Uint8Array([1, 2, 3]), 200, { "content-type": "image/png" }));
  app.get("/sound", (c) => c.body(new Uint8Array([4, 5]), 200, { "content-type": "audio/wav" }));
  app.get("/file", (c) =>
    c.body(new Uint8Array([0, 255]), 200, {
      "content-type": "application/zip",
      "content-disposition": 'attachment; filename="../a b.zip"',
    }));
  app.get("/big", (c) => c.body(new Uint8Array(17 * 1_048_576), 200, { "content-type": "application/zip" }));
  app.get("/empty", () => new Response(null, { status: 204 }));
  app.get("/misfit", (c) => c.json({ id: "not a number" }));
  app.get("/missing", (c) => c.json({ code: "no_pet" }, 404, { "retry-after": "7" }));
  app.get("/broken", (c) => c.text("it broke", 500));
  app.get("/slow", () => new Promise<Response>(() => {}));
}

function addSecured(app: Hono, tokens: { count: number }): void {
  const only = (isRight: (c: Context) => boolean) => async (c: Context): Promise<Response> =>
    isRight(c) ? await echo(c) : c.json({ error: "who are you?" }, 401);
  const basic = `Basic ${Buffer.from(`ada:${SECRETS.PASSWORD}`).toString("base64")}`;
  app.get("/header", only((c) => c.req.header("x-api-key") === SECRETS.API_KEY));
  app.get("/query", only((c) => c.req.query("api_key") === SECRETS.API_KEY));
  app.get("/cookie", only((c) => c.req.header("cookie")?.includes(`session=${SECRETS.API_KEY}`) === true));
  app.get("/basic", only((c) => c.req.header("authorization") === basic));
  app.get("/bearer", only((c) => c.req.header("authorization") === `Bearer ${SECRETS.TOKEN}`));
  app.get("/oauth", only((c) => c.req.header("authorization") === `Bearer access-token-${tokens.count}`));
  app.post("/token", async (c) => {
    const client = `Basic ${Buffer.from(`client:${SECRETS.CLIENT_SECRET}`).toString("base64")}`;
    const form = new URLSearchParams(await c.req.text());
    if (c.req.header("authorization") !== client || form.get("scope") !== "read write") {
      return c.json({ error: "invalid_client" }, 401);
    }
    return c.json({ access_token: `access-token-${++tokens.count}`, expires_in: 3600 });
  });
}

/** An operation that answers with anything. */
export function operation(more: JsonObject = {}): JsonObject {
  return { responses: { 200: { description: "Done" } }, ...more };
}
