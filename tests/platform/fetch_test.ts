import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Fetch, Kernel } from "../../kernel/mod.ts";
import { createEdgePlatform } from "../../kernel/platform/edge.ts";
import { createFetch } from "../../kernel/platform/fetch.ts";
import { detectPlatform } from "../../kernel/platform/mod.ts";
import { testFetch } from "../../kernel/platform/suites.ts";
import { fakeFetch } from "../../kernel/testing.ts";
import { listen } from "../support/listen.ts";
import { temporaryFolder } from "./temporary.ts";

const BYTES = new TextEncoder().encode("first");

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

await testFetch("requests of the runtime:", () => ({ value: createFetch() }));

test("detectPlatform() and createEdgePlatform() give requests, which end with the kernel", async () => {
  await using folder = await temporaryFolder();
  await using server = await listen((request) => new URL(request.url).pathname === "/" ? new Response("hi") : never());
  for (const platform of [await detectPlatform({ home: folder.path }), createEdgePlatform()]) {
    const kernel = await new Kernel().use(platform).start();
    const { fetch } = kernel.get(Fetch)!;
    assert.equal(await (await fetch(server.url)).text(), "hi");
    const waiting = fetch(`${server.url}/never`);
    const ended = assert.rejects(waiting);
    await kernel.stop();
    await ended;
  }
});

test("a body that nobody waits for but its reader ends with its signal", async () => {
  await using server = await listen(() => new Response(new ReadableStream({ start: (it) => it.enqueue(BYTES) })));
  const closing = new AbortController();
  const reader = await openReader(server.url, closing.signal);
  assert.deepEqual(await reader.read(), { done: false, value: BYTES });
  const rest = reader.read();
  const ended = assert.rejects(rest, /enough/);
  // a turn later nothing on the stack holds the response
  await new Promise((resolve) => setTimeout(resolve, 10));
  collectGarbage();
  closing.abort(new Error("enough"));
  await ended;
});

test("fakeFetch() answers by a function, and finds nothing without one", async () => {
  const { fetch } = fakeFetch(async (request) => new Response(`${request.method} ${await request.text()}`));
  assert.equal(await (await fetch("https://example.com/", { method: "POST", body: "x" })).text(), "POST x");
  assert.equal((await fakeFetch().fetch("https://example.com/")).status, 404);
});

async function openReader(url: string, signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const { body } = await createFetch().fetch(url, { signal });
  return body!.getReader();
}

function never(): Promise<Response> {
  return new Promise(() => {});
}
