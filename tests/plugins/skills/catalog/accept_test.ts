import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SkillScope } from "../../../../plugins/skills/discovery/scope.ts";
import { discovery, found, type MadeSkill, makeCatalog, toolNames } from "./kit.ts";

const SCOPES: readonly SkillScope[] = ["repo", "team", "user", "system", "admin"];

/** One skill of a name for each scope, worst first. */
function war(tool: (scope: SkillScope) => string = () => "t"): MadeSkill[] {
  return SCOPES.map((scope) => ({ name: "deploy", scope, tools: [tool(scope)] }));
}

describe("of skills with one name", () => {
  test("the scope decides which has it: admin, system, user, team, repo", async () => {
    const { catalog } = makeCatalog();
    const skills = war();
    while (skills.length > 0) {
      await catalog.accept(discovery(...skills));
      assert.equal(catalog.find("deploy")?.found.scope, skills.at(-1)?.scope);
      assert.equal(catalog.size, 1);
      assert.equal(catalog.shadowed().length, skills.length - 1);
      skills.pop();
    }
  });

  test("the earlier search path decides inside a scope, then the path", async () => {
    const { catalog } = makeCatalog();
    const late = { name: "deploy", path: "/a", order: 2 };
    const early = { name: "deploy", path: "/b", order: 1 };
    const same = { name: "deploy", path: "/c", order: 1 };
    await catalog.accept(discovery(late, same, early));
    assert.equal(catalog.find("deploy")?.found.path, "/b");
    await catalog.accept(discovery(late, same));
    assert.equal(catalog.find("deploy")?.found.path, "/c");
  });

  test("the others stay listed with a diagnostic, and answer to scope:name", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery(...war()));
    for (const scope of SCOPES) assert.equal(catalog.find(`${scope}:deploy`)?.found.scope, scope);
    const repo = catalog.find("repo:deploy")!;
    assert.deepEqual([repo.name, repo.shadowedBy], ["repo:deploy", "/admin/deploy"]);
    assert.deepEqual(repo.diagnostics.map((it) => it.rule), ["skill-shadowed"]);
    assert.equal(catalog.find("admin:deploy")?.name, "deploy");
    assert.deepEqual(catalog.diagnostics().map((it) => it.skill), [
      "repo:deploy",
      "system:deploy",
      "team:deploy",
      "user:deploy",
    ]);
    assert.equal(catalog.getSkillInfo("team:deploy")?.shadowed_by, "/admin/deploy");
    assert.deepEqual(catalog.listSkills().map((it) => it.scope), ["admin"]);
  });

  test("only one can be loaded at a time, since their tools have the same names", async () => {
    const { catalog, registry } = makeCatalog();
    await catalog.accept(discovery(...war((scope) => `of_${scope}`)));
    assert.deepEqual(await catalog.loadSkill("repo:deploy"), ["deploy__of_repo"]);
    assert.equal(registry.get("deploy__of_repo")?.skillName, "repo:deploy");
    await assert.rejects(catalog.loadSkill("deploy"), /call unload_skill with "repo:deploy" first/);
    assert.equal(catalog.find("deploy")?.state, "discovered");
    await catalog.unloadSkill("repo:deploy");
    assert.deepEqual(await catalog.loadSkill("deploy"), ["deploy__of_admin"]);
    await assert.rejects(catalog.loadSkill("user:deploy"), /"deploy" of \/admin\/deploy is loaded/);
  });

  test("hyphen and underscore make no other name, since their tools would have the same", async () => {
    const { catalog, registry } = makeCatalog();
    await catalog.accept(discovery(
      { name: "maya_geometry", scope: "repo", tools: ["create_sphere"] },
      { name: "maya-geometry", scope: "user", tools: ["create_sphere"] },
    ));
    assert.equal(catalog.find("maya_geometry")?.name, "maya-geometry");
    assert.equal(catalog.find("repo:maya-geometry")?.name, "repo:maya_geometry");
    await catalog.loadSkill("maya_geometry");
    assert.equal(registry.get("maya_geometry__create_sphere")?.skillName, "maya-geometry");
  });

  test("a name cannot pass for that of a scope", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery(
      { name: "deploy", scope: "admin" },
      { name: "admin:deploy", scope: "repo", path: "/repo/evil" },
    ));
    assert.equal(catalog.find("admin:deploy")?.found.scope, "admin");
  });
});

