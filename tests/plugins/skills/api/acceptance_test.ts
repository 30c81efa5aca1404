// what an embedder may rely on, item by item
import {
  actionName,
  collectSkillPaths,
  createSkillServer,
  deserializeResult,
  expandTransitiveDependencies,
  getAppSkillPathsFromEnv,
  getSkillsDir,
  parseSkillMd,
  parseSkillMdDetailed,
  resolveDependencies,
  scanAndLoad,
  scanAndLoadLenient,
  scanSkillPaths,
  SerializeFormat,
  serializeResult,
  SkillCatalog,
  skillError,
  skillException,
  SkillMetadata,
  SkillRuntimeError,
  SkillScanner,
  type SkillScope,
  skillSuccess,
  SkillValueError,
  skillWarning,
  SkillWatcher,
  successResult,
  ToolDeclaration,
  ToolRegistry,
  validateDependencies,
  validateSkill,
} from "collet/skills";
import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { answerOf, modern, post } from "../../../support/raw.ts";
import { until } from "../../../support/wait.ts";
import { pythonIsMissing, readResult, startPython } from "../python/kit.ts";
import { makePlace, mayaGeometry, skillMd } from "./kit.ts";

/** A tool as it is on the wire: a client library leaves out hints that it does not know. */
interface Listed {
  readonly name: string;
  readonly annotations?: { readonly deferredHint?: boolean };
}

function isValueError(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof SkillValueError && thrown.code === code;
}

