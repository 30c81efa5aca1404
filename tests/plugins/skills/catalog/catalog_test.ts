import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkillCatalog } from "../../../../plugins/skills/catalog/catalog.ts";
import type { SkillSearch } from "../../../../plugins/skills/catalog/catalog_options.ts";
import { isSkillValueError, type SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import type { ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";
import { SkillSummary } from "../../../../plugins/skills/catalog/summary.ts";
import { discovery, type MadeSkill, makeCatalog, toolNames } from "./kit.ts";

const GEOMETRY: MadeSkill = {
  name: "maya-geometry",
  description: "Maya geometry tools",
  dcc: "maya",
  tags: ["geometry", "create"],
  version: "1.2.0",
  tools: [
    { name: "create_sphere", description: "Make a sphere", inputSchema: { type: "object", properties: {} } },
    { name: "render-scene", readOnly: true, group: "output" },
  ],
  groups: [{ name: "output", description: "Renders", tools: [], defaultActive: false }],
};

async function failure(promise: Promise<unknown>): Promise<SkillValueError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(isSkillValueError(thrown), String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

describe("SkillCatalog", () => {
  test("wants a registry", () => {
    const open = () => {
      throw new Error("not asked");
    };
    assert.throws(() => new SkillCatalog({} as ToolRegistry, { open }), TypeError);
    assert.throws(() => new SkillCatalog(undefined as unknown as ToolRegistry, { open }), TypeError);
  });

  test("begins empty", () => {
    const { catalog } = makeCatalog();
    assert.equal(String(catalog), "SkillCatalog(total=0, loaded=0)");
    assert.deepEqual([catalog.size, catalog.isEmpty(), catalog.loadedCount()], [0, true, 0]);
    assert.deepEqual([catalog.listSkills(), catalog.searchSkills(), catalog.getSkillInfo("none")], [[], [], null]);
  });

  test("loads a skill, once", async () => {
    const { catalog, registry, changes, registryChanges } = makeCatalog();
    await catalog.accept(discovery(GEOMETRY));
    const names = await catalog.loadSkill("maya-geometry");
    assert.deepEqual(names, ["maya_geometry__create_sphere", "maya_geometry__render_scene"]);
    assert.deepEqual(await catalog.loadSkill("maya-geometry"), names);
    assert.equal(String(catalog), "SkillCatalog(total=1, loaded=1)");
    assert.equal(catalog.isLoaded("maya-geometry"), true);
    assert.deepEqual(toolNames(registry), names);
    assert.deepEqual(changes.map((change) => [change.added, change.loaded]), [[["maya-geometry"], []], [[], [
      "maya-geometry",
    ]]]);
    assert.deepEqual(registryChanges, [{ added: names, removed: [], changed: [] }]);
  });

  test("gives each tool what its skill and its declaration say", async () => {
    const { catalog, registry } = makeCatalog();
    await catalog.accept(discovery(GEOMETRY));
    await catalog.loadSkill("maya-geometry");
    const { declaration: _, ...sphere } = registry.get("maya_geometry__create_sphere")!;
    assert.deepEqual(sphere, {
      name: "maya_geometry__create_sphere",
      description: "Make a sphere",
      category: "geometry",
      tags: ["geometry", "create"],
      dcc: "maya",
      version: "1.2.0",
      inputSchema: { type: "object", properties: {} },
      sourceFile: "",
      skillName: "maya-geometry",
      group: "",
      enabled: true,
      requiredCapabilities: [],
      execution: "sync",
      threadAffinity: "any",
      annotations: {},
    });
    const render = registry.get("maya_geometry__render_scene")!;
    assert.equal(render.description, "[maya-geometry] Maya geometry tools");
    assert.deepEqual(render.inputSchema, { type: "object" });
    assert.deepEqual(render.annotations, { readOnlyHint: true, destructiveHint: false });
  });

  test("unloads a skill and counts its tools; then it can be loaded again", async () => {
    const { catalog, registry, changes, registryChanges } = makeCatalog();
    await catalog.accept(discovery(GEOMETRY));
    const names = await catalog.loadSkill("maya-geometry");
    assert.equal(await catalog.unloadSkill("maya-geometry"), 2);
    assert.equal(registry.size, 0);
    assert.equal(catalog.find("maya-geometry")?.state, "discovered");
    assert.deepEqual(registryChanges.at(-1), { added: [], removed: names, changed: [] });
    assert.deepEqual(changes.at(-1)?.unloaded, ["maya-geometry"]);
    const thrown = await failure(catalog.unloadSkill("maya-geometry"));
    assert.deepEqual([thrown.code, thrown.skill], ["SKILL_NOT_LOADED", "maya-geometry"]);
    assert.deepEqual(await catalog.loadSkill("maya-geometry"), names);
  });

  test("names near skills when there is none of a name", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery(GEOMETRY));
    const thrown = await failure(catalog.loadSkill("maya-geometri"));
    assert.equal(thrown.code, "SKILL_UNKNOWN");
    assert.match(thrown.message, /did you mean "maya-geometry"\?/);
    assert.equal((await failure(catalog.unloadSkill("none"))).code, "SKILL_UNKNOWN");
  });

  test("loads a skill without tools", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery({ name: "reading" }));
    assert.deepEqual(await catalog.loadSkill("reading"), []);
    assert.equal(catalog.isLoaded("reading"), true);
    assert.equal(await catalog.unloadSkill("reading"), 0);
  });

  test("unloads what is still there of a skill whose tools others took away", async () => {
    const { catalog, registry } = makeCatalog();
    await catalog.accept(discovery(GEOMETRY));
    await catalog.loadSkill("maya-geometry");
    registry.unregister("maya_geometry__create_sphere");
    registry.register({ name: "maya_geometry__create_sphere" });
    assert.equal(await catalog.unloadSkill("maya-geometry"), 1);
    assert.deepEqual(toolNames(registry), ["maya_geometry__create_sphere"]);
  });

  test("leaves out a tool whose name is taken, and says so", async () => {
    const { catalog, registry } = makeCatalog();
    registry.register({ name: "maya_geometry__create_sphere", description: "mine" });
    await catalog.accept(discovery(GEOMETRY));
    assert.deepEqual(await catalog.loadSkill("maya-geometry"), ["maya_geometry__render_scene"]);
    assert.equal(registry.get("maya_geometry__create_sphere")?.description, "mine");
    assert.deepEqual(catalog.find("maya-geometry")?.diagnostics.map((it) => it.rule), ["tool-name-taken"]);
    assert.equal(await catalog.unloadSkill("maya-geometry"), 1);
    assert.equal(registry.size, 1);
  });

  test("tells a summary and the whole of a skill", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery(GEOMETRY));
    const [summary] = catalog.listSkills();
    assert.ok(summary instanceof SkillSummary && Object.isFrozen(summary));
    assert.deepEqual(summary.toJSON(), {
      name: "maya-geometry",
      description: "Maya geometry tools",
      search_hint: "Maya geometry tools",
      tags: ["geometry", "create"],
      dcc: "maya",
      version: "1.2.0",
      tool_count: 2,
      tool_names: "create_sphere,render-scene",
      loaded: false,
      scope: "user",
      implicit_invocation: true,
      status: "discovered",
    });
    assert.deepEqual([summary.search_hint, summary.tool_count, summary.implicit_invocation], [
      summary.searchHint,
      2,
      true,
    ]);
    assert.deepEqual(summary.tool_names, ["create_sphere", "render-scene"]);
    assert.equal(String(summary), "SkillSummary(name='maya-geometry', loaded=False)");
    await catalog.loadSkill("maya-geometry");
    assert.equal(String(catalog.listSkills()[0]), "SkillSummary(name='maya-geometry', loaded=True)");
    const info = catalog.getSkillInfo("maya-geometry")!;
    assert.deepEqual(JSON.parse(JSON.stringify(info)), info);
    assert.equal(info.state, "loaded");
    assert.equal(info.skill_path, "/user/maya-geometry");
    assert.deepEqual(info.registered_tools, ["maya_geometry__create_sphere", "maya_geometry__render_scene"]);
    assert.deepEqual(info.tools.map((tool) => tool["name"]), ["create_sphere", "render-scene"]);
    assert.deepEqual(info.groups, [{ name: "output", description: "Renders", active: false, default_active: false }]);
  });

  test("lists by status, sorted by name", async () => {
    const { catalog } = makeCatalog({ requirements: { products: ["collet"] } });
    await catalog.accept(discovery(
      { name: "pending", depends: ["none"] },
      { name: "loaded" },
      { name: "foreign", policy: { products: ["maya"] } },
      { name: "circle", depends: ["circle"] },
      { name: "b" },
      { name: "a" },
    ));
    await catalog.loadSkill("loaded");
    const list = (status?: Parameters<typeof catalog.listSkills>[0]) =>
      catalog.listSkills(status).map((it) => it.name).join(" ");
    assert.equal(list(), "a b circle foreign loaded pending");
    assert.equal(list("all"), list());
    assert.equal(list("unheard" as "all"), list());
    assert.equal(list("loaded"), "loaded");
    assert.equal(list("unloaded"), "a b circle foreign pending");
    assert.equal(list("discovered"), "a b");
    assert.equal(list("error"), "circle foreign");
    assert.equal(list("pending_deps"), "pending");
    assert.deepEqual(catalog.listSkills("pending_deps")[0]?.missingDependencies, ["none"]);
  });

  test("search leaves out what a model may not use unasked, unless that is wanted", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery(
      { name: "open-door", description: "Opens doors" },
      { name: "trap-door", description: "Opens doors too", disableModelInvocation: true },
    ));
    const search = (options: SkillSearch) => catalog.searchSkills(options).map((it) => it.name);
    assert.deepEqual(search({ query: "doors" }), ["open-door"]);
    assert.deepEqual(search({ query: "doors", includeHidden: true }).sort(), ["open-door", "trap-door"]);
    assert.deepEqual(catalog.searchSkills("doors", null, "python", "user", 1).map((it) => it.name), ["open-door"]);
    assert.throws(
      () => catalog.searchSkills({ scope: "nowhere" }),
      (thrown) =>
        isSkillValueError(thrown) && ["repo", "user", "system", "admin"].every((it) => thrown.message.includes(it)),
    );
  });

  test("skills() gives the same array until something changes, and what it gave stays as it was", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery({ name: "a" }, { name: "b" }));
    const before = catalog.skills();
    assert.equal(catalog.skills(), before);
    await catalog.loadSkill("b");
    assert.deepEqual(before.map((it) => it.state), ["discovered", "discovered"]);
    assert.deepEqual(catalog.skills().map((it) => it.state), ["discovered", "loaded"]);
  });

  test("keeps the function that runs scripts in this process", () => {
    const { catalog } = makeCatalog();
    const executor = () => 1;
    assert.equal(catalog.inProcessExecutor, null);
    catalog.setInProcessExecutor(executor);
    assert.equal(catalog.inProcessExecutor, executor);
    catalog.setInProcessExecutor(null);
    assert.equal(catalog.inProcessExecutor, null);
    assert.throws(() => catalog.setInProcessExecutor("run" as unknown as null), TypeError);
  });
});

