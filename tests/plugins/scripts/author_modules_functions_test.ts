import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import * as v from "valibot";
import { type CallPatch, definePlugin, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { EVERYTHING } from "./author_scripts.ts";
import { missing, startScripts } from "./kit.ts";

/** What the scripts use. */
const surroundings = definePlugin({
  name: "surroundings",
  version: "1.0.0",
  setup(ctx) {
    ctx.tool({ name: "double", description: "x", input: {}, run: ({ n }) => ({ n: 2 * Number(n) }) });
    ctx.tool({ name: "refuse", description: "x", input: {}, run: () => Promise.reject(new ToolError('not "today"')) });
    ctx.resource({ uri: "note://a", name: "a", read: () => "a note" });
    ctx.resource({ uri: "note://{name}", name: "notes", read: ({ name }) => name });
    ctx.prompt({
      name: "greet",
      description: "x",
      args: v.object({ name: v.string() }),
      complete: (_, value) => ["Ada", "Alan"].filter((it) => it.toLowerCase().startsWith(value)),
      render: ({ name }) => `Hello, ${name}`,
    });
  },
});

const EXPECTED: JsonObject = {
  arguments: 'a "text" with é, \\ and 😀\n',
  context: [
    "everything",
    ["/home/ada"],
    ["completion", "elicitation", "memory", "prompts", "resources", "roots", "sampling", "tools"],
    null,
    true,
  ],
  memory: [
    { n: 1, t: 'é\n"\\' },
    null,
    ["a"],
    { t: 'é\n"\\', m: 2 },
    1,
    6,
    ["a", "b", "c", "d", "n"],
    { c: 3, d: "4", none: null },
    1,
    true,
    false,
  ],
  asked: { action: "accept", content: { name: "Ada" } },
  opened: { action: "decline" },
  sampled: "Hello",
  called: 42,
  refused: 'Tool refuse failed: not "today"',
  unknown: "Method not found: no/such",
  tools: ["double", "refuse"],
  resources: [
    [...["a", "b", "n"].map((key) => `collet://memory/everything/${key}`), "note://a"],
    ["collet://memory/{namespace}/{key}", "note://{name}"],
  ],
  read: "a note",
  prompts: ["greet"],
  rendered: "Hello, Ada",
  completed: ["Ada", "Alan"],
  roots: ["file:///home/ada"],
  cancelled: false,
};

describe("the author module", () => {
  for (const { language, ...script } of EVERYTHING) {
    for (const protocol of [1, 2]) {
      test(`of ${language} does all that the protocol has, in revision ${protocol}`, async (t: TestContext) => {
        await using kit = await startScripts({ plugins: [store, memory, surroundings] });
        const reason = await missing(kit, script.interpreter);
        if (reason !== false) return t.skip(reason);
        await kit.register({ name: "everything", ...script, protocol });
        const seen = {
          logs: [] as unknown[],
          progress: [] as unknown[],
          asked: [] as unknown[],
          sampled: [] as unknown[],
        };
        const call: CallPatch = {
          client: {
            name: "test",
            version: "1",
            protocolVersion: "2025-11-25",
            capabilities: { elicitation: {}, sampling: {} },
          },
          roots: () => Promise.resolve([{ uri: "file:///home/ada" }]),
          log: (...entry) => void seen.logs.push(entry),
          progress: (...entry) => Promise.resolve(void seen.progress.push(entry)),
          elicit(request) {
            seen.asked.push(request);
            return Promise.resolve(
              "url" in request ? { action: "decline" } : { action: "accept", content: { name: "Ada" } },
            );
          },
          sample(request) {
            seen.sampled.push(request);
            return Promise.resolve({ role: "assistant", model: "m", content: { type: "text", text: "Hello" } });
          },
        };
        const text = EXPECTED["arguments"];
        const answer = await kit.call("everything", { text }, call);
        assert.equal(answer.isError, undefined, JSON.stringify(answer));
        const expected = ["Bash", "sh"].includes(language)
          ? { ...EXPECTED, arguments: String(text).trimEnd() }
          : EXPECTED;
        assert.deepEqual(answer.structuredContent, expected);
        assert.deepEqual(seen.logs.find((it) => JSON.stringify(it).includes("a log")), [
          "warning",
          "a log",
          { "é": [1, "\u2028"] },
          "everything",
        ]);
        assert.deepEqual(seen.progress, [[1, 2, "half"], [2, undefined, undefined]]);
        assert.deepEqual(seen.sampled, [{
          messages: [{ role: "user", content: { type: "text", text: "Hi" } }],
          maxTokens: 10,
          systemPrompt: "Be brief",
        }]);
        assert.deepEqual(seen.asked, [
          { message: "Name?", requestedSchema: { type: "object", properties: { name: { type: "string" } } } },
          { mode: "url", message: "Look", url: "https://example.com/" },
        ]);
        assert.ok(JSON.stringify(seen.logs).includes("printed"), "what is printed is in the log");
      });
    }
  }

  const THREADED = [
    {
      language: "Python",
      interpreter: "python3",
      code: `
from collet_tool import log, memory, run
from concurrent.futures import ThreadPoolExecutor
def work(i):
    log("info", "x" * 20000)
    return memory.increment("n"), memory.get("key %d" % i)[1:]
def main(arguments):
    memory.bulk_set({"key %d" % i: [i, "y" * 20000, i] for i in range(40)})
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(work, range(40)))
    return {"sums": sorted(n for n, _ in found), "own": all(value == ["y" * 20000, i] for i, (_, value) in enumerate(found))}
run(main)`,
    },
    {
      language: "Ruby",
      interpreter: "ruby",
      code: `
require "collet_tool"
ColletTool.run do
  ColletTool.memory.bulk_set((0...40).map { |i| ["key #{i}", [i, "y" * 20000, i]] }.to_h)
  found = (0...40).map do |i|
    Thread.new do
      ColletTool.log("info", "x" * 20000)
      [ColletTool.memory.increment("n"), ColletTool.memory.get("key #{i}")[1..-1]]
    end
  end.map(&:value)
  { "sums" => found.map(&:first).sort, "own" => found.each_with_index.all? { |(_, value), i| value == ["y" * 20000, i] } }
end`,
    },
    {
      language: "JavaScript",
      interpreter: "node",
      code: `
const { log, memory, run } = require("collet_tool");
run(async () => {
  await memory.bulkSet(Object.fromEntries(Array.from({ length: 40 }, (_, i) => ["key " + i, [i, "y".repeat(20000), i]])));
  const found = await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    log("info", "x".repeat(20000));
    return [await memory.increment("n"), (await memory.get("key " + i)).slice(1)];
  }));
  return { sums: found.map(([n]) => n).sort((a, b) => a - b), own: found.every(([, value], i) => value[0].length === 20000 && value[1] === i) };
});`,
    },
  ];
  for (const { language, ...script } of THREADED) {
    test(`of ${language} gives each of 40 requests at once its own reply`, async (t: TestContext) => {
      await using kit = await startScripts({ plugins: [store, memory] });
      const reason = await missing(kit, script.interpreter);
      if (reason !== false) return t.skip(reason);
      await kit.register({ name: "at_once", ...script });
      const answer = await kit.call("at_once");
      const sums = Array.from({ length: 40 }, (_, i) => i + 1);
      assert.deepEqual(answer.structuredContent, { sums, own: true }, JSON.stringify(answer).slice(0, 500));
    });
  }
});
