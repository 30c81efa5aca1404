import assert from "node:assert/strict";
import { test } from "node:test";
import { createCall, definePlugin, Kernel } from "../../kernel/mod.ts";
import { Listings, PAGE_SIZE } from "../../kernel/transports/listings.ts";
import { encodeNotification, encodeResult, textOfEncoded } from "../../kernel/transports/messages.ts";
import { findHeaderMismatch } from "../../kernel/transports/param_headers.ts";
import { canAsk, elicitQuestion, isAnswer, ROOTS_QUESTION, sampleQuestion } from "../../kernel/questions.ts";
import { SessionStreams } from "../../kernel/transports/session_streams.ts";
import { StateSigner } from "../../kernel/transports/state_signer.ts";
import * as v from "valibot";

function openStreams(): SessionStreams {
  return new SessionStreams({ headers: {}, retryMs: 1_000, version: () => "2025-11-25" });
}

/** Reads what a stream sent: ids of its events and their data. */
async function eventsOf(response: Response): Promise<{ id: string; data: string }[]> {
  const blocks = (await response.text()).split("\n\n").filter((it) => it.includes("data:"));
  return blocks.map((block) => ({
    id: /^id: (.*)$/m.exec(block)?.[1] ?? "",
    data: /^data: (.*)$/m.exec(block)?.[1] ?? "",
  }));
}

test("SessionStreams gives a client that comes back the rest of its own stream", async () => {
  const streams = openStreams();
  const a = streams.open();
  const b = streams.open();
  const lost = a.response;
  await a.send("a1");
  await b.send("b1");
  a.disconnect();
  await a.send("a2");
  await a.send("a3");
  const seen = await eventsOf(lost);
  assert.deepEqual(seen.map((it) => it.data), ["", "a1"]);
  const { response } = streams.resume(seen[1]!.id)!;
  a.end();
  assert.deepEqual((await eventsOf(response)).map((it) => it.data), ["a2", "a3"]);
  streams.close();
});

test("SessionStreams knows its own event ids alone", () => {
  const streams = openStreams();
  const stream = streams.open();
  assert.equal(streams.resume("nonsense"), undefined);
  assert.equal(streams.resume(`1_${crypto.randomUUID()}`), undefined, "another session's stream");
  assert.equal(streams.resume(`99_${stream.key}`), undefined, "an event that was never sent");
  streams.close();
});

test("SessionStreams keeps a thousand events, the newest last", async () => {
  const streams = openStreams();
  const stream = streams.open();
  const opening = `1_${stream.key}`;
  stream.disconnect();
  for (let i = 1; i <= 1_005; i++) await stream.send(String(i));
  const { response } = streams.resume(opening)!;
  stream.end();
  const kept = await eventsOf(response);
  assert.deepEqual([kept.length, kept[0]?.data, kept.at(-1)?.data], [1_000, "6", "1005"]);
});

test("SessionStreams refuses a client for which an answer is kept no more, and no other", async () => {
  const streams = openStreams();
  const [answered, notified] = [streams.open(), streams.open()];
  const ids = [`1_${answered.key}`, `2_${notified.key}`] as const;
  for (const stream of [answered, notified]) stream.disconnect();
  await answered.send(String(encodeResult(7, "{}")));
  await notified.send(encodeNotification("notifications/progress", {}));
  for (let i = 0; i < 1_000; i++) await notified.send(String(i));
  assert.equal(streams.resume(ids[0]), undefined);
  assert.ok(streams.resume(ids[1]));
  streams.close();
});

async function namedTools(names: readonly string[]) {
  const plugin = definePlugin({
    name: "many",
    version: "1.0.0",
    setup({ tool }) {
      const registrations = names.map((name) =>
        tool({ name, description: name, input: v.object({}), run: () => name })
      );
      remove = (index) => registrations[index]!.dispose();
    },
  });
  let remove: (index: number) => Promise<void> = () => Promise.resolve();
  const kernel = await new Kernel().use(plugin).start();
  const listings = new Listings(kernel, (json) => json);
  const page = async (cursor?: string) => {
    const text = textOfEncoded(await listings.page("tools/list", { call: createCall(), era: "modern", cursor }));
    return JSON.parse(text) as { tools: { name: string }[]; nextCursor?: string };
  };
  return { kernel, page, remove: (index: number) => remove(index) };
}

test("pages of a list stay right while entries come and go between them", async () => {
  const names = Array.from({ length: PAGE_SIZE * 2 + 10 }, (_, i) => `n${String(i).padStart(5, "0")}`);
  const { kernel, page, remove } = await namedTools(names);
  const first = await page();
  assert.equal(first.tools.length, PAGE_SIZE);
  await remove(0);
  await remove(PAGE_SIZE - 1);
  const second = await page(first.nextCursor);
  assert.equal(second.tools[0]?.name, names[PAGE_SIZE], "nothing is passed over");
  const third = await page(second.nextCursor);
  assert.deepEqual([third.tools.length, third.nextCursor], [10, undefined]);
  await assert.rejects(page("nonsense"), /Invalid cursor/);
  await kernel.stop();
});

test("a list of exactly one page has no next one, and an empty one is empty", async () => {
  const full = await namedTools(Array.from({ length: PAGE_SIZE }, (_, i) => `n${i}`));
  assert.equal((await full.page()).nextCursor, undefined);
  await full.kernel.stop();
  const empty = await namedTools([]);
  assert.deepEqual(await empty.page(), { tools: [] });
  await empty.kernel.stop();
});

test("StateSigner takes back what it signed, for what it was signed for, in time", async () => {
  const signer = new StateSigner();
  const state = await signer.sign("a b", { binding: "x", ttlMs: 60_000 });
  assert.equal(await signer.verify(state, "x"), "a b");
  assert.equal(await signer.verify(state, "y"), undefined, "another binding");
  assert.equal(await signer.verify(await signer.sign("a", { binding: "x", ttlMs: -1 }), "x"), undefined, "too late");
  assert.equal(await new StateSigner().verify(state, "x"), undefined, "another key");
  for (let i = 0; i < state.length; i++) {
    const changed = state.slice(0, i) + (state[i] === "A" ? "B" : "A") + state.slice(i + 1);
    assert.equal(await signer.verify(changed, "x"), undefined, `changed at ${i}`);
  }
  for (const wrong of ["", ".", "a.b.c", `${state}=`, ` ${state}`]) {
    assert.equal(await signer.verify(wrong, "x"), undefined, JSON.stringify(wrong));
  }
});

test("canAsk() compares what a question needs with what a client declared", () => {
  const form = elicitQuestion({ message: "?", requestedSchema: {} });
  const page = elicitQuestion({ mode: "url", message: "?", url: "https://a.example" });
  const model = sampleQuestion({ messages: [], maxTokens: 1 });
  const tools = sampleQuestion({ messages: [], maxTokens: 1, tools: [] });
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
    [ROOTS_QUESTION, { roots: { listChanged: true } }, true],
    [ROOTS_QUESTION, {}, false],
  ];
  for (const [question, capabilities, expected] of cases) {
    assert.equal(
      canAsk(question, capabilities as never),
      expected,
      JSON.stringify([question.requires, capabilities]),
    );
  }
});

test("isAnswer() knows the shape of each answer", () => {
  const form = elicitQuestion({ message: "?", requestedSchema: {} });
  const model = sampleQuestion({ messages: [], maxTokens: 1 });
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
  assert.ok(isAnswer(ROOTS_QUESTION, { roots: [] }));
  assert.equal(isAnswer(ROOTS_QUESTION, { roots: [{ name: "no uri" }] }), false);
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
