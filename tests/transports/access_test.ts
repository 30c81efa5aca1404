import assert from "node:assert/strict";
import { test } from "node:test";
import { type AppOptions, createApp } from "../../kernel/transports/mod.ts";
import { collectRoutes, Http, Kernel } from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";
import { Hono } from "hono";
import { INFO } from "../fixtures/everything/mod.ts";
import { small } from "../support/plugins.ts";
import { answerOf, initialize, post } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";

async function status(options: AppOptions, headers: Record<string, string>, path = "/mcp"): Promise<number> {
  await using started = await startApp({}, options);
  const response = await post(started.app.fetch, initialize(), { headers, url: `http://localhost${path}` });
  await response.body?.cancel();
  return response.status;
}

test("a Host that is none of ours is refused, on every route", async () => {
  for (const host of ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST"]) {
    assert.equal(await status({}, { host }), 200, host);
  }
  for (
    const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example:80",
      "localhost@evil.example",
      "evil@localhost",
      "localhost/evil",
      "localhost?evil",
      "a b",
    ]
  ) {
    assert.equal(await status({}, { host }), 403, host);
  }
  await using started = await startApp();
  for (const path of ["/mcp", "/sse", "/message", "/healthz"]) {
    const response = await started.app.request(`http://localhost${path}`, { headers: { host: "evil.example" } });
    assert.equal(response.status, 403, path);
    assert.match((await answerOf(response)).error?.message ?? "", /host "evil.example" is not served here/);
  }
  assert.equal(await status({ allowedHosts: ["tools.example"] }, { host: "tools.example:443" }), 200);
  assert.equal(await status({ allowedHosts: ["tools.example"] }, { host: "localhost" }), 403);
  assert.equal(await status({ allowedHosts: "*" }, { host: "anything.example" }), 200);
});

test("a request whose address is no URL is 400, whoever sends it", async () => {
  await using started = await startApp();
  for (const origin of [undefined, "null", "http://localhost:3000"]) {
    const headers = { host: "localhost", ...(origin !== undefined && { origin }) };
    const request = new Request("http://localhost/mcp", { method: "DELETE", headers });
    Object.defineProperty(request, "url", { value: "http://[/mcp" });
    const response = await started.app.fetch(request);
    assert.equal(response.status, 400, origin);
    assert.match((await answerOf(response)).error?.message ?? "", /is no URL/);
  }
});

test("a page that is not welcome is refused; pages of this machine and programs are welcome", async () => {
  for (const origin of ["https://evil.example", "null", "http://localhost.evil.example", "nonsense"]) {
    assert.equal(await status({}, { origin }), 403, origin);
  }
  for (const origin of ["http://localhost:3000", "http://127.0.0.1:6274", "http://[::1]:1"]) {
    assert.equal(await status({}, { origin }), 200, origin);
  }
  assert.equal(await status({ allowedOrigins: ["https://app.example"] }, { origin: "https://app.example" }), 200);
  assert.equal(await status({ allowedOrigins: ["https://app.example"] }, { origin: "https://app.example.evil" }), 403);
  assert.equal(await status({ allowedOrigins: ["*"] }, { origin: "https://any.example" }), 200);
});

test("a welcome page may ask and read: preflight, headers, also of refusals", async () => {
  await using started = await startApp({}, { allowedOrigins: ["https://app.example"], token: "secret" });
  const origin = "https://app.example";
  const preflight = await started.app.request("http://localhost/mcp", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,mcp-protocol-version,mcp-session-id",
    },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
  assert.match(preflight.headers.get("access-control-allow-methods") ?? "", /POST.*DELETE/);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /mcp-session-id/);
  const refused = await post(started.app.fetch, initialize(), { headers: { origin } });
  assert.deepEqual([refused.status, refused.headers.get("access-control-allow-origin")], [401, origin]);
  const accepted = await post(started.app.fetch, initialize(), { headers: { origin, authorization: "Bearer secret" } });
  assert.match(accepted.headers.get("access-control-expose-headers") ?? "", /Mcp-Session-Id/);
  assert.ok(accepted.headers.get("mcp-session-id"));
  await accepted.body?.cancel();
  const foreign = await started.app.request("http://localhost/mcp", {
    method: "OPTIONS",
    headers: { origin: "https://evil.example" },
  });
  assert.deepEqual([foreign.status, foreign.headers.get("access-control-allow-origin")], [403, null]);
});

test("a token is asked for, compared, and its lack explained", async () => {
  await using started = await startApp({}, { token: "s3cret" });
  const ask = (authorization?: string) =>
    post(started.app.fetch, initialize(), { headers: authorization === undefined ? {} : { authorization } });
  const missing = await ask();
  assert.equal(missing.status, 401);
  assert.equal(missing.headers.get("www-authenticate"), 'Bearer realm="collet"');
  assert.match(
    (await answerOf(missing)).error?.message ?? "",
    /send the token of this server as "Authorization: Bearer <token>"/,
  );
  for (
    const wrong of ["Bearer wrong", "Bearer s3cret2", "Bearer s3cre", "Basic s3cret", "s3cret", "Bearer", "Bearer "]
  ) {
    const response = await ask(wrong);
    assert.equal(response.status, 401, wrong);
    assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="collet", error="invalid_token"');
    assert.match((await answerOf(response)).error?.message ?? "", /not the one of this server/);
  }
  for (const right of ["Bearer s3cret", "bearer s3cret"]) {
    const response = await ask(right);
    assert.equal(response.status, 200, right);
    await response.body?.cancel();
  }
});

