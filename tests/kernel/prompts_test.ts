import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { type Kernel, type PluginContext, ProtocolError, rankCompletions, ToolError } from "../../kernel/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";

async function start(setup: (ctx: PluginContext<undefined>) => void): Promise<Kernel> {
  return await quietKernel().kernel.use(small("it", { setup })).start();
}

test("Kernel.render() gives messages, and makes a user message of a text", async () => {
  const messages = [{ role: "assistant" as const, content: { type: "text" as const, text: "yes?" } }];
  await using kernel = await start(({ prompt }) => {
    prompt({
      name: "greet",
      description: "Greet",
      args: v.object({ name: v.string() }),
      render: ({ name }) => `Hi ${name}`,
    });
    prompt({ name: "raw", description: "Raw", render: () => Promise.resolve(messages) });
  });
  assert.deepEqual(await kernel.render("greet", { name: "Ada" }), {
    description: "Greet",
    messages: [{ role: "user", content: { type: "text", text: "Hi Ada" } }],
  });
  assert.deepEqual(await kernel.render("raw", undefined), { description: "Raw", messages });
});

test("arguments that do not fit are a ProtocolError that names their path", async () => {
  await using kernel = await start(({ prompt }) => {
    prompt({ name: "greet", description: "g", args: v.object({ name: v.string() }), render: ({ name }) => name });
  });
  await assert.rejects(kernel.render("greet", {}), {
    name: "ProtocolError",
    code: -32602,
    message: /^Invalid arguments for prompt "greet": .*name/,
  });
});

test("what a render throws is a ProtocolError: a ToolError as written, anything else without its detail", async () => {
  await using kernel = await start(({ prompt }) => {
    const add = (name: string, thrown: unknown) =>
      prompt({ name, description: name, render: () => Promise.reject(thrown) });
    add("expected", new ToolError("no template"));
    add("bug", new Error("secret"));
    add("protocol", new ProtocolError(-32050, "mine", { a: 1 }));
  });
  await assert.rejects(kernel.render("expected", {}), { name: "ProtocolError", code: -32603, message: "no template" });
  await assert.rejects(kernel.render("bug", {}), {
    name: "ProtocolError",
    code: -32603,
    message: 'The prompt "bug" failed',
  });
  await assert.rejects(kernel.render("protocol", {}), { code: -32050, message: "mine", data: { a: 1 } });
});

test("Kernel.complete() asks the item, else offers what its schema enumerates", async () => {
  const size = v.picklist(["small", "smaller", "large"]);
  await using kernel = await start(({ prompt, tool, resource }) => {
    prompt({ name: "p", description: "p", args: v.object({ size, free: v.optional(v.string()) }), render: () => "" });
    tool({ name: "t", description: "t", input: v.object({ size }), run: () => "" });
    tool({
      name: "asking",
      description: "t",
      input: v.object({}),
      run: () => "",
      complete: (argument, value) => Promise.resolve([`${argument}=${value}!`]),
    });
    resource({
      uri: "a://{id}",
      name: "a",
      read: () => "",
      complete: (_, value) => ["10", "11", "20"].filter((it) => it.startsWith(value)),
    });
    resource({ uri: "b://{id}", name: "b", read: () => "" });
    tool({
      name: "partly",
      description: "t",
      input: v.object({
        size: v.optional(size, "large"),
        isLoud: v.boolean(),
        level: v.nullable(v.picklist([1, 10, 2])),
        either: v.union([v.literal("auto"), v.picklist(["on", "off"]), v.number()]),
      }),
      run: () => "",
      complete: (argument) => argument === "free" ? ["mine"] : [],
    });
  });
  const complete = (ref: Parameters<Kernel["complete"]>[0], argument: string, value: string) =>
    kernel.complete(ref, { argument, value });
  assert.deepEqual(await complete({ type: "prompt", name: "p" }, "size", "sm"), ["small", "smaller"]);
  assert.deepEqual(await complete({ type: "prompt", name: "p" }, "free", ""), []);
  assert.deepEqual(await complete({ type: "prompt", name: "p" }, "__proto__", ""), []);
  assert.deepEqual(await complete({ type: "tool", name: "t" }, "size", "l"), ["large"]);
  assert.deepEqual(await complete({ type: "tool", name: "asking" }, "x", "y"), ["x=y!"]);
  const partly = { type: "tool", name: "partly" } as const;
  assert.deepEqual(await complete(partly, "free", ""), ["mine"]);
  assert.deepEqual(await complete(partly, "size", "SM"), ["small", "smaller"]);
  assert.deepEqual(await complete(partly, "isLoud", "t"), ["true"]);
  assert.deepEqual(await complete(partly, "level", "1"), ["1", "10"]);
  assert.deepEqual(await complete(partly, "either", ""), ["auto", "on", "off"]);
  assert.deepEqual(await complete(partly, "none", ""), []);
  assert.deepEqual(await complete({ type: "resource", uri: "a://{id}" }, "id", "1"), ["10", "11"]);
  assert.deepEqual(await complete({ type: "resource", uri: "b://{id}" }, "id", "1"), []);
  for (
    const ref of [
      { type: "prompt", name: "no" },
      { type: "tool", name: "no" },
      { type: "resource", uri: "no://x" },
    ] as const
  ) await assert.rejects(complete(ref, "a", ""), { name: "ProtocolError", code: -32602 });
});

test("rankCompletions() puts what begins as typed first, then what does in other case, then later words", () => {
  const names = ["get_report", "Report", "report", "rep", "unreported", "report", "my report"];
  assert.deepEqual(rankCompletions("rep", names), ["report", "rep", "Report", "get_report", "my report"]);
  assert.deepEqual(rankCompletions("", ["b", "a", "b"]), ["b", "a"]);
  assert.deepEqual(rankCompletions("g", ["collet://guide", "collet://tools/gauge", "bag"]), [
    "collet://guide",
    "collet://tools/gauge",
  ]);
  assert.deepEqual(rankCompletions("x", names), []);
});

test("a completion that fails is logged, and tells the client nothing of why", async () => {
  const { kernel, log } = quietKernel();
  await kernel.use(small("it", {
    setup: ({ prompt }) =>
      void prompt({
        name: "p",
        description: "p",
        render: () => "",
        complete: () => Promise.reject(new Error("secret")),
      }),
  })).start();
  await using _ = kernel;
  await assert.rejects(
    kernel.complete({ type: "prompt", name: "p" }, { argument: "a", value: "" }),
    (thrown: Error) => {
      assert.equal(thrown.name, "ProtocolError");
      assert.doesNotMatch(thrown.message, /secret/);
      return true;
    },
  );
  assert.match(log.take("error")[0]!.message, /secret/);
});
