import assert from "node:assert/strict";
import { test } from "node:test";
import { EVERY_CONTENT } from "../fixtures/everything/tools.ts";
import { answerOf, initialize, messagesOf, modern, post, RawSession } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";

const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

for (const version of REVISIONS) {
  test(`revision ${version} is negotiated, and used`, async () => {
    await using started = await startApp();
    const session = await RawSession.open(started.app.fetch, { version });
    assert.equal(session.initialized.result.protocolVersion, version);
    assert.equal(session.initialized.result.serverInfo.name, "everything-server");
    assert.equal(session.initialized.result.instructions, "Call anything");
    const { result } = await session.request("tools/call", { name: "who", arguments: {} });
    assert.equal(result.structuredContent.client.protocolVersion, version);
  });

  test(`a missing resource is -32002 in revision ${version}`, async () => {
    await using started = await startApp();
    const session = await RawSession.open(started.app.fetch, { version });
    for (const method of ["resources/read", "resources/subscribe"]) {
      const { error } = await session.request(method, { uri: "no://x" });
      assert.deepEqual(error, { code: -32002, message: "Resource not found: no://x", data: { uri: "no://x" } }, method);
    }
  });
}

test("a missing resource is -32602 in revision 2026-07-28", async () => {
  await using started = await startApp();
  const { body, headers } = modern("resources/read", { uri: "no://x" });
  const { error } = await answerOf(await post(started.app.fetch, body, { headers }));
  assert.deepEqual(error, { code: -32602, message: "Resource not found: no://x", data: { uri: "no://x" } });
});

test("a revision that is unknown is answered by the newest of the sessions", async () => {
  await using started = await startApp();
  for (const version of ["1999-01-01", "2099-01-01", "nonsense"]) {
    const session = await RawSession.open(started.app.fetch, { version });
    assert.equal(session.initialized.result.protocolVersion, "2025-11-25");
  }
});

test("content is cut to what a revision knows, and nothing is lost", async () => {
  await using started = await startApp();
  const link = { type: "text", text: "A text: a://text - to be read" };
  const sound = { type: "resource", resource: { uri: "audio:", mimeType: "audio/wav", blob: "UklGRg==" } };
  for (const version of REVISIONS) {
    const expected = EVERY_CONTENT.map((block) => {
      if (block.type === "resource_link" && version < "2025-06-18") return link;
      return block.type === "audio" && version < "2025-03-26" ? sound : block;
    });
    const session = await RawSession.open(started.app.fetch, { version });
    const { result } = await session.request("tools/call", { name: "content", arguments: {} });
    assert.deepEqual(result.content, expected, version);
    const prompt = await session.request("prompts/get", { name: "media" });
    assert.deepEqual(prompt.result.messages.map((it: { content: unknown }) => it.content), expected, version);
  }
});

test("structured content that is no object is for 2026-07-28 alone", async () => {
  await using started = await startApp();
  for (const version of REVISIONS) {
    const session = await RawSession.open(started.app.fetch, { version });
    const { result } = await session.request("tools/call", { name: "numbers", arguments: {} });
    assert.deepEqual([result.structuredContent, result.content[0].text], [undefined, "[1,2,3]"]);
    const { result: { tools } } = await session.request("tools/list");
    const schemas = Object.fromEntries(
      tools.map((it: { name: string; outputSchema?: unknown }) => [it.name, it.outputSchema]),
    );
    assert.deepEqual([schemas["numbers"], schemas["add"].type], [undefined, "object"]);
  }
});

test("requests of one era are none of the other", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  for (const method of ["server/discover", "subscriptions/listen"]) {
    assert.equal((await session.request(method)).error?.code, -32601, method);
  }
  for (const method of ["ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "no/such"]) {
    const { body, headers } = modern(method, { uri: "a://text", level: "info" });
    const response = await post(started.app.fetch, body, { headers });
    assert.equal(response.status, 404, method);
    assert.equal((await answerOf(response)).error?.code, -32601, method);
  }
});

test("a version of 2026 that is unknown is told which are known", async () => {
  await using started = await startApp();
  const { body, headers } = modern("tools/list", {}, {
    meta: { "io.modelcontextprotocol/protocolVersion": "2027-01-01" },
  });
  const response = await post(started.app.fetch, body, {
    headers: { ...headers, "mcp-protocol-version": "2027-01-01" },
  });
  assert.equal(response.status, 400);
  const { error } = await answerOf(response);
  assert.equal(error?.code, -32022);
  assert.deepEqual(error.data, { supported: ["2026-07-28"], requested: "2027-01-01" });
});

test("a batch of revision 2025-03-26 is answered message by message", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch, { version: "2025-03-26" });
  const call = (id: number, text: string) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name: "echo", arguments: { text } },
  });
  const response = await session.send([call(7, "a"), { jsonrpc: "2.0", method: "notifications/x" }, call(8, "b")]);
  const answers = (await messagesOf(response)).map(({ id, result }) => [id, result.content[0].text]);
  assert.deepEqual(answers.sort(), [[7, "a"], [8, "b"]]);
});

test("a batch that opens a session is refused, also one of one message", async () => {
  await using started = await startApp();
  for (
    const batch of [[initialize("2025-03-26")], [initialize("2025-03-26"), { jsonrpc: "2.0", id: 2, method: "ping" }]]
  ) {
    const response = await post(started.app.fetch, batch);
    assert.deepEqual([response.status, response.headers.has("mcp-session-id")], [400, false]);
    assert.deepEqual((await answerOf(response)).error, {
      code: -32600,
      message: "Invalid Request: initialize comes alone, and in no batch",
    });
  }
});
