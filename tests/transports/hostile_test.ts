import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, Kernel } from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";
import { createApp } from "../../kernel/transports/mod.ts";
import everything, { INFO } from "../fixtures/everything/mod.ts";
import { connectLines } from "../support/lines.ts";
import { freshSeed, seededRandom } from "../support/random.ts";
import { answerOf, eventsOf, initialize, modern, post, RawSession } from "../support/raw.ts";
import { startApp } from "../support/transports.ts";
import { pause, soon } from "../support/wait.ts";

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "x",
  "\u0000",
  "\ud800",
  "__proto__",
  [],
  {},
  [[]],
  { a: { b: [] } },
  "x".repeat(5_000),
  "../../etc/passwd",
  "tools/call",
  { __proto__: null, constructor: 1 },
];

/** Changes a message somewhere: a value becomes odd, a key goes or comes. */
function mutate(value: unknown, random: () => number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  if (typeof value !== "object" || value === null || random() < 0.15) return pick(ODD);
  if (Array.isArray(value)) return value.map((it) => random() < 0.5 ? mutate(it, random) : it);
  const entries = Object.entries(value);
  const at = pick(entries.map(([key]) => key));
  const kept = entries.filter(([key]) => key !== at || random() < 0.8);
  const added = random() < 0.2 ? [[pick(["id", "method", "params", "_meta", "cursor", "x"]), pick(ODD)] as const] : [];
  return Object.fromEntries([...kept, ...added].map(([key, it]) => [key, key === at ? mutate(it, random) : it]));
}

const MESSAGES: readonly JsonObject[] = [
  initialize(),
  {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "echo", arguments: { text: "x" }, _meta: { progressToken: 1 } },
  },
  { jsonrpc: "2.0", id: 2, method: "tools/list", params: { cursor: "x" } },
  { jsonrpc: "2.0", id: 3, method: "resources/read", params: { uri: "item://1" } },
  { jsonrpc: "2.0", id: 4, method: "resources/subscribe", params: { uri: "item://1" } },
  { jsonrpc: "2.0", id: 5, method: "prompts/get", params: { name: "greet", arguments: { name: "x" } } },
  {
    jsonrpc: "2.0",
    id: 6,
    method: "completion/complete",
    params: { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "tone", value: "" } },
  },
  { jsonrpc: "2.0", id: 7, method: "logging/setLevel", params: { level: "info" } },
  { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
  { jsonrpc: "2.0", id: 8, result: { roots: [] } },
  modern("tools/call", { name: "ask", arguments: {}, inputResponses: {}, requestState: "x" }, {
    capabilities: { elicitation: {} },
  }).body,
  modern("subscriptions/listen", { notifications: { resourceSubscriptions: ["item://1"] } }).body,
  modern("server/discover").body,
];

test("messages that are changed at random are refused or answered, and never break the server", async () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  const log = fakeLog();
  const kernel = await new Kernel({ log }).use(everything).start();
  const app = createApp(kernel, INFO);
  const session = await RawSession.open(app.fetch);
  for (let round = 0; round < 400; round++) {
    const message = MESSAGES[Math.floor(random() * MESSAGES.length)]!;
    const body = JSON.stringify(mutate(message, random)) ?? "null";
    const about = `seed ${seed}, round ${round}: ${body.slice(0, 300)}`;
    const { headers } = modern(String(message["method"] ?? ""), (message["params"] ?? {}) as JsonObject);
    const ways: (() => Promise<Response>)[] = [
      () => session.send(body),
      () => post(app.fetch, body, { headers: { ...headers, ...(random() < 0.3 && { "mcp-name": undefined }) } }),
      () => post(app.fetch, body, { url: "http://localhost/message" }),
    ];
    const response = await soon(ways[Math.floor(random() * ways.length)]!(), about);
    assert.ok(
      response.status < 500,
      `${about}: ${response.status} ${response.status >= 500 ? await response.text() : ""}`,
    );
    await response.body?.cancel();
  }
  const { result } = await session.request("tools/call", { name: "echo", arguments: { text: "still here" } });
  assert.equal(result?.content[0].text, "still here", `seed ${seed}`);
  await soon(app.close());
  await soon(kernel.stop());
  assert.equal(kernel.listenerCount, 0, `seed ${seed}`);
  assert.deepEqual(log.entries.filter((it) => it.level === "error").map((it) => it.message), [], `seed ${seed}`);
});

