import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import { LOCAL_PRINCIPAL, type ViewChange, ViewChanged } from "../../../../kernel/mod.ts";
import { fail, succeed, temporaryHome } from "../../library/kit.ts";
import { small } from "../../../support/plugins.ts";
import { until } from "../../../support/wait.ts";
import { dataOf, LOCAL, makeTool, say, startSkills } from "./kit.ts";

const ADA = { principal: { id: "ada", scopes: [] } };
const GEOMETRY = { name: "maya-geometry", tools: ["create_sphere", "delete_sphere"] };

/** A plugin of somebody else, with two tools. */
const acme = small("acme", {
  setup(ctx) {
    for (const name of ["acme_find", "acme_keep"]) {
      ctx.tool({ name, description: "Works", input: v.object({}), run: () => name });
    }
  },
});

describe("activate_skill", () => {
  test("shows the tools of a skill, of a plugin, and of dev, to whoever asked", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY], plugins: [acme] });
    const start = ["activate_skill", "call_tool", "deactivate_skill", "list_tools", "search_tools", "suggest_skill"];
    assert.deepEqual(server.seen(), start);

    const text = succeed(await server.call("activate_skill", { name: "maya-geometry" }, LOCAL));
    assert.match(text, /^Activated: "maya-geometry" \(skill, 2 tools\)\n/);
    assert.match(text, /- maya_geometry__create_sphere: /);
    const shown = ["maya_geometry__create_sphere", "maya_geometry__delete_sphere"];
    assert.deepEqual(server.seen(), [...start, ...shown].sort());

    const result = await server.call("activate_skill", { name: ["acme", " dev "] }, LOCAL);
    assert.deepEqual(dataOf(result).activated.map((it: { name: string; kind: string }) => [it.name, it.kind]), [
      ["acme", "virtual"],
      ["dev", "virtual"],
    ]);
    for (const name of ["acme_find", "acme_keep", "delete_tool", "version", "test_tool"]) {
      assert.ok(server.seen().includes(name), name);
    }
    assert.deepEqual(server.seen(ADA), start);
    assert.match(await say(server, "activate_skill", { name: "dev" }), /^Already active: "dev" \(virtual skill/);
  });

  test("activates each made tool under its own name where they are hidden", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, hideMadeTools: true });
    await makeTool(server, "my-tool");
    assert.equal(server.seen().includes("my-tool"), false);
    assert.equal(
      await say(server, "activate_skill", { name: "my-tool" }).then((it) => it.split("\n")[0]),
      [
        'Activated: "my-tool" (made tool)',
      ].join(),
    );
    assert.ok(server.seen().includes("my-tool"));
    assert.match(await say(server, "deactivate_skill", { name: "my-tool" }), /Tools of no active skill now: my-tool$/);
    assert.equal(server.seen().includes("my-tool"), false);
  });

  test("lists made tools at once by default, and hides none of them", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path });
    await makeTool(server, "adder");
    assert.ok(server.seen().includes("adder"));
    await say(server, "activate_skill", { name: "library" });
    assert.equal(dataOf(await server.call("activate_skill", { name: "adder" }, LOCAL)).activated[0].kind, "tool");
    assert.equal(await say(server, "deactivate_skill", { name: "adder" }), 'Deactivated: "adder"');
    assert.ok(server.seen().includes("adder"));
  });

  test("brings along what a skill depends on, and lets it go with the last that needs it", async () => {
    await using home = await temporaryHome();
    const skills = [
      { name: "top", depends: ["middle"], tools: ["t"] },
      { name: "other", depends: ["base"], tools: ["o"] },
      { name: "middle", depends: ["base"], tools: ["m"] },
      { name: "base", tools: ["b"] },
    ];
    await using server = await startSkills({ home: home.path, skills });
    const text = await say(server, "activate_skill", { name: ["top", "other"] });
    assert.match(text, /Activated: "base" \(skill, 1 tool\), which "top" depends on/);
    const tools = () => server.seen().filter((it) => it.includes("__"));
    assert.deepEqual(tools(), ["base__b", "middle__m", "other__o", "top__t"]);
    const data = dataOf(await server.call("deactivate_skill", { name: "top" }, LOCAL));
    assert.deepEqual(data, {
      deactivated: ["top"],
      dependencies: ["middle"],
      not_active: [],
      hidden_tools: ["middle__m", "top__t"],
    });
    assert.deepEqual(tools(), ["base__b", "other__o"]);
    // what was asked for by name stays
    await say(server, "activate_skill", { name: "base" });
    await say(server, "deactivate_skill", { name: "other" });
    assert.deepEqual(tools(), ["base__b"]);
  });

  test("names cycles, missing dependencies and unknown names, with near ones", async () => {
    await using home = await temporaryHome();
    const skills = [
      { name: "a", depends: ["b"] },
      { name: "b", depends: ["a"] },
      { name: "lone", depends: ["nowhere"] },
      GEOMETRY,
    ];
    await using server = await startSkills({ home: home.path, skills });
    assert.match(
      fail(await server.call("activate_skill", { name: "a" }, LOCAL)),
      /^Cannot load skill "a": .*a → b → a/,
    );
    const lone = fail(await server.call("activate_skill", { name: "lone" }, LOCAL));
    assert.match(lone, /^Cannot load skill "lone": skill "lone" depends on "nowhere", which was not found; /);
    const unknown = fail(await server.call("activate_skill", { name: "maya-geometri" }, LOCAL));
    const near = 'there is no skill of that name; did you mean "maya-geometry"?';
    assert.equal(unknown, `Cannot activate skill "maya-geometri": ${near}`);
    const hide = (name: string) => server.call("deactivate_skill", { name }, LOCAL).then(fail);
    assert.equal(await hide("maya-geometri"), `Cannot deactivate skill "maya-geometri": ${near}`);
    const bundle = fail(await server.call("activate_skill", { name: "@dev-ful" }, LOCAL));
    const noBundle = '"@dev-ful": there is no bundle of that name; did you mean "@dev-full"?';
    assert.deepEqual([bundle, await hide("@dev-ful")], [
      `Cannot activate ${noBundle}`,
      `Cannot deactivate ${noBundle}`,
    ]);
    assert.match(fail(await server.call("activate_skill", { name: ["", " "] }, LOCAL)), /"name" is empty/);
    // what can be activated is, whatever becomes of the rest
    const result = await server.call("activate_skill", { name: ["a", "maya-geometry"] }, LOCAL);
    assert.match(succeed(result), /Activated: "maya-geometry".*Not activated: "a"\. .*a → b → a/s);
    assert.equal(dataOf(result).failed[0].name, "a");
  });

  test("means virtual skills before those found on a disk, and those before made tools", async () => {
    await using home = await temporaryHome();
    const skills = [{ name: "dev", tools: ["evil"] }, { name: "twin", tools: ["real"] }];
    await using server = await startSkills({ home: home.path, skills, hideMadeTools: true });
    await makeTool(server, "twin");
    const [dev] = dataOf(await server.call("activate_skill", { name: "dev" }, LOCAL)).activated;
    assert.deepEqual([dev.kind, dev.other_skills_of_the_name], ["virtual", ["skill:dev"]]);
    assert.equal(server.seen().includes("dev__evil"), false);
    await say(server, "activate_skill", { name: ["skill:dev", "twin"] });
    assert.ok(server.seen().includes("dev__evil") && server.seen().includes("twin__real"));
    assert.equal(server.seen().includes("twin"), false);
    await say(server, "activate_skill", { name: "tool:twin" });
    assert.ok(server.seen().includes("twin"));
    await say(server, "deactivate_skill", { name: ["virtual:dev", "tool:twin"] });
    assert.equal(server.seen().includes("delete_tool") || server.seen().includes("twin"), false);
    assert.ok(server.seen().includes("dev__evil"));
  });

  test("hides only what no other active skill shows", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path });
    await say(server, "activate_skill", { name: ["dev", "library"] });
    assert.equal(await say(server, "deactivate_skill", { name: "dev" }), 'Deactivated: "dev"');
    assert.ok(server.seen().includes("delete_tool"));
    const hidden = dataOf(await server.call("deactivate_skill", { name: "library" }, LOCAL)).hidden_tools;
    assert.ok(hidden.includes("delete_tool") && !server.seen().includes("delete_tool"));
    assert.deepEqual(hidden.filter((tool: string) => server.seen().includes(tool)), []);
    assert.equal(await say(server, "deactivate_skill", { name: "library" }), 'Was not active: "library"');
    assert.match(fail(await server.call("deactivate_skill", { name: "librari" }, LOCAL)), /did you mean "library"/);
  });

  test("lets go of what was active and is no more", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY] });
    await say(server, "activate_skill", { name: "maya-geometry" });
    await server.find([]);
    assert.equal(await say(server, "deactivate_skill", { name: "maya-geometry" }), 'Deactivated: "maya-geometry"');
  });

  test("asks for the trust of a project before it says that there is no skill of a name", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, waiting: [{ name: "of-project", tools: ["t"] }] });
    const unknown = fail(await server.call("activate_skill", { name: "nothing-of-it" }, ADA));
    assert.match(
      unknown,
      /^Cannot activate skill "nothing-of-it": .*1 skill of the project \/project waits until a person/,
    );
    assert.match(await say(server, "activate_skill", { name: "of-project" }), /^Activated: "of-project"/);
    assert.ok(server.seen().includes("of_project__t"));
  });

  test("asks a person before a model uses a skill that is not for models, once", async () => {
    await using home = await temporaryHome();
    const skills = [{ name: "secret", disableModelInvocation: true, tools: ["t"] }];
    await using server = await startSkills({ home: home.path, skills });
    const client = { name: "c", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } };
    const asked: string[] = [];
    const answering = (decision: string) => ({
      ...LOCAL,
      client,
      elicit: ({ message }: { message: string }) => {
        asked.push(message);
        return Promise.resolve({ action: "accept" as const, content: { decision } });
      },
    });
    assert.match(fail(await server.call("activate_skill", { name: "secret" }, LOCAL)), /"secret"/);
    const refused = fail(await server.call("activate_skill", { name: "secret" }, answering("no")));
    assert.match(refused, /SKILL\.md/);
    fail(await server.call("activate_skill", { name: "secret" }, answering("yes")));
    assert.equal(asked.length, 1, "a user who refused is not asked again");
    const other = { ...answering("yes"), client: { ...client } };
    succeed(await server.call("activate_skill", { name: "secret" }, other));
    assert.match(asked[1]!, /wants to use the skill "secret"/);
    assert.ok(server.seen().includes("secret__t"));
  });
});