describe("a catalog session", () => {
  test("discovers, lists, searches, loads, tells, counts and unloads", async () => {
    await using place = await makePlace();
    await place.write({
      ...mayaGeometry(),
      "extra/blender-utils/SKILL.md": skillMd("blender-utils", "description: Helpers", "tags: [render]"),
      "extra/blender-utils/scripts/render-scene.py": "",
    });
    place.set({ DCC_MCP_SKILL_PATHS: join(place.path, "skills") });
    const registry = new ToolRegistry();
    const catalog = new SkillCatalog(registry);
    assert.equal(String(catalog), "SkillCatalog(total=0, loaded=0)");

    assert.equal(await catalog.discover([join(place.path, "extra")], "maya"), 2);
    assert.equal(await catalog.discover([join(place.path, "extra")], "maya"), 0);
    assert.deepEqual(catalog.listSkills().map((skill) => [skill.name, skill.version, skill.loaded]), [
      ["blender-utils", "1.0.0", false],
      ["maya-geometry", "1.2.0", false],
    ]);
    assert.equal(catalog.listSkills("unloaded").length, 2);

    const [found, ...others] = catalog.searchSkills("geometry", ["create"]);
    assert.equal(others.length, 0);
    assert.deepEqual([found?.name, found?.tool_count, found?.tool_names], [
      "maya-geometry",
      2,
      ["create_sphere", "bevel-edges"],
    ]);
    assert.deepEqual(catalog.searchSkills({ query: "geometry", tags: ["CREATE"] }), [found]);
    assert.equal(found?.search_hint, "polygon modeling, sphere, bevel, mesh");

    const actions = await catalog.loadSkill("maya-geometry");
    assert.deepEqual(actions, ["maya_geometry__create_sphere", "maya_geometry__bevel_edges"]);
    assert.deepEqual(await catalog.loadSkill("maya-geometry"), actions);
    assert.deepEqual(registry.listBySkill("maya-geometry").map((tool) => tool.sourceFile), [
      join(place.path, "skills/maya-geometry/scripts/create_sphere.py"),
      join(place.path, "skills/maya-geometry/scripts/bevel_edges.py"),
    ]);
    assert.deepEqual(await catalog.loadSkill("blender-utils"), ["blender_utils__render_scene"]);
    await catalog.unloadSkill("blender-utils");

    const info = catalog.getSkillInfo("maya-geometry");
    assert.deepEqual([info?.name, info?.tools.length, info?.state], ["maya-geometry", 2, "loaded"]);
    assert.deepEqual(info?.tools[0]?.["input_schema"], { type: "object", properties: { radius: { type: "number" } } });
    assert.deepEqual([catalog.loadedCount(), catalog.isLoaded("maya-geometry")], [1, true]);
    assert.equal(String(catalog), "SkillCatalog(total=2, loaded=1)");

    assert.equal(await catalog.unloadSkill("maya-geometry"), actions.length);
    assert.equal(registry.list().length, 0);
    await assert.rejects(catalog.unloadSkill("maya-geometry"), isValueError("SKILL_NOT_LOADED"));
  });

  test("refuses names that no skill has", async () => {
    const catalog = new SkillCatalog(new ToolRegistry());
    await assert.rejects(catalog.loadSkill("nonexistent"), isValueError("SKILL_UNKNOWN"));
    await assert.rejects(catalog.unloadSkill("nonexistent"), isValueError("SKILL_UNKNOWN"));
    assert.equal(catalog.getSkillInfo("nonexistent"), null);
    assert.equal(catalog.isLoaded("nonexistent"), false);
    assert.throws(() => new SkillCatalog({} as ToolRegistry), TypeError);
  });

  test("adds nothing where skills depend on each other in a circle, and says so", async () => {
    await using place = await makePlace();
    await place.write({
      "a/SKILL.md": skillMd("a", "depends: [b]"),
      "b/SKILL.md": skillMd("b", "depends: [a]"),
      "c/SKILL.md": skillMd("c"),
      "broken/SKILL.md": "no front matter",
    });
    const catalog = new SkillCatalog(new ToolRegistry());
    assert.equal(await catalog.discover([place.path]), 0);
    assert.equal(catalog.size, 0);
    const told = catalog.diagnostics();
    assert.match(told.find((it) => it.rule === "dependency-cycle")?.message ?? "", /a → b → a/);
    await assert.rejects(catalog.loadSkill("c"), /no skill of that name.*a → b → a/);
    assert.ok(told.some((it) => it.path === join(place.path, "broken")), "the folder that was skipped");
    await writeFile(join(place.path, "b", "SKILL.md"), skillMd("b"));
    assert.equal(await catalog.discover([place.path]), 3);
  });

  test("keeps what it has when it discovers again, and takes over what changed when told to", async () => {
    await using place = await makePlace();
    await place.write(mayaGeometry());
    const catalog = new SkillCatalog(new ToolRegistry());
    await catalog.discover([place.path + "/skills"]);
    await catalog.loadSkill("maya-geometry");
    await place.write({
      ...mayaGeometry(),
      "skills/maya-geometry/SKILL.md": skillMd("maya-geometry", "version: 2.0.0", "tools: [create_sphere]"),
      "skills/other/SKILL.md": skillMd("other"),
    });
    assert.equal(await catalog.discover([place.path + "/skills"]), 1);
    assert.equal(catalog.getSkillInfo("maya-geometry")?.version, "1.2.0");
    const change = await catalog.rediscover();
    assert.deepEqual([change.changed, change.unloaded], [["maya-geometry"], []]);
    assert.equal(catalog.getSkillInfo("maya-geometry")?.version, "2.0.0");
    assert.deepEqual(catalog.registry.list().map((tool) => tool.name), ["maya_geometry__create_sphere"]);
    await rm(join(place.path, "skills", "other"), { recursive: true });
    assert.deepEqual((await catalog.rediscover()).removed, ["other"]);
  });

  test("finds no skill in paths that are missing", async () => {
    await using place = await makePlace();
    const catalog = new SkillCatalog(new ToolRegistry());
    assert.equal(await catalog.discover([join(place.path, "none"), ""], null), 0);
  });
});

test("tools are declared in the front matter and in a file beside it", async () => {
  await using place = await makePlace();
  const sidecar = "tools:\n  - name: bevel\n    destructive: true\n    input_schema: {type: object}\n";
  await place.write({
    "inline/SKILL.md": skillMd("inline", "tools:", "  - bevel", "  - {name: extrude, idempotent: true}"),
    "sidecar/SKILL.md": skillMd("sidecar", "metadata:", "  dcc-mcp:", "    tools: tools.yaml"),
    "sidecar/tools.yaml": sidecar,
  });
  const inline = await parseSkillMd(join(place.path, "inline"));
  const beside = await parseSkillMd(join(place.path, "sidecar", "SKILL.md"));
  assert.ok(inline instanceof SkillMetadata && beside instanceof SkillMetadata);
  assert.ok([...inline.tools, ...beside.tools].every((tool) => tool instanceof ToolDeclaration));
  assert.deepEqual(inline.tools.map((tool) => [tool.name, tool.idempotent]), [["bevel", false], ["extrude", true]]);
  assert.deepEqual(beside.tools.map((tool) => [tool.name, tool.destructive, tool.inputSchema]), [
    ["bevel", true, { type: "object" }],
  ]);
  assert.equal(await parseSkillMd(join(place.path, "none")), null);
  assert.equal(await parseSkillMd(place.path), null);
  assert.ok((await parseSkillMdDetailed(place.path)).diagnostics.length > 0);
  assert.equal((await validateSkill(join(place.path, "sidecar"))).hasErrors, true, "it has no description");
});

