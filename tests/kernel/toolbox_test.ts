import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import {
  type Call,
  createCall,
  type Kernel,
  type Plugin,
  relay,
  Toolbox,
  ToolError,
  Visibility,
} from "../../kernel/mod.ts";
import { addTool, callText, failure, quietKernel, small, toolPlugin } from "../support/plugins.ts";

/** A tool `name` that calls the tool named by its text, with the rest of the text for that one. */
function caller(name: string, options: { derive?: (call: Call) => Call } = {}): Plugin<void> {
  return small(name, {
    requires: { tools: Toolbox },
    setup(ctx) {
      addTool(ctx, name, async ({ text = "" }, call) => {
        const [next = "", ...rest] = text.split(" ");
        const parent = options.derive?.(call) ?? call;
        return await ctx.deps.tools.call(next, { text: rest.join(" ") }, parent);
      });
    },
  });
}

async function start(...plugins: Plugin<void>[]): Promise<Kernel> {
  const { kernel } = quietKernel();
  for (const plugin of plugins) kernel.use(plugin);
  return await kernel.start();
}

test("Toolbox.call() calls with a longer path and the same client", async () => {
  const seen: Call[] = [];
  await using kernel = await start(
    caller("outer"),
    caller("middle"),
    toolPlugin("inner", (_, call) => void seen.push(call)),
  );
  const principal = { id: "ada", scopes: ["x"] };
  const logged: string[] = [];
  const call = createCall({
    principal,
    sessionId: "s1",
    meta: { trace: 1 },
    log: (_, message) => void logged.push(message),
  });
  await kernel.call("outer", { text: "middle inner" }, call);
  assert.deepEqual(seen[0]?.path, ["outer", "middle", "inner"]);
  assert.deepEqual([seen[0]?.principal, seen[0]?.sessionId, seen[0]?.meta], [principal, "s1", { trace: 1 }]);
  seen[0]?.log("info", "from below");
  assert.deepEqual(logged, ["from below"]);
});

test("Call.derive() gives a nested call its own progress and fewer rights", async () => {
  const seen: number[] = [];
  const derive = (call: Call) =>
    call.derive({
      progress: (done) => Promise.resolve(void seen.push(done)),
      principal: { id: "nobody", scopes: [] },
      elicit: () => Promise.reject(new ToolError("not from here")),
    });
  let nested: Call | undefined;
  await using kernel = await start(
    caller("outer", { derive }),
    toolPlugin("inner", async (_, call) => {
      nested = call;
      await call.progress(1);
      return (await call.elicit({ message: "?", requestedSchema: {} })).action;
    }),
  );
  assert.equal(failure(await kernel.call("outer", { text: "inner" })), "not from here");
  assert.deepEqual([seen, nested?.principal?.id, nested?.path], [[1], "nobody", ["outer", "inner"]]);
});

test("who knows why a tool is not there tells it to clients and in calls within calls, for as long as it is loaded", async () => {
  const knower = small("knower", {
    requires: { toolbox: Toolbox },
    setup(ctx) {
      const explain = (name: string) => name.startsWith("far_") ? "far is closed" : undefined;
      ctx.own("reasons", ctx.deps.toolbox.explainMissing(explain));
    },
  });
  await using kernel = await start(caller("outer"), knower);
  assert.equal(failure(await kernel.call("far_away", {})), 'Cannot call tool "far_away": far is closed');
  assert.equal(
    failure(await kernel.call("outer", { text: "far_away" })),
    'Cannot call tool "far_away": far is closed',
  );
  await assert.rejects(kernel.call("near_by", {}), { name: "ProtocolError", message: "Unknown tool: near_by" });
  await kernel.unload("knower");
  await assert.rejects(kernel.call("far_away", {}), { name: "ProtocolError", message: "Unknown tool: far_away" });
});

test("Toolbox.call() of an unknown tool suggests near names", async () => {
  await using kernel = await start(
    caller("outer"),
    toolPlugin("words_count", () => ""),
    toolPlugin("list_files", () => ""),
  );
  assert.equal(
    failure(await kernel.call("outer", { text: "word_count" })),
    'Unknown tool "word_count"; did you mean "words_count"?',
  );
  assert.equal(
    failure(await kernel.call("outer", { text: "files" })),
    'Unknown tool "files"; did you mean "list_files"?',
  );
  assert.equal(failure(await kernel.call("outer", { text: "zzzzzz" })), 'Unknown tool "zzzzzz"');
});

