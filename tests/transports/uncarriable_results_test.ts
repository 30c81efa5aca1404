import assert from "node:assert/strict";
import { test } from "node:test";
import { toolResult } from "../../kernel/mod.ts";
import { addTool, small } from "../support/plugins.ts";
import { answerOf, eventsOf, initialize, type Message, modern, post, RawSession } from "../support/raw.ts";
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
