/**
 * The contract suite of `Fetch`; it asks a server of its own on a loopback port.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fetch } from "../contracts.ts";
import { openSuite, type Provided, type SuiteTools } from "./suite_tools.ts";

/** What the tests of the suite work on. */
interface Asked {
  readonly fetch: Fetch["fetch"];
  /** Address of the server, such as `http://127.0.0.1:40123`. */
  readonly site: string;
  /** Address of another server, with the same answers. */
  readonly elsewhere: string;
}

interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Registers the tests that every provider of `Fetch` passes.
 *
 * @param name Stands before the name of each test.
 * @param make Makes a `Fetch` for one test.
 */
export async function testFetch(name: string, make: () => Provided<Fetch> | Promise<Provided<Fetch>>): Promise<void> {
  const tools = await openSuite<Asked>(name, async () => {
    const { value, dispose } = await make();
    const [site, elsewhere] = [await openSite(), await openSite()];
    return {
      value: { fetch: (url, init) => value.fetch(url, init), site: site.url, elsewhere: elsewhere.url },
      async dispose() {
        await dispose?.();
        await site.close();
        await elsewhere.close();
      },
    };
  });
  testAnswers(tools);
  testRedirects(tools);
  testBounds(tools);
}

async function openSite(): Promise<Site> {
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = new Promise<unknown>((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  switch (pathname) {
    case "/echo": {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      const { method, headers } = request;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ method, body, headers }));
      break;
    }
    case "/redirect":
      response.writeHead(Number(searchParams.get("status") ?? 302), { location: searchParams.get("to") ?? "" }).end(
        "x",
      );
      break;
    case "/count":
      response.writeHead(302, { location: `/count?n=${Number(searchParams.get("n")) + 1}` }).end();
      break;
    case "/bytes": {
      const size = Number(searchParams.get("size"));
      if (searchParams.has("told")) response.setHeader("content-length", size);
      response.write(new Uint8Array(Math.ceil(size / 2)));
      response.end(new Uint8Array(Math.floor(size / 2)));
      break;
    }
    case "/stall":
      response.write("begun");
      break;
    case "/silent":
      break;
    default:
      response.writeHead(404, { "x-found": "no" }).end("not here");
  }
}