describe("find()", () => {
  test("takes a folder's name where no skill has the name", async () => {
    const { catalog } = makeCatalog();
    await catalog.accept(discovery(
      { name: "one", path: "/x/alias" },
      { name: "two", path: "/x/one" },
      { name: "three", path: "C:\\skills\\drei" },
      { name: "four", scope: "admin", path: "/y/alias" },
    ));
    assert.equal(catalog.find("alias")?.name, "four");
    assert.equal(catalog.find("one")?.name, "one");
    assert.equal(catalog.find("drei")?.name, "three");
    assert.equal(catalog.find(""), undefined);
    assert.equal(catalog.find("__proto__"), undefined);
    assert.equal(catalog.find("constructor"), undefined);
  });
});

describe("accept()", () => {
  test("tells what came, went and changed, by names, and nothing when nothing did", async () => {
    const { catalog, changes } = makeCatalog();
    const none = { added: [], removed: [], changed: [], loaded: [], unloaded: [], groups: false };
    assert.deepEqual(await catalog.accept(discovery({ name: "a" }, { name: "b" }, { name: "c" })), {
      ...none,
      added: ["a", "b", "c"],
    });
    assert.deepEqual(await catalog.accept(discovery({ name: "b", fingerprint: "2" }, { name: "c" }, { name: "d" })), {
      ...none,
      added: ["d"],
      removed: ["a"],
      changed: ["b"],
    });
    assert.deepEqual(
      await catalog.accept(discovery({ name: "b", fingerprint: "2" }, { name: "c" }, { name: "d" })),
      none,
    );
    assert.equal(changes.length, 2);
  });

  test("leaves loaded skills as they are when their files are", async () => {
    const { catalog, registry, registryChanges } = makeCatalog();
    await catalog.accept(discovery({ name: "a", tools: ["t"] }));
    await catalog.loadSkill("a");
    const tool = registry.get("a__t");
    await catalog.accept(discovery({ name: "a", tools: ["t"] }, { name: "b" }));
    assert.equal(registry.get("a__t"), tool);
    assert.equal(registryChanges.length, 1);
    assert.equal(catalog.isLoaded("a"), true);
  });

  test("loads a changed skill anew, in one change, and keeps its active groups", async () => {
    const { catalog, registry, changes, registryChanges } = makeCatalog();
    const tools = [{ name: "stays" }, { name: "goes" }, { name: "in_x", group: "x" }, { name: "in_y", group: "y" }];
    const y = { name: "y", description: "", tools: [], defaultActive: true };
    await catalog.accept(discovery({ name: "a", tools, groups: [y] }));
    await catalog.loadSkill("a");
    catalog.activateGroup("x");
    catalog.deactivateGroup("y");
    const next = [{ name: "stays" }, { name: "comes" }, { name: "in_x", group: "x" }, { name: "in_y", group: "y" }, {
      name: "in_z",
      group: "z",
    }];
    const z = { name: "z", description: "", tools: [], defaultActive: true };
    const change = await catalog.accept(discovery({ name: "a", tools: next, groups: [y, z], fingerprint: "2" }));
    assert.deepEqual([change.changed, change.loaded, change.unloaded, change.groups], [["a"], [], [], true]);
    assert.equal(changes.at(-1), change);
    assert.deepEqual(registryChanges.at(-1), {
      added: ["a__comes", "a__in_z"],
      removed: ["a__goes"],
      changed: ["a__stays", "a__in_x", "a__in_y"],
    });
    assert.deepEqual(registry.list().map((tool) => [tool.name, tool.enabled]), [
      ["a__comes", true],
      ["a__in_x", true],
      ["a__in_y", false],
      ["a__in_z", true],
      ["a__stays", true],
    ]);
    assert.deepEqual(catalog.activeGroups(), ["a:x", "a:z"]);
  });

  test("keeps groups that are switched while it looks", async () => {
    let look = (_path: string) => {};
    let ask = () => {};
    const looked = new Promise<string>((resolve) => look = resolve);
    const asked = new Promise<void>((resolve) => ask = resolve);
    const which = (program: string) => {
      ask();
      return program === "slow" ? looked : Promise.resolve(program);
    };
    const { catalog, registry } = makeCatalog({ requirements: { processes: { which } } });
    const same = { name: "same", tools: [{ name: "t", group: "x" }] };
    const changing = { name: "changing", tools: [{ name: "t", group: "x" }] };
    await catalog.accept(discovery(same, changing));
    await catalog.loadSkill("same");
    await catalog.loadSkill("changing");
    const needs = { metadata: { openclaw: { requires: { bins: ["slow"] } } }, fingerprint: "2" };
    const accepted = catalog.accept(discovery(same, { ...changing, ...needs }));
    await asked;
    assert.deepEqual([catalog.activateGroup("same:x"), catalog.activateGroup("changing:x")], [1, 1]);
    look("/bin/slow");
    await accepted;
    assert.deepEqual(catalog.activeGroups(), ["changing:x", "same:x"]);
    assert.deepEqual(registry.list().map((tool) => [tool.name, tool.enabled]), [["changing__t", true], [
      "same__t",
      true,
    ]]);
  });

  test("unloads a skill that is gone, and tells the names of its tools", async () => {
    const { catalog, changes, registryChanges } = makeCatalog();
    await catalog.accept(discovery({ name: "a", tools: ["one", "two"] }, { name: "b", depends: ["a"], tools: ["t"] }));
    await catalog.loadSkill("b");
    await catalog.accept(discovery({ name: "b", depends: ["a"], tools: ["t"] }));
    assert.deepEqual([changes.at(-1)?.removed, changes.at(-1)?.unloaded], [["a"], ["a"]]);
    assert.deepEqual(registryChanges.at(-1), { added: [], removed: ["a__one", "a__two"], changed: [] });
    assert.deepEqual([catalog.find("b")?.state, catalog.find("b")?.missingDependencies], ["loaded", ["a"]]);
  });

  test("unloads a changed skill that can no longer be loaded, and says why", async () => {
    const { catalog, registry, changes } = makeCatalog({ requirements: { products: ["collet"] } });
    await catalog.accept(
      discovery({ name: "a", tools: ["t"] }, { name: "b", tools: ["t"] }, { name: "c", tools: ["t"] }),
    );
    for (const name of ["a", "b", "c"]) await catalog.loadSkill(name);
    await catalog.accept(discovery(
      { name: "a", tools: ["t"], depends: ["none"], fingerprint: "2" },
      { name: "b", tools: ["t"], policy: { products: ["maya"] }, fingerprint: "2" },
      { name: "c", tools: ["t"] },
    ));
    assert.deepEqual(changes.at(-1)?.unloaded, ["a", "b"]);
    assert.deepEqual(toolNames(registry), ["c__t"]);
    assert.deepEqual(catalog.skills().map((it) => it.state), ["pending_deps", "error", "loaded"]);
    assert.match(catalog.find("b")?.error ?? "", /is for "maya", and this server is for "collet"/);
  });

  test("loads what a changed skill needs by now", async () => {
    const { catalog, registry } = makeCatalog();
    await catalog.accept(discovery({ name: "a", tools: ["t"] }, { name: "b", tools: ["t"] }));
    await catalog.loadSkill("a");
    await catalog.accept(
      discovery({ name: "a", tools: ["t"], depends: ["b"], fingerprint: "2" }, { name: "b", tools: ["t"] }),
    );
    assert.deepEqual(toolNames(registry), ["a__t", "b__t"]);
  });

  test("gives the name to a skill that takes precedence, though the other is loaded", async () => {
    const { catalog, registry, changes } = makeCatalog();
    const repo = found({ name: "deploy", scope: "repo", tools: ["of_repo"] });
    await catalog.accept(discovery(repo));
    await catalog.loadSkill("deploy");
    await catalog.accept(discovery(repo, { name: "deploy", scope: "admin", tools: ["of_admin"] }));
    assert.deepEqual(toolNames(registry), ["deploy__of_admin"]);
    assert.deepEqual([changes.at(-1)?.changed, changes.at(-1)?.added], [["deploy"], ["repo:deploy"]]);
    assert.equal(catalog.find("repo:deploy")?.state, "discovered");
    await catalog.accept(discovery(repo));
    assert.deepEqual(toolNames(registry), ["deploy__of_repo"]);
  });

  test("lets a loaded skill have its name once the other that had it is gone", async () => {
    const { catalog, registry } = makeCatalog();
    const repo = found({ name: "deploy", scope: "repo", tools: ["t"] });
    await catalog.accept(discovery(repo, { name: "deploy", scope: "user" }));
    await catalog.loadSkill("repo:deploy");
    await catalog.accept(discovery(repo));
    assert.equal(catalog.find("deploy")?.state, "loaded");
    assert.equal(registry.get("deploy__t")?.skillName, "deploy");
  });

  test("follows a loaded skill whose folder has another name in it now", async () => {
    const { catalog, registry, changes } = makeCatalog();
    await catalog.accept(discovery({ name: "old", path: "/x", tools: ["t"] }));
    await catalog.loadSkill("old");
    await catalog.accept(discovery({ name: "new", path: "/x", tools: ["t"], fingerprint: "2" }));
    assert.deepEqual(toolNames(registry), ["new__t"]);
    assert.deepEqual([changes.at(-1)?.loaded, changes.at(-1)?.unloaded], [["new"], ["old"]]);
  });

  test("keeps why a skill could not be loaded until its files change", async () => {
    const { catalog } = makeCatalog();
    const needy = { name: "needy", metadata: { openclaw: { requires: { env: ["TOKEN"] } } } };
    await catalog.accept(discovery(needy));
    await assert.rejects(catalog.loadSkill("needy"), /needs the variable "TOKEN"/);
    await catalog.accept(discovery(needy, { name: "other" }));
    assert.match(catalog.find("needy")?.error ?? "", /needs the variable "TOKEN"/);
    await catalog.accept(discovery({ ...needy, fingerprint: "2" }));
    assert.equal(catalog.find("needy")?.state, "discovered");
  });

  test("takes no more than seconds for 10,000 skills, and reads none of them", async () => {
    const { catalog } = makeCatalog();
    let reads = 0;
    const skills = Array.from({ length: 10_000 }, (_, i) => {
      const skill = found({
        name: `skill-${i}`,
        description: `Does ${i}`,
        depends: i % 3 === 0 ? [] : [`skill-${i - 1}`],
      });
      const { metadata } = skill;
      return Object.defineProperty({ ...skill }, "metadata", {
        get: () => {
          reads++;
          return metadata;
        },
      });
    });
    const started = performance.now();
    await catalog.accept(discovery(...skills));
    const accepted = performance.now();
    assert.equal(reads, 0);
    await catalog.accept(discovery(...skills.slice(1), found({ name: "skill-0", fingerprint: "2" })));
    await catalog.loadSkill("skill-5000");
    assert.equal(catalog.size, 10_000);
    assert.ok(reads < 100, `${reads} were read`);
    assert.equal(catalog.listSkills("loaded").length, 3);
    const ended = performance.now();
    assert.ok(ended - started < 10_000, `accept ${accepted - started} ms, the rest ${ended - accepted} ms`);
  });
});
