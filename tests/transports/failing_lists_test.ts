import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { type JsonObject, Visibility } from "../../kernel/mod.ts";
import { addTool, small } from "../support/plugins.ts";
import { answerOf, type Message, RawSession } from "../support/raw.ts";
import { serveApp, type ServedApp } from "../support/served.ts";
import { soon, until } from "../support/wait.ts";

const ERAS: Record<string, (served: ServedApp, method: string, params?: object) => Promise<Message>> = {
  "2025": async ({ app }, method, params = {}) =>
    await (await RawSession.open(app.fetch)).request(method, { ...params }),
  "2026": async ({ request }, method, params = {}) => await request(method, { ...params }),
};

const blind = small("blind", {
  requires: { visibility: Visibility },
  setup: ({ deps }) =>
    deps.visibility.narrow(() => {
      throw new Error("cannot read /etc/secret");
    }),
});

// JSON Schema has no dates
const dated = small("dated", {
  setup(ctx) {
    addTool(ctx, "good");
    ctx.tool({ name: "bad", description: "b", input: v.object({ day: v.date() }), run: () => "never" });
    ctx.prompt({ name: "good", description: "g", render: () => "hi" });
    ctx.prompt({ name: "bad", description: "b", args: v.object({ day: v.date() }), render: () => "never" });
  },
});

for (const [era, ask] of Object.entries(ERAS)) {
  test(`a narrowing that throws is an error without its message, which is logged (${era})`, async () => {
    await using served = await serveApp([blind]);
    for (const method of ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]) {
      const { error } = await ask(served, method);
      assert.deepEqual(error, { code: -32603, message: `Request "${method}" failed` });
      assert.match(served.log.take("error")[0]?.message ?? "", /cannot read \/etc\/secret/);
    }
  });

  test(`an item whose schema cannot be shown is left out of its list, and logged (${era})`, async () => {
    await using served = await serveApp([dated]);
    for (const kind of ["tools", "prompts"]) {
      const { result } = await ask(served, `${kind}/list`);
      assert.deepEqual(result?.[kind].map((it: { name: string }) => it.name), ["good"], kind);
      assert.match(served.log.take("error")[0]?.message ?? "", /"bad" is not listed/);
    }
  });

  test(`a tool whose schema cannot be shown is still answered when called (${era})`, async () => {
    await using served = await serveApp([dated]);
    const { result } = await ask(served, "tools/call", { name: "bad", arguments: { day: "today" } });
    assert.equal(result?.isError, true);
    assert.match(result.content[0].text, /^Invalid arguments for tool "bad": "day": /);
  });
}

/** A template whose resources and completions never come, and how often they were asked for. */
function endless() {
  const asked = { count: 0 };
  const never = () => {
    asked.count++;
    return new Promise<never>(() => {});
  };
  const plugin = small("endless", {
    setup: (ctx) =>
      void ctx.resource({
        uri: "endless://{id}",
        name: "endless",
        read: () => "",
        list: never,
        complete: never,
      }),
  });
  return { plugin, asked };
}

const ENDLESS: readonly (readonly [method: string, params: JsonObject])[] = [
  ["resources/list", {}],
  ["completion/complete", {
    ref: { type: "ref/resource", uri: "endless://{id}" },
    argument: { name: "id", value: "" },
  }],
];

test("a list and a completion that never come end when the client of a session cancels them", async () => {
  const { plugin, asked } = endless();
  await using served = await serveApp([plugin]);
  const session = await RawSession.open(served.app.fetch);
  for (const [i, [method, params]] of ENDLESS.entries()) {
    const answer = session.send({ jsonrpc: "2.0", id: 50 + i, method, params }).then(answerOf);
    await until(() => asked.count === i + 1, method);
    await session.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 50 + i } });
    const { id, error } = await soon(answer, `the end of ${method}`);
    assert.deepEqual([id, error?.message], [50 + i, "Cancelled by the client"]);
  }
});

test("a list and a completion that never come end when a client of 2026-07-28 leaves, and when the app closes", async () => {
  const { plugin, asked } = endless();
  await using served = await serveApp([plugin]);
  for (const [i, [method, params]] of ENDLESS.entries()) {
    const response = await soon(served.start(method, params), "a stream");
    assert.equal(asked.count, i + 1, method);
    await soon(response.body!.cancel(), `the end of ${method}`);
  }
  const answers = ENDLESS.map(([method, params]) => served.request(method, params));
  await until(() => asked.count === 2 * ENDLESS.length, "the requests");
  await soon(served.app.close(), "the end of the app");
  for (const { error } of await soon(Promise.all(answers), "the answers")) assert.equal(error?.code, -32603);
});
