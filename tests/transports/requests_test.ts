import assert from "node:assert/strict";
import { test } from "node:test";
import { small } from "../support/plugins.ts";
import { answerOf, type Fetch, initialize, modern, post, RawSession } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";

async function refusal(fetch: Fetch, body: unknown, headers: Record<string, string | undefined> = {}, url?: string) {
  const response = await post(fetch, body, { headers, ...(url !== undefined && { url }) });
  const { error } = await answerOf(response);
  return [response.status, error?.code, error?.message] as const;
}

for (const path of ["/mcp", "/message"]) {
  test(`${path} refuses bodies that are too large, of another type, or no JSON`, async () => {
    await using started = await startApp({}, { maxMessageBytes: 1_000 });
    const { fetch } = started.app;
    const url = `http://localhost${path}`;
    const large = { ...initialize(), padding: "x".repeat(1_000) };
    assert.deepEqual(await refusal(fetch, large, {}, url), [
      413,
      -32000,
      "Content Too Large: a message has at most 1000 bytes",
    ]);
    const [status, , message] = await refusal(fetch, initialize(), { "content-type": "text/plain" }, url);
    assert.deepEqual([status, message], [415, "Unsupported Media Type: expected application/json, found text/plain"]);
    const body = new TextEncoder().encode(JSON.stringify(initialize()));
    assert.equal((await refusal(fetch, body, { "content-type": undefined }, url))[0], 415);
    for (const malformed of ["", "{", "{'a':1}", "nonsense", new Uint8Array([0x22, 0xff, 0x22])]) {
      assert.deepEqual((await refusal(fetch, malformed, {}, url)).slice(0, 2), [400, -32700], String(malformed));
    }
    const charset = await post(fetch, initialize(), {
      url,
      headers: { "content-type": "Application/JSON; charset=utf-8" },
    });
    assert.equal(charset.status, 200);
  });
}

test("a body that has no length is cut off at the limit", async () => {
  await using started = await startApp({}, { maxMessageBytes: 1_000 });
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 100;
      controller.enqueue(new TextEncoder().encode(" ".repeat(100)));
      if (sent > 1_000_000) controller.close();
    },
  });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" };
  const response = await started.app.fetch(new Request("http://localhost/mcp", init));
  assert.equal(response.status, 413);
  assert.ok(sent < 10_000, `${sent} bytes were read`);
});

/** A ping whose deepest value is so deep, with other parameters around it. */
function deepPing(depth: number, before = ""): string {
  const value = `${"[".repeat(depth - 2)}${"]".repeat(depth - 2)}`;
  return `{"jsonrpc":"2.0","id":9,"method":"ping","params":{${before}"x":${value}}}`;
}

test("a message is nested at most 512 deep; brackets in texts do not count", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const doors: Record<string, (body: string) => Promise<Response>> = {
    "a session": (body) => session.send(body),
    "/message": (body) => post(started.app.fetch, body, { url: "http://localhost/message" }),
  };
  const brackets = JSON.stringify({ open: `"${"[{".repeat(1_000)}\\`, closed: "]}".repeat(1_000) }).slice(1, -1);
  for (const [door, send] of Object.entries(doors)) {
    for (const body of [deepPing(512), deepPing(512, `${brackets},`)]) {
      const response = await send(body);
      assert.equal(response.status, 200, door);
      assert.deepEqual((await answerOf(response)).result, {}, door);
    }
    const unclosed = "[".repeat(100_000);
    const objects = `${'{"a":'.repeat(513)}1${"}".repeat(513)}`;
    for (const body of [deepPing(513), deepPing(513, `${brackets},`), unclosed, objects]) {
      const response = await send(body);
      assert.equal(response.status, 400, door);
      assert.deepEqual((await answerOf(response)).error, TOO_DEEP, door);
    }
  }
  const { body, headers } = modern("tools/list");
  const deep = JSON.stringify(body).replace('"params":{', `"params":{"x":${"[".repeat(511)}${"]".repeat(511)},`);
  const response = await post(started.app.fetch, deep, { headers });
  assert.deepEqual([response.status, (await answerOf(response)).error], [400, TOO_DEEP]);
});

const TOO_DEEP = { code: -32600, message: "Invalid Request: a message is nested at most 512 deep" };