test("an empty search gives skills by scope: admin, system, user, repo", async () => {
  await using place = await makePlace();
  const scopes: readonly SkillScope[] = ["repo", "user", "system", "admin"];
  const extra = scopes.map((scope) => ({ path: join(place.path, scope), scope }));
  for (const scope of scopes) {
    for (const name of [`b-${scope}`, `a-${scope}`]) {
      await place.write({ [`${scope}/${name}/SKILL.md`]: skillMd(name) });
    }
  }
  const catalog = new SkillCatalog(new ToolRegistry());
  assert.equal(await catalog.discover(extra), 8);
  const names = [...scopes].reverse().flatMap((scope) => [`a-${scope}`, `b-${scope}`]);
  assert.deepEqual(catalog.searchSkills().map((skill) => skill.name), names);
  assert.deepEqual(catalog.searchSkills({ limit: 3 }).map((skill) => skill.name), names.slice(0, 3));
  assert.deepEqual(catalog.searchSkills({ scope: "user" }).map((skill) => skill.scope), ["user", "user"]);
  assert.throws(() => catalog.searchSkills({ scope: "planet" }), isValueError("SCOPE_UNKNOWN"));
});

test("a watcher shows an edit after its pause, refuses a missing path, and stops when told to", async () => {
  await using place = await makePlace();
  await place.write(mayaGeometry());
  using watcher = new SkillWatcher(20);
  await assert.rejects(watcher.watch(join(place.path, "none")), SkillRuntimeError);
  const folder = join(place.path, "skills");
  await watcher.watch(folder);
  assert.deepEqual(watcher.skills().map((skill) => skill.version), ["1.2.0"]);
  assert.deepEqual([watcher.skillCount(), watcher.watchedPaths()], [1, [folder]]);
  assert.equal(String(watcher), "SkillWatcher(skills=1, paths=1)");
  await place.write({ "skills/maya-geometry/SKILL.md": skillMd("maya-geometry", "version: 2.0.0") });
  await until(() => watcher.skills()[0]?.version === "2.0.0");
  await watcher.reload();
  assert.equal(watcher.unwatch(folder), true);
  assert.equal(watcher.unwatch(folder), false);
  assert.equal(watcher.skillCount(), 0);
  assert.throws(() => new SkillWatcher(-1), TypeError);
  assert.throws(() => new SkillWatcher(NaN), TypeError);
  assert.throws(() => new SkillWatcher(Infinity), TypeError);
});

describe("the resolver", () => {
  const skill = (name: string, ...depends: readonly string[]) => new SkillMetadata({ name, depends });
  const names = (skills: readonly SkillMetadata[]) => skills.map((it) => it.name);
  const chain = [skill("c", "b"), skill("b", "a"), skill("a")];

  test("orders a chain and a diamond", () => {
    assert.deepEqual(names(resolveDependencies(chain)), ["a", "b", "c"]);
    const diamond = [skill("d", "b", "c"), skill("b", "a"), skill("c", "a"), skill("a")];
    assert.deepEqual(names(resolveDependencies(diamond)), ["a", "b", "c", "d"]);
    assert.deepEqual(resolveDependencies([]), []);
  });

  test("refuses what is missing, a cycle, and a skill that needs itself", () => {
    assert.throws(() => resolveDependencies([skill("a", "none")]), isValueError("DEPENDENCY_MISSING"));
    assert.throws(() => resolveDependencies([skill("a", "b"), skill("b", "a")]), /a → b → a/);
    assert.throws(() => resolveDependencies([skill("a", "a")]), /a → a/);
  });

  test("lists what is missing, and what one needs by others", () => {
    assert.deepEqual(validateDependencies(chain), []);
    assert.equal(validateDependencies([skill("a", "x", "y")]).length, 2);
    assert.deepEqual(expandTransitiveDependencies(chain, "c"), ["a", "b"]);
    assert.deepEqual(expandTransitiveDependencies(chain, "none"), []);
  });

  test("orders what a scan finds: strictly, or without what cannot be used", async () => {
    await using place = await makePlace();
    await place.write({
      "a/SKILL.md": skillMd("a", "depends: [b]"),
      "b/SKILL.md": skillMd("b"),
      "broken/SKILL.md": "no front matter",
    });
    const [ordered, skipped] = await scanAndLoad([place.path]);
    assert.deepEqual([names(ordered), skipped], [["b", "a"], [join(place.path, "broken")]]);
    await place.write({ "c/SKILL.md": skillMd("c", "depends: [none]"), "d/SKILL.md": skillMd("d", "depends: [c]") });
    await assert.rejects(scanAndLoad([place.path]), isValueError("DEPENDENCY_MISSING"));
    const told: string[] = [];
    const [some, left] = await scanAndLoadLenient([place.path], null, { onDiagnostic: ({ rule }) => told.push(rule) });
    assert.deepEqual(names(some), ["b", "a"]);
    assert.deepEqual(left, ["broken", "c", "d"].map((it) => join(place.path, it)));
    assert.deepEqual(told.filter((rule) => rule === "dependency-missing").length, 2);
    await place.write({ "c/SKILL.md": skillMd("c", "depends: [d]") });
    await assert.rejects(scanAndLoadLenient([place.path]), isValueError("DEPENDENCY_CYCLE"));
  });
});

