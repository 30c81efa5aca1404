import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import { conformance } from "../../../../kernel/testing.ts";
import code from "../../../../plugins/code/mod.ts";
import { fail, onlyText, succeed } from "../../library/kit.ts";
import { sharedCode, startCode } from "../kit.ts";

conformance(code);

describe("execute_code", () => {
  const server = sharedCode();

  test("an object that is returned is structured content and one block of compact JSON", async () => {
    const kit = server();
    const result = await kit.run("console.log('for the log'); return { a: [1, 2] };");
    assert.equal(succeed(result), '{"a":[1,2]}');
    assert.deepEqual(result.structuredContent, { a: [1, 2] });
  });

  test("a text that is returned stands alone, and other JSON is structured content too", async () => {
    const kit = server();
    const text = await kit.run("return 'a text';");
    assert.equal(succeed(text), "a text");
    assert.equal(text.structuredContent, undefined);
    for (const [written, value] of [["[1,2]", [1, 2]], ["7", 7], ["false", false], ["null", null]] as const) {
      const result = await kit.run(`return ${written};`);
      assert.equal(succeed(result), written);
      assert.deepEqual(result.structuredContent, value);
    }
  });

  test("its description names a page that tells what code finds", async () => {
    const kit = server();
    await using connected = await kit.connect();
    const { tools } = await connected.client.listTools();
    const [uri = ""] = /collet:\/\/\S+?(?= )/.exec(tools.find(({ name }) => name === "execute_code")!.description!)!;
    const read = await kit.run(`return (await resources.read("${uri}"))[0].text;`);
    const page = succeed(read);
    assert.match(page, /declare const memory: \{/);
    assert.match(page, /\.aio\(…\)/);
  });

  test("without a value the answer is what was printed", async () => {
    const kit = server();
    assert.equal(succeed(await kit.run("console.log('one'); console.log('two');")), "one\ntwo");
    assert.match(
      succeed(await kit.run("const quiet = 1;")),
      /^\(nothing was returned or printed; "return" at top level/,
    );
  });

  test("calls that were not awaited are told beside a structured value, and leave a text as it is", async () => {
    const kit = server();
    const forgotten = "['a', 'b'].forEach(async (name) => { all.push(await greet({ name })) });";
    const result = await kit.run(`const all = []; ${forgotten} return all;`);
    assert.deepEqual(result.structuredContent, []);
    assert.equal(result.content.length, 2);
    assert.match((result.content[1] as { text: string }).text, /^2 calls were not awaited .* in place of forEach$/);
    assert.equal((await kit.run("greet({ name: 'a' }); return 'text';")).content.length, 1);
  });

  test("a promise within the value is refused, and an error within it is told", async () => {
    const kit = server();
    assert.match(
      fail(await kit.run("return { all: [1, 2].map(async () => await greet({ name: 'a' })) };")),
      /value\["all"\]\[0\] is a promise; write await before what gives it/,
    );
    const settled = await kit.run("return await Promise.allSettled([fail(), greet({ name: 'a' })]);");
    assert.deepEqual((settled.structuredContent as { reason: unknown }[])[0]!.reason, {
      ...{ name: "Error", message: "Tool fail failed: The tide is out", tool: "fail", code: -32000 },
      data: { tide: "out" },
    });
  });

  test("tools are functions by identifier, by name and below their namespace", async () => {
    const kit = server();
    const result = await kit.run(`
    const counted = await Promise.all([
      word_count({ text: "a b" }), tools.word_count({ text: "a b c" }), tools["word-count"]({ text: "a" }),
    ]);
    const issue = await tools.github.create_issue({ title: "T" });
    return { counted: counted.map((it) => it.words), issue, text: await greet({ name: "Ada" }) };`);
    assert.deepEqual(
      result.structuredContent,
      { counted: [2, 3, 1], issue: { issue: "T" }, text: "Hello, Ada" },
      onlyText(result),
    );
  });

  test("other names of languages are taken, and TypeScript loses its types", async () => {
    const kit = server();
    for (const language of ["js", "node", "javascript"]) {
      assert.equal(succeed(await kit.run("return 'js'", { language })), "js");
    }
    for (const language of ["ts", "typescript"]) {
      assert.equal(succeed(await kit.run("const n: number = 1; return `ts ${n as number}`", { language })), "ts 1");
    }
  });

  test("code reaches no tool but those that are named, and names them as it spells them", async () => {
    const kit = server();
    const tools = ["word_count", "github.create_issue"];
    const seen = await kit.run("return [typeof greet, typeof word_count, typeof tools.github.create_issue]", { tools });
    assert.deepEqual(seen.structuredContent, ["undefined", "function", "function"]);
    const unknown = fail(await kit.run("return 1", { tools: ["word-cont"] }));
    assert.match(unknown, /Cannot give the code tool "word-cont".*word-count/);
    assert.match(fail(await kit.run("return 1", { tools: ["execute_code"] })), /code does not call it/);
    assert.deepEqual((await kit.run("return typeof execute_code", {})).content[0], { type: "text", text: "undefined" });
  });

  test("code cannot run code by way of another tool", async () => {
    const kit = server();
    const nested = await kit.run(`return await call_tool({ tool_name: "execute_code", arguments: { code: "1" } })`);
    assert.match(fail(nested), /circle/);
  });

  test("a tool that fails throws its message, and code can go on", async () => {
    const kit = server();
    const caught = await kit.run("try { await fail(); } catch (error) { return { message: error.message }; }");
    assert.match(String((caught.structuredContent as { message: string }).message), /The tide is out/);
  });

  test("what code throws fails the call, with its line and the end of what it printed", async () => {
    const kit = server();
    const text = fail(await kit.run("console.log('before');\n\nthrow new Error('broken');"));
    assert.match(text, /broken/);
    assert.match(text, /3/);
    assert.match(text, /before/);
    assert.match(fail(await kit.run("const a = ;")), /1/);
  });

  test("a tool that fails and is not caught fails the call with its message", async () => {
    const kit = server();
    assert.match(fail(await kit.run("await fail();")), /The tide is out/);
  });

  test("code that is empty is refused", async () => {
    assert.match(fail(await server().run(" \n")), /it is empty/);
  });

  test("a language that is not there is refused, and others work", async () => {
    const kit = server();
    const text = fail(await kit.run("return 1", { language: "python" }));
    assert.match(text, /the plugin "scripts" runs Python/);
    assert.match(text, /"javascript" and "typescript"/);
  });

  test("a tool that was made while the code runs can be called by it", async () => {
    const kit = server();
    const result = await kit.run(`
    await build_tool({ name: "twice", description: "Double", code: "export default ({ n }) => ({ n: 2 * n });" });
    return await call_tool({ tool_name: "twice", arguments: { n: 4 } });`);
    assert.equal(textOf(result), '{"n":8}');
  });
});

test("limits of time and calls end a run", async () => {
  await using kit = await startCode({ config: { calls: 3, timeout_ms: 60_000 } });
  const begun = Date.now();
  assert.match(fail(await kit.run("while (true);", { timeout: 0.5 })), /time/);
  assert.ok(Date.now() - begun < 20_000, "it ended long before the usual limit");
  assert.match(fail(await kit.run("for (let i = 0; i < 5; i++) await greet({ name: 'a' });")), /3 calls|limit/);
  assert.match(fail(await kit.run("return 1", { timeout: 301 })), /timeout/);
});

test("the plugin loads alone, and says what is missing", async () => {
  await using kit = await startCode({ plugins: [], store: null });
  const { definition } = kit.kernel.tools.get("execute_code")!;
  assert.ok(definition.description.length < 1_200, `${definition.description.length} characters`);
  assert.match(fail(await kit.run("return 1")), /the plugin "wasm" runs JavaScript and TypeScript/);
});
