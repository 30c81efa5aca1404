import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Fetch } from "../../../kernel/mod.ts";
import { requestInRounds } from "../../../plugins/upstream/connection/eras/input_required.ts";
import { readEvents } from "../../../plugins/upstream/connection/http/events.ts";
import { isAllowedBy } from "../../../plugins/upstream/consent/reach.ts";
import { guardedFetch } from "../../../plugins/upstream/guarded_fetch.ts";
import { isJsonType } from "../../../plugins/upstream/openapi/media_types.ts";
import { nameOperations } from "../../../plugins/upstream/openapi/operations/names.ts";

test("a wildcard in the name of a host allows no other host", () => {
  const pattern = "https://*.example.com/*";
  assert.equal(isAllowedBy(pattern, "https://api.example.com/mcp"), true);
  const others = [
    "https://evil.net/.example.com/",
    "https://evil.net?.example.com/x",
    "https://evil.net#.example.com/x",
  ];
  for (const line of [...others, "https://evil.net\\.example.com/x"]) assert.equal(isAllowedBy(pattern, line), false);
  assert.equal(isAllowedBy("http://127.0.0.1:*", "http://127.0.0.1:80/mcp"), true);
  assert.equal(isAllowedBy("A=* node *", "A=/x/y node a b"), true);
});

// the wide world cannot be had in a test: this only notes what would be asked of it
function worldWith(answers: Readonly<Record<string, Response>>): { readonly fetch: Fetch; readonly asked: string[] } {
  const asked: string[] = [];
  const fetch: Fetch = {
    fetch: (url) => {
      asked.push(String(url));
      return Promise.resolve(answers[String(url)] ?? new Response("here"));
    },
  };
  return { fetch, asked };
}

test("a server of the wide world leads to nothing within this machine or its network", async () => {
  const to = (location: string) => new Response(null, { status: 302, headers: { location } });
  const { fetch, asked } = worldWith({ "https://world.example/away": to("https://169.254.169.254/latest") });
  const guarded = guardedFetch(fetch, "https://world.example/mcp");
  const inner = [
    "http://127.1/",
    "http://2130706433/",
    "http://localhost:80/",
    "http://a.localhost./",
    "http://10.0.0.1/",
  ];
  const named = ["http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://0x7f.1/", "http://0/"];
  for (const url of [...inner, ...named]) await assert.rejects(guarded(url), /within this machine/, url);
  assert.deepEqual(asked, []);
  await assert.rejects(guarded("https://world.example/away"), /within this machine/);
  assert.equal(await (await guarded("https://other.example/.well-known/x")).text(), "here");
});

test("what is posted is not posted again where a redirect leads", async () => {
  const posted: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    posted.push(request.url);
    response.writeHead(307, { location: "/elsewhere" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const real: Fetch = { fetch: (address, init) => fetch(address, init as RequestInit) };
  await assert.rejects(guardedFetch(real, url)(url, { method: "POST", body: "refresh_token=x" }), /not followed/);
  assert.deepEqual(posted, ["/token"]);
  server.close();
});

test("lines of an event that hold nothing are bounded too", async () => {
  const piece = new TextEncoder().encode("data:\n".repeat(100_000));
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => ++pieces > 40 ? controller.close() : controller.enqueue(piece),
  });
  await assert.rejects(readEvents(body, { event: () => {} }), /more than/);
  assert.ok(pieces < 20);
});

test("a server that asks too much at once asks nobody", async () => {
  const question = { method: "roots/list", params: {} };
  const inputRequests = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`q${at}`, question]));
  const send = () => Promise.resolve({ resultType: "input_required", inputRequests });
  const asker = { ask: () => assert.fail("somebody was asked") };
  await assert.rejects(requestInRounds({ method: "tools/call", params: {}, asker, send }), /65 questions/);
});

test("what documents name is read in time linear in its length", async () => {
  const begun = performance.now();
  assert.equal(isJsonType("/".repeat(1_000_000)), false);
  assert.equal(isJsonType("application/problem+json; charset=utf-8"), true);
  const value = { operationId: `x${"_".repeat(1_000_000)}x` };
  const [named] = await nameOperations([
    { method: "get", path: "/", value, address: "", item: { value: {}, address: "" } },
  ]);
  assert.match(named!.name, /^[A-Za-z0-9_-]{1,64}$/);
  assert.ok(performance.now() - begun < 5_000);
});