test("helpers give all five keys, and solutions and warnings in the context", () => {
  assert.deepEqual(skillSuccess("Timeline set", { prompt: "Look", start_frame: 1 }), {
    success: true,
    message: "Timeline set",
    prompt: "Look",
    error: null,
    context: { start_frame: 1 },
  });
  const failed = skillError("No Maya", "ImportError", { possibleSolutions: ["Start Maya"] });
  assert.deepEqual([failed.success, failed.error, failed.context], [false, "ImportError", {
    possible_solutions: ["Start Maya"],
  }]);
  assert.equal(typeof failed.prompt, "string");
  assert.deepEqual(skillError("m", "e").context, {});
  assert.deepEqual(skillWarning("Clamped").context, { warning: "" });
  assert.deepEqual(skillWarning("Clamped", { warning: "too long", actual_end: 240 }).context, {
    warning: "too long",
    actual_end: 240,
  });
  const thrown = skillException(new RangeError("too far"), { includeTraceback: false });
  assert.deepEqual([thrown.success, thrown.context], [false, { error_type: "RangeError" }]);
  const traced = skillException(new RangeError("too far"), { possibleSolutions: ["Come nearer"], frame: 7 });
  assert.match(String(traced.context["traceback"]), /too far/);
  assert.deepEqual([traced.context["possible_solutions"], traced.context["frame"]], [["Come nearer"], 7]);
});

test("run_main prints one line of JSON, and exits with 0 or 1", async (context) => {
  const missing = await pythonIsMissing();
  if (missing) return context.skip(missing);
  await using python = await startPython();
  const script = (result: string) =>
    `from dcc_mcp_core.skill import run_main, skill_success, skill_error\nrun_main(lambda **args: ${result})\n`;
  const good = await python.run(script('skill_success("done", **args)'), { input: '{"frames": 3}' });
  assert.deepEqual([good.code, readResult(good).context], [0, { frames: 3 }]);
  const bad = await python.run(script('skill_error("failed", "why")'));
  assert.deepEqual([bad.code, readResult(bad).success], [1, false]);
});

test("results come back from JSON and from MessagePack, and from no other format", () => {
  const result = successResult("Timeline updated", {
    start_frame: 1,
    end_frame: 120,
    nested: { list: [true, "é", 1.5] },
  });
  const json = serializeResult(result);
  const packed = serializeResult(result, SerializeFormat.MsgPack);
  assert.equal(typeof json, "string");
  assert.ok(packed instanceof Uint8Array && packed.length < json.length);
  for (const back of [deserializeResult(json), deserializeResult(packed, SerializeFormat.MsgPack)]) {
    assert.deepEqual([back.success, back.message, back.context], [true, "Timeline updated", result.context]);
  }
  assert.throws(() => deserializeResult(json, SerializeFormat.MsgPack), SkillValueError);
  assert.throws(() => deserializeResult(packed), SkillValueError);
  assert.throws(() => deserializeResult("{"), SkillValueError);
});

