import assert from "node:assert/strict";
import { test } from "node:test";
import { type Kernel, type Plugin, type PluginContext, ToolError } from "../../kernel/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";

async function start(setup: (ctx: PluginContext<undefined>) => void, ...more: Plugin<void>[]): Promise<Kernel> {
  const { kernel } = quietKernel();
  kernel.use(small("it", { setup }));
  for (const plugin of more) kernel.use(plugin);
  return await kernel.start();
}

test("Kernel.read() gives text, bytes and whole contents", async () => {
  const whole = [{ uri: "a://whole", text: "x", _meta: { m: 1 } }, {
    uri: "a://whole#2",
    blob: "AAAA",
    mimeType: "a/b",
  }];
  await using kernel = await start((ctx) => {
    ctx.resource({ uri: "a://text", name: "t", mimeType: "text/plain", read: () => "hello" });
    ctx.resource({ uri: "a://bytes", name: "b", read: () => new Uint8Array([0, 255, 128]) });
    ctx.resource({ uri: "a://whole", name: "w", read: () => Promise.resolve(whole) });
    ctx.resource({ uri: "a://empty", name: "e", read: () => [] });
  });
  assert.deepEqual((await kernel.read("a://text")).contents, [{
    uri: "a://text",
    mimeType: "text/plain",
    text: "hello",
  }]);
  assert.deepEqual((await kernel.read("a://bytes")).contents, [{ uri: "a://bytes", blob: "AP+A" }]);
  assert.deepEqual((await kernel.read("a://whole")).contents, whole);
  assert.deepEqual((await kernel.read("a://empty")).contents, []);
});

test("Kernel.read() encodes more bytes than a call has room for arguments", async () => {
  const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => i % 256);
  await using kernel = await start((ctx) => void ctx.resource({ uri: "a://big", name: "b", read: () => bytes }));
  const { contents: [contents] } = await kernel.read("a://big");
  const blob = (contents as { blob: string }).blob;
  assert.deepEqual(Uint8Array.from(atob(blob), (char) => char.charCodeAt(0)), bytes);
});

test("a template gives its parameters, and the URI in the call", async () => {
  await using kernel = await start((ctx) => {
    ctx.resource({
      uri: "skill://{name}/{+path}",
      name: "file",
      read: ({ name, path }, call) => JSON.stringify([name, path, call.uri]),
    });
  });
  const { contents: [contents] } = await kernel.read("skill://tea/brew/green%20tea.md");
  assert.deepEqual(JSON.parse((contents as { text: string }).text), [
    "tea",
    "brew/green tea.md",
    "skill://tea/brew/green%20tea.md",
  ]);
});

test("a fixed URI goes before templates, and the template with more that is fixed before others", async () => {
  await using kernel = await start((ctx) => {
    ctx.resource({ uri: "a://{+any}", name: "any", read: () => "any" });
    ctx.resource({ uri: "a://x/{id}", name: "x", read: () => "x" });
    ctx.resource({ uri: "a://x/1", name: "one", read: () => "one" });
  });
  const read = async (uri: string) => (await kernel.read(uri)).contents.map((it) => "text" in it ? it.text : "")[0];
  assert.deepEqual([await read("a://x/1"), await read("a://x/2"), await read("a://y/2")], ["one", "x", "any"]);
});

test("what a read throws is a ProtocolError: a ToolError as written, anything else without its detail", async () => {
  for (const exposeErrors of [false, true]) {
    const { kernel, log } = quietKernel({ exposeErrors });
    await kernel.use(small("it", {
      setup(ctx) {
        ctx.resource({ uri: "a://expected", name: "e", read: () => Promise.reject(new ToolError("no such row")) });
        ctx.resource({
          uri: "a://bug",
          name: "b",
          read: () => {
            throw new TypeError("secret detail");
          },
        });
        ctx.resource({ uri: "a://odd", name: "o", read: () => 5 as never });
      },
    })).start();
    await using _ = kernel;
    await assert.rejects(kernel.read("a://expected"), { name: "ProtocolError", code: -32603, message: "no such row" });
    assert.deepEqual(log.entries, []);
    await assert.rejects(kernel.read("a://bug"), {
      name: "ProtocolError",
      message: `The resource "a://bug" failed${exposeErrors ? ": secret detail" : ""}`,
    });
    await assert.rejects(kernel.read("a://odd"), { name: "ProtocolError", code: -32603 });
    assert.equal(log.take("error").length, 2);
  }
});

