import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, ProtocolError, ToolError, toolResult } from "../../kernel/mod.ts";
import { addTool, small } from "../support/plugins.ts";
import { answerOf, eventsOf, initialize, type Message, messagesOf, modern, post, RawSession } from "../support/raw.ts";
import { serveApp, type ServedApp, servePipes, toolCall } from "../support/served.ts";
import { soon } from "../support/wait.ts";

/** Results with a `bigint`, which JSON cannot carry. */
const uncarriable = small("uncarriable", {
  setup(ctx) {
    addTool(ctx, "big", () => toolResult({ content: [], structuredContent: { n: 1n } }));
    ctx.resource({ uri: "big://1", name: "big", read: () => [{ uri: "big://1", text: "", _meta: { n: 1n } }] });
  },
});

const CALL = { name: "big", arguments: {} };

const DOORS: Record<string, (served: ServedApp) => Promise<Message>> = {
  "a session": async ({ app }) => await (await RawSession.open(app.fetch)).request("tools/call", CALL),
  "a session for JSON": async ({ app }) =>
    await (await RawSession.open(app.fetch)).request("tools/call", CALL, { accept: "application/json" }),
  "2026-07-28": async ({ request }) => await request("tools/call", CALL),
  "a message without a session": async ({ app }) =>
    await answerOf(await post(app.fetch, toolCall(1, "big"), { url: "http://localhost/message" })),
  async "the older transport"({ app }) {
    const events = eventsOf(await app.request("http://localhost/sse"));
    const next = async () => (await soon(events.next(), "an event")).value!.data;
    const url = `http://localhost${await next()}`;
    await post(app.fetch, initialize("2024-11-05"), { url });
    await next();
    await post(app.fetch, toolCall(2, "big"), { url });
    const answer = JSON.parse(await next());
    await events.return();
    return answer;
  },
  "a resource": async ({ app }) =>
    await (await RawSession.open(app.fetch)).request("resources/read", { uri: "big://1" }),
  "a resource in 2026-07-28": async ({ request }) => await request("resources/read", { uri: "big://1" }),
};

for (const [door, ask] of Object.entries(DOORS)) {
  test(`a result that JSON cannot carry is an error, and logged: ${door}`, async () => {
    await using served = await serveApp([uncarriable]);
    const { error } = await soon(ask(served), "an answer");
    assert.equal(error?.code, -32603);
    assert.match(error.message, /^Request "(tools\/call|resources\/read)" failed$/);
    const [entry] = served.log.take("error");
    assert.match(entry?.message ?? "", /BigInt/);
  });
}

for (const era of ["2025", "2026"]) {
  test(`a result that JSON cannot carry is an error, and logged: stdio, ${era}`, async () => {
    await using served = await servePipes([uncarriable]);
    served.read();
    if (era === "2025") {
      served.write(initialize());
      await served.answer(1);
    }
    served.write(era === "2025" ? toolCall(2, "big") : modern("tools/call", CALL, { id: 2 }).body);
    assert.equal((await served.answer(2)).error?.code, -32603);
    assert.match(served.log.take("error")[0]?.message ?? "", /BigInt/);
  });
}

const CIRCULAR: Record<string, unknown> = {};
CIRCULAR["self"] = CIRCULAR;

/** Errors with data that JSON cannot carry. */
const failing = small("failing", {
  setup(ctx) {
    for (const [name, data] of Object.entries({ big: { n: 1n }, circular: CIRCULAR })) {
      addTool(ctx, `protocol_${name}`, () => {
        throw new ProtocolError(-32602, "No such table", data);
      });
      addTool(ctx, `tool_${name}`, () => {
        throw new ToolError("No such table", { data });
      });
      const read = () => {
        throw new ToolError("No such table", { data });
      };
      ctx.resource({ uri: `failing://${name}`, name, read });
    }
    addTool(ctx, "logs", (_, call) => {
      call.log("error", "circular", CIRCULAR);
      call.log("error", "big", { n: 1n });
      call.log("error", "plain");
      return "logged";
    });
  },
});

/** Ways to ask in each era; logs are told of. */
const ASKERS: Record<string, (method: string, params: JsonObject) => Promise<Message[]>> = {
  async "a session"(method, params) {
    await using served = await serveApp([failing]);
    const session = await RawSession.open(served.app.fetch);
    return await soon(messagesOf(await session.start(method, params)), "an answer");
  },
  async "2026-07-28"(method, params) {
    await using served = await serveApp([failing]);
    const { body, headers } = modern(method, params, { meta: LOGGED });
    return await soon(messagesOf(await post(served.app.fetch, body, { headers })), "an answer");
  },
  "stdio, 2025": (method, params) => askPipes([initialize(), { jsonrpc: "2.0", id: 2, method, params }]),
  "stdio, 2026": (method, params) => askPipes([modern(method, params, { id: 2, meta: LOGGED }).body]),
};

const LOGGED = { "io.modelcontextprotocol/logLevel": "debug" };

async function askPipes(messages: readonly JsonObject[]): Promise<Message[]> {
  await using served = await servePipes([failing]);
  served.read();
  for (const message of messages) served.write(message);
  await served.answer(2);
  return served.messages.filter((it) => it.id !== 1);
}

for (const [door, ask] of Object.entries(ASKERS)) {
  test(`an error whose data JSON cannot carry is told without it: ${door}`, async () => {
    for (const data of ["big", "circular"]) {
      const thrown = await ask("tools/call", { name: `protocol_${data}`, arguments: {} });
      assert.deepEqual(thrown.map((it) => it.error), [{ code: -32602, message: "No such table" }], data);
      const unread = await ask("resources/read", { uri: `failing://${data}` });
      assert.deepEqual(unread.map((it) => it.error), [{ code: -32603, message: "No such table" }], data);
      // its data is the structured content of a result
      const failed = await ask("tools/call", { name: `tool_${data}`, arguments: {} });
      assert.deepEqual(failed.map((it) => it.error), [{ code: -32603, message: 'Request "tools/call" failed' }], data);
    }
  });

  test(`a log line whose data JSON cannot carry fails nothing, and those after it are told: ${door}`, async () => {
    const messages = await ask("tools/call", { name: "logs", arguments: {} });
    assert.equal(messages.at(-1)?.result?.content[0].text, "logged");
    const told = messages.filter((it) => it.method === "notifications/message").map((it) => it.params.data);
    assert.deepEqual(told, ["plain"]);
  });
}
