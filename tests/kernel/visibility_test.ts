import assert from "node:assert/strict";
import { test } from "node:test";
import { type Call, createCall, type Kernel, type View, type Viewer, Visibility } from "../../kernel/mod.ts";
import { listPrompts, listResources, listTemplates, listTools } from "../../kernel/transports/wire.ts";
import { addTool, callText, quietKernel, small } from "../support/plugins.ts";

const items = small("items", {
  setup(ctx) {
    for (const name of ["open", "secret"]) {
      addTool(ctx, name);
      ctx.prompt({ name, description: name, render: () => name });
      ctx.resource({ uri: `a://${name}`, name, read: () => name });
      ctx.resource({ uri: `${name}://{id}`, name, read: () => name, list: () => [{ uri: `${name}://1`, name }] });
    }
  },
});

const rules = small("rules", {
  provides: [Visibility],
  setup: (ctx) =>
    void ctx.provide(Visibility, {
      view: ({ principal }: Viewer): View =>
        principal?.id === "root"
          ? { key: "root", has: () => true }
          : { key: "", has: (_, name, owner) => owner === "items" && !name.includes("secret") },
    }),
});

async function listed(kernel: Kernel, call: Call): Promise<unknown[]> {
  return [
    listTools(kernel, call, "legacy").map((it) => it["name"]),
    listPrompts(kernel, call).map((it) => it["name"]),
    (await listResources(kernel, call)).map((it) => it["uri"]),
    listTemplates(kernel, call).map((it) => it["uriTemplate"]),
  ];
}

const ALL = [
  ["open", "secret"],
  ["open", "secret"],
  ["a://open", "a://secret", "open://1", "secret://1"],
  ["open://{id}", "secret://{id}"],
];

test("without a provider of Visibility everything is listed", async () => {
  await using kernel = await quietKernel().kernel.use(items).start();
  assert.deepEqual(await listed(kernel, createCall()), ALL);
  assert.ok(kernel.view({ sessionId: undefined, principal: undefined }).has("tool", "secret", "items"));
});

test("a listing shows what the provider lets the viewer see; calls reach everything", async () => {
  await using kernel = await quietKernel().kernel.use(items).use(rules).start();
  assert.deepEqual(await listed(kernel, createCall()), [["open"], ["open"], ["a://open", "open://1"], ["open://{id}"]]);
  assert.deepEqual(await listed(kernel, createCall({ principal: { id: "root", scopes: [] } })), ALL);
  assert.equal(await callText(kernel, "secret"), "ok");
  assert.deepEqual(await kernel.read("a://secret"), [{ uri: "a://secret", text: "secret" }]);
  assert.equal((await kernel.render("secret", {})).description, "secret");
});

test("the view is asked at listing time, and everything is back once its provider is gone", async () => {
  const { kernel } = quietKernel();
  await kernel.use(items).use(rules).start();
  await kernel.unload("rules");
  assert.deepEqual(await listed(kernel, createCall()), ALL);
  await kernel.stop();
});
