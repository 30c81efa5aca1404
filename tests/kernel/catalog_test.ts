import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import {
  type Call,
  Catalog,
  createCall,
  ErrorCode,
  type Interceptor,
  type Kernel,
  type Plugin,
  ProtocolError,
  Toolbox,
  ToolError,
} from "../../kernel/mod.ts";
import { addTool, failure, quietKernel, small } from "../support/plugins.ts";

const library = small("library", {
  requires: { catalog: Catalog, toolbox: Toolbox },
  setup({ resource, prompt, deps: { catalog, toolbox } }) {
    resource({
      uri: "book://index",
      name: "index",
      title: "Index",
      mimeType: "text/plain",
      size: 5,
      read: () => "a, b",
    });
    resource({ uri: "book://bytes", name: "bytes", read: () => new Uint8Array([1, 2]) });
    resource({ uri: "book://locked", name: "locked", read: () => Promise.reject(new ToolError("it is locked")) });
    resource({ uri: "book://broken", name: "broken", read: () => Promise.reject(new Error("secret")) });
    resource({
      uri: "book://capable",
      name: "capable",
      read: () => Promise.reject(new ProtocolError(ErrorCode.missingClientCapability, "no elicitation")),
    });
    resource({
      uri: "book://circle",
      name: "circle",
      read: async (_, call) => [...await catalog.readResource("book://circle", call)],
    });
    resource({
      uri: "book://caller",
      name: "caller",
      read: async (_, call) => JSON.stringify([call.path, (await toolbox.call("path", {}, call)).content]),
    });
    resource({
      uri: "page://{name}",
      name: "page",
      description: "One page",
      list: () => [{ uri: "page://one", name: "one" }],
      read: ({ name }, { uri }) => {
        if (name === "one") return "1";
        throw new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: no page "${name}"`, { uri });
      },
    });
    resource({ uri: "torn://{name}", name: "torn", read: () => "", list: () => Promise.reject(new Error("torn")) });
    const args = v.object({ name: v.pipe(v.string(), v.description("Whom")), tone: v.optional(v.string()) });
    prompt({
      name: "greet",
      title: "Greet",
      description: "Greet someone",
      args,
      render: ({ name }) => `Greet ${name}`,
    });
    prompt({ name: "dated", description: "No JSON", args: v.object({ day: v.date() }), render: () => "" });
    prompt({
      name: "path",
      description: "Calls the tool of its own name",
      render: async (_, call) => JSON.stringify((await toolbox.call("path", {}, call)).content),
    });
  },
});

const path = small("path", { setup: (ctx) => void addTool(ctx, "path", (_, call) => call.path.join(" ")) });

async function start(
  ...plugins: Plugin<void>[]
): Promise<{ kernel: Kernel; catalog: Catalog; errors: () => string[] }> {
  const { kernel, log } = quietKernel();
  for (const plugin of [library, path, ...plugins]) kernel.use(plugin);
  await kernel.start();
  return { kernel, catalog: kernel.get(Catalog)!, errors: () => log.take("error").map((it) => it.message) };
}

const CALL: Call = createCall({ path: ["outer"] });

function isToolError(words: RegExp): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof ToolError && words.test(thrown.message);
}

describe("Catalog lists", () => {
  test("resources, those of templates among them, with what is known of each", async () => {
    const { kernel, catalog, errors } = await start();
    await using _ = kernel;
    const resources = await catalog.listResources(CALL);
    assert.deepEqual(resources.map((it) => it.uri), [
      "book://broken",
      "book://bytes",
      "book://caller",
      "book://capable",
      "book://circle",
      "book://index",
      "book://locked",
      "page://one",
    ]);
    assert.deepEqual(resources[5], {
      uri: "book://index",
      name: "index",
      title: "Index",
      mimeType: "text/plain",
      size: 5,
    });
    assert.match(errors()[0]!, /Resources of "torn:\/\/\{name\}" are not listed: torn/);
  });

  test("templates and prompts; one whose schema cannot be shown is left out", async () => {
    const { kernel, catalog, errors } = await start();
    await using _ = kernel;
    assert.deepEqual(catalog.listTemplates(CALL), [
      { uriTemplate: "page://{name}", name: "page", description: "One page" },
      { uriTemplate: "torn://{name}", name: "torn" },
    ]);
    assert.deepEqual(catalog.listPrompts(CALL), [
      {
        name: "greet",
        title: "Greet",
        description: "Greet someone",
        arguments: [{ name: "name", description: "Whom", required: true }, { name: "tone", required: false }],
      },
      { name: "path", description: "Calls the tool of its own name", arguments: [] },
    ]);
    assert.match(errors()[0]!, /"dated" is not listed/);
  });
});

describe("Catalog.readResource()", () => {
  test("reads, with the path made longer, and through interceptors", async () => {
    const seen: string[] = [];
    const watch = small("watch", {
      setup: (ctx) =>
        void ctx.intercept(
          ((invocation, next) => {
            seen.push(`${invocation.kind} ${invocation.name} ${invocation.call.principal?.id}`);
            return next();
          }) as Interceptor,
        ),
    });
    const { kernel, catalog } = await start(watch);
    await using _ = kernel;
    const call = CALL.derive({ principal: { id: "ada", scopes: [] } });
    assert.deepEqual(await catalog.readResource("book://index", call), [
      { uri: "book://index", mimeType: "text/plain", text: "a, b" },
    ]);
    const [caller] = await catalog.readResource("book://caller", call);
    const text = "outer book://caller path";
    assert.deepEqual(JSON.parse((caller as { text: string }).text), [
      ["outer", "book://caller"],
      [{ type: "text", text }],
    ]);
    assert.deepEqual(seen, ["resource book://index ada", "resource book://caller ada", "tool path ada"]);
  });

  test("tells the model what it can mend, with near URIs, and no more than it may", async () => {
    const { kernel, catalog, errors } = await start();
    await using _ = kernel;
    const fails = (uri: string, words: RegExp) => assert.rejects(catalog.readResource(uri, CALL), isToolError(words));
    await fails("book://indx", /^Resource not found: book:\/\/indx; did you mean "book:\/\/index"\?$/);
    await fails("page://won", /^Resource not found: no page "won"; did you mean "page:\/\/one"/);
    await fails(`book://${"x".repeat(600)}`, /^Resource not found: book:\/\/x+$/);
    await fails("book://locked", /^it is locked$/);
    errors();
    await fails("book://broken", /^The resource "book:\/\/broken" failed$/);
    assert.match(errors()[0]!, /secret/);
  });

  test("leaves to the client program what is for it", async () => {
    const { kernel, catalog } = await start();
    await using _ = kernel;
    await assert.rejects(catalog.readResource("book://capable", CALL), {
      name: "ProtocolError",
      code: ErrorCode.missingClientCapability,
    });
  });

  test("ends circles, and depth", async () => {
    const { kernel, catalog } = await start();
    await using _ = kernel;
    await assert.rejects(
      catalog.readResource("book://circle", CALL),
      isToolError(/^Cannot read "book:\/\/circle": .* circle: outer -> book:\/\/circle -> book:\/\/circle$/),
    );
    const deep = createCall({ path: Array.from({ length: 16 }, (_, i) => `t${i}`) });
    await assert.rejects(catalog.readResource("book://index", deep), isToolError(/16 calls are nested already/));
  });

  test("takes no slot of its own", async () => {
    const { kernel } = quietKernel({ maxCalls: 1 });
    const reader = small("reader", {
      requires: { catalog: Catalog },
      setup: (ctx) => {
        ctx.resource({ uri: "a://b", name: "b", read: () => "ok" });
        addTool(ctx, "read", async (_, call) => JSON.stringify(await ctx.deps.catalog.readResource("a://b", call)));
        addTool(ctx, "misread", async (_, call) => JSON.stringify(await ctx.deps.catalog.readResource("a://c", call)));
      },
    });
    await using _ = await kernel.use(reader).start();
    assert.deepEqual((await kernel.call("read", {})).content, [{
      type: "text",
      text: '[{"uri":"a://b","text":"ok"}]',
    }]);
    assert.match(failure(await kernel.call("misread", {})), /not found: a:\/\/c; did you mean "a:\/\/b"\?$/);
  });
});

describe("Catalog.renderPrompt()", () => {
  test("renders, and may call the tool of its own name", async () => {
    const { kernel, catalog } = await start();
    await using _ = kernel;
    const { messages } = await catalog.renderPrompt("greet", { name: "Ada" }, CALL);
    assert.deepEqual(messages, [{ role: "user", content: { type: "text", text: "Greet Ada" } }]);
    const called = await catalog.renderPrompt("path", {}, CALL);
    assert.match(JSON.stringify(called.messages), /outer prompt:path path/);
  });

  test("names what is near, and what does not fit", async () => {
    const { kernel, catalog } = await start();
    await using _ = kernel;
    const fails = (name: string, words: RegExp) =>
      assert.rejects(catalog.renderPrompt(name, {}, CALL), isToolError(words));
    await fails("gret", /^Unknown prompt "gret"; did you mean "greet"\?$/);
    await fails("greet", /^Invalid arguments for prompt "greet": "name": missing/);
  });
});

describe("Catalog.complete()", () => {
  test("completes arguments of every kind of item, with the path made longer", async () => {
    const paths: string[] = [];
    const items = small("items", {
      setup(ctx) {
        const complete = (_: string, value: string, { path }: Call) => (paths.push(path.join(" ")), [`${value}!`]);
        ctx.resource({ uri: "item://{id}", name: "item", complete, read: () => "" });
        ctx.prompt({ name: "named", description: "x", complete, render: () => "" });
        ctx.tool({ name: "typed", description: "x", input: v.object({ size: v.picklist(["s", "m"]) }), run: () => "" });
      },
    });
    const { kernel, catalog } = await start(items);
    await using _ = kernel;
    const typed = { argument: "id", value: "a" };
    assert.deepEqual(await catalog.complete({ type: "resource", uri: "item://{id}" }, typed, CALL), ["a!"]);
    assert.deepEqual(await catalog.complete({ type: "prompt", name: "named" }, typed, CALL), ["a!"]);
    assert.deepEqual(paths, ["outer complete:resource:item://{id}", "outer complete:prompt:named"]);
    const size = { argument: "size", value: "" };
    assert.deepEqual(await catalog.complete({ type: "tool", name: "typed" }, size, CALL), ["s", "m"]);
  });

  test("tells what is not there, and ends circles and depth", async () => {
    const { kernel, catalog } = await start();
    await using _ = kernel;
    const typed = { argument: "name", value: "" };
    const ref = { type: "prompt", name: "greet" } as const;
    await assert.rejects(
      catalog.complete({ type: "prompt", name: "none" }, typed, CALL),
      isToolError(/^Cannot complete: unknown prompt "none"$/),
    );
    const circle = createCall({ path: ["complete:prompt:greet"] });
    await assert.rejects(catalog.complete(ref, typed, circle), isToolError(/^Cannot complete "greet": .* in a circle/));
    const deep = createCall({ path: Array.from({ length: 16 }, (_, i) => `t${i}`) });
    await assert.rejects(catalog.complete(ref, typed, deep), isToolError(/16 calls are nested already/));
  });
});
