import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isItemName } from "../../../../kernel/mod.ts";
import { stubName } from "../../../../plugins/skills/disclosure/stub_names.ts";
import { serveListed } from "./listed.ts";
import { temporaryHome } from "../../library/kit.ts";
import { until } from "../../../support/wait.ts";
import { dataOf, LOCAL, startSkills } from "./kit.ts";

const GEOMETRY = { name: "maya-geometry", dcc: "maya", tags: ["modeling", "create"], tools: ["create", "remove"] };
const GROUPED = {
  name: "rigging",
  dcc: "maya",
  tools: [{ name: "plain" }, ...["a", "b", "c", "d", "e", "f"].map((name) => ({ name, group: "advanced" }))],
  groups: [{ name: "advanced", description: "More", tools: [], defaultActive: false }],
};

describe("stubs", () => {
  test("stand for skills that are not loaded, with deferredHint, and say what to load when they are called", async () => {
    await using home = await temporaryHome();
    const skills = [GEOMETRY, { name: "notes", body: "x" }, { name: "secret", disableModelInvocation: true }];
    await using server = await startSkills({ home: home.path, skills, stubs: true });
    const list = await serveListed(server.kernel);
    const stub = list.find(({ name }) => name === "__skill__maya-geometry");
    assert.deepEqual(stub, {
      name: "__skill__maya-geometry",
      description: '[maya] 2 tools • keywords: modeling, create • Call load_skill("maya-geometry")',
      inputSchema: { type: "object", properties: {} },
      annotations: { readOnlyHint: true, deferredHint: true },
    });
    assert.equal(
      list.find(({ name }) => name === "__skill__notes")?.description,
      '[python] 0 tools • Call load_skill("notes")',
    );
    assert.equal(list.some(({ name }) => name.includes("secret")), false);

    const result = await server.call("__skill__maya-geometry", {}, LOCAL);
    assert.equal(result.isError, true);
    const { trace_id, ...envelope } = dataOf(result);
    assert.match(trace_id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(envelope, {
      layer: "gateway",
      code: "SKILL_NOT_LOADED",
      message: 'Skill "maya-geometry" is not loaded',
      hint: 'Call load_skill with {"skill_name": "maya-geometry"}',
    });
  });

  test("go when their skill is loaded, and come back when it is unloaded; real tools say deferredHint: false", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY], stubs: true });
    await server.call("activate_skill", { name: "maya-geometry" }, LOCAL);
    await until(() => !server.seen().includes("__skill__maya-geometry"), "the stub is gone");
    const list = await serveListed(server.kernel);
    const real = list.find(({ name }) => name === "maya_geometry__create");
    assert.deepEqual((real?.annotations as { deferredHint?: boolean }).deferredHint, false);
    await server.catalog.unloadSkill("maya-geometry");
    await until(() => server.seen().includes("__skill__maya-geometry"), "the stub is back");
    await server.find([{ ...GEOMETRY, tags: ["other"] }, { name: "new" }]);
    await until(() => server.seen().includes("__skill__new"), "a new skill has one");
    const [changed] = (await serveListed(server.kernel)).filter(({ name }) => name === "__skill__maya-geometry");
    assert.match(String(changed?.description), /keywords: other/);
    await server.find([]);
    await until(() => !server.seen().some((it) => it.startsWith("__skill__")), "they are gone");
  });

  test("do not stand for skills that cannot be loaded here, until they can", async () => {
    await using home = await temporaryHome();
    const first = { name: "first", depends: ["second"] };
    const skills = [first, { name: "second", depends: ["first"] }, GEOMETRY];
    await using server = await startSkills({ home: home.path, skills, stubs: true });
    const stubs = () => server.seen().filter((it) => it.startsWith("__skill__"));
    assert.deepEqual(server.catalog.listSkills("error").map(({ name }) => name), ["first", "second"]);
    assert.deepEqual(stubs(), ["__skill__maya-geometry"]);
    // the circle ends by a change of one of them
    await server.find([first, { name: "second" }, GEOMETRY]);
    await until(() => stubs().length === 3, "those of the circle have one");
    assert.deepEqual(stubs(), ["__skill__first", "__skill__maya-geometry", "__skill__second"]);
    await server.find(skills);
    await until(() => stubs().length === 1, "they have none again");
  });

  test("stand for groups of loaded skills that are not active", async () => {
    await using home = await temporaryHome();
    const twin = { ...GROUPED, name: "twin" };
    await using server = await startSkills({ home: home.path, skills: [GROUPED, twin], stubs: true });
    const groups = () => server.seen().filter((it) => it.startsWith("__group__"));
    assert.deepEqual(groups(), []);
    await server.catalog.loadSkill("rigging");
    await until(() => groups().length === 1, "the group has a stub");
    assert.deepEqual(groups(), ["__group__advanced"]);
    const stub = (await serveListed(server.kernel)).find(({ name }) => name === "__group__advanced");
    assert.equal(stub?.description, '[maya] 6 tools • a, b, c, d, e • Call activate_tool_group("advanced")');
    assert.equal(dataOf(await server.call("__group__advanced", {}, LOCAL)).code, "GROUP_NOT_ACTIVATED");
    // a name that two skills have is written out
    await server.catalog.loadSkill("twin");
    await until(() => groups().length === 2, "both have one");
    const hints = await Promise.all(groups().map(async (it) => dataOf(await server.call(it, {}, LOCAL)).hint));
    assert.deepEqual(
      hints.sort(),
      ["rigging:advanced", "twin:advanced"].map((group) => `Call activate_tool_group with {"group": "${group}"}`),
    );
    server.catalog.activateGroup("rigging:advanced");
    await until(() => groups().length === 1, "an active group has none");
  });

  test("have names that clients take, whatever the skill is called", async () => {
    assert.equal(await stubName("skill", "maya-geometry"), "__skill__maya-geometry");
    const long = "x".repeat(60);
    const names = await Promise.all(
      [long, `${long}y`, "user:pdf", "user_pdf", "größe"].map((it) => stubName("skill", it)),
    );
    assert.deepEqual([names.every(isItemName), new Set(names).size], [true, 5]);
    assert.equal(names[0], `__skill__${"x".repeat(46)}_${names[0]!.slice(-8)}`);
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [{ name: long }], stubs: true });
    const stub = (await serveListed(server.kernel)).find(({ name }) => name === names[0]);
    assert.deepEqual(stub?._meta, { skill: long });
    assert.match(dataOf(await server.call(names[0]!, {}, LOCAL)).hint, new RegExp(long));
  });

  test("are off unless they are asked for", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY] });
    assert.equal(server.kernel.tools.entries().some(({ key }) => key.startsWith("__")), false);
  });
});