interface Echo {
  readonly method: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function echoOf(response: Response): Promise<Echo> {
  return await response.json() as Echo;
}

function testAnswers({ test, assert }: SuiteTools<Asked>): void {
  test("fetch() sends method, headers and body, and gives status, headers and body", async ({ fetch, site }) => {
    const headers = { "x-sent": "yes", authorization: "Bearer a" };
    const response = await fetch(new URL("/echo", site), { method: "PUT", headers, body: "hello" });
    assert.deepEqual([response.status, response.url, response.redirected], [200, `${site}/echo`, false]);
    const echo = await echoOf(response);
    assert.deepEqual([echo.method, echo.body, echo.headers["x-sent"]], ["PUT", "hello", "yes"]);
    assert.equal(echo.headers["authorization"], "Bearer a");
    const missing = await fetch(`${site}/absent`);
    assert.deepEqual([missing.ok, missing.status, missing.headers.get("x-found")], [false, 404, "no"]);
    assert.equal(await missing.text(), "not here");
    assert.equal((await fetch(`${site}/echo`, { method: "HEAD" })).status, 200);
  });
  test("fetch() refuses what is no http address, and addresses with a password", async ({ fetch, site }) => {
    for (const url of ["file:///etc/passwd", "data:,x", "ftp://example.com/", "nowhere", ""]) {
      await assert.rejects(fetch(url), { name: "TypeError" }, url);
    }
    const secret = site.replace("//", "//ada:hunter2@");
    await assert.rejects(fetch(secret), { name: "TypeError" });
    await fetch(secret).catch((error: Error) => assert.ok(!error.message.includes("hunter2"), error.message));
  });
  test("fetch() says why nobody answered, without what may be secret", async ({ fetch }) => {
    const closed = await openSite();
    await closed.close();
    const failed = await fetch(`${closed.url}/x?token=hunter2`).then(() => undefined, (error: Error) => error);
    assert.equal(failed?.name, "TypeError");
    assert.ok(failed?.message.startsWith(`Cannot fetch "${closed.url}/x": `), failed?.message);
    assert.ok(!failed?.message.includes("hunter2"), failed?.message);
  });
}

function testRedirects({ test, assert }: SuiteTools<Asked>): void {
  const to = (status: number, address: string) => `/redirect?status=${status}&to=${encodeURIComponent(address)}`;
  test("a redirect is followed with its headers, and tells where it led", async ({ fetch, site }) => {
    const response = await fetch(site + to(302, "/echo"), { headers: { authorization: "Bearer a", cookie: "b=c" } });
    assert.deepEqual([response.url, response.redirected], [`${site}/echo`, true]);
    const { headers } = await echoOf(response);
    assert.deepEqual([headers["authorization"], headers["cookie"]], ["Bearer a", "b=c"]);
  });
  test("a redirect to another origin loses what says who asks", async ({ fetch, site, elsewhere }) => {
    const headers = { authorization: "Bearer a", cookie: "b=c", "proxy-authorization": "d", "x-kept": "e" };
    for (const path of [to(302, `${elsewhere}/echo`), to(307, elsewhere + to(302, `${site}/echo`))]) {
      const echo = await echoOf(await fetch(site + path, { headers }));
      const seen = ["authorization", "cookie", "proxy-authorization", "x-kept"].map((name) => echo.headers[name]);
      assert.deepEqual(seen, [undefined, undefined, undefined, "e"], path);
    }
  });
  test("a redirect keeps or changes the method as its status says", async ({ fetch, site }) => {
    const expected = [[301, "GET", ""], [302, "GET", ""], [303, "GET", ""], [307, "POST", "x"], [308, "POST", "x"]];
    for (const [status, method, body] of expected) {
      const echo = await echoOf(await fetch(site + to(status as number, "/echo"), { method: "POST", body: "x" }));
      assert.deepEqual([status, echo.method, echo.body], [status, method, body]);
      assert.equal(echo.headers["content-type"] === undefined, method === "GET");
    }
  });
  test("redirects are followed 10 times, and never to what is no http address", async ({ fetch, site }) => {
    await assert.rejects(fetch(`${site}/count?n=0`), { name: "TypeError" });
    assert.equal((await fetch(`${site}/count?n=0`, { redirect: "manual" })).headers.get("location"), "/count?n=1");
    await assert.rejects(fetch(`${site}/count?n=0`, { redirect: "error" }), { name: "TypeError" });
    let path = "/echo";
    for (let i = 0; i < 10; i++) path = to(302, path);
    assert.equal((await fetch(site + path)).status, 200);
    await assert.rejects(fetch(site + to(302, path)), { name: "TypeError" });
    for (const address of ["file:///etc/passwd", "http://ada:hunter2@127.0.0.1/", "http://:x"]) {
      await assert.rejects(fetch(site + to(302, address)), { name: "TypeError" }, address);
    }
  });
}

function testBounds({ test, assert }: SuiteTools<Asked>): void {
  test("a body beyond its limit errors, at once where the head says so", async ({ fetch, site }) => {
    const whole = await fetch(`${site}/bytes?size=1000`, { maxBytes: 1000 });
    assert.equal((await whole.arrayBuffer()).byteLength, 1000);
    const larger = await fetch(`${site}/bytes?size=1001`, { maxBytes: 1000 });
    await assert.rejects(larger.arrayBuffer(), { name: "TypeError" });
    await assert.rejects(fetch(`${site}/bytes?size=1001&told`, { maxBytes: 1000 }), { name: "TypeError" });
  });
  test("a late head and a late piece of the body end the request", async ({ fetch, site }) => {
    await assert.rejects(fetch(`${site}/silent`, { timeoutMs: 200 }), { name: "TimeoutError" });
    const stalled = await fetch(`${site}/stall`, { timeoutMs: 1_000 });
    await assert.rejects(stalled.text(), { name: "TimeoutError" });
  });
  test("a reader may take longer than the time limit", async ({ fetch, site }) => {
    const response = await fetch(`${site}/bytes?size=10`, { timeoutMs: 300 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal((await response.arrayBuffer()).byteLength, 10);
  });
  test("an abort ends the request before, until the head and within the body", async ({ fetch, site }) => {
    const reason = new Error("enough");
    const isReason = (error: unknown) => error === reason;
    await assert.rejects(fetch(`${site}/echo`, { signal: AbortSignal.abort(reason) }), isReason);
    for (const path of ["/silent", "/stall"]) {
      const controller = new AbortController();
      const body = fetch(site + path, { signal: controller.signal }).then((response) => response.text());
      setTimeout(() => controller.abort(reason), 200);
      await assert.rejects(body, isReason);
    }
  });
  test("a body that is cancelled lets go of the connection", async ({ fetch, site }) => {
    const response = await fetch(`${site}/stall`, { timeoutMs: 300 });
    await response.body?.cancel();
    assert.equal(response.bodyUsed, true);
  });
}
