import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CallPatch } from "../../../../kernel/mod.ts";
import { type CodeKit, startCode, startInline, TOOLS } from "./code_kit.ts";

const kits: Readonly<Record<string, CodeKit>> = { workers: await startCode(), line: await startInline() };
after(async () => {
  for (const kit of Object.values(kits)) await kit[Symbol.asyncDispose]();
});

for (const [place, kit] of Object.entries(kits)) {
  test(`code in ${place} calls tools by identifier, name and namespace`, async () => {
    assert.deepEqual(await kit.value("return await add({ a: 1, b: 2 })"), { sum: 3 });
    assert.deepEqual(
      await kit.value(`return [
        await tools["a-b"](), await a_b(), await tools.a_b(), await tools.github.create_issue({ title: "x" }),
        await tools.github__create_issue({ title: "y" }), tools.add === tools["add"], typeof tools.then,
      ]`),
      ["a text", "a text", "a text", { title: "x" }, { title: "y" }, true, "undefined"],
    );
    assert.deepEqual(await kit.value("return [Object.keys(tools), Object.keys(tools.github), 'add' in tools]"), [
      TOOLS.map(({ name }) => name),
      ["create_issue"],
      true,
    ]);
  });

  test(`an unknown tool of code in ${place} is told with near names`, async () => {
    const unknown = await kit.failure("await add({ a: 1, b: 1 });\nawait tools.ech({})");
    assert.match(unknown.message, /There is no tool "ech" in here; did you mean "echo"/);
    assert.match(unknown.message, /code\.js:2:/);
    assert.match(
      (await kit.failure("tools.github.create_isue")).message,
      /did you mean "create_issue"\?.*tools\.github/,
    );
  });

  test(`a tool that fails throws its message and data in ${place}, at the line of the call`, async () => {
    const caught = await kit.value(`
      try { await fails() } catch (error) {
        return [error instanceof Error, error.message, error.data, error.tool];
      }`);
    assert.deepEqual(caught, [true, "Tool fails failed: the disk is full", { free: 0 }, "fails"]);
    const { message, data } = await kit.failure("console.log('so far');\n\nconst x = await fails();");
    assert.equal(
      message,
      "Tool fails failed: the disk is full\n    at code.js:3:22\n  3 | const x = await fails();\nprinted:\nso far",
    );
    assert.deepEqual(data, { free: 0 });
  });

  test(`arguments that are no object of JSON are refused in ${place}, with their place`, async () => {
    const refused = async (call: string) => (await kit.failure(`await ${call}`)).message.split("\n")[0];
    const head = "TypeError: Cannot call tool echo: it takes";
    assert.equal(await refused("echo(1)"), `${head} one object of arguments, and was given a number`);
    assert.equal(await refused("echo([])"), `${head} one object of arguments, and was given an array`);
    assert.equal(await refused("echo({}, 2)"), `${head} one object of arguments, and was given 2 values`);
    assert.equal(await refused("echo({ a: [{ b() {} }] })"), `${head} JSON, and arguments["a"][0]["b"] is a function`);
    assert.equal(await refused("echo({ a: 0 / 0 })"), `${head} JSON, and arguments["a"] is NaN`);
    assert.match((await refused("echo({ a: new Map() })"))!, /arguments\["a"\] is a Map/);
    assert.match((await refused("echo({ a: new Uint8Array(2) })"))!, /is a view of bytes/);
    assert.match((await refused("(() => { const a = {}; a.a = a; return echo(a); })()"))!, /an object that it lies in/);
  });

  test(`calls of code in ${place} go on at once, and are bounded`, async () => {
    kit.seen.most = 0;
    const code = "return (await Promise.all(Array.from({ length: 100 }, () => slow({ ms: 30 })))).length";
    assert.equal(await kit.value(code), 100);
    assert.ok(kit.seen.most > 10 && kit.seen.most <= 64, `${kit.seen.most}`);
    const { message } = await kit.failure(code, { limits: { calls: 99 } });
    assert.match(message, /^Cannot call tool slow: the code has made 99 calls, which is the limit\n/);
  });

  test(`calls that nobody awaits are cancelled in ${place}, and told`, async () => {
    kit.seen.cancelled = 0;
    const { value, printed } = await kit.run("slow({ ms: 60_000 }); await add({}); return 1");
    assert.equal(value, 1);
    assert.match(printed, /^1 call was not awaited and is cancelled: write await before each call/);
    assert.equal(kit.seen.cancelled, 1);
  });

  test(`a cancelled call ends code in ${place}, and what it called`, async () => {
    kit.seen.cancelled = 0;
    const ending = new AbortController();
    setTimeout(() => ending.abort(new Error("enough")), 200);
    const failed = await kit.failure("await slow({ ms: 60_000 })", { call: { signal: ending.signal } });
    assert.match(failed.message, /enough/);
    assert.equal(kit.seen.cancelled, 1);
  });

  test(`answers that are too large are refused in ${place}`, async () => {
    assert.equal(await kit.value("return (await large({ size: 1_000_000 })).value.length"), 1_000_000);
    assert.match(
      (await kit.failure("await large({ size: 5_000_000 })")).message,
      /too large for code: it may have 4 MiB/,
    );
    assert.match((await kit.failure("await large({ size: 3_000_000, isList: true })")).message, /too large for code/);
    assert.match((await kit.failure("await echo({ a: 'x'.repeat(2_000_000) })")).message, /may have 1048576/);
  });

  test(`what a plugin serves, code in ${place} reaches: files`, async () => {
    const written: unknown[] = [];
    const serve = (method: string, params: Readonly<Record<string, unknown>>) => {
      if (method === "files/write") return Promise.resolve({ count: written.push(params) });
      if (method === "files/read") return Promise.resolve(params["as"] === "text" ? { text: "ü" } : { blob: "AQID" });
      return method === "files/list" ? Promise.resolve({ files: [{ name: "a" }] }) : undefined;
    };
    const code = `
      await files.write("a.txt", "text");
      await files.write("b.bin", new Uint8Array([1, 2, 255]), { mimeType: "application/x" });
      return [await files.readText("a"), [...await files.readBytes("b")], await files.list()];`;
    assert.deepEqual(await kit.value(code, { serve }), ["ü", [1, 2, 3], [{ name: "a" }]]);
    assert.deepEqual(written, [
      { name: "a.txt", text: "text" },
      { name: "b.bin", blob: "AQL/", mimeType: "application/x" },
    ]);
    assert.match((await kit.failure("await files.list()")).message, /Method not found: files\/list/);
  });
}

