import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentEvents } from "../../kernel/transports/event_store.ts";
import { findHeaderMismatch } from "../../kernel/transports/param_headers.ts";
import { elicitation, isAnswer, isCovered, ROOTS, sampling } from "../../kernel/transports/questions.ts";
import { PAGE_SIZE, pageOf } from "../../kernel/transports/wire.ts";

function message(method: string) {
  return { jsonrpc: "2.0" as const, method };
}

async function replay(store: RecentEvents, after: string): Promise<string[]> {
  const methods: string[] = [];
  await store.replayEventsAfter(after, {
    send: (_, it) => Promise.resolve(void methods.push((it as { method: string }).method)),
  });
  return methods;
}

test("RecentEvents replays what came after an event on its own stream", async () => {
  const store = new RecentEvents();
  const first = await store.storeEvent("a", message("a1"));
  await store.storeEvent("b", message("b1"));
  await store.storeEvent("a", message("a2"));
  const last = await store.storeEvent("a", message("a3"));
  assert.deepEqual(await replay(store, first), ["a2", "a3"]);
  assert.deepEqual(await replay(store, last), []);
  assert.equal(await store.getStreamIdForEventId(first), "a");
  assert.equal(await store.getStreamIdForEventId("nonsense"), undefined);
  await assert.rejects(replay(store, "nonsense"));
});

test("RecentEvents keeps no more than its limits, the newest last", async () => {
  const few = new RecentEvents({ maxEvents: 3 });
  const first = await few.storeEvent("a", message("1"));
  for (const name of ["2", "3", "4", "5"]) await few.storeEvent("a", message(name));
  assert.deepEqual(await replay(few, first), ["3", "4", "5"]);
  const small = new RecentEvents({ maxBytes: 200 });
  const opening = await small.storeEvent("a", message("1"));
  await small.storeEvent("a", message("x".repeat(150)));
  await small.storeEvent("a", message("y".repeat(500)));
  assert.deepEqual(
    (await replay(small, opening)).map((it) => it[0]),
    ["y"],
    "one that is larger than all is kept alone",
  );
});

test("pageOf() stays right while entries come and go between pages", () => {
  const list = Array.from({ length: PAGE_SIZE * 2 + 10 }, (_, i) => ({ name: `n${String(i).padStart(5, "0")}` }));
  const first = pageOf(list, { cursor: undefined, key: "name" });
  assert.equal(first.items.length, PAGE_SIZE);
  const without = list.filter((it) => it !== first.items.at(-1) && it !== first.items[0]);
  const second = pageOf(without, { cursor: first.nextCursor, key: "name" });
  assert.deepEqual(second.items[0], list[PAGE_SIZE], "nothing is passed over");
  const third = pageOf(list, { cursor: second.nextCursor, key: "name" });
  assert.deepEqual([third.items.length, third.nextCursor], [10, undefined]);
  assert.deepEqual(pageOf([], { cursor: undefined, key: "name" }), { items: [] });
  const exact = pageOf(list.slice(0, PAGE_SIZE), { cursor: undefined, key: "name" });
  assert.equal(exact.nextCursor, undefined);
});

test("pageOf() takes keys of any characters into its cursors", () => {
  const list = Array.from({ length: PAGE_SIZE + 1 }, (_, i) => ({ uri: `ü😀://${String(i).padStart(4, "0")}` }));
  const { nextCursor } = pageOf(list, { cursor: undefined, key: "uri" });
  assert.deepEqual(pageOf(list, { cursor: nextCursor, key: "uri" }).items, [list.at(-1)]);
});

test("isCovered() compares what a question needs with what a client declared", () => {
  const form = elicitation({ message: "?", requestedSchema: {} });
  const page = elicitation({ mode: "url", message: "?", url: "https://a.example" });
  const model = sampling({ messages: [], maxTokens: 1 });
  const tools = sampling({ messages: [], maxTokens: 1, tools: [] });
  const cases: [typeof form, object, boolean][] = [
    [form, {}, false],
    [form, { elicitation: {} }, true],
    [form, { elicitation: { form: {} } }, true],
    [form, { elicitation: { form: {}, url: {} } }, true],
    [form, { elicitation: { url: {} } }, false],
    [form, { elicitation: true }, false],
    [page, { elicitation: {} }, false],
    [page, { elicitation: { url: {} } }, true],
    [model, { sampling: {} }, true],
    [tools, { sampling: {} }, false],
    [tools, { sampling: { tools: {} } }, true],
    [ROOTS, { roots: { listChanged: true } }, true],
    [ROOTS, {}, false],
  ];
  for (const [question, capabilities, expected] of cases) {
    assert.equal(
      isCovered(question, capabilities as never),
      expected,
      JSON.stringify([question.requires, capabilities]),
    );
  }
});

test("isAnswer() knows the shape of each answer", () => {
  const form = elicitation({ message: "?", requestedSchema: {} });
  const model = sampling({ messages: [], maxTokens: 1 });
  for (
    const good of [{ action: "decline" }, { action: "accept", content: { a: 1 } }, { action: "cancel", content: null }]
  ) {
    assert.ok(isAnswer(form, good));
  }
  for (const bad of [undefined, null, "accept", {}, { action: "yes" }, { action: "accept", content: "x" }]) {
    assert.equal(isAnswer(form, bad), false);
  }
  assert.ok(isAnswer(model, { role: "assistant", model: "m", content: {} }));
  assert.equal(isAnswer(model, { role: "assistant", content: {} }), false);
  assert.ok(isAnswer(ROOTS, { roots: [] }));
  assert.equal(isAnswer(ROOTS, { roots: [{ name: "no uri" }] }), false);
});

test("findHeaderMismatch() reads values as their types", () => {
  const schema = {
    type: "object",
    properties: {
      text: { type: "string", "x-mcp-header": "Text" },
      number: { type: "number", "x-mcp-header": "Number" },
      flag: { type: "boolean", "x-mcp-header": "Flag" },
    },
  };
  const check = (args: object, headers: Record<string, string>) =>
    findHeaderMismatch(schema, args, new Headers(headers));
  assert.equal(check({}, {}), undefined);
  assert.equal(
    check({ text: "a", number: 1, flag: true }, {
      "mcp-param-text": "a",
      "mcp-param-number": "1.0",
      "mcp-param-flag": "true",
    }),
    undefined,
  );
  assert.match(check({ text: "1" }, { "mcp-param-text": "1.0" })!, /says "1.0" and the body says "1"/);
  assert.match(check({ flag: false }, { "mcp-param-flag": "true" })!, /Flag/);
  assert.match(check({ text: "a" }, {})!, /Mcp-Param-Text header is missing/);
  const utf8 = btoa(String.fromCharCode(...new TextEncoder().encode("grün")));
  assert.equal(check({ text: "grün" }, { "mcp-param-text": `=?base64?${utf8}?=` }), undefined);
});