test("a server lists stubs, then the tools of a loaded skill, and runs their scripts", async (context) => {
  await using place = await makePlace();
  const script = "import json, sys\nprint(json.dumps({'stdin': json.load(sys.stdin), 'argv': sys.argv[1:]}))\n";
  await place.write({
    ...mayaGeometry(),
    "skills/maya-geometry/scripts/create_sphere.py": script,
    "skills/maya-geometry/scripts/bevel_edges.py": "import sys\nsys.exit(3)\n",
  });
  const home = join(place.path, "home");
  place.set({ DCC_MCP_MAYA_SKILL_PATHS: join(place.path, "skills"), DCC_MCP_ALLOW_AMBIENT_PYTHON: "1" });
  await using server = await createSkillServer("maya", { port: 0, home });
  const handle = await server.start();
  assert.equal(handle.mcpUrl(), `http://127.0.0.1:${handle.port}/mcp`);
  const ask = async (method: string, params: JsonObject = {}) => {
    const { body, headers } = modern(method, params);
    return (await answerOf(await post((request) => fetch(request), body, { url: handle.mcpUrl(), headers }))).result;
  };
  const call = (name: string, args: JsonObject = {}) => ask("tools/call", { name, arguments: args });
  const hints = async () => {
    const { tools } = await ask("tools/list");
    return new Map(tools.map((tool: Listed) => [tool.name, tool.annotations?.deferredHint]));
  };
  const before = await hints();
  assert.ok(before.has("load_skill"));
  assert.equal(before.get("__skill__maya-geometry"), true);
  const stub = await call("__skill__maya-geometry");
  assert.equal(stub.isError, true);
  assert.match(JSON.stringify(stub.content), /load_skill/);

  await call("load_skill", { skill_name: "maya-geometry" });
  const after = await hints();
  assert.equal(after.get("maya_geometry__create_sphere"), false);
  assert.equal(after.has("__skill__maya-geometry"), false);

  const missing = await pythonIsMissing();
  if (missing) return context.skip(missing);
  const args = { radius: 2.5, start_frame: 1, tags: ["a"] };
  const made = await call("maya_geometry__create_sphere", args);
  assert.deepEqual(made.structuredContent, { stdin: args, argv: ["--radius", "2.5", "--start-frame", "1"] });
  assert.equal((await call("maya_geometry__bevel_edges")).isError, true);
});

test("the folders of an app come from its variable, in any letter case", async () => {
  await using place = await makePlace();
  const [one, two] = [join(place.path, "one"), join(place.path, "two")];
  await mkdir(one);
  await mkdir(two);
  assert.deepEqual(getAppSkillPathsFromEnv("maya"), []);
  place.set({
    DCC_MCP_MAYA_SKILL_PATHS: `${one}: ${join(place.path, "none")}:${two}:`,
    DCC_MCP_SKILL_PATHS: place.path,
  });
  for (const app of ["maya", "MAYA", "Maya"]) assert.deepEqual(getAppSkillPathsFromEnv(app), [one, two]);
  assert.deepEqual(getAppSkillPathsFromEnv("maya", { includeGlobal: true }), [one, two, place.path]);
  place.set({ DCC_MCP_MY_APP_SKILL_PATHS: one });
  assert.deepEqual(getAppSkillPathsFromEnv("my-app"), [one]);
});

test("search paths come in their order: extra, of the app, of all apps, of the platform", async () => {
  await using place = await makePlace();
  const folder = (name: string) => join(place.path, name);
  for (const name of ["extra", "app", "all"]) await place.write({ [`${name}/${name}/SKILL.md`]: skillMd(name) });
  const platform = getSkillsDir();
  const ofApp = getSkillsDir("Maya");
  assert.ok(ofApp.startsWith(platform) && ofApp.toLowerCase().endsWith("maya"));
  await mkdir(ofApp, { recursive: true });
  place.set({ DCC_MCP_MAYA_SKILL_PATHS: folder("app"), DCC_MCP_SKILL_PATHS: `${folder("all")}:${folder("extra")}` });
  assert.deepEqual(collectSkillPaths([folder("extra")], "maya"), [
    folder("extra"),
    folder("app"),
    folder("all"),
    ofApp,
    platform,
  ]);
  const found = ["extra", "app", "all"].map((name) => join(folder(name), name));
  assert.deepEqual(await scanSkillPaths([folder("extra")], "maya"), found);
  const scanner = new SkillScanner();
  assert.deepEqual(await scanner.scan([folder("extra")], "maya"), found);
  assert.deepEqual(scanner.discoveredSkills, found);
  assert.equal(String(scanner), "SkillScanner(cached=3, discovered=3)");
  scanner.clearCache();
  assert.equal(String(scanner), "SkillScanner(cached=0, discovered=0)");
});

test("actions are named by their skill and tool", () => {
  assert.equal(actionName("maya-geometry", "create_sphere"), "maya_geometry__create_sphere");
  assert.equal(actionName("blender-utils", "render-scene"), "blender_utils__render_scene");
  assert.throws(() => actionName("mine", "maya_geometry__create_sphere"), isValueError("NAME_INVALID"));
});
