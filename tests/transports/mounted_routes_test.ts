import { Hono } from "hono";
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectRoutes, Http } from "../../kernel/mod.ts";
import { createApp } from "../../kernel/transports/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";

interface HostEnv {
  readonly Variables: { user: string };
}

test("the routes of plugins see the user of the host app, as our own routes do", async () => {
  const routes = collectRoutes();
  const mounted = new Hono().get("/", (c) => c.text("root")).get("/deep", (c) => c.text("deep"));
  const plugin = small("console", {
    requires: { http: Http },
    setup: ({ deps }) => void deps.http.mount("/console", mounted),
  });
  await using kernel = await quietKernel().kernel.use(routes.plugin).use(plugin).start();
  const seen: unknown[] = [];
  const tools = createApp(kernel, { name: "t", version: "1.0.0" }, {
    routes: routes.items,
    authenticate(_, c) {
      const user: unknown = c.get("user");
      seen.push(user);
      return typeof user === "string" ? { id: user, scopes: [] } : undefined;
    },
  });
  const host = new Hono<HostEnv>();
  host.use(async (c, next) => {
    const user = c.req.header("x-user");
    if (user !== undefined) c.set("user", user);
    await next();
  });
  host.route("/tools", tools);
  try {
    const get = async (path: string, user?: string) =>
      await host.request(`http://localhost/tools${path}`, user === undefined ? {} : { headers: { "x-user": user } });
    const deep = await get("/console/deep", "ada");
    assert.deepEqual([deep.status, await deep.text()], [200, "deep"]);
    const root = await get("/console", "bob");
    assert.deepEqual([root.status, await root.text()], [200, "root"]);
    assert.equal((await get("/console/deep")).status, 401);
    assert.equal((await get("/mcp")).status, 401);
    assert.deepEqual(seen, ["ada", "bob", undefined, undefined]);
  } finally {
    await tools.close();
  }
});
