import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { listen } from "../support/listen.ts";
import { startApp, starter } from "../support/transports.ts";
import { until } from "../support/wait.ts";

// the client that most users have: the SDK of the first generation, which speaks revisions up to 2025-11-25

type Transport = Parameters<Client["connect"]>[0];
type Named = { name: string };

/** Connects to a server with `everything`, runs, and closes both. */
const DOORS: Record<string, (run: (transport: Transport) => Promise<void>) => Promise<void>> = {
  "Streamable HTTP": (run) =>
    overHttp((url) => new StreamableHTTPClientTransport(new URL("/mcp", url)) as Transport, run),
  SSE: (run) => overHttp((url) => new SSEClientTransport(new URL("/sse", url)) as Transport, run),
  stdio: (run) => run(new StdioClientTransport({ ...starter(), stderr: "inherit" })),
};

async function overHttp(make: (url: string) => Transport, run: (transport: Transport) => Promise<void>): Promise<void> {
  await using started = await startApp();
  await using server = await listen((request) => started.app.fetch(request));
  await run(make(server.url));
}

async function connected(transport: Transport, run: (client: Client, seen: string[]) => Promise<void>): Promise<void> {
  const seen: string[] = [];
  const client = new Client({ name: "first", version: "1.0.0" }, {
    capabilities: { elicitation: {}, sampling: {}, roots: {} },
  });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept" as const, content: { name: "Ada" } }));
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///work" }] }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    role: "assistant" as const,
    model: "m",
    content: { type: "text" as const, text: "hi" },
  }));
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void seen.push("list changed"));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void seen.push("updated"));
  await client.connect(transport);
  try {
    await run(client, seen);
  } finally {
    await client.close();
  }
}

for (const [door, open] of Object.entries(DOORS)) {
  test(`the first SDK over ${door} lists, calls, reads, renders and completes`, () =>
    open((transport) =>
      connected(transport, async (client) => {
        assert.equal(client.getServerVersion()?.title, "Everything");
        assert.equal(client.getInstructions(), "Call anything");
        const { tools } = await client.listTools();
        assert.ok(tools.some((it: Named) => it.name === "numbers"));
        const sum = await client.callTool({ name: "add", arguments: { a: 1, b: 2 } });
        assert.deepEqual(sum.structuredContent, { sum: 3 });
        const { content } = await client.callTool({ name: "content", arguments: {} });
        assert.deepEqual((content as { type: string }[]).map((it) => it.type), [
          "text",
          "image",
          "audio",
          "resource",
          "resource",
          "resource_link",
        ]);
        assert.equal((await client.callTool({ name: "crash", arguments: {} })).isError, true);
        const { contents } = await client.readResource({ uri: "item://7" });
        assert.equal((contents[0] as { text: string }).text, '{"id":"7"}');
        await assert.rejects(client.readResource({ uri: "no://x" }), { code: -32002 });
        await assert.rejects(client.callTool({ name: "no", arguments: {} }), { code: -32602 });
        const { messages } = await client.getPrompt({ name: "greet", arguments: { name: "Ada" } });
        assert.equal((messages[0]?.content as { text: string }).text, "Greet Ada");
        const ref = { type: "ref/prompt" as const, name: "greet" };
        const { completion } = await client.complete({ ref, argument: { name: "tone", value: "w" } });
        assert.deepEqual(completion.values, ["warm", "warmer"]);
        await client.ping();
      })
    ));

  test(`the first SDK over ${door} is asked, and told of changes`, () =>
    open((transport) =>
      connected(transport, async (client, seen) => {
        const text = async (name: string) => {
          const { content } = await client.callTool({ name, arguments: {} });
          return (content as { text: string }[])[0]?.text;
        };
        assert.equal(await text("ask_all"), "Ada, Ada, 1 roots");
        assert.equal(await text("ask_model"), "m: hi");
        await client.subscribeResource({ uri: "item://1" });
        await client.callTool({ name: "touch", arguments: { uri: "item://1" } });
        await text("grow");
        await until(() => seen.length === 2, "both notices");
        assert.deepEqual([...seen].sort(), ["list changed", "updated"]);
        assert.equal((await client.listTools()).tools.filter((it: Named) => it.name.startsWith("grown_")).length, 3);
        const controller = new AbortController();
        const call = client.callTool({ name: "wait", arguments: {} }, undefined, { signal: controller.signal });
        const waits = async () => {
          const { structuredContent } = await client.callTool({ name: "waits", arguments: {} });
          return JSON.stringify(structuredContent);
        };
        await until(async () => await waits() === '{"started":1,"aborted":0}');
        controller.abort();
        await assert.rejects(call);
        await until(async () => await waits() === '{"started":1,"aborted":1}', "the end of the call");
      })
    ));
}

test("the first SDK over Streamable HTTP ends its session, and resumes a stream that was let go", async () => {
  await using started = await startApp({}, { retryMs: 10 });
  await using server = await listen((request) => started.app.fetch(request));
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", server.url));
  await connected(transport as Transport, async (client) => {
    const { content } = await client.callTool({ name: "release", arguments: {} });
    assert.deepEqual(content, [{ type: "text", text: "released" }]);
    assert.ok(transport.sessionId);
    await transport.terminateSession();
    await assert.rejects(client.ping());
  });
});
