import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Call, definePlugin, type JsonObject, ToolError, Visibility } from "../../../kernel/mod.ts";
import { succeed } from "./kit.ts";
import { ask, askAll, clientWith, SENDER, startSenders } from "./sender.ts";

/** Resources and prompts for scripts. */
const shelf = definePlugin({
  name: "shelf",
  version: "1.0.0",
  requires: { visibility: Visibility },
  setup(ctx) {
    ctx.resource({
      uri: "book://one",
      name: "one",
      title: "One",
      description: "A book",
      mimeType: "text/plain",
      read: () => "words",
    });
    ctx.resource({
      uri: "book://picture",
      name: "picture",
      mimeType: "image/png",
      read: () => new Uint8Array([137, 80]),
    });
    ctx.resource({ uri: "book://who", name: "who", read: (_, { principal }) => principal?.id ?? "nobody" });
    ctx.resource({
      uri: "page://{number}",
      name: "page",
      mimeType: "text/html",
      read: ({ number }) => `page ${number}`,
      complete: (_, value) => ["10", "11", "20"].filter((it) => it.startsWith(value)),
    });
    ctx.prompt({
      name: "praise",
      description: "Praise someone",
      args: {
        type: "object",
        properties: { name: { type: "string", description: "Whom" }, tone: { enum: ["warm", "cool", "wry"] } },
        required: ["name"],
      },
      render: (args) => `Praise ${(args as { name: string }).name}`,
    });
    ctx.tool({ name: "secret", description: "x", input: {}, run: () => "found" });
    // who may not see an item may still use it
    const isHidden = (name: string) => name === "secret" || name === "book://picture";
    const none = { key: "none", has: () => false };
    const some = { key: "some", has: (_: string, name: string) => !isHidden(name) };
    ctx.own(
      "view",
      ctx.deps.visibility.narrow(({ principal }) => principal?.id === "blind" ? none : some),
    );
  },
});

const blind = { principal: { id: "blind", scopes: [] } };

describe("resources of scripts", () => {
  test("are listed as the client sees them, in skillz's spelling and that of MCP, in revision 2 in that of MCP", async () => {
    await using kit = await startSenders([shelf]);
    const one = { uri: "book://one", name: "one", title: "One", description: "A book", mimeType: "text/plain" };
    const who = { uri: "book://who", name: "who" };
    const { resources } = await ask(kit, "resources/list") as { resources: JsonObject[] };
    assert.deepEqual(resources.filter((it) => it["uri"] !== "collet://tools"), [
      { ...one, mime_type: "text/plain" },
      who,
    ]);
    const second = await ask(kit, "resources/list", {}, { protocol: 2 }) as { resources: JsonObject[] };
    assert.deepEqual(second.resources.filter((it) => it["uri"] !== "collet://tools"), [one, who]);
    assert.deepEqual(await ask(kit, "resources/list", {}, { call: blind }), { resources: [] });
  });

  test("are read, text as text and bytes as blob, also those that are not listed", async () => {
    await using kit = await startSenders([shelf]);
    const text = { uri: "book://one", mimeType: "text/plain", text: "words" };
    const blob = { uri: "book://picture", mimeType: "image/png", blob: "iVA=" };
    const page = { uri: "page://7", mimeType: "text/html", text: "page 7" };
    const asked = [text, blob, page].map(({ uri }) => ["resources/read", { uri }] as const);
    assert.deepEqual(
      await askAll(kit, asked),
      [text, blob, page].map((it) => ({ contents: [{ ...it, mime_type: it.mimeType }] })),
    );
    assert.deepEqual(
      await askAll(kit, asked, { protocol: 2 }),
      [text, blob, page].map((it) => ({ contents: [it] })),
    );
    const call = { principal: { id: "ada", scopes: [] } };
    assert.deepEqual(await ask(kit, "resources/read", { uri: "book://who" }, { call }), {
      contents: [{ uri: "book://who", text: "ada" }],
    });
  });

  test("have templates, which are listed and completed", async () => {
    await using kit = await startSenders([shelf]);
    const template = { uriTemplate: "page://{number}", name: "page", mimeType: "text/html" };
    const complete = (ref: JsonObject, name: string, value?: string) =>
      ["completion/complete", { ref, argument: { name, ...(value !== undefined && { value }) } }] as const;
    const ref = { type: "ref/resource", uri: "page://{number}" };
    const [listed, all, some] = await askAll(kit, [
      ["resources/templates/list"],
      complete(ref, "number"),
      complete(ref, "number", "1"),
    ]) as JsonObject[];
    const own = (listed?.["resourceTemplates"] as JsonObject[]).filter((it) => it["name"] === "page");
    assert.deepEqual(own, [{ ...template, mime_type: "text/html" }]);
    assert.deepEqual(all, { completion: { values: ["10", "11", "20"], total: 3, hasMore: false } });
    assert.deepEqual(some, { completion: { values: ["10", "11"], total: 2, hasMore: false } });
  });
});

