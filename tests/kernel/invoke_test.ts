import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { type Plugin, type PluginContext, ProtocolError, ToolError, toolResult } from "../../kernel/mod.ts";
import { callText, failure, quietKernel, small, toolPlugin } from "../support/plugins.ts";

function tools(setup: (ctx: PluginContext<undefined>) => void): Plugin<void> {
  return small("it", { setup });
}

test("arguments are validated before the handler runs: what fails is told to the model, with its path", async () => {
  let ran = 0;
  const plugin = tools(({ tool }) => {
    tool({
      name: "t",
      description: "t",
      input: v.object({ n: v.number(), list: v.array(v.object({ id: v.string() })) }),
      run: () => String(ran++),
    });
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  const text = failure(await kernel.call("t", { n: "1", list: [{ id: "a" }, { id: 2 }] }));
  assert.match(text, /^Invalid arguments for tool "t": /);
  assert.match(text, /"n"/);
  assert.match(text, /"list\[1\]\.id"/);
  for (const args of [undefined, null, [], "text", 1]) failure(await kernel.call("t", args));
  assert.equal(ran, 0);
  assert.equal(await callText(kernel, "t", { n: 1, list: [] }), "0");
});

test("the handler gets what the schema made of the arguments", async () => {
  const plugin = tools(({ tool }) => {
    tool({
      name: "t",
      description: "t",
      input: v.object({ n: v.optional(v.number(), 7), text: v.pipe(v.string(), v.trim()) }),
      run: (input) => input,
    });
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  const { structuredContent } = await kernel.call("t", { text: "  x ", unknown: 1 });
  assert.deepEqual(structuredContent, { n: 7, text: "x" });
});

test("a raw JSON Schema validates as well, for tools made at run time", async () => {
  const plugin = tools(({ tool }) => {
    tool({
      name: "t",
      description: "t",
      input: { type: "object", properties: { n: { type: "integer", minimum: 1 } }, required: ["n"] },
      output: { type: "object", properties: { twice: { type: "integer" } }, required: ["twice"] },
      run: (input) => ({ twice: 2 * (input as { n: number }).n }),
    });
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  assert.deepEqual((await kernel.call("t", { n: 2 })).structuredContent, { twice: 4 });
  assert.match(failure(await kernel.call("t", { n: 0 })), /"n"/);
  assert.match(failure(await kernel.call("t", { n: 1.25 })), /"n"/);
});

test("what a tool returns becomes its result", async () => {
  const image = { type: "image" as const, data: "AAAA", mimeType: "image/png" };
  const returned: Record<string, [unknown, unknown]> = {
    text: ["hi", { content: [{ type: "text", text: "hi" }] }],
    nothing: [undefined, { content: [] }],
    blocks: [[image], { content: [image] }],
    object: [{ a: 1 }, { content: [{ type: "text", text: '{"a":1}' }], structuredContent: { a: 1 } }],
    list: [[1, 2], { content: [{ type: "text", text: "[1,2]" }], structuredContent: [1, 2] }],
    whole: [
      toolResult({ content: [image], structuredContent: { a: 1 }, isError: true, _meta: { m: 1 } }),
      { content: [image], structuredContent: { a: 1 }, isError: true, _meta: { m: 1 } },
    ],
    unmarked: [{ content: [] }, {
      content: [{ type: "text", text: '{"content":[]}' }],
      structuredContent: { content: [] },
    }],
  };
  for (const [name, [value, expected]] of Object.entries(returned)) {
    await using kernel = await quietKernel().kernel.use(toolPlugin("t", () => Promise.resolve(value))).start();
    assert.deepEqual({ ...await kernel.call("t", {}) }, expected, name);
  }
});

test("a result is validated after the handler ran: what does not fit fails, and is logged for the author", async () => {
  const plugin = tools(({ tool }) => {
    const output = v.object({ n: v.number() });
    const add = (name: string, run: () => unknown) =>
      tool({ name, description: "t", input: v.object({}), output, run: run as never });
    add("right", () => ({ n: 1, extra: true }));
    add("wrong", () => ({ n: "one" }));
    add("nothing", () => undefined);
    add("failed", () => toolResult({ content: [{ type: "text", text: "sorry" }], isError: true }));
    add("thrown", () => {
      throw new ToolError("no rows");
    });
  });
  const { kernel, log } = quietKernel();
  await kernel.use(plugin).start();
  await using _ = kernel;
  assert.deepEqual({ ...await kernel.call("right", {}) }, {
    content: [{ type: "text", text: '{"n":1}' }],
    structuredContent: { n: 1 },
  });
  assert.match(
    failure(await kernel.call("wrong", {})),
    /"wrong" gave a result that does not match its output schema: "n"/,
  );
  assert.match(failure(await kernel.call("nothing", {})), /does not match its output schema/);
  assert.deepEqual(log.take("error").map((it) => it.name), ["it", "it"]);
  assert.equal(failure(await kernel.call("failed", {})), "sorry");
  assert.equal(failure(await kernel.call("thrown", {})), "no rows");
});

test("an output schema may transform, and a whole result keeps its content and _meta", async () => {
  const text = { type: "text" as const, text: "three words counted" };
  const plugin = tools(({ tool }) => {
    const output = v.object({ n: v.pipe(v.string(), v.transform(Number), v.number()) });
    tool({ name: "plain", description: "t", input: v.object({}), output, run: () => ({ n: "3" }) });
    tool({
      name: "whole",
      description: "t",
      input: v.object({}),
      output,
      run: () => toolResult({ content: [text], structuredContent: { n: "3" }, _meta: { cost: 1 } }),
    });
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  assert.deepEqual({ ...await kernel.call("plain", {}) }, {
    content: [{ type: "text", text: '{"n":3}' }],
    structuredContent: { n: 3 },
  });
  assert.deepEqual({ ...await kernel.call("whole", {}) }, {
    content: [text],
    structuredContent: { n: 3 },
    _meta: { cost: 1 },
  });
});

test("an output schema need not have an object at its root", async () => {
  const plugin = tools(({ tool }) => {
    tool({ name: "t", description: "t", input: v.object({}), output: v.array(v.number()), run: () => [1, 2] });
  });
  await using kernel = await quietKernel().kernel.use(plugin).start();
  assert.deepEqual((await kernel.call("t", {})).structuredContent, [1, 2]);
});

test("a ToolError is a failed result with its message as written, and its data", async () => {
  const plugin = toolPlugin("t", () => {
    throw new ToolError('Cannot open "a.txt": no such file', { data: { path: "a.txt" }, cause: new Error("ENOENT") });
  });
  const { kernel, log } = quietKernel();
  await kernel.use(plugin).start();
  await using _ = kernel;
  assert.deepEqual({ ...await kernel.call("t", {}) }, {
    content: [{ type: "text", text: 'Cannot open "a.txt": no such file' }],
    isError: true,
    structuredContent: { path: "a.txt" },
  });
  assert.deepEqual(log.entries, []);
});

test("any other throw is a bug: the client learns that the tool failed, the log learns why", async () => {
  const thrown = [new TypeError("secret detail"), "a string", undefined, null, { code: "no" }];
  for (const [i, exposeErrors] of [[0, false], [1, true]] as const) {
    const { kernel, log } = quietKernel({ exposeErrors });
    await kernel.use(toolPlugin("t", () => {
      throw thrown[0];
    })).start();
    await using _ = kernel;
    const text = failure(await kernel.call("t", {}));
    assert.equal(text, ['Tool "t" failed', 'Tool "t" failed: secret detail'][i]);
    const [entry] = log.take("error");
    assert.match(entry!.message, /Tool "t" of plugin "t" failed: secret detail/);
    assert.equal(entry!.data?.["error"], thrown[0]);
  }
  for (const value of thrown.slice(1)) {
    const { kernel } = quietKernel();
    await using _ = await kernel.use(toolPlugin("t", () => Promise.reject(value))).start();
    assert.equal(failure(await kernel.call("t", {})), 'Tool "t" failed');
  }
});

test("what JSON cannot carry is a failed result, not a crash", async () => {
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  for (const value of [loop, { n: 1n }]) {
    const { kernel } = quietKernel();
    await using _ = await kernel.use(toolPlugin("t", () => value)).start();
    assert.equal(failure(await kernel.call("t", {})), 'Tool "t" failed');
  }
});

test("a ProtocolError of a handler passes as it is", async () => {
  const { kernel, log } = quietKernel();
  await kernel.use(toolPlugin("t", () => {
    throw new ProtocolError(-32050, "not here", { hint: "there" });
  })).start();
  await using _ = kernel;
  await assert.rejects(kernel.call("t", {}), { code: -32050, message: "not here", data: { hint: "there" } });
  assert.deepEqual(log.entries, []);
});

test("an unknown tool, resource or prompt is a ProtocolError", async () => {
  await using kernel = await quietKernel().kernel.start();
  await assert.rejects(kernel.call("no", {}), { name: "ProtocolError", code: -32602, message: "Unknown tool: no" });
  await assert.rejects(kernel.render("no", {}), { name: "ProtocolError", code: -32602, message: "Unknown prompt: no" });
  await assert.rejects(kernel.read("no://x"), {
    name: "ProtocolError",
    code: -32002,
    message: "Resource not found: no://x",
    data: { uri: "no://x" },
  });
});