test("code elicits, samples, tells progress, and reads resources and prompts", async () => {
  const progress: unknown[] = [];
  const call = {
    elicit: () => Promise.resolve({ action: "accept" as const, content: { ok: true } }),
    progress: (...told: readonly unknown[]) => Promise.resolve(void progress.push(told)),
  };
  const code = `
    progress(1, 2, "half");
    const { content } = await elicit("Sure?", { type: "object", properties: { ok: { type: "boolean" } } });
    return [content, await resources.list(), await resources.templates(), Array.isArray(await prompts.list())];`;
  const value = await kits["workers"]!.value(code, { call });
  assert.deepEqual((value as unknown[])[0], { ok: true });
  assert.deepEqual(progress, [[1, 2, "half"]]);
  const sample: CallPatch["sample"] = ({ maxTokens }) =>
    Promise.resolve({ role: "assistant", model: "m", content: { type: "text", text: `${maxTokens}` } });
  const asking = 'return (await Promise.all([sample("Hi"), sample("Hi", 5)])).map((it) => it.content.text)';
  assert.deepEqual(await kits["workers"]!.value(asking, { call: { sample } }), ["1024", "5"]);
});

test("code remembers", async () => {
  const code =
    "await memory.set('k', { a: 1 }); return [await memory.get('k'), await memory.list(), await memory.delete('k')]";
  assert.deepEqual(await kits["workers"]!.value(code), [{ a: 1 }, ["k"], true]);
  const versions = `await memory.set("v", 1, { ifVersion: 0 });
    const refusal = await memory.set("v", 2, { ifVersion: 0 }).catch(({ message }) => message);
    for await (const { version } of memory.entries("v")) await memory.set("v", 3, { ifVersion: version });
    return [refusal, await memory.get("v")];`;
  const [refusal, value] = await kits["workers"]!.value(versions) as [string, number];
  assert.match(refusal, /^Cannot store "v"/);
  assert.equal(value, 3);
});

test("code reaches the listed tools alone, whatever it does to what it finds", async () => {
  const tricks = [
    "Array.prototype.toJSON = function () { return ['tools/call', { name: 'echo' }] }",
    "Object.prototype.toJSON = function () { return { name: 'echo', version: '1', arguments: null } }",
    "Object.prototype.tool = 'echo'; Object.prototype.name = 'echo'",
  ];
  const called: string[] = [];
  const toolbox = { call: (name: string) => Promise.resolve({ content: [], count: called.push(name) }) } as never;
  for (const trick of tricks) {
    await kits["workers"]!.run(`${trick}; await add({ a: 1, b: 1 })`, { tools: [TOOLS[0]!], toolbox });
  }
  assert.deepEqual(called, tricks.map(() => "add"));
});