describe("prompts of scripts", () => {
  test("are listed, rendered and completed", async () => {
    await using kit = await startSenders([shelf]);
    const ref = { type: "ref/prompt", name: "praise" };
    const [listed, rendered, completed] = await askAll(kit, [
      ["prompts/list"],
      ["prompts/get", { name: "praise", arguments: { name: "Ada" } }],
      ["completion/complete", { ref, argument: { name: "tone", value: "w" } }],
    ]) as { prompts: JsonObject[] }[];
    assert.deepEqual(listed?.prompts.filter((it) => it["name"] === "praise"), [{
      name: "praise",
      description: "Praise someone",
      arguments: [{ name: "name", description: "Whom", required: true }, { name: "tone", required: false }],
    }]);
    assert.deepEqual(rendered, {
      description: "Praise someone",
      messages: [{ role: "user", content: { type: "text", text: "Praise Ada" } }],
    });
    assert.deepEqual(completed, { completion: { values: ["warm", "wry"], total: 2, hasMore: false } });
    assert.deepEqual(await ask(kit, "prompts/list", {}, { call: blind }), { prompts: [] });
  });
});

describe("tools of scripts", () => {
  test("are listed as the client sees them, with their schemas", async () => {
    await using kit = await startSenders([shelf]);
    const input_schema = { type: "object", properties: { n: { type: "integer", enum: [1, 10, 100] } } };
    const output_schema = { type: "object", properties: { m: { type: "integer" } } };
    await kit.register({
      name: "made",
      interpreter: "sh",
      code: "echo '{}'",
      input_schema,
      output_schema,
      annotations: { readOnlyHint: true },
    });
    const { tools } = await ask(kit, "tools/list") as { tools: JsonObject[] };
    const made = tools.find((it) => it["name"] === "made")!;
    assert.equal(made["description"], "Tool made");
    assert.deepEqual(made["inputSchema"], input_schema);
    assert.deepEqual(made["outputSchema"], output_schema);
    assert.deepEqual(made["annotations"], { readOnlyHint: true });
    const names = tools.map((it) => String(it["name"]));
    assert.ok(names.includes("double") && names.includes("register_script"), names.join());
    assert.ok(!names.includes("secret"), "it is not shown to this client");
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(await ask(kit, "tools/list", {}, { call: blind }), { tools: [] });
    const ref = { type: "ref/tool", name: "made" };
    assert.deepEqual(await ask(kit, "completion/complete", { ref, argument: { name: "n", value: "10" } }), {
      completion: { values: ["10", "100"], total: 2, hasMore: false },
    });
  });
});

describe("roots of scripts", () => {
  test("are those of the client at that moment, with their names, else those of the context", async () => {
    await using kit = await startSenders();
    const own: { uri: string; name?: string }[] = [{ uri: "file:///home/ada", name: "Home" }];
    let asked = 0;
    const call: Partial<Call> = {
      client: clientWith({ roots: {} }),
      roots: () => Promise.resolve(asked++ === 0 ? own : [...own, { uri: "file:///new" }, { uri: "https://x" }]),
    };
    assert.deepEqual(await ask(kit, "roots/list", {}, { call }), { roots: [...own, { uri: "file:///new" }] });
    const cwd = pathToFileURL(process.cwd()).href;
    assert.deepEqual(await ask(kit, "roots/list"), { roots: [{ uri: cwd }] });
    const failing = { roots: () => Promise.reject(new ToolError("no")) };
    assert.deepEqual(await ask(kit, "roots/list", {}, { call: failing }), { roots: [{ uri: cwd }] });
  });

  test("that an operator named with odd characters are the same as paths and as URIs", async () => {
    const path = "/odd #1/50% ü?";
    process.env["COLLET_ROOTS"] = path;
    try {
      await using kit = await startSenders();
      const { roots } = await ask(kit, "roots/list") as { roots: { uri: string }[] };
      assert.equal(decodeURIComponent(new URL(roots[0]!.uri).pathname), path);
      await kit.register({
        name: "told",
        interpreter: "python3",
        code: SENDER.replace('{"replies": replies}', 'request["params"]["context"]["roots"]'),
      });
      const told = await kit.call("told", { send: [] });
      succeed(told);
      assert.deepEqual(told.structuredContent, [path]);
    } finally {
      delete process.env["COLLET_ROOTS"];
    }
  });
});
