import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, definePlugin, ToolError, toolResult } from "../../../kernel/mod.ts";
import { type TestEra, testPlugin } from "../../../kernel/testing.ts";
import { NAMESPACE_META, ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { answeringKind, onlyText } from "./kit.ts";

const fixtures = definePlugin({
  name: "fixtures",
  version: "1.0.0",
  setup(ctx) {
    ctx.tool({ name: "echo", description: "Say it again", input: {}, run: (args) => args });
    ctx.tool({
      name: "whole",
      description: "Answer with a whole result",
      input: {},
      run: () => toolResult({ content: [{ type: "text", text: "no" }], isError: true, _meta: { x: 1 } }),
    });
  },
});

for (const era of ["2025", "2026"] as TestEra[]) {
  const start = async () => {
    const kit = await testPlugin(library, undefined, { era, with: [fixtures] });
    const tools = kit.kernel.get(ToolLibrary)!;
    const kind = await tools.addKind(answeringKind());
    const call = createCall();
    const draft = { description: "Give the weather of a city", tool_type: "answering", tags: ["forecast"], answer: 1 };
    await tools.save({ ...draft, name: "weather", input_schema: { properties: { city: {} } } }, {}, { call });
    await tools.save({ ...draft, name: "sum", description: "Add numbers", tags: [] }, {}, { call });
    const ask = (name: string, args: Record<string, unknown> = {}) => kit.client.callTool({ name, arguments: args });
    const close = async () => {
      await kind.dispose();
      await kit[Symbol.asyncDispose]();
    };
    return { ...kit, tools, ask, [Symbol.asyncDispose]: close };
  };
  // deno-lint-ignore no-explicit-any -- the client types structured content as unknown
  const entries = (result: any): any[] => result.structuredContent.tools;
  // deno-lint-ignore no-explicit-any -- the client's type of a result is wider
  const text = (result: any): string => onlyText(result);

  describe(`tools of the library, clients of ${era}`, () => {
    test("made tools are listed to clients like any other", async () => {
      await using kit = await start();
      const { tools } = await kit.client.listTools();
      const weather = tools.find((it) => it.name === "weather");
      assert.deepEqual(Object.keys(weather?.inputSchema.properties ?? {}), ["city"]);
      assert.equal(weather?._meta?.["version"], "1.0.0");
      const result = await kit.ask("weather", { city: "Bern" });
      assert.deepEqual(result.structuredContent, { answer: 1, args: { city: "Bern" } });
      assert.equal(text(result), '{"answer":1,"args":{"city":"Bern"}}');
    });

    test("list_tools groups made tools by kind, and filters, searches and gives schemas", async () => {
      await using kit = await start();
      const all = await kit.ask("list_tools");
      assert.deepEqual(entries(all).map((it) => it.name), ["sum", "weather"]);
      assert.deepEqual(entries(all)[1], {
        name: "weather",
        kind: "answering",
        version: "1.0.0",
        description: "Give the weather of a city",
        tags: ["forecast"],
        state: "ready",
      });
      assert.match(text(all), /## answering \(2\)[^]*- \*\*weather\*\* \(1\.0\.0\): Give the weather[^]*call_tool/);
      assert.deepEqual(entries(await kit.ask("list_tools", { filter: "script" })), []);
      assert.deepEqual(entries(await kit.ask("list_tools", { search: "forecast" })).map((it) => it.name), ["weather"]);
      const withSchemas = await kit.ask("list_tools", { search: "forecast", schemas: true });
      assert.deepEqual(entries(withSchemas)[0].input_schema, { type: "object", properties: { city: {} } });
      assert.match(text(withSchemas), /Input: `{"properties":{"city":{}},"type":"object"}`/);
      const builtIn = entries(await kit.ask("list_tools", { filter: "built-in" })).map((it) => it.name);
      assert.deepEqual(builtIn, [
        ...["call_tool", "delete_tool", "echo", "list_tools", "search_tools", "test_tool", "version", "whole"],
      ]);
      assert.match(text(await kit.ask("list_tools", { search: "zzz" })), /No tool matches "zzz"/);
    });

    test("list_tools has imported tools as those of other servers, below their namespace", async () => {
      const imported = definePlugin({
        name: "imported",
        version: "1.0.0",
        setup(ctx) {
          const meta = { [NAMESPACE_META]: "github" };
          ctx.tool({ name: "github_issue", description: "Open an issue", input: {}, meta, run: () => ({}) });
        },
      });
      await using kit = await testPlugin(library, undefined, { era, with: [fixtures, imported] });
      const ask = (args: Record<string, unknown>) => kit.client.callTool({ name: "list_tools", arguments: args });
      const issue = {
        name: "github_issue",
        kind: "mcp",
        namespace: "github",
        description: "Open an issue",
        state: "ready",
      };
      assert.deepEqual(entries(await ask({})), [issue]);
      assert.deepEqual(entries(await ask({ filter: "mcp", search: "issue" })), [issue]);
      assert.match(text(await ask({})), /## Other servers \(1\)\n\n- \*\*github_issue\*\*: Open an issue/);
      const builtIn = entries(await ask({ filter: "built-in" })).map((it) => it.name);
      assert.ok(builtIn.includes("echo") && !builtIn.includes("github_issue"), builtIn.join());
    });

    test("search_tools looks through made and built-in tools", async () => {
      await using kit = await start();
      const found = await kit.ask("search_tools", { query: "city weather", schemas: true });
      assert.equal(entries(found)[0].name, "weather");
      assert.deepEqual(Object.keys(entries(found)[0].input_schema.properties), ["city"]);
      assert.equal(entries(await kit.ask("search_tools", { query: "say again" }))[0].name, "echo");
      assert.equal(entries(await kit.ask("search_tools", { query: "tool", limit: 1 })).length, 1);
      assert.equal(entries(await kit.ask("search_tools", { query: "wethaer" }))[0].name, "weather");
      assert.match(text(await kit.ask("search_tools", { query: "eat" })), /No tool matches.* did you mean "weather"/);
      assert.ok((await kit.ask("search_tools", { query: "x", limit: 0 })).isError);
    });

    test("search_tools answers with what sources find as well, until they are taken away", async () => {
      await using kit = await start();
      const candidate = (name: string) => ({
        kind: "skill_candidate" as const,
        skill_name: name,
        description: "Tell of the sky.\n\nMore",
        matching_tools: [`${name}__look`],
        requires_load_skill: true as const,
        load_hint: { tool: "load_skill", arguments: { skill_name: name } },
      });
      const asked: unknown[] = [];
      const remove = kit.tools.addCandidates({
        search: (query, { limit }) => {
          asked.push([query, limit]);
          return ["sky", "moon", "sun"].map(candidate);
        },
      });
      // deno-lint-ignore no-explicit-any -- the client types structured content as unknown
      const candidates = (result: any) => result.structuredContent.skill_candidates;
      const found = await kit.ask("search_tools", { query: "weather", limit: 3 });
      assert.deepEqual(candidates(found), [candidate("sky"), candidate("moon")]);
      assert.equal(entries(found)[0].name, "weather");
      assert.deepEqual(asked, [["weather", 2]]);
      assert.match(text(found), /\*\*weather\*\*[^]*- \*\*sky\*\* \(`sky__look`\): Tell of the sky\.\n/);
      assert.match(text(found), /`load_skill`: `{"skill_name":"sky"}`/);
      const alone = await kit.ask("search_tools", { query: "zzz" });
      assert.deepEqual([entries(alone), candidates(alone).length], [[], 3]);
      assert.match(text(alone), /^Skills that are not loaded/);
      const without = await kit.ask("search_tools", { query: "weather", include_unloaded_skills: false });
      assert.equal(candidates(without), undefined);
      assert.equal(entries(await kit.ask("list_tools", { search: "sky" })).length, 0);
      await remove();
      assert.equal(candidates(await kit.ask("search_tools", { query: "weather" })), undefined);
    });

    test("call_tool gives the target's result unchanged", async () => {
      await using kit = await start();
      const direct = await kit.ask("weather", { city: "Bern" });
      const args = { city: "Bern" };
      for (const given of [args, JSON.stringify(args)]) {
        const called = await kit.ask("call_tool", { tool_name: "weather", arguments: given });
        assert.deepEqual(called, direct);
      }
      const failed = await kit.ask("call_tool", { tool_name: "whole" });
      assert.deepEqual(failed.content, [{ type: "text", text: "no" }]);
      assert.equal(failed.isError, true);
      assert.equal(failed._meta?.["x"], 1);
    });

    test("call_tool says what is wrong with a name or arguments", async () => {
      await using kit = await start();
      const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
        [{ tool_name: "wether" }, /Unknown tool "wether"; did you mean "weather"/],
        [{ tool_name: "weather", arguments: "{" }, /not JSON/],
        [{ tool_name: "weather", arguments: "[1]" }, /no object/],
        [{ tool_name: "weather", arguments: [1] }, /arguments/],
        [{ tool_name: "call_tool", arguments: { tool_name: "call_tool" } }, /"tool_name": missing/],
        [{}, /tool_name/],
        [{ tool_name: "weather", args: {} }, /unknown key "args"/],
      ];
      for (const [args, reason] of wrong) {
        const result = await kit.ask("call_tool", args);
        assert.equal(result.isError, true, JSON.stringify(args));
        assert.match(text(result), reason);
      }
    });

    test("delete_tool deletes made tools, and says why it does not delete others", async () => {
      await using kit = await start();
      const deleted = await kit.ask("delete_tool", { tool_name: "sum" });
      assert.equal((deleted.structuredContent as { deleted: string }).deleted, "sum");
      assert.match(text(deleted), /Deleted tool "sum"\. Until \d{4}-\d\d-\d\d it is kept in .*\.trash\/sum-/);
      assert.ok(!(await kit.client.listTools()).tools.some((it) => it.name === "sum"));
      const again = await kit.ask("delete_tool", { tool_name: "sum" });
      assert.equal(again.isError, true);
      assert.match(text(await kit.ask("delete_tool", { tool_name: "echo" })), /came with plugin "fixtures"/);
      assert.match(text(await kit.ask("delete_tool", { tool_name: "wether" })), /did you mean "weather"/);
      for (const name of ["..", "../x", "/etc", "", ".trash"]) {
        assert.equal((await kit.ask("delete_tool", { tool_name: name })).isError, true, name);
      }
    });

    test("the tools complete names of tools, and kinds", async () => {
      await using kit = await start();
      const complete = (name: string, argument: string, value: string) =>
        kit.kernel.complete({ type: "tool", name }, { argument, value });
      assert.deepEqual(await complete("call_tool", "tool_name", "we"), ["weather"]);
      assert.deepEqual(await complete("call_tool", "tool_name", "tools"), ["list_tools", "search_tools"]);
      assert.deepEqual(await complete("call_tool", "arguments", "we"), []);
      assert.deepEqual(await complete("delete_tool", "tool_name", ""), ["sum", "weather"]);
      assert.deepEqual(await complete("delete_tool", "other", ""), []);
      assert.deepEqual(await complete("list_tools", "filter", "b"), ["built-in"]);
      assert.deepEqual(await complete("list_tools", "schemas", ""), ["true", "false"]);
    });

    test("a made tool that fails, fails as a result", async () => {
      await using kit = await start();
      const load = () => ({ run: () => Promise.reject(new ToolError("out of order", { data: { code: 7 } })) });
      const kind = await kit.tools.addKind(answeringKind({ kind: "failing", load }));
      const draft = { name: "fails", description: "x", tool_type: "failing" };
      await kit.tools.save(draft, {}, { call: createCall() });
      const result = await kit.ask("fails");
      assert.equal(result.isError, true);
      assert.equal(text(result), "out of order");
      assert.deepEqual(result.structuredContent, { code: 7 });
      await kind.dispose();
    });
  });
}