test("every route but healthz is behind the token, and healthz tells nothing", async () => {
  await using started = await startApp({}, { token: "s3cret" });
  const get = (path: string) => started.app.request(`http://localhost${path}`);
  for (const path of ["/mcp", "/sse"]) assert.equal((await get(path)).status, 401, path);
  assert.equal((await post(started.app.fetch, initialize(), { url: "http://localhost/message" })).status, 401);
  const health = await get("/healthz");
  assert.deepEqual([health.status, await health.text()], [200, "ok"]);
  assert.equal((await get("/elsewhere")).status, 404);
});

/** An app with a sub-app of a plugin at `/console`. */
async function startMounted(options: AppOptions = {}) {
  const { plugin, items } = collectRoutes();
  const seen: string[] = [];
  const sub = new Hono()
    .get("/", (c) => c.text("index"))
    .get("/page/:id", (c) => c.text(`${c.req.param("id")} ${c.req.query("q")}`))
    .post("/form", async (c) => c.text(`posted ${await c.req.text()}`))
    .all("*", (c) => {
      seen.push(new URL(c.req.url).pathname);
      return c.text("other", 418);
    });
  const user = small("user", {
    requires: { http: Http },
    setup: ({ deps, own }) => void own("route", deps.http.mount("/console", sub)),
  });
  const kernel = await new Kernel({ log: fakeLog() }).use(plugin).use(user).start();
  const app = createApp(kernel, INFO, { ...options, routes: items });
  return {
    kernel,
    app,
    seen,
    async [Symbol.asyncDispose]() {
      await app.close();
      await kernel.stop();
    },
  };
}

test("a plugin's routes are served below their path, behind the same checks", async () => {
  await using mounted = await startMounted({ token: "s3cret" });
  const get = async (path: string, headers: Record<string, string> = { authorization: "Bearer s3cret" }) => {
    const response = await mounted.app.request(`http://localhost${path}`, { headers });
    return [response.status, await response.text()];
  };
  assert.deepEqual(await get("/console"), [200, "index"]);
  assert.deepEqual(await get("/console/"), [200, "index"]);
  assert.deepEqual(await get("/console/page/7?q=x%20y"), [200, "7 x y"]);
  assert.deepEqual(await get("/console/no/such"), [418, "other"]);
  assert.deepEqual(mounted.seen, ["/no/such"]);
  assert.equal((await get("/consolette"))[0], 404);
  assert.equal((await get("/console", {}))[0], 401);
  assert.equal((await get("/console/page/7", { authorization: "Bearer wrong" }))[0], 401);
  assert.equal((await get("/console", { authorization: "Bearer s3cret", host: "evil.example" }))[0], 403);
  assert.equal((await get("/console", { authorization: "Bearer s3cret", origin: "https://evil.example" }))[0], 403);
  const posted = await mounted.app.request("http://localhost/console/form", {
    method: "POST",
    body: "a=1",
    headers: { authorization: "Bearer s3cret" },
  });
  assert.equal(await posted.text(), "posted a=1");
});

test("a plugin's routes are gone once it is unloaded", async () => {
  await using mounted = await startMounted();
  assert.equal((await mounted.app.request("http://localhost/console")).status, 200);
  await mounted.kernel.unload("user");
  assert.equal((await mounted.app.request("http://localhost/console")).status, 404);
});

for (const [pattern, prefix] of [["/tools", "/tools"], ["/a/b", "/a/b"], ["/:team/tools", "/blue/tools"]] as const) {
  test(`everything follows the prefix ${pattern}`, async () => {
    await using mounted = await startMounted();
    const host = new Hono().get("/", (c) => c.text("home")).route(pattern, mounted.app)
      .get(`${pattern}/own`, (c) => c.text("the host's own")).notFound((c) => c.text("host says no", 404));
    const text = async (path: string) => await (await host.request(`http://localhost${path}`)).text();
    assert.equal(await text("/"), "home");
    assert.equal(await text(`${prefix}/own`), "the host's own");
    assert.equal(await text(`${prefix}/none`), "host says no");
    assert.equal(await text(`${prefix}/healthz`), "ok");
    assert.equal(await text(`${prefix}/console/page/1?q=2`), "1 2");
    assert.equal((await host.request("http://localhost/healthz")).status, 404);
    const opened = await post(host.fetch as never, initialize(), { url: `http://localhost${prefix}/mcp` });
    assert.equal((await answerOf(opened)).result.serverInfo.name, "everything-server");
    const sse = await host.request(`http://localhost${prefix}/sse`);
    const { value } = await sse.body!.getReader().read();
    assert.match(
      new TextDecoder().decode(value),
      new RegExp(`^event: endpoint\ndata: ${prefix}/message\\?sessionId=[\\w-]+\n\n`),
    );
  });
}

test("the host's checks are for the routes of the app alone", async () => {
  await using mounted = await startMounted({ token: "s3cret" });
  const host = new Hono().route("/tools", mounted.app).get("/tools/own", (c) => c.text("own"));
  const response = await host.request("http://localhost/tools/own", {
    headers: { host: "evil.example", origin: "https://evil.example" },
  });
  assert.equal(await response.text(), "own");
});
