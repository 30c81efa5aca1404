import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { Visibility } from "../../kernel/mod.ts";
import { addTool, small } from "../support/plugins.ts";
import { type Message, RawSession } from "../support/raw.ts";
import { serveApp, type ServedApp } from "../support/served.ts";

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