test("lines that are changed at random are refused or answered, and never break the connection", async () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  await using wire = await connectLines();
  await wire.open();
  for (let round = 0; round < 400; round++) {
    const line = JSON.stringify(mutate(MESSAGES[Math.floor(random() * MESSAGES.length)], random)) ?? "null";
    const cut = random() < 0.1 ? line.slice(0, Math.floor(random() * line.length)) : line;
    wire.write(`${cut}\n`);
  }
  wire.write({
    jsonrpc: "2.0",
    id: "last",
    method: "tools/call",
    params: { name: "echo", arguments: { text: "still here" } },
  });
  assert.equal((await wire.answer("last")).result?.content[0].text, "still here", `seed ${seed}`);
});

test("keys of Object.prototype in a message pollute nothing", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch);
  const evil = '{"polluted":true}';
  for (const key of ["__proto__", "constructor", "prototype"]) {
    const params = `{"name":"who","arguments":{"${key}":${evil}},"_meta":{"${key}":${evil}}}`;
    await answerOf(await session.send(`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":${params}}`));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  }
});

test("two subscriptions asked for at once are one, and end as one", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch, { version: "2025-03-26" });
  const ask = (id: number, method: string) => ({
    jsonrpc: "2.0",
    id,
    method: `resources/${method}`,
    params: { uri: "item://1" },
  });
  await (await session.send([ask(2, "subscribe"), ask(3, "subscribe"), ask(4, "subscribe")])).text();
  const watched = async () => (await started.kernel.call("watched", {})).structuredContent;
  assert.deepEqual(await watched(), { watched: ["item://1"] });
  await (await session.send([ask(5, "unsubscribe")])).text();
  assert.deepEqual(await watched(), { watched: [] });
});

test("calls beyond the limit are refused, and the server goes on", async () => {
  const kernel = await new Kernel({ log: fakeLog(), maxCalls: 3 }).use(everything).start();
  const app = createApp(kernel, INFO);
  const call = async () => {
    const { body, headers } = modern("tools/call", { name: "wait", arguments: { ms: 500 } });
    return (await answerOf(await post(app.fetch, body, { headers }))).error?.message ?? "served";
  };
  const answers = await Promise.all(Array.from({ length: 5 }, call));
  assert.deepEqual(answers.filter((it) => it === "served").length, 3);
  assert.ok(answers.some((it) => /3 are in flight, which is the limit/.test(it)));
  assert.equal(await call(), "served");
  await app.close();
  await kernel.stop();
});

test("a client that asks for a session and never comes back costs one session, not a call", async () => {
  await using started = await startApp({}, { sessions: { maxSessions: 5 } });
  for (let i = 0; i < 50; i++) await (await post(started.app.fetch, initialize())).body?.cancel();
  await pause(10);
  const session = await RawSession.open(started.app.fetch);
  assert.ok((await session.request("tools/list")).result.tools.length > 0);
  const perSession = started.kernel.listenerCount;
  assert.ok(perSession <= 2 + 5 * 2, `${perSession} listeners are held`);
});

test("a question whose client answers with an error is a failed call, told to the model", async () => {
  await using started = await startApp();
  const session = await RawSession.open(started.app.fetch, { capabilities: { elicitation: {} } });
  const events = eventsOf(await session.start("tools/call", { name: "ask", arguments: {} }));
  for await (const { data } of events) {
    const message = data === "" ? {} : JSON.parse(data);
    if (message.method === "elicitation/create") {
      await session.send({ jsonrpc: "2.0", id: message.id, error: { code: -32000, message: "nobody is here" } });
    } else if (message.result !== undefined) {
      assert.equal(message.result.isError, true);
      assert.match(message.result.content[0].text, /Cannot ask the user: .*nobody is here/);
    }
  }
});