test("what is JSON and no JSON-RPC is refused", async () => {
  await using started = await startApp();
  for (const body of [1, "text", null, [], {}, { jsonrpc: "1.0", id: 1, method: "ping" }, { id: 1, method: "ping" }]) {
    const response = await post(started.app.fetch, JSON.stringify(body));
    assert.ok(response.status >= 400 && response.status < 500, `${JSON.stringify(body)}: ${response.status}`);
    await response.body?.cancel();
  }
});

test("the headers of 2026-07-28 must say what the body says", async () => {
  await using started = await startApp();
  const { body, headers } = modern("tools/call", { name: "echo", arguments: { text: "x" } });
  const wrong: Record<string, string | undefined>[] = [
    { "mcp-method": "tools/list" },
    { "mcp-method": undefined },
    { "mcp-name": "other" },
    { "mcp-name": undefined },
    { "mcp-protocol-version": "2025-11-25" },
  ];
  for (const change of wrong) {
    const [status, code] = await refusal(started.app.fetch, body, { ...headers, ...change });
    assert.deepEqual([status, code], [400, -32020], JSON.stringify(change));
  }
  const encoded = `=?base64?${btoa("echo")}?=`;
  assert.equal((await post(started.app.fetch, body, { headers: { ...headers, "mcp-name": encoded } })).status, 200);
});

test("the envelope of 2026-07-28 must be whole", async () => {
  await using started = await startApp();
  for (const key of ["protocolVersion", "clientCapabilities"]) {
    const { body, headers } = modern("tools/list", {}, { meta: { [`io.modelcontextprotocol/${key}`]: undefined } });
    const [status, code] = await refusal(started.app.fetch, body, headers);
    assert.deepEqual([status, code], [400, -32602], key);
  }
  const { body, headers } = modern("tools/list", {}, { meta: { "io.modelcontextprotocol/clientInfo": undefined } });
  assert.equal((await post(started.app.fetch, body, { headers })).status, 200, "clientInfo is not required");
});

test("arguments mirrored in headers must be what the body says", async () => {
  await using started = await startApp();
  const { kernel, app } = started;
  await kernel.load(small("mirrored", {
    setup: (ctx) =>
      void ctx.tool({
        name: "mirrored",
        description: "m",
        input: {
          type: "object",
          properties: {
            region: { type: "string", "x-mcp-header": "Region" },
            nested: { type: "object", properties: { n: { type: "number", "x-mcp-header": "N" } } },
          },
        },
        run: () => "ok",
      }),
  }));
  const { body, headers } = modern("tools/call", { name: "mirrored", arguments: { region: "eu", nested: { n: 1.5 } } });
  const status = async (extra: Record<string, string>) => {
    const response = await post(app.fetch, body, { headers: { ...headers, ...extra } });
    return [response.status, (await answerOf(response)).error?.code];
  };
  assert.deepEqual(await status({ "mcp-param-region": "eu", "mcp-param-n": "1.50" }), [200, undefined]);
  assert.deepEqual(await status({ "mcp-param-region": `=?base64?${btoa("eu")}?=`, "mcp-param-n": "1.5" }), [
    200,
    undefined,
  ]);
  assert.deepEqual(await status({ "mcp-param-region": "us", "mcp-param-n": "1.5" }), [400, -32020]);
  assert.deepEqual(await status({ "mcp-param-region": "eu", "mcp-param-n": "2" }), [400, -32020]);
  assert.deepEqual(await status({ "mcp-param-region": "eu" }), [400, -32020]);
  assert.deepEqual(await status({ "mcp-param-region": "=?base64?!?=", "mcp-param-n": "1.5" }), [400, -32020]);
});

test("a name that is no text is refused, whatever it would be as one", async () => {
  await using started = await startApp();
  for (const name of [{ toString: "x" }, ["echo"], 1, null]) {
    const { body, headers } = modern("tools/call", { name, arguments: {} });
    const { "mcp-name": _, ...others } = headers as Record<string, string>;
    const [, code] = await refusal(started.app.fetch, body, others);
    assert.equal(code, -32602, JSON.stringify(name));
  }
});

test("names like those of Object.prototype are names like others", async () => {
  await using started = await startApp();
  for (const name of ["__proto__", "constructor", "toString"]) {
    const { body, headers } = modern("tools/call", { name, arguments: {} });
    const [, code, message] = await refusal(started.app.fetch, body, headers);
    assert.deepEqual([code, message], [-32602, `Unknown tool: ${name}`]);
  }
});