describe("activation", () => {
  const SESSION = { ...LOCAL, sessionId: "one" };

  test("is a session's own once that has changed it, and its principal's until then", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, plugins: [acme] });
    await say(server, "activate_skill", { name: "acme" });
    assert.ok(server.seen(SESSION).includes("acme_find"));
    await say(server, "activate_skill", { name: "dev" }, SESSION);
    await say(server, "deactivate_skill", { name: "acme" }, SESSION);
    assert.equal(server.seen(SESSION).includes("acme_find"), false);
    assert.ok(server.seen(SESSION).includes("delete_tool"));
    assert.ok(server.seen().includes("acme_find"));
    assert.equal(server.seen().includes("delete_tool"), false);
    assert.ok(server.seen({ ...LOCAL, sessionId: "two" }).includes("acme_find"));
  });

  test("has another key exactly when the view is another, the same for all who see the same", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, plugins: [acme] });
    const key = (viewer: object) => server.kernel.view({ client: undefined, ...viewer } as never).key;
    const [none, ada] = [key(LOCAL), key(ADA)];
    assert.equal(none, ada);
    await say(server, "activate_skill", { name: ["acme", "dev"] });
    const both = key(LOCAL);
    assert.notEqual(both, none);
    assert.equal(key(ADA), none);
    await say(server, "activate_skill", { name: "dev" }, ADA);
    await say(server, "activate_skill", { name: "acme" }, ADA);
    assert.equal(key(ADA), both);
    await say(server, "activate_skill", { name: "acme" });
    assert.equal(key(LOCAL), both);
    await say(server, "deactivate_skill", { name: ["dev", "acme"] });
    assert.equal(key(LOCAL), none);
  });

  test("tells those whom it concerns, and nobody when nothing changed", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, plugins: [acme] });
    const changes: ViewChange[] = [];
    server.kernel.on(ViewChanged, (change) => void changes.push(change));
    await say(server, "activate_skill", { name: "acme" });
    await say(server, "activate_skill", { name: "acme" });
    await say(server, "activate_skill", { name: "dev" }, SESSION);
    await say(server, "deactivate_skill", { name: "acme" }, ADA);
    assert.deepEqual(changes, [{ kind: "tool", principalId: "local" }, { kind: "tool", sessionId: "one" }]);
  });

  test("outlives a restart, with the skills loaded again when they are found", async () => {
    await using home = await temporaryHome();
    {
      await using server = await startSkills({ home: home.path, skills: [GEOMETRY] });
      await say(server, "activate_skill", { name: ["dev", "maya-geometry"] });
      await say(server, "activate_skill", { name: "sys" }, SESSION);
    }
    await using server = await startSkills({ home: home.path });
    assert.deepEqual(server.activation.active(SESSION), ["virtual:dev", "skill:maya-geometry"]);
    assert.ok(server.seen().includes("delete_tool"));
    assert.equal(server.seen(ADA).includes("delete_tool"), false);
    await server.find([GEOMETRY]);
    await until(() => server.seen().includes("maya_geometry__create_sphere"), "the skill is loaded");
  });

  test("does not load again what was unloaded", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY] });
    await say(server, "activate_skill", { name: "maya-geometry" });
    await server.catalog.unloadSkill("maya-geometry");
    await say(server, "activate_skill", { name: "dev" });
    await server.find([GEOMETRY, { name: "new" }]);
    assert.equal(server.catalog.isLoaded("maya-geometry"), false);
  });

  test("is the same in two servers with one home", async () => {
    await using home = await temporaryHome();
    await using first = await startSkills({ home: home.path, skills: [GEOMETRY] });
    await using second = await startSkills({ home: home.path, skills: [GEOMETRY] });
    const changes: ViewChange[] = [];
    second.kernel.on(ViewChanged, (change) => void changes.push(change));
    await say(first, "activate_skill", { name: "maya-geometry" });
    await until(() => second.seen().includes("maya_geometry__create_sphere"), "the second server shows it");
    assert.deepEqual(changes, [{ kind: "tool", principalId: LOCAL_PRINCIPAL.id }]);
    await Promise.all([
      say(first, "activate_skill", { name: "dev" }),
      say(second, "activate_skill", { name: "library" }),
    ]);
    await until(() => first.activation.active(LOCAL as never).length === 3, "the first has both");
    await until(() => second.activation.active(LOCAL as never).length === 3, "the second has both");
    await say(second, "deactivate_skill", { name: "maya-geometry" });
    await until(() => !first.seen().includes("maya_geometry__create_sphere"), "the first hides it");
  });

  test("changes nothing of what is listed where nothing narrows lists", async () => {
    await using home = await temporaryHome();
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY], isExposed: false });
    assert.ok(server.seen().includes("delete_tool"));
    await say(server, "activate_skill", { name: "maya-geometry" });
    await say(server, "deactivate_skill", { name: "maya-geometry" });
    assert.ok(server.seen().includes("maya_geometry__create_sphere"));
  });

  test("load() gives the reason of the first that cannot be loaded, and shows those before", async () => {
    await using home = await temporaryHome();
    const grouped = {
      name: "grouped",
      tools: [{ name: "plain" }, { name: "more", group: "extra" }],
      groups: [{ name: "extra", description: "", tools: ["more"], defaultActive: false }],
    };
    await using server = await startSkills({ home: home.path, skills: [GEOMETRY, grouped] });
    const call = { ...LOCAL, signal: AbortSignal.timeout(10_000), client: { capabilities: {} } } as never;
    const load = (names: string[], activateGroups = false) => server.activation.load(names, call, { activateGroups });
    await assert.rejects(
      load(["maya-geometry", "nothing"]),
      /^ToolError: Cannot load skill "nothing": there is no skill of that name/,
    );
    assert.ok(server.seen().includes("maya_geometry__create_sphere"));
    await load(["grouped"]);
    assert.deepEqual(server.seen().filter((it) => it.startsWith("grouped")), ["grouped__plain"]);
    await load(["grouped"], true);
    assert.deepEqual(server.seen().filter((it) => it.startsWith("grouped")), ["grouped__more", "grouped__plain"]);
  });
});