describe("dependencies", () => {
  test("come along, before the skill that needs them, in one change", async () => {
    const { catalog, registry, changes, registryChanges } = makeCatalog();
    await catalog.accept(discovery(
      { name: "top", tools: ["t"], depends: ["left", "right"] },
      { name: "left", tools: ["t"], depends: ["base"] },
      { name: "right", tools: ["t"], depends: ["base"] },
      { name: "base", tools: ["t"] },
    ));
    assert.deepEqual(await catalog.loadSkill("top"), ["top__t"]);
    assert.deepEqual(changes.at(-1)?.loaded, ["base", "left", "right", "top"]);
    assert.deepEqual(registryChanges, [{
      added: ["base__t", "left__t", "right__t", "top__t"],
      removed: [],
      changed: [],
    }]);
    assert.equal(registry.size, 4);
    await catalog.unloadSkill("base");
    assert.deepEqual(catalog.skills().map((it) => it.state), ["discovered", "loaded", "loaded", "loaded"]);
  });

  test("that are missing or circular are named, and nothing is loaded", async () => {
    const { catalog, registry, changes } = makeCatalog();
    await catalog.accept(discovery(
      { name: "top", tools: ["t"], depends: ["fine", "middle"] },
      { name: "fine", tools: ["t"] },
      { name: "middle", tools: ["t"], depends: ["none"] },
      { name: "a", depends: ["b"] },
      { name: "b", depends: ["a"] },
      { name: "self", depends: ["self"] },
    ));
    const missing = await failure(catalog.loadSkill("top"));
    assert.deepEqual([missing.code, missing.skill, missing.dependency], ["DEPENDENCY_MISSING", "middle", "none"]);
    assert.equal((await failure(catalog.loadSkill("b"))).cycle?.join(" → "), "b → a → b");
    assert.equal((await failure(catalog.loadSkill("self"))).cycle?.join(" → "), "self → self");
    assert.deepEqual([registry.size, catalog.loadedCount(), changes.length], [0, 0, 1]);
    assert.deepEqual(catalog.skills().map((it) => [it.name, it.state]), [
      ["a", "error"],
      ["b", "error"],
      ["fine", "discovered"],
      ["middle", "pending_deps"],
      ["self", "error"],
      ["top", "pending_deps"],
    ]);
    assert.match(catalog.find("a")?.error ?? "", /a → b → a/);
  });

  test("that are refused keep all from being loaded", async () => {
    const { catalog, registry } = makeCatalog({ requirements: { products: ["collet"] } });
    await catalog.accept(discovery(
      { name: "top", tools: ["t"], depends: ["fine", "foreign"] },
      { name: "fine", tools: ["t"] },
      { name: "foreign", policy: { products: ["maya"] } },
    ));
    const thrown = await failure(catalog.loadSkill("top"));
    assert.equal(thrown.code, "SKILL_REFUSED");
    assert.match(thrown.message, /Cannot load skill "top", which depends on "foreign":/);
    assert.deepEqual(thrown.refusals.map(({ rule }) => rule), ["products"]);
    assert.deepEqual([registry.size, catalog.loadedCount()], [0, 0]);
    assert.equal(catalog.find("top")?.state, "error");
  });

  test("may be named by their folder", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(
      discovery({ name: "top", depends: ["base-folder"] }, { name: "base", path: "/x/base-folder" }),
    );
    await catalog.loadSkill("top");
    assert.equal(catalog.isLoaded("base"), true);
  });
});

describe("a skill that only a person may use", () => {
  test("is loaded when a person asks, and refused when a model chose it", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery({
      name: "deploy",
      policy: { allowImplicitInvocation: false, products: [] },
      lines: { "metadata.dcc-mcp.allow-implicit-invocation": 7 },
    }, { name: "release", depends: ["deploy"] }));
    for (const name of ["deploy", "release"]) {
      const { refusals: [refusal] } = await failure(catalog.loadSkill(name, { isImplicit: true }));
      assert.deepEqual([refusal?.rule, refusal?.file, refusal?.line], ["implicit-invocation", "SKILL.md", 7]);
      assert.equal(catalog.find(name)?.state, "discovered");
    }
    await catalog.loadSkill("release");
    assert.equal(catalog.loadedCount(), 2);
  });
});
