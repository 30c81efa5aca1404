import assert from "node:assert/strict";
import { test } from "node:test";
import { definePlugin } from "../../../kernel/mod.ts";
import { type TestEra, testPlugin } from "../../../kernel/testing.ts";
import library from "../../../plugins/library/mod.ts";
import { onlyText } from "./kit.ts";

const fixtures = definePlugin({
  name: "fixtures",
  version: "1.0.0",
  setup(ctx) {
    const run = () => ({ celsius: 1 });
    const output = { type: "object", properties: { celsius: { type: "number" } }, required: ["celsius"] };
    const input = {
      type: "object",
      properties: { city: { type: "string", description: "Its name" } },
      required: ["city"],
    };
    ctx.tool({ name: "weather-now", description: "Tell the weather. Of today.", input, output, run });
    ctx.tool({ name: "weather_then", description: "Tell the weather of a day", input: { type: "object" }, run });
    ctx.tool({ name: "weather-then", description: "Tell old weather", input: { type: "object" }, run });
  },
});

for (const era of ["2025", "2026"] satisfies TestEra[]) {
  test(`search_tools declares what it finds, for clients of ${era}`, async () => {
    await using kit = await testPlugin(library, undefined, { era, with: [fixtures] });
    const ask = async (args: Record<string, unknown>, name = "search_tools") => {
      const result = await kit.client.callTool({ name, arguments: { query: "weather", ...args } });
      assert.ok(!result.isError, JSON.stringify(result));
      // deno-lint-ignore no-explicit-any -- the client's type of a result is wider
      return { text: onlyText(result as any), structured: result.structuredContent };
    };

    const signatures = await ask({ format: "typescript", query: "weather today" });
    const line =
      "declare function weather_now(args: { city: string }): Promise<{ celsius: number }>; // Tell the weather.";
    assert.ok(signatures.text.includes(line), signatures.text);
    // also when the tool that is spelled so is not among those found
    const one = await ask({ format: "typescript", query: "old weather", limit: 1 });
    assert.match(one.text, /^declare const tools: \{\n {2}"weather-then"\(/m);
    assert.ok(!one.text.includes("declare function"), one.text);

    const names = await ask({ format: "typescript", detail: "names" });
    assert.deepEqual(names.text.split("\n").sort(), [
      '// tools["weather-then"]: Tell old weather',
      "// weather_now: Tell the weather.",
      "// weather_then: Tell the weather of a day",
    ]);
    assert.deepEqual(names.structured, { declarations: names.text });

    const full = await ask({ format: "typescript", detail: "full" });
    assert.ok(full.text.includes("  /** Its name */\n  city: string;\n"), full.text);
    const entries = await ask({ format: "json" });
    assert.deepEqual(Object.keys(entries.structured as object), ["tools"]);

    const none = await ask({ format: "typescript", query: "xyzzy" });
    assert.match(none.text, /^No tool matches "xyzzy"/);
    assert.deepEqual(none.structured, { declarations: "" });
  });
}
