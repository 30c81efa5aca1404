import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { type RegistryChange, ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";

function listen(registry: ToolRegistry): RegistryChange[] {
  const changes: RegistryChange[] = [];
  registry.onChange((change) => changes.push(change));
  return changes;
}

function withCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof SkillValueError && thrown.code === code;
}

describe("ToolRegistry", () => {
  test("fills in what a tool does not say", () => {
    const registry = new ToolRegistry();
    const tool = registry.register({ name: "a" });
    assert.equal(registry.get("a"), tool);
    const { declaration, ...rest } = tool;
    assert.equal(declaration.name, "a");
    assert.deepEqual(rest, {
      name: "a",
      description: "",
      category: "",
      tags: [],
      dcc: "python",
      version: "1.0.0",
      inputSchema: { type: "object" },
      sourceFile: "",
      skillName: "",
      group: "",
      enabled: true,
      requiredCapabilities: [],
      execution: "sync",
      threadAffinity: "any",
      annotations: {},
    });
  });

  for (const name of ["", "a b", "a.b", "ä", "x".repeat(65), "a\n"]) {
    test(`register() refuses the name ${JSON.stringify(name.slice(0, 20))}`, () => {
      const registry = new ToolRegistry();
      assert.throws(() => registry.register({ name }), withCode("NAME_INVALID"));
      assert.equal(registry.size, 0);
    });
  }

  test("register() refuses a taken name and says whose it is", () => {
    const registry = new ToolRegistry();
    registry.register({ name: "a", skillName: "first" });
    assert.throws(() => registry.register({ name: "a" }), /skill "first" has a tool of that name/);
    assert.equal(registry.get("a")?.skillName, "first");
  });

  test("registerBatch() registers what it can and reports the rest", () => {
    const registry = new ToolRegistry();
    registry.register({ name: "taken" });
    const changes = listen(registry);
    const report = registry.registerBatch([{ name: "a" }, { name: "b c" }, { name: "a" }, { name: "taken" }]);
    assert.deepEqual(report.registered, ["a"]);
    assert.deepEqual(report.refused.map(({ name, error }) => [name, error.code]), [
      ["b c", "NAME_INVALID"],
      ["a", "NAME_TAKEN"],
      ["taken", "NAME_TAKEN"],
    ]);
    assert.deepEqual(changes, [{ added: ["a"], removed: [], changed: [] }]);
  });

  test("lists by name, application, skill and group", () => {
    const registry = new ToolRegistry();
    registry.register({ name: "b", skillName: "two", dcc: "Maya" });
    registry.register({ name: "c", skillName: "one", group: "g" });
    registry.register({ name: "a", skillName: "one", dcc: "maya", group: "g" });
    const names = (tools: readonly { name: string }[]) => tools.map((tool) => tool.name).join("");
    assert.equal(names(registry.list()), "abc");
    assert.equal(names(registry.list("MAYA")), "ab");
    assert.equal(names(registry.listBySkill("one")), "ca");
    assert.equal(names(registry.listInGroup("one", "g")), "ca");
    assert.equal(names(registry.listInGroup("two", "g")), "");
    assert.deepEqual(registry.listGroups(), [["one", "g"]]);
  });

  test("list() gives the same array until something changes", () => {
    const registry = new ToolRegistry();
    registry.register({ name: "a" });
    const list = registry.list();
    assert.equal(registry.list(), list);
    registry.register({ name: "b" });
    assert.equal(list.length, 1);
    assert.equal(registry.list().length, 2);
  });

  test("setGroupEnabled() switches the tools of one skill alone, and counts them", () => {
    const registry = new ToolRegistry();
    for (const skillName of ["one", "two"]) registry.register({ name: `${skillName}__t`, skillName, group: "g" });
    const changes = listen(registry);
    assert.equal(registry.setGroupEnabled("one", "g", false), 1);
    assert.equal(registry.setGroupEnabled("one", "g", false), 0);
    assert.equal(registry.get("one__t")?.enabled, false);
    assert.equal(registry.get("two__t")?.enabled, true);
    assert.deepEqual(changes, [{ added: [], removed: [], changed: ["one__t"] }]);
  });

  test("unregisters a tool, or all of a skill, and tells their names", () => {
    const registry = new ToolRegistry();
    for (const name of ["a", "b", "c"]) registry.register({ name, skillName: name === "c" ? "two" : "one" });
    const changes = listen(registry);
    assert.equal(registry.unregisterSkill("one"), 2);
    assert.equal(registry.unregisterSkill("one"), 0);
    assert.equal(registry.unregister("c"), true);
    assert.equal(registry.unregister("c"), false);
    assert.deepEqual(changes.map((change) => change.removed), [["a", "b"], ["c"]]);
    assert.deepEqual(registry.listGroups(), []);
  });

  test("swap() is one change, in which a name that goes and comes has changed", () => {
    const registry = new ToolRegistry();
    const keep = registry.register({ name: "keep" });
    registry.register({ name: "go" });
    const changes = listen(registry);
    registry.swap({
      remove: ["keep", "go", "none"],
      add: [{ ...keep, description: "new" }, { ...keep, name: "come" }],
    });
    assert.deepEqual(changes, [{ added: ["come"], removed: ["go"], changed: ["keep"] }]);
    assert.equal(registry.get("keep")?.description, "new");
  });

  test("swap() changes nothing when one tool cannot be registered", () => {
    const registry = new ToolRegistry();
    const tool = registry.register({ name: "a" });
    const changes = listen(registry);
    const add = [{ ...tool, name: "fine" }, { ...tool, name: "not fine" }];
    assert.throws(() => registry.swap({ remove: ["a"], add }), withCode("NAME_INVALID"));
    assert.throws(
      () => registry.swap({ add: [{ ...tool, name: "x" }, { ...tool, name: "x" }] }),
      withCode("NAME_TAKEN"),
    );
    assert.deepEqual(registry.list(), [tool]);
    assert.deepEqual(changes, []);
  });

  test("tells a listener no more once it is taken away", async () => {
    const registry = new ToolRegistry();
    const changes: RegistryChange[] = [];
    const stop = registry.onChange((change) => changes.push(change));
    registry.register({ name: "a" });
    await stop();
    registry.register({ name: "b" });
    assert.equal(changes.length, 1);
    assert.equal(String(registry), "ToolRegistry(tools=2)");
  });
});
