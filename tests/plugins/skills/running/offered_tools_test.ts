import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  definePlugin,
  type Kernel,
  type Plugin,
  RegistryChanged,
  Toolbox,
  type ToolSummary,
} from "../../../../kernel/mod.ts";
import { ToolDeclaration } from "../../../../plugins/skills/format/declaration.ts";
import { explainMissingTool } from "../../../../plugins/skills/running/missing_tools.ts";
import { until } from "../../../support/wait.ts";
import { declare, type SkillKit, startSkills } from "./kit.ts";

function listed(kit: SkillKit): readonly string[] {
  return kit.kernel.get(Toolbox)!.list().filter(({ owner }) => owner === "skills").map(({ name }) => name);
}

function get(kit: SkillKit, name: string): ToolSummary | undefined {
  return kit.kernel.get(Toolbox)!.get(name);
}

/** Counts changes of the list of tools. */
function countChanges(onMade: (count: () => number) => void): Plugin {
  return definePlugin({
    name: "counter",
    version: "1.0.0",
    setup(ctx) {
      let count = 0;
      ctx.on(RegistryChanged, ({ kind }) => void (count += kind === "tool" ? 1 : 0));
      onMade(() => count);
    },
  });
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

const FILES = { "scripts/a.sh": "echo a", "scripts/b.sh": "echo b" };

describe("tools of loaded skills", { timeout: 60_000 }, () => {
  test("are listed as they are declared", async () => {
    await using kit = await startSkills();
    const annotations = { title: "The A", readOnlyHint: true, deferredHint: true };
    const tools = [
      declare("a", "scripts/a.sh", {
        annotations,
        execution: "async",
        timeoutHintSecs: 60,
        requiredCapabilities: ["scene"],
        searchAliases: ["aa"],
      }),
      declare("b", "scripts/b.sh", { group: "more", execution: "async", description: "Do b" }),
    ];
    const groups = [{ name: "more", description: "", tools: [], defaultActive: true }];
    await kit.load({ "my-skill": { files: FILES, tools, groups, description: "Does things" } });
    const a = get(kit, "my_skill__a")!;
    assert.deepEqual([a.title, a.description, a.execution], ["The A", "[my-skill] Does things", "async"]);
    assert.deepEqual(a.inputSchema, { type: "object", properties: {} });
    assert.deepEqual(a.annotations, { title: "The A", readOnlyHint: true, deferredHint: false });
    assert.deepEqual(a.meta, {
      dcc: {
        skill: "my-skill",
        timeoutHintSecs: 60,
        deferred_hint: true,
        required_capabilities: ["scene"],
        searchAliases: ["aa"],
      },
    });
    const b = get(kit, "my_skill__b")!;
    assert.deepEqual([b.description, b.execution, b.title], ["Do b", "async", undefined]);
    assert.deepEqual(b.meta, { dcc: { skill: "my-skill", group: "more", deferred_hint: true } });
  });

  test("come and go with their skill and their group, in one change each", async () => {
    let count!: () => number;
    await using kit = await startSkills({ later: [countChanges((made) => count = made)] });
    const tools = [declare("a", "scripts/a.sh"), declare("b", "scripts/b.sh", { group: "more" })];
    await kit.load({
      s: { files: FILES, tools, groups: [{ name: "more", description: "", tools: [], defaultActive: false }] },
    });
    assert.deepEqual(listed(kit), ["s__a"]);
    await settled();
    const before = count();
    kit.catalog.activateGroup("s:more");
    assert.deepEqual(listed(kit), ["s__a", "s__b"]);
    await settled();
    assert.equal(count(), before + 1);
    kit.catalog.deactivateGroup("s:more");
    assert.deepEqual(listed(kit), ["s__a"]);
    await kit.catalog.unloadSkill("s");
    assert.deepEqual(listed(kit), []);
    await settled();
    assert.ok(count() <= before + 3, `${count() - before} changes`);
  });

  test("that a stale list still has say which group to activate, and which skill to load", async () => {
    await using kit = await startSkills();
    const tools = [declare("b", "scripts/b.sh", { group: "more" })];
    await kit.load({ s: { files: FILES, tools } });
    kit.catalog.activateGroup("s:more");
    const { definition } = kit.kernel.tools.get("s__b")!;
    const call = async () =>
      JSON.stringify(await definition.run({}, undefined as never).catch((error: Error) => error.message));
    kit.catalog.deactivateGroup("s:more");
    assert.match(
      await call(),
      /belongs to the group \\"more\\" of skill \\"s\\", which is not active.*activate_tool_group/,
    );
    await kit.catalog.unloadSkill("s");
    assert.match(await call(), /Cannot run tool \\?"s__b\\?": its skill is not loaded any more/);
  });

  test("that are not offered are told with what makes them so", async () => {
    await using kit = await startSkills();
    const tools = [declare("a", "scripts/a.sh"), declare("b-c", "scripts/b.sh", { group: "more" })];
    await kit.load({ "my-skill": { files: FILES, tools } });
    const why = (name: string) => explainMissingTool(name, kit) ?? "";
    assert.match(why("my_skill__b_c"), /not active. Call activate_tool_group .*my-skill:more/);
    await kit.catalog.unloadSkill("my-skill");
    assert.match(why("my_skill__b_c"), /its skill "my-skill" is not loaded. Call activate_skill with "my-skill"/);
    for (const name of ["my_skill__other", "none__a", "__a", "call_tool", "unheard_of", ""]) {
      assert.equal(explainMissingTool(name, kit), undefined, name);
    }
  });

  test("change in place, and only those that changed", async () => {
    await using kit = await startSkills();
    await kit.load({ s: { files: FILES, tools: [declare("a", "scripts/a.sh"), declare("b", "scripts/b.sh")] } });
    const entry = (kernel: Kernel, name: string) => kernel.tools.get(name);
    const [a, b] = [entry(kit.kernel, "s__a"), entry(kit.kernel, "s__b")];
    const { version } = kit.kernel.tools;
    const inputSchema = { type: "object", properties: { n: { type: "number" } } };
    const tools = [declare("a", "scripts/b.sh"), declare("b", "scripts/b.sh", { inputSchema })];
    await kit.load({ s: { files: FILES, tools } });
    assert.equal(entry(kit.kernel, "s__a"), a, "what lists say of it is the same");
    assert.notEqual(entry(kit.kernel, "s__b"), b);
    assert.equal(kit.kernel.tools.version, version + 1);
    assert.equal(JSON.stringify((await kit.call("s__a")).structuredContent), '{"success":true,"message":"b"}');
    assert.deepEqual(get(kit, "s__b")?.inputSchema, inputSchema);
  });

  test("whose name another plugin has are held back with the reason, and come when it is free", async () => {
    const taker = definePlugin({
      name: "taker",
      version: "1.0.0",
      setup: ({ tool }) => void tool({ name: "s__a", description: "x", input: {}, run: () => "taken" }),
    });
    await using kit = await startSkills({ plugins: [taker] });
    await kit.load({ s: { files: FILES, tools: [declare("a", "scripts/a.sh"), declare("b", "scripts/b.sh")] } });
    assert.deepEqual(listed(kit), ["s__b"]);
    const [held, ...others] = kit.offered.diagnostics();
    assert.equal(others.length, 0);
    assert.deepEqual([held?.skill, held?.tool, held?.rule, held?.severity], ["s", "s__a", "tool-not-offered", "error"]);
    assert.match(held?.message ?? "", /name is taken by plugin "taker"/);
    assert.equal(
      kit.log.entries.filter(({ message }) => message.includes('"s__a" of skill "s" is not offered')).length,
      1,
    );
    await kit.kernel.unload("taker");
    await until(() => listed(kit).length === 2, "the tool to be offered");
    assert.deepEqual(kit.offered.diagnostics(), []);
    assert.equal(JSON.stringify((await kit.call("s__a")).structuredContent), '{"success":true,"message":"a"}');
  });

  test("whose schema cannot be used are held back, also when it was good before", async () => {
    await using kit = await startSkills();
    const register = (inputSchema: object) => {
      const declaration = new ToolDeclaration({ name: "x" });
      kit.registry.swap({ remove: ["x"], add: [] });
      kit.registry.register({ name: "x", inputSchema: inputSchema as never, declaration });
    };
    register({ type: "object" });
    assert.deepEqual(listed(kit), ["x"]);
    register({ type: "object", properties: { a: { $ref: "https://elsewhere.example/schema" } } });
    assert.deepEqual([listed(kit), kit.offered.diagnostics().map(({ tool }) => tool)], [[], ["x"]]);
    register({ type: "object" });
    assert.deepEqual([listed(kit), kit.offered.diagnostics()], [["x"], []]);
  });

  test("are gone when their plugin is", async () => {
    await using kit = await startSkills();
    await kit.load({ s: { files: FILES } });
    assert.deepEqual(listed(kit), ["s__a", "s__b"]);
    await kit.kernel.unload("skills");
    assert.equal(kit.kernel.tools.get("s__a"), undefined);
    await kit.catalog.unloadSkill("s");
    await kit.catalog.loadSkill("s");
    assert.equal(kit.kernel.tools.get("s__a"), undefined);
  });

  test("cost what changed of them, and nothing for thousands of others", async () => {
    await using kit = await startSkills();
    const declaration = new ToolDeclaration({ name: "x" });
    kit.registry.registerBatch(
      Array.from({ length: 3_000 }, (_, i) => ({ name: `t${i}`, skillName: `k${i}`, declaration })),
    );
    const started = performance.now();
    for (let i = 0; i < 500; i++) {
      kit.registry.register({ name: "x", skillName: "x", declaration });
      kit.registry.unregister("x");
    }
    const each = (performance.now() - started) / 1_000;
    assert.ok(each < 2, `${each} ms a change`);
  });
});
