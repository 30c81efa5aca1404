import assert from "node:assert/strict";
import { test } from "node:test";
import { type Interceptor, type Invocation, type Plugin, ToolError, toolResult } from "../../kernel/mod.ts";
import { addTool, callText, failure, quietKernel, small, toolPlugin } from "../support/plugins.ts";
import { defer, pause } from "../support/wait.ts";

function around(name: string, interceptor: Interceptor): Plugin<void> {
  return small(name, { setup: (ctx) => void ctx.intercept(interceptor) });
}

const items = small("items", {
  setup(ctx) {
    addTool(ctx, "t", ({ text }) => `t ${text}`);
    ctx.resource({ uri: "a://{id}", name: "r", read: ({ id }) => `r ${id}` });
    ctx.prompt({ name: "p", description: "p", render: () => "p" });
  },
});

test("interceptors wrap tools, resources and prompts alike, outermost first in load order", async () => {
  const seen: string[] = [];
  const trace = (name: string) =>
    around(name, async ({ kind }, next) => {
      seen.push(`>${name} ${kind}`);
      const outcome = await next();
      seen.push(`<${name} ${kind}`);
      return outcome;
    });
  await using kernel = await quietKernel().kernel.use(trace("a")).use(items).use(trace("b")).start();
  await kernel.call("t", {});
  await kernel.read("a://1");
  await kernel.render("p", {});
  const expected = ["tool", "resource", "prompt"].flatMap((
    kind,
  ) => [`>a ${kind}`, `>b ${kind}`, `<b ${kind}`, `<a ${kind}`]);
  assert.deepEqual(seen, expected);
});

test("an interceptor sees kind, name, owner, validated input and the call", async () => {
  const seen: Invocation[] = [];
  await using kernel = await quietKernel().kernel.use(items).use(around("watch", (invocation, next) => {
    seen.push(invocation);
    return next();
  })).start();
  await kernel.call("t", { text: "x", extra: 1 });
  await kernel.read("a://1");
  await kernel.render("p", {});
  assert.deepEqual(seen.map(({ kind, name, owner, input }) => ({ kind, name, owner, input })), [
    { kind: "tool", name: "t", owner: "items", input: { text: "x" } },
    { kind: "resource", name: "a://1", owner: "items", input: { id: "1" } },
    { kind: "prompt", name: "p", owner: "items", input: {} },
  ]);
  assert.deepEqual(seen[0]?.call.path, ["t"]);
});

test("arguments that fail the schema reach no interceptor", async () => {
  let ran = false;
  await using kernel = await quietKernel().kernel.use(items).use(around("watch", (_, next) => {
    ran = true;
    return next();
  })).start();
  failure(await kernel.call("t", { text: 1 }));
  assert.equal(ran, false);
});

test("an interceptor may answer itself, change the outcome, or veto by throwing", async () => {
  let handled = 0;
  const counted = toolPlugin("t", () => `handled ${++handled}`);
  const answering = around(
    "cache",
    () => Promise.resolve(toolResult({ content: [{ type: "text", text: "cached" }] }) as never),
  );
  const changing = around("shout", async (_, next) => {
    const { content } = await next() as unknown as { content: { text: string }[] };
    return toolResult({ content: [{ type: "text", text: content[0]!.text.toUpperCase() }] }) as never;
  });
  const vetoing = around("guard", () => Promise.reject(new ToolError("not on Sundays")));
  const throwing = around("sync", () => {
    throw new ToolError("not on Mondays");
  });
  const outcomes: string[] = [];
  for (const interceptor of [answering, changing, vetoing, throwing]) {
    await using kernel = await quietKernel().kernel.use(counted).use(interceptor).start();
    outcomes.push(await callText(kernel, "t"));
  }
  assert.deepEqual(outcomes, ["cached", "HANDLED 1", "not on Sundays", "not on Mondays"]);
  assert.equal(handled, 1);
});

test("next() may be called once", async () => {
  let handled = 0;
  const { kernel, log } = quietKernel({ exposeErrors: true });
  await kernel.use(toolPlugin("t", () => String(++handled))).use(around("greedy", async (_, next) => {
    await next();
    return await next();
  })).start();
  await using _ = kernel;
  assert.match(failure(await kernel.call("t", {})), /next\(\) twice in an interceptor around tool "t"/);
  assert.equal(handled, 1);
  assert.equal((log.take("error")[0]?.data?.["error"] as { code?: string }).code, "NEXT_REPEATED");
});

test("an interceptor sees failures of the tool as what they are", async () => {
  const seen: unknown[] = [];
  await using kernel = await quietKernel().kernel.use(toolPlugin("t", () => {
    throw new ToolError("no");
  })).use(around("watch", async (_, next) => {
    try {
      return await next();
    } catch (thrown) {
      seen.push(thrown);
      throw thrown;
    }
  })).start();
  assert.equal(failure(await kernel.call("t", {})), "no");
  assert.ok(seen[0] instanceof ToolError);
});

test("a call in flight keeps its interceptors while one of them unloads", async () => {
  const gate = defer();
  const seen: string[] = [];
  const guard = (name: string, wait?: Promise<void>) =>
    around(name, async (_, next) => {
      await wait;
      seen.push(name);
      return await next();
    });
  const { kernel } = quietKernel();
  await kernel.use(guard("first", gate.promise)).use(guard("second")).use(guard("third")).use(
    toolPlugin("t", () => "done"),
  ).start();
  await using _ = kernel;
  const call = callText(kernel, "t");
  await pause(0);
  await kernel.unload("first");
  gate.resolve();
  assert.equal(await call, "done");
  assert.deepEqual(seen, ["first", "second", "third"], "none is passed over");
  assert.equal(await callText(kernel, "t"), "done");
  assert.deepEqual(seen.slice(3), ["second", "third"]);
});

test("an interceptor can be taken back early", async () => {
  let runs = 0;
  let take: (() => Promise<void>) | undefined;
  await using kernel = await quietKernel().kernel.use(toolPlugin("t", () => "done")).use(small("brief", {
    setup(ctx) {
      const twice: Interceptor = (_, next) => {
        runs++;
        return next();
      };
      take = ctx.intercept(twice).dispose;
      ctx.intercept(twice);
    },
  })).start();
  await kernel.call("t", {});
  assert.equal(runs, 2);
  await take!();
  await kernel.call("t", {});
  assert.equal(runs, 3);
});