test("Kernel.subscribe() runs the plugin's watcher while at least one listens", async () => {
  const seen: string[] = [];
  await using kernel = await start((ctx) => {
    ctx.resource({
      uri: "a://{id}",
      name: "a",
      read: () => "",
      subscribe(uri) {
        seen.push(`+${uri}`);
        return () => void seen.push(`-${uri}`);
      },
    });
    ctx.resource({ uri: "b://plain", name: "b", read: () => "" });
  });
  const one = kernel.subscribe("a://1");
  const two = kernel.subscribe("a://1");
  const other = kernel.subscribe("a://2");
  const plain = kernel.subscribe("b://plain");
  assert.deepEqual(seen, ["+a://1", "+a://2"]);
  await one();
  await one();
  assert.deepEqual(seen, ["+a://1", "+a://2"]);
  await two();
  await other();
  await plain();
  assert.deepEqual(seen, ["+a://1", "+a://2", "-a://1", "-a://2"]);
  await kernel.subscribe("a://1")();
  assert.deepEqual(seen.slice(4), ["+a://1", "-a://1"]);
  assert.throws(() => kernel.subscribe("no://x"), { name: "ProtocolError", code: -32002 });
});

test("unloading a plugin ends its watchers, awaited; a later unsubscribe ends nothing twice", async () => {
  const seen: string[] = [];
  const watched = () =>
    small("watched", {
      setup(ctx) {
        ctx.own("before", () => void seen.push("cleaned up"));
        ctx.resource({
          uri: "a://x",
          name: "x",
          read: () => "",
          subscribe() {
            seen.push("watching");
            return async () => {
              await Promise.resolve();
              seen.push("stopped");
            };
          },
        });
      },
    });
  const { kernel } = quietKernel();
  await kernel.use(watched()).start();
  const leave = kernel.subscribe("a://x");
  await kernel.unload("watched");
  assert.deepEqual(seen, ["watching", "stopped", "cleaned up"]);
  await leave();
  assert.deepEqual(seen, ["watching", "stopped", "cleaned up"]);
  await kernel.load(watched());
  await kernel.subscribe("a://x")();
  assert.deepEqual(seen.slice(3), ["watching", "stopped"]);
  await kernel.stop();
});

test("a watcher that fails to start is logged, and refused without its detail", async () => {
  const { kernel, log } = quietKernel();
  await kernel.use(small("it", {
    setup: (ctx) =>
      void ctx.resource({
        uri: "a://x",
        name: "x",
        read: () => "",
        subscribe() {
          throw new Error("secret detail");
        },
      }),
  })).start();
  await using _ = kernel;
  assert.throws(() => kernel.subscribe("a://x"), (thrown: Error) => {
    assert.equal(thrown.name, "ProtocolError");
    assert.doesNotMatch(thrown.message, /secret/);
    return true;
  });
  assert.match(log.take("error")[0]!.message, /secret detail/);
});

test("a plugin that is loaded anew watches what clients still listen to", async () => {
  const seen: string[] = [];
  const watched = (name: string) =>
    small("watched", {
      setup: (ctx) =>
        void ctx.resource({
          uri: "a://x",
          name: "x",
          read: () => "",
          subscribe() {
            seen.push(`+${name}`);
            return () => void seen.push(`-${name}`);
          },
        }),
    });
  const { kernel } = quietKernel();
  await kernel.use(watched("first")).start();
  const leave = kernel.subscribe("a://x");
  await kernel.unload("watched");
  await kernel.load(watched("second"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen, ["+first", "-first", "+second"]);
  await leave();
  assert.deepEqual(seen.slice(3), ["-second"]);
  await kernel.stop();
});