test("relay() lets what was called use the same door again, and ends circles all the same", async () => {
  let calls = 0;
  const door = (name: string) =>
    small(name, {
      requires: { tools: Toolbox },
      setup(ctx) {
        addTool(ctx, name, async ({ text = "" }, call) => {
          const [next = "", ...rest] = text.split(" ");
          if (++calls > 100) throw new Error("there is no end");
          return await ctx.deps.tools.call(next, { text: rest.join(" ") }, relay(call, next));
        });
      },
    });
  const seen: Call[] = [];
  await using kernel = await start(door("door"), caller("a"), toolPlugin("end", (_, call) => void seen.push(call)));
  await kernel.call("door", { text: "a door end" });
  assert.deepEqual(seen[0]?.path, ["door(a)", "a", "door(end)", "end"]);
  assert.match(
    failure(await kernel.call("door", { text: "a door a door end" })),
    /circle: door\(a\) -> a -> door\(a\) -> a/,
  );
});

test("Toolbox.call() refuses a circle and tells the way", async () => {
  await using kernel = await start(caller("a"), caller("b"), caller("c"));
  assert.equal(
    failure(await kernel.call("a", { text: "b c a" })),
    'Cannot call "a": it would call itself in a circle: a -> b -> c -> a',
  );
  assert.match(failure(await kernel.call("a", { text: "a" })), /circle: a -> a/);
});

test("Toolbox.call() refuses a path that is too deep", async () => {
  const names = Array.from({ length: 18 }, (_, i) => `t${i}`);
  await using kernel = await start(...names.map((name) => caller(name)));
  assert.match(
    failure(await kernel.call("t0", { text: names.slice(1).join(" ") })),
    /Cannot call "t16": 16 calls are nested already: t0 -> t1 -> .* -> t16$/,
  );
});

test("Toolbox.call() validates, intercepts and gives the result unchanged", async () => {
  const seen: string[] = [];
  const structured = small("structured", {
    setup: (ctx) =>
      void ctx.tool({
        name: "structured",
        description: "s",
        input: v.object({ text: v.pipe(v.string(), v.minLength(2)) }),
        output: v.object({ n: v.number() }),
        run: ({ text }) => ({ n: text.length }),
      }),
  });
  const watch = small("watch", {
    setup: (ctx) =>
      void ctx.intercept((invocation, next) => {
        seen.push(invocation.call.path.join("/"));
        return next();
      }),
  });
  await using kernel = await start(watch, caller("outer"), structured);
  assert.deepEqual((await kernel.call("outer", { text: "structured abc" })).structuredContent, { n: 3 });
  assert.match(failure(await kernel.call("outer", { text: "structured" })), /Invalid arguments for tool "structured"/);
  assert.deepEqual(seen, ["outer", "outer/structured", "outer"]);
});

test("nested calls do not count against the limit of calls in flight", async () => {
  const { kernel } = quietKernel({ maxCalls: 1 });
  await kernel.use(caller("outer")).use(toolPlugin("inner", () => "in")).start();
  await using _ = kernel;
  assert.equal(await callText(kernel, "outer", { text: "inner" }), "in");
});

test("Toolbox.list() and get() describe tools with JSON Schemas, of all or of what a call's client sees", async () => {
  const hide = small("hide", {
    requires: { visibility: Visibility },
    setup: ({ deps }) =>
      deps.visibility.narrow(({ principal }) => ({
        key: principal?.id ?? "",
        has: (_, name) => principal?.id === "root" || name !== "b",
      })),
  });
  await using kernel = await start(hide, toolPlugin("b", () => ""), toolPlugin("a", () => ""));
  const tools = kernel.get(Toolbox)!;
  assert.deepEqual(tools.list().map((it) => it.name), ["a", "b"]);
  assert.deepEqual(tools.list(createCall()).map((it) => it.name), ["a"]);
  assert.deepEqual(tools.list(createCall({ principal: { id: "root", scopes: [] } })).map((it) => it.name), ["a", "b"]);
  const { inputSchema, ...rest } = tools.get("a")!;
  assert.equal(inputSchema["type"], "object");
  assert.deepEqual(rest, {
    name: "a",
    owner: "a",
    title: undefined,
    description: "Runs a",
    outputSchema: undefined,
    annotations: undefined,
    meta: undefined,
    execution: undefined,
  });
  assert.equal(tools.get("no"), undefined);
});
