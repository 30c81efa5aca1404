import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createCall,
  definePlugin,
  Environment,
  Files,
  Kernel,
  type Plugin,
  ToolError,
  valueOf,
} from "../../../kernel/mod.ts";
import { createEdgeEnvironment } from "../../../kernel/platform/edge.ts";
import { conformance, fakeLog, memoryFiles, provide } from "../../../kernel/testing.ts";
import { type ToolKind, ToolLibrary, ToolRemoved } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { answeringKind, kindPlugin, onlyText } from "./kit.ts";

const DRAFT = { name: "a", description: "Answer", tool_type: "answering", answer: 1 };

/** Starts a kernel on files in memory, which may be those of another. */
async function start(files = memoryFiles(), kind: ToolKind = answeringKind(), plugins: readonly Plugin[] = []) {
  const log = fakeLog();
  const kernel = new Kernel({ log, exposeErrors: true })
    .use(provide(Environment, createEdgeEnvironment()))
    .use(provide(Files, files))
    .use(library)
    .use(kindPlugin(kind));
  for (const plugin of plugins) kernel.use(plugin);
  await kernel.start();
  const tools = kernel.get(ToolLibrary)!;
  const save = (more: Record<string, unknown> = {}, options: { overwrite?: boolean } = {}) =>
    tools.save({ ...DRAFT, ...more }, { "code.txt": "code" }, { ...options, call: createCall() });
  const value = async (name = "a", args = {}) => valueOf(await kernel.call(name, args));
  return { kernel, log, files, tools, save, value, [Symbol.asyncDispose]: () => kernel.stop() };
}

/** A plugin with one tool, such as one that ships. */
function toolPlugin(name: string): Plugin<void> {
  return definePlugin({
    name: `has_${name}`,
    version: "1.0.0",
    setup: (ctx) => void ctx.tool({ name, description: "ships", input: {}, run: () => "ships" }),
  });
}

