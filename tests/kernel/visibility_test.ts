import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Call,
  Catalog,
  createCall,
  type ItemKind,
  type Kernel,
  RegistryChanged,
  Toolbox,
  type Viewer,
  Visibility,
} from "../../kernel/mod.ts";
import { addTool, callText, quietKernel, small } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

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

/** A plugin that hides what has a word in its name from everyone but root. */
function hiding(word: string, plugin = `hides_${word}`) {
  return small(plugin, {
    requires: { visibility: Visibility },
    setup: ({ deps, own }) => {
      const widen = deps.visibility.narrow(({ principal }) =>
        principal?.id === "root"
          ? { key: "root", has: () => true }
          : { key: "", has: (_, name, owner) => owner === "items" && !name.includes(word) }
      );
      own("narrowing", widen);
    },
  });
}

async function listed(kernel: Kernel, call: Call): Promise<unknown[]> {
  const catalog = kernel.get(Catalog)!;
  return [
    kernel.get(Toolbox)!.list(call).map((it) => it.name),
    catalog.listPrompts(call).map((it) => it.name),
    (await catalog.listResources(call)).map((it) => it.uri),
    catalog.listTemplates(call).map((it) => it.uriTemplate),
  ];
}

const ALL = [
  ["open", "secret"],
  ["open", "secret"],
  ["a://open", "a://secret", "open://1", "secret://1"],
  ["open://{id}", "secret://{id}"],
];
const OPEN = [["open"], ["open"], ["a://open", "open://1"], ["open://{id}"]];
const ROOT = createCall({ principal: { id: "root", scopes: [] } });
const NOBODY: Viewer = { sessionId: undefined, principal: undefined, client: undefined };

test("where nobody narrows what is listed, everything is", async () => {
  await using kernel = await quietKernel().kernel.use(items).start();
  assert.deepEqual(await listed(kernel, createCall()), ALL);
  assert.ok(kernel.view(NOBODY).has("tool", "secret", "items"));
});

test("a listing shows what a narrowing lets the viewer see; calls reach everything", async () => {
  await using kernel = await quietKernel().kernel.use(items).use(hiding("secret")).start();
  assert.deepEqual(await listed(kernel, createCall()), OPEN);
  assert.deepEqual(await listed(kernel, ROOT), ALL);
  assert.equal(await callText(kernel, "secret"), "ok");
  assert.deepEqual((await kernel.read("a://secret")).contents, [{ uri: "a://secret", text: "secret" }]);
  assert.equal((await kernel.render("secret", {})).description, "secret");
});

test("of several narrowings each takes away, and the keys of all tell viewers apart", async () => {
  const { kernel } = quietKernel();
  await using _ = await kernel.use(items).use(hiding("secret")).use(hiding("open")).start();
  assert.deepEqual(await listed(kernel, createCall()), [[], [], [], []]);
  assert.deepEqual(await listed(kernel, ROOT), ALL);
  assert.notEqual(kernel.view(NOBODY).key, kernel.view(ROOT).key);
  assert.equal(kernel.view(NOBODY).key, kernel.view(createCall()).key);
  await kernel.unload("hides_open");
  assert.deepEqual(await listed(kernel, createCall()), OPEN);
});

test("a view's key is never that of another narrowing, even of one that gives the same keys", async () => {
  const { kernel } = quietKernel();
  await using _ = await kernel.use(items).use(hiding("secret", "first")).start();
  const keys = [kernel.view(NOBODY).key];
  await kernel.unload("first");
  keys.push(kernel.view(NOBODY).key);
  await kernel.load(hiding("open", "second"));
  keys.push(kernel.view(NOBODY).key);
  assert.equal(new Set(keys).size, 3);
});

test("a narrowing that comes or goes while the kernel runs changes every list", async () => {
  const { kernel } = quietKernel();
  await using _ = await kernel.use(items).start();
  const changed: ItemKind[] = [];
  kernel.on(RegistryChanged, ({ kind }) => void changed.push(kind));
  const kinds = ["tool", "resource", "prompt"];
  await kernel.load(hiding("secret"));
  await until(() => changed.length >= 3);
  assert.deepEqual(changed.splice(0), kinds);
  await kernel.unload("hides_secret");
  await until(() => changed.length >= 3);
  assert.deepEqual(changed.splice(0), kinds);
});

test("the disposer of a narrowing ends it once", async () => {
  const { kernel } = quietKernel();
  await using _ = await kernel.use(items).start();
  const visibility = kernel.get(Visibility)!;
  const nothing = () => ({ key: "", has: () => false });
  const ends = [visibility.narrow(nothing), visibility.narrow(nothing)];
  await ends[0]!();
  await ends[0]!();
  assert.deepEqual(kernel.get(Toolbox)!.list(createCall()), []);
  await ends[1]!();
  assert.deepEqual(await listed(kernel, createCall()), ALL);
});

test("a narrowing sees the program of its viewer", async () => {
  const { kernel } = quietKernel();
  await using _ = await kernel.use(items).start();
  kernel.get(Visibility)!.narrow(({ client }) => ({ key: client?.name ?? "", has: () => client?.name === "trusted" }));
  const call = (name: string) =>
    createCall({ client: { name, version: "1.0.0", protocolVersion: "2025-11-25", capabilities: {} } });
  assert.deepEqual(await listed(kernel, call("trusted")), ALL);
  assert.deepEqual(await listed(kernel, call("other")), [[], [], [], []]);
});
