import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type CallPatch, type JsonObject, Toolbox, ToolError } from "../../../../kernel/mod.ts";
import { type PythonCodeKit, startPythonCode, TOOLS } from "./kit.ts";

describe("tools of Python code", { timeout: 120_000 }, () => {
  let kit: PythonCodeKit;
  before(async () => {
    kit = await startPythonCode();
  });
  after(() => kit[Symbol.asyncDispose]());

  test("are globals and members of tools, called with keyword arguments or one dict", async () => {
    const code = `
by_keywords = word_count(text="a b c")
assert by_keywords == word_count({"text": "a b c"}) == tools["word-count"](text="a b c") == tools.word_count(text="a b c")
assert by_keywords == tools.texts.word_count(text="a b c") == tools.texts["word-count"]({"text": "a b c"})
assert "word-count" in tools and "none" not in tools and len(tools) == 4
return [by_keywords, tools["echo"]({"a-b": 1}, c=[None]), list(tools), dir(tools), dir(tools.texts)]`;
    assert.deepEqual((await kit.run(code)).value, [
      ...[{ words: 3 }, { "a-b": 1, c: [null] }, TOOLS.map(({ name }) => name)],
      ...[["broken", "slow", "texts", "word_count"], ["word-count", "word_count"]],
    ]);
  });

  test("that are not there are told apart from those that are called wrongly", async () => {
    const failures: readonly (readonly [string, RegExp])[] = [
      ["tools.wordcount(text='x')", /AttributeError: There is no tool called 'wordcount'; there is word_count$/],
      ["tools.texts.none()", /no tool in tools\.texts called 'none'/],
      ["tools['none']()", /ToolError: Tool none failed: Unknown tool "none"/],
      ["word_count('x')", /TypeError: word-count\(\) takes keyword arguments or one dict, but was given a str$/],
      ["word_count(text=1)", /ToolError: Tool word-count failed: Invalid arguments[^]*"text"/],
      ["word_count(text={1})", /TypeError: Cannot call tool word-count: \['text'\] is a set/],
      ["memory.get()", /TypeError: (?:Memory\.)?get\(\) missing 1 required positional argument: 'key'$/],
    ];
    await Promise.all(
      failures.map(async ([code, message]) => assert.match((await kit.fail(code)).message, message, code)),
    );
  });

  test("fail with ToolError, which has their message and data", async () => {
    const caught =
      "try:\n    broken()\nexcept ToolError as error:\n    return [str(error), error.message, error.data, error.tool]";
    const message = "Tool broken failed: It is broken";
    assert.deepEqual((await kit.run(caught)).value, [message, message, { part: "wheel" }, "broken"]);
    const error = await kit.fail("def f():\n    broken()\n\nf()");
    assert.match(error.message, /line 4, in <module>[^]*line 2, in f[^]*ToolError: Tool broken failed: It is broken$/);
    assert.deepEqual(error.data, { part: "wheel" });
  });

  test("run at once by .aio, no more than the server serves", async () => {
    const code = `import asyncio
got = await asyncio.gather(*[slow.aio(ms=100, value=i) for i in range(100)])
return [it["value"] for it in got]`;
    kit.tools.most = 0;
    assert.deepEqual((await kit.run(code)).value, Array.from({ length: 100 }, (_, index) => index));
    assert.ok(kit.tools.most > 32 && kit.tools.most <= 64, `${kit.tools.most} at once`);
  });

  test("are called from threads, and without await in a loop that runs", async () => {
    const code = `import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
async def inner():
    later = asyncio.ensure_future(word_count.aio(text="a b c d"))
    await asyncio.sleep(0)
    return [word_count(text="a"), await asyncio.to_thread(word_count, text="a b"), await later]
with ThreadPoolExecutor(8) as pool:
    pooled = list(pool.map(lambda n: echo(n=n)["n"], range(20)))
return [await inner(), pooled]`;
    const tools = [...TOOLS.slice(0, 1), { name: "echo", identifier: "echo" }];
    assert.deepEqual((await kit.run(code, { tools })).value, [
      [{ words: 1 }, { words: 2 }, { words: 4 }],
      Array.from({ length: 20 }, (_, index) => index),
    ]);
  });

  test("that nobody waits for any more end, when the code is over or cancelled", async () => {
    kit.tools.ended = 0;
    const left =
      "import asyncio\ntask = asyncio.ensure_future(slow.aio(ms=60_000))\nawait asyncio.sleep(0.2)\nreturn 1";
    assert.equal((await kit.run(left)).value, 1);
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new ToolError("Cancelled by a test")), 500);
    const error = await kit.fail("slow(ms=60_000)", { call: { signal: cancel.signal } });
    assert.equal(error.message, "Cancelled by a test");
    assert.equal(kit.tools.ended, 2);
  });

  test("go through the toolbox of the run alone, in current versions", async () => {
    const own = kit.kernel.get(Toolbox)!;
    const called: string[] = [];
    const toolbox: Toolbox = {
      ...{ version: 0, list: () => [], get: (name) => own.get(name), explainMissing: own.explainMissing },
      call: (name, args, call) => {
        called.push(name);
        return own.call(name, args, call);
      },
    };
    const code = `from collet_tool import call_tool, list_tools, request
print(call_tool("word-count", {"text": "a b"}), list_tools())
request("tools/call", {"name": "word-count", "version": "1.0.0", "arguments": {"text": "a"}})`;
    const error = await kit.fail(code, { toolbox });
    assert.match(error.message, /Cannot call version "1\.0\.0" of tool "word-count"/);
    assert.match(error.message, /\{'words': 2\} \[\]/);
    assert.deepEqual(called, ["word-count"]);
  });

  test("have beside them resources, prompts, memory, progress and questions", async () => {
    const told: unknown[] = [];
    const call: CallPatch = {
      progress: (...args) => Promise.resolve(void told.push(args)),
      elicit: (request) => Promise.resolve({ action: "accept", content: { message: request.message } }),
      sample: ({ messages, maxTokens }) =>
        Promise.resolve({
          role: "assistant",
          model: "m",
          content: { type: "text", text: JSON.stringify([messages, maxTokens]) },
        }),
    };
    const code = `
progress(1, 4, "a quarter")
memory.set("k", {"a": 1})
memory.increment("n", 2)
uri = resources.list()[0]["uri"]
return [
    memory.get("k"), memory.get("none", 5), await memory.list.aio(), [it["value"] for it in memory.entries("k")],
    memory.bulk_delete(["k", "n"]), resources.read(uri) == await resources.read.aio(uri), len(prompts.list()) > 0,
    elicit("Which?", {"type": "object", "properties": {}}), sample("Hi", 5, system_prompt="s")["content"]["text"],
]`;
    assert.deepEqual((await kit.run(code, { call })).value, [
      ...[{ a: 1 }, 5, ["k", "n"], [{ a: 1 }], 2, true, true, { action: "accept", content: { message: "Which?" } }],
      '[[{"role":"user","content":{"type":"text","text":"Hi"}}],5]',
    ]);
    assert.deepEqual(told, [[1, 4, "a quarter"]]);
  });

  test("have beside them all that memory holds, page by page", async () => {
    const code = `
memory.bulk_set({f"page{i}": i for i in range(250)})
at_once = [it["value"] for it in memory.entries("page")]
awaited = [it["value"] async for it in memory.entries.aio("page")]
memory.bulk_delete([f"page{i}" for i in range(250)])
return [len(at_once), sum(at_once), awaited == at_once, [*memory.entries("page")]]`;
    assert.deepEqual((await kit.run(code)).value, [250, 31_125, true, []]);
  });

  test("have beside them the files of the run, of which it is asked by requests of its own", async () => {
    const kept = new Map<string, JsonObject>();
    const serve = (method: string, params: JsonObject): Promise<JsonObject> | undefined => {
      const name = String(params["name"]);
      if (method === "files/list") return Promise.resolve({ files: [...kept.keys()].map((it) => ({ name: it })) });
      if (method === "files/write") return Promise.resolve(kept.set(name, params).get(name)!);
      if (method === "files/read") {
        return kept.has(name) ? Promise.resolve(kept.get(name)!) : Promise.reject(new ToolError(`No file "${name}"`));
      }
      return undefined;
    };
    const code = `
files.write("a.txt", "é", mime_type="text/plain")
files.write("b.bin", bytes(range(256)))
try:
    files.read_text("none")
except ToolError as error:
    print(error)
try:
    files.write("c", {})
except TypeError as error:
    print(error)
return [files.read_text("a.txt"), files.read_bytes("b.bin") == bytes(range(256)), await files.list.aio()]`;
    assert.deepEqual(await kit.run(code, { serve }), {
      value: ["é", true, [{ name: "a.txt" }, { name: "b.bin" }]],
      printed: "No file \"none\"\nCannot write file 'c': expected a text or bytes, found a dict\n",
    });
    assert.deepEqual(kept.get("a.txt"), { name: "a.txt", text: "é", mimeType: "text/plain" });
    assert.match((await kit.fail("files.list()")).message, /ToolError: Method not found: files\/list$/);
  });
});