describe("library", () => {
  test("offers a saved tool at once, with schemas, hints and facts", async () => {
    await using kit = await start();
    const principal = { id: "ada", scopes: [] };
    await kit.tools.save(
      {
        ...DRAFT,
        input_schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
        output_schema: { type: "object" },
        annotations: { readOnlyHint: true },
      },
      {},
      { call: createCall({ principal }) },
    );
    const { definition, compiled, owner } = kit.kernel.tools.get("a")!;
    assert.equal(owner, "library");
    assert.deepEqual(definition.meta, { kind: "answering", version: "1.0.0", owner: "ada" });
    assert.deepEqual(definition.annotations, { readOnlyHint: true });
    assert.deepEqual(compiled.input.jsonSchema["required"], ["n"]);
    assert.ok(compiled.output);
    assert.deepEqual(await kit.value("a", { n: 2 }), { answer: 1, args: { n: 2 } });
    const refused = await kit.kernel.call("a", {});
    assert.ok(refused.isError, "arguments are checked before the tool runs");
  });

  test("survives a restart, on the same files", async () => {
    const files = memoryFiles();
    {
      await using first = await start(files);
      await first.save();
    }
    await using second = await start(files);
    assert.deepEqual(await second.value(), { answer: 1, args: {} });
    assert.equal((await second.tools.list())[0]?.manifest?.answer, 1);
  });

  test("refuses a name that is taken, badly formed, or without a kind, and changes nothing", async () => {
    await using kit = await start(undefined, undefined, [toolPlugin("ships")]);
    await kit.save();
    const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{}, /it exists \(answering, version 1\.0\.0\); pass "overwrite": true/],
      [{ name: "ships" }, /taken by a tool of plugin "has_ships"/],
      [{ name: "list_tools" }, /taken by a tool of plugin "library"/],
      [{ name: "../x" }, /Cannot save tool "\.\.\/x": a name has 1 to 64/],
      [{ name: "" }, /a name has 1 to 64/],
      [{ name: "x".repeat(65) }, /a name has 1 to 64/],
      [{ name: "A" }, /there is "a", and not every file system tells letter case apart; choose another name/],
      [{ name: "b", tool_type: "wasm" }, /nothing provides kind "wasm"/],
      [{ name: "b", input_schema: { type: "array" } }, /input of tool "b"/],
      [{ name: "b", output_schema: { type: "nonsense" } }, /output of tool "b"/],
    ];
    for (const [draft, reason] of refused) await assert.rejects(kit.save(draft), reason);
    await assert.rejects(kit.save({ name: "ships" }, { overwrite: true }), /has_ships/);
    await assert.rejects(kit.save({ name: "A" }, { overwrite: true }), /there is "a"/);
    assert.deepEqual((await kit.files.list("tools")).map((it) => it.path), [".staging", "a"]);
    assert.deepEqual(await kit.files.list("tools/.staging"), []);
    assert.deepEqual(await kit.value(), { answer: 1, args: {} });
  });

  test("a kind that cannot prepare a tool leaves nothing", async () => {
    const kind = answeringKind({ prepare: () => Promise.reject(new ToolError("no compiler")) });
    await using kit = await start(undefined, kind);
    await assert.rejects(kit.save(), /no compiler/);
    assert.deepEqual(await kit.files.list("tools/.staging"), []);
    assert.deepEqual(await kit.tools.list(), []);
    assert.equal(kit.kernel.tools.get("a"), undefined);
  });

  test("a call that was given up saves nothing", async () => {
    const controller = new AbortController();
    const kind = answeringKind({
      prepare: (manifest) => {
        controller.abort(new ToolError("given up"));
        return Promise.resolve(manifest);
      },
    });
    await using kit = await start(undefined, kind);
    await assert.rejects(kit.tools.save(DRAFT, {}, { call: createCall({ signal: controller.signal }) }), /given up/);
    assert.deepEqual(await kit.tools.list(), []);
  });

  test("replaces a tool in place: a call in flight ends with the old code, which is then released", async () => {
    const events: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => release = resolve);
    const kind = answeringKind({
      load(manifest) {
        let isRun = false;
        return {
          async run() {
            isRun = true;
            if (manifest["answer"] === 1) await held;
            return { value: manifest["answer"] };
          },
          // one that is only loaded to see whether it can be is not meant
          dispose: () => void (isRun && events.push(`disposed ${manifest["answer"]}`)),
        };
      },
    });
    await using kit = await start(undefined, kind);
    await kit.save();
    const inFlight = kit.value();
    const saved = await kit.save({ answer: 2 }, { overwrite: true });
    assert.equal(saved.replaced, "1.0.0");
    assert.equal(saved.manifest.version, "1.0.1");
    assert.equal(await kit.value(), 2);
    assert.deepEqual(events, [], "not while it is used");
    release();
    assert.equal(await inFlight, 1);
    assert.deepEqual(events, ["disposed 1"]);
    assert.deepEqual((await kit.tools.versions("a")).map((it) => it.version), ["1.0.1", "1.0.0"]);
    assert.equal(await (await kit.tools.files("a", "1.0.0")).readText("code.txt"), "code");
    await assert.rejects(kit.tools.files("a", "../.."), /there are 1\.0\.1, 1\.0\.0/);
  });

  test("an update leaves nothing of the definition before", async () => {
    await using kit = await start();
    await kit.save({ output_schema: { type: "object" }, annotations: { readOnlyHint: true } });
    await kit.save({}, { overwrite: true });
    const { compiled, definition } = kit.kernel.tools.get("a")!;
    assert.equal(compiled.output, undefined);
    assert.equal(definition.annotations, undefined);
  });

  test("reports what is broken or not available with its reason, and loses none of it", async () => {
    const files = memoryFiles({
      "tools/broken/manifest.json": "{",
      "tools/nameless/manifest.json": '{"description":"x"}',
      "tools/wrong_name/manifest.json": '{"name":"../../etc","description":"x","tool_type":"answering"}',
      "tools/compiled/manifest.json": '{"name":"compiled","description":"x"}',
      "tools/schema/manifest.json":
        '{"name":"schema","description":"x","tool_type":"answering","input_schema":{"type":"array"}}',
      "tools/mended/manifest.json":
        '{"name":"mended","description":"x","tool_type":"answering","input_schema":{"type":""},"answer":7}',
      "tools/copy of mended/manifest.json": '{"name":"mended","description":"x","tool_type":"answering"}',
      "tools/no_tool/notes.txt": "x",
    });
    await using kit = await start(files);
    const states = Object.fromEntries(
      (await kit.tools.list()).map((it) => [it.name, `${it.state} ${it.reason ?? ""}`]),
    );
    assert.match(states["broken"]!, /^broken its manifest is not JSON/);
    assert.match(states["nameless"]!, /^broken its manifest is not well formed: "name": missing/);
    assert.match(states["wrong_name"]!, /^broken its name "\.\.\/\.\.\/etc" is not/);
    assert.match(states["compiled"]!, /^unavailable not available: kind "wasm"/);
    assert.match(states["schema"]!, /^broken .*its root is array/);
    assert.equal(states["no_tool"], undefined);
    assert.deepEqual(await kit.value("mended", { n: 1 }), { answer: 7, args: { n: 1 } });
    const twins = (await kit.tools.list()).filter((it) => it.name === "mended");
    assert.deepEqual(twins.map((it) => it.state).sort(), ["broken", "ready"]);
    const warnings = kit.log.take("warn").map((it) => it.message).join("\n");
    for (const name of ["broken", "nameless", "wrong_name", "schema"]) assert.match(warnings, new RegExp(`"${name}"`));
  });

  test("a stored tool does not take the name of one that ships, in whatever order plugins load", async () => {
    const files = memoryFiles({
      "tools/ships/manifest.json": '{"name":"ships","description":"x","tool_type":"answering"}',
    });
    await using kit = await start(files, undefined, [toolPlugin("ships")]);
    assert.equal(onlyText(await kit.kernel.call("ships", {})), "ships");
    assert.match(kit.tools.get("ships")?.reason ?? "", /taken by plugin "has_ships"/);
    await kit.kernel.unload("has_ships");
    await kit.tools.list();
    assert.equal(kit.tools.get("ships")?.state, "ready", "offered once the name is free");
  });

  test("offers its tools also when it is loaded into a kernel that runs", async () => {
    await using kit = await start();
    await kit.save();
    await kit.kernel.unload("library");
    assert.equal(kit.kernel.tools.get("a"), undefined);
    await kit.kernel.load(library);
    await kit.kernel.load(kindPlugin(answeringKind()));
    for (let i = 0; i < 100 && !kit.kernel.tools.get("a"); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await kit.value(), { answer: 1, args: {} });
  });

  test("notices what another server did, at the next list and call", async () => {
    const files = memoryFiles();
    await using one = await start(files);
    await using other = await start(files);
    await one.save();
    const call = await other.kernel.call("call_tool", { tool_name: "a" });
    assert.deepEqual(call.structuredContent, { answer: 1, args: {} });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await one.save({ answer: 2 }, { overwrite: true });
    assert.equal((await other.tools.list())[0]?.manifest?.version, "1.0.1");
    assert.deepEqual(await other.value(), { answer: 2, args: {} });
    await one.tools.remove("a");
    assert.deepEqual(await other.tools.list(), []);
    assert.equal(other.kernel.tools.get("a"), undefined);
  });

  test("two servers that save one tool at the same time lose no version", async () => {
    const files = memoryFiles();
    await using one = await start(files);
    await using other = await start(files);
    const saves = Array.from({ length: 10 }, (_, i) => [one, other][i % 2]!.save({ answer: i }, { overwrite: true }));
    const versions = (await Promise.all(saves)).map((it) => it.manifest.version);
    assert.deepEqual(new Set(versions).size, 10);
    assert.equal((await one.tools.versions("a")).length, 10);
    assert.equal((await one.tools.list())[0]?.manifest?.version, "1.0.9");
  });

  test("of two new tools of one name, saved at the same time, one is refused", async () => {
    await using kit = await start();
    const outcomes = await Promise.allSettled([kit.save({ answer: 1 }), kit.save({ answer: 2 })]);
    assert.deepEqual(outcomes.map((it) => it.status).sort(), ["fulfilled", "rejected"]);
    assert.deepEqual(await kit.files.list("tools/.staging"), []);
  });

  test("a kind that leaves makes its tools unavailable, and ready when it is back", async () => {
    await using kit = await start();
    await kit.save();
    await kit.kernel.unload("kind_answering");
    assert.equal(kit.kernel.tools.get("a"), undefined);
    assert.equal(kit.tools.get("a")?.state, "unavailable");
    await kit.kernel.load(kindPlugin(answeringKind()));
    assert.deepEqual(await kit.value(), { answer: 1, args: {} });
    await assert.rejects(kit.tools.addKind(answeringKind()), { code: "NAME_TAKEN" });
  });

  test("what was broken is offered once it is mended: a file that came back, a twin that went", async () => {
    const kind = answeringKind({
      async load(manifest, folder) {
        if (await folder.readText("code.txt") === undefined) throw new Error("its code is missing");
        return { run: () => Promise.resolve({ value: manifest["answer"] }) };
      },
    });
    const manifest = (answer: number) => JSON.stringify({ ...DRAFT, answer });
    const files = memoryFiles({
      "tools/a/manifest.json": manifest(1),
      "tools/a copy/manifest.json": manifest(2),
      "tools/a copy/code.txt": "code",
    });
    await using kit = await start(files, kind);
    assert.deepEqual((await kit.tools.list()).map((it) => it.state), ["broken", "broken"]);
    await files.writeAtomic("tools/a/code.txt", "code");
    await kit.tools.list();
    assert.equal(await kit.value(), 1);
    await kit.tools.remove("a");
    assert.deepEqual((await kit.tools.list()).map((it) => it.state), ["ready"]);
    assert.equal(await kit.value(), 2);
    await kit.kernel.unload("kind_answering");
    await kit.kernel.load(kindPlugin(kind));
    assert.equal(await kit.value(), 2);
  });

  test("a removed tool goes to the trash, and whoever listens hears of it", async () => {
    await using kit = await start();
    await kit.save();
    const heard: unknown[] = [];
    kit.kernel.on(ToolRemoved, (tool) => void heard.push(tool));
    const removed = await kit.tools.remove("a");
    assert.deepEqual(heard, [removed]);
    assert.equal(await kit.files.readText(`tools/${removed?.trash}/code.txt`), "code");
    assert.equal(await kit.tools.remove("a"), undefined);
    assert.equal(kit.kernel.tools.get("a"), undefined);
  });
});

conformance(library);
