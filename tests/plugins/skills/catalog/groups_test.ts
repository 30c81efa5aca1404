import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refuseGroup } from "../../../../plugins/skills/catalog/requirements.ts";
import { discovery, type MadeCatalog, makeCatalog } from "./kit.ts";

async function makeGroups(): Promise<MadeCatalog> {
  const made = makeCatalog();
  const skill = (name: string, only: string) => ({
    name,
    tools: [
      { name: "always" },
      { name: "in_shared", group: "shared" },
      { name: "in_only", group: only },
      { name: "in_undeclared", group: "undeclared" },
    ],
    groups: [
      { name: "shared", description: "", tools: [], defaultActive: false },
      { name: only, description: "", tools: [], defaultActive: true },
    ],
  });
  await made.catalog.accept(discovery(skill("one", "first"), skill("two", "second")));
  return made;
}

function enabled({ registry }: MadeCatalog): string {
  return registry.list().filter((tool) => tool.enabled).map((tool) => tool.name).join(" ");
}

describe("groups", () => {
  test("are active by default as the skill says; a tool of none always is", async () => {
    const made = await makeGroups();
    assert.equal((await made.catalog.loadSkill("one")).length, 4);
    assert.equal(enabled(made), "one__always one__in_only");
    assert.deepEqual(made.catalog.activeGroups(), ["one:first"]);
    assert.deepEqual(made.catalog.listGroups(), [
      ["one", "shared", false],
      ["one", "first", true],
      ["one", "undeclared", false],
      ["two", "shared", false],
      ["two", "second", false],
      ["two", "undeclared", false],
    ]);
  });

  test("are all active, or some, where that is asked for", async () => {
    const made = await makeGroups();
    await made.catalog.loadSkill("one", { activateGroups: true });
    assert.equal(made.catalog.activeGroups().length, 3);
    await made.catalog.loadSkill("two", { activateGroups: ["shared"] });
    assert.deepEqual(made.catalog.activeGroups().slice(3), ["two:second", "two:shared"]);
    await made.catalog.loadSkill("two", { activateGroups: true });
    assert.equal(made.catalog.activeGroups().length, 6);
  });

  test("are switched for one skill alone", async () => {
    const made = await makeGroups();
    const { catalog, changes, registryChanges } = made;
    await catalog.loadSkill("one");
    await catalog.loadSkill("two");
    assert.equal(catalog.activateGroup("one:shared"), 1);
    assert.equal(catalog.activateGroup("one:shared"), 0);
    assert.deepEqual(registryChanges.at(-1), { added: [], removed: [], changed: ["one__in_shared"] });
    assert.deepEqual([changes.length, changes.at(-1)?.groups], [4, true]);
    assert.equal(enabled(made), "one__always one__in_only one__in_shared two__always two__in_only");
    assert.equal(catalog.deactivateGroup("one:shared"), 1);
  });

  test("answer to their bare name when one loaded skill has it", async () => {
    const { catalog } = await makeGroups();
    await catalog.loadSkill("one");
    assert.equal(catalog.activateGroup("shared"), 1);
    await catalog.loadSkill("two");
    assert.equal(catalog.deactivateGroup("shared"), 0);
    assert.deepEqual(catalog.findGroups("shared").map(({ skill, isActive }) => [skill, isActive]), [["one", true], [
      "two",
      false,
    ]]);
    assert.equal(catalog.deactivateGroup("second"), 1);
  });

  test("of no skill, or of one that is not loaded, switch nothing", async () => {
    const { catalog, changes } = await makeGroups();
    for (const name of ["none", "one:none", "none:shared", "one:shared", ":", ""]) {
      assert.equal(catalog.activateGroup(name), 0);
      assert.equal(catalog.deactivateGroup(name), 0);
    }
    assert.equal(changes.length, 1);
  });

  test("are as at first once their skill was unloaded", async () => {
    const made = await makeGroups();
    const { catalog } = made;
    await catalog.loadSkill("one", { activateGroups: true });
    await catalog.unloadSkill("one");
    assert.deepEqual(catalog.activeGroups(), []);
    await catalog.loadSkill("one");
    assert.equal(enabled(made), "one__always one__in_only");
  });

  test("may have a colon in their name", async () => {
    const { catalog } = makeCatalog();
    const tools = [{ name: "t", group: "a:b" }];
    await catalog.accept(discovery({ name: "one", tools }, { name: "one", scope: "repo", tools }));
    await catalog.loadSkill("repo:one");
    assert.equal(catalog.activateGroup("repo:one:a:b"), 1);
    assert.equal(catalog.deactivateGroup("a:b"), 1);
    assert.deepEqual(catalog.listGroups(), [["one", "a:b", false], ["repo:one", "a:b", false]]);
  });

  test("are named by the refusal of their tools", async () => {
    const { catalog, registry } = await makeGroups();
    await catalog.loadSkill("one");
    const refusal = refuseGroup(registry.get("one__in_shared")!);
    assert.deepEqual([refusal.rule, refusal.remedy], ["group", 'Call activate_tool_group with the group "one:shared"']);
  });
});
