import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ToolError } from "../../../../kernel/mod.ts";
import type { TestEra } from "../../../../kernel/testing.ts";
import type { Discovery } from "../../../../plugins/skills/discovery/found.ts";
import type { TrustSubject } from "../../../../plugins/trust/contract.ts";
import { discoveryOf, type SkillForTest, startTools } from "./kit.ts";

const GEOMETRY: SkillForTest = {
  name: "maya-geometry",
  description: "Create and change polygons.\nMore of it",
  dcc: "maya",
  tags: ["modeling", "create"],
  searchHint: "sphere, bevel",
  depends: ["units"],
  tools: [
    {
      name: "create_sphere",
      description: "Create a sphere",
      inputSchema: { type: "object", properties: { radius: { type: "number" } } },
      outputSchema: { type: "object" },
    },
    { name: "bevel", description: "Bevel edges", group: "edges" },
    { name: "smooth", description: "Smooth a mesh", group: "mesh" },
  ],
  groups: [
    { name: "edges", description: "Work on edges", tools: [], defaultActive: false },
    { name: "mesh", description: "", tools: [], defaultActive: true },
  ],
};
const UNITS: SkillForTest = { name: "units", description: "Convert units", tools: ["to_inches"] };
const NOTES: SkillForTest = { name: "notes", description: "Keep notes" };
const PHOTOS: SkillForTest = {
  name: "photos",
  description: "Change photos",
  tools: ["crop"],
  policy: { products: ["photoshop"] },
};
const ALL = [GEOMETRY, UNITS, NOTES, PHOTOS];

for (const era of ["2025", "2026"] as TestEra[]) {
  const start = (more: Parameters<typeof startTools>[0] = {}) =>
    startTools({ era, discovery: discoveryOf(ALL), products: ["collet"], ...more });

  describe(`tools about skills, clients of ${era}`, () => {
    test("search_skills ranks, narrows and says why", async () => {
      await using kit = await start();
      const { data, text } = await kit.ask("search_skills", { query: "spher", reasons: true });
      assert.deepEqual(data, {
        total: 1,
        query: "spher",
        skills: [{
          name: "maya-geometry",
          description: "Create and change polygons. More of it",
          tools: 3,
          loaded: false,
          dcc: "maya",
          scope: "user",
          tags: ["modeling", "create"],
          search_hint: "sphere, bevel",
          reasons: ['"spher" as "sphere" in search_hint, tool_names, tool_descriptions'],
        }],
      });
      assert.match(text, /^- \*\*maya-geometry\*\* \(maya, 3 tools, matches "spher" as .*\): Create and change/);
      assert.match(text, /activate_skill.*{"name":"maya-geometry"}/);
      const all = await kit.ask("search_skills");
      assert.deepEqual(all.data.skills.map((it: { name: string }) => it.name), [
        "maya-geometry",
        "notes",
        "photos",
        "units",
      ]);
      assert.equal(all.data.skills[2].status, "error");
      assert.match(all.data.skills[2].error, /"photoshop".*"collet"/);
      const few = await kit.ask("search_skills", { limit: 1 });
      assert.deepEqual([few.data.total, few.data.skills.length], [4, 1]);
      assert.match(few.text, /3 more match/);
      const none = await kit.ask("search_skills", { query: "zzz" });
      assert.deepEqual([none.data.skills, none.isError], [[], false]);
      assert.match(none.text, /No skill matches "zzz"/);
      const tagged = await kit.ask("search_skills", { tags: ["Create"], dcc: "MAYA", scope: "user" });
      assert.equal(tagged.data.total, 1);
      const wrong = await kit.ask("search_skills", { scope: "galaxy" });
      assert.equal(wrong.isError, true);
      for (const scope of ["admin", "system", "user", "team", "repo"]) assert.match(wrong.text, new RegExp(scope));
      assert.ok((await kit.ask("search_skills", { limit: 101 })).isError);
    });

    test("load_skill loads what a skill depends on, and says what came", async () => {
      await using kit = await start({ instructions: ({ name }) => Promise.resolve(`How to use ${name}`) });
      const { data, text } = await kit.ask("load_skill", { skill_name: "maya-geometry" });
      assert.deepEqual(data, {
        loaded: true,
        partial: false,
        registered_tools: ["maya_geometry__create_sphere", "maya_geometry__smooth", "units__to_inches"],
        tool_count: 3,
        newly_loaded: ["maya-geometry", "units"],
        already_loaded: [],
        dependencies: ["units"],
        tools: [
          {
            name: "maya_geometry__create_sphere",
            description: "Create a sphere",
            inputSchema: { type: "object", properties: { radius: { type: "number" } } },
            outputSchema: { type: "object" },
            skill_name: "maya-geometry",
          },
          {
            name: "maya_geometry__smooth",
            description: "Smooth a mesh",
            inputSchema: { type: "object" },
            skill_name: "maya-geometry",
          },
          {
            name: "units__to_inches",
            description: "[units] Convert units",
            inputSchema: { type: "object" },
            skill_name: "units",
          },
        ],
        available_groups: [
          { name: "maya-geometry:edges", description: "Work on edges", active: false, tools: 1 },
          { name: "maya-geometry:mesh", active: true, tools: 1 },
        ],
        activated_groups: ["maya-geometry:mesh"],
        next_step: data.next_step,
      });
      assert.match(data.next_step, /maya_geometry__create_sphere.*skill:\/\/maya-geometry\/SKILL\.md/);
      assert.match(text, /"maya-geometry" is loaded, with 2 tools/);
      assert.match(text, /Dependency "units" is loaded, with 1 tool\n/);
      assert.match(text, /not active.*maya-geometry:edges \(1 tool\)/);
      assert.match(text, /How to use maya-geometry$/);
      const tools = (await kit.client.listTools()).tools.map((it) => it.name);
      assert.ok(tools.includes("maya_geometry__create_sphere") && !tools.includes("maya_geometry__bevel"));
      assert.equal((await kit.ask("units__to_inches")).text, "ran units__to_inches");
      const again = await kit.ask("load_skill", { skill_names: ["maya-geometry", "maya-geometry"] });
      assert.deepEqual([again.data.newly_loaded, again.data.already_loaded], [[], ["maya-geometry", "units"]]);
    });

    test("load_skill bounds what it says of many tools, and leaves the rest to get_skill_info", async () => {
      const properties = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i}`, { type: "string" }]));
      const inputSchema = { type: "object", properties };
      const tools = Array.from(
        { length: 130 },
        (_, i) => ({ name: `tool_${i}`, description: "x".repeat(2000), inputSchema }),
      );
      await using kit = await start({ discovery: discoveryOf([{ name: "big", description: "Big", tools }]) });
      const { data, text } = await kit.ask("load_skill", { skill_name: "big" });
      assert.deepEqual([data.tool_count, data.registered_tools.length, data.tools.length], [130, 100, 100]);
      assert.deepEqual(data.tools[0].inputSchema, inputSchema);
      assert.equal(data.tools.at(-1).inputSchema, undefined);
      assert.ok(JSON.stringify(data).length < 100_000);
      assert.match(text, /and 30 more, as get_skill_info tells/);
      assert.equal((await kit.ask("get_skill_info", { skill_name: "big" })).data.tools.length, 130);
    });

    test("load_skill activates all groups on request", async () => {
      await using kit = await start();
      const { data } = await kit.ask("load_skill", { skill_name: "maya-geometry", activate_groups: true });
      assert.deepEqual(data.activated_groups, ["maya-geometry:edges", "maya-geometry:mesh"]);
      assert.ok(data.registered_tools.includes("maya_geometry__bevel"));
    });

    test("load_skill loads a skill without tools, and says what to do with it", async () => {
      await using kit = await start();
      const { data, text, isError } = await kit.ask("load_skill", { skill_name: "notes" });
      assert.deepEqual([isError, data.loaded, data.tool_count], [false, true, 0]);
      assert.match(text, /Follow the instructions of "notes".*skill:\/\/notes\/SKILL\.md/);
    });

    test("load_skill says what of a skill was left out", async () => {
      const discovery = discoveryOf([{ name: "pens", tools: ["ink", "units__steal"] }]);
      await using kit = await start({ discovery });
      const { data, text, isError } = await kit.ask("load_skill", { skill_name: "pens" });
      assert.deepEqual([isError, data.registered_tools], [false, ["pens__ink"]]);
      assert.deepEqual(data.diagnostics.map((it: { skill_name: string; rule: string }) => [it.skill_name, it.rule]), [
        ["pens", "tool-name-invalid"],
      ]);
      assert.match(text, /Not all of it can be used:\n- pens: .*units__steal/);
    });

    test("load_skill says of each skill why it cannot be loaded", async () => {
      await using kit = await start();
      const partly = await kit.ask("load_skill", { skill_names: ["units", "photos", "unit"] });
      assert.deepEqual([partly.isError, partly.data.loaded, partly.data.partial], [false, true, true]);
      assert.deepEqual(partly.data.errors.map((it: { skill_name: string; code: string }) => [it.skill_name, it.code]), [
        ["photos", "SKILL_REFUSED"],
        ["unit", "SKILL_UNKNOWN"],
      ]);
      assert.equal(partly.data.errors[0].refusals[0].rule, "products");
      assert.match(
        partly.text,
        /Cannot load skill "photos":\n- .*"photoshop".*rule "products", SKILL\.md.*Name "photoshop"/,
      );
      assert.match(partly.text, /"unit".*did you mean "units"/);
      const failed = await kit.ask("load_skill", { skill_name: "photos" });
      assert.deepEqual([failed.isError, failed.data.loaded, failed.data.errors.length], [true, false, 1]);
      assert.match(failed.text, /Cannot load skill "photos"/);
      assert.match((await kit.ask("load_skill")).text, /"skill_name" or "skill_names" is missing/);
    });

    test("get_skill_info tells all, with what keeps a skill from being loaded", async () => {
      await using kit = await start();
      const { data, text } = await kit.ask("get_skill_info", { skill_name: "maya-geometry" });
      assert.deepEqual([data.name, data.state, data.tools.length, data.scope], [
        "maya-geometry",
        "discovered",
        3,
        "user",
      ]);
      assert.equal(data.instructions, "skill://maya-geometry/SKILL.md");
      assert.match(text, /Load it with `load_skill`/);
      assert.deepEqual(JSON.parse(text.split("\n")[0]!), data);
      const refused = await kit.ask("get_skill_info", { skill_name: "photos" });
      assert.equal(refused.data.refusals[0].rule, "products");
      assert.match(refused.text, /It cannot be loaded:\n.*rule "products"/);
      const unknown = await kit.ask("get_skill_info", { skill_name: "photo" });
      assert.equal(unknown.isError, true);
      assert.match(unknown.text, /Cannot describe skill "photo".*did you mean "photos"/);
      assert.match((await kit.ask("get_skill_info", { skill_name: "qqqqqqq" })).text, /find one with search_skills/);
    });

    test("unload_skill takes the tools away, and fails for a skill that is not loaded", async () => {
      await using kit = await start();
      await kit.ask("load_skill", { skill_name: "units" });
      const { data, text } = await kit.ask("unload_skill", { skill_name: "units" });
      assert.deepEqual(data, { unloaded: true, skill_name: "units", tools_removed: 1 });
      assert.match(text, /1 tool is gone/);
      assert.ok(!(await kit.client.listTools()).tools.some((it) => it.name === "units__to_inches"));
      const again = await kit.ask("unload_skill", { skill_name: "units" });
      assert.equal(again.isError, true);
      assert.match(again.text, /Cannot unload skill "units": it is not loaded/);
      assert.match((await kit.ask("unload_skill", { skill_name: "unitz" })).text, /did you mean "units"/);
    });

    test("activate_tool_group and deactivate_tool_group switch the tools of a group", async () => {
      await using kit = await start();
      const listed = async () => (await kit.client.listTools()).tools.some((it) => it.name === "maya_geometry__bevel");
      const early = await kit.ask("activate_tool_group", { group: "maya-geometry:edges" });
      assert.equal(early.isError, true);
      assert.match(early.text, /skill "maya-geometry" is not loaded; call load_skill/);
      await kit.ask("load_skill", { skill_name: "maya-geometry" });
      const { data } = await kit.ask("activate_tool_group", { group: "edges" });
      const active_groups = ["maya-geometry:edges", "maya-geometry:mesh"];
      assert.deepEqual(data, { success: true, group: "maya-geometry:edges", changed: 1, active_groups });
      assert.equal(await listed(), true);
      const twice = await kit.ask("activate_tool_group", { group_name: "maya-geometry:edges" });
      assert.equal(twice.data.changed, 0);
      const off = await kit.ask("deactivate_tool_group", { group_name: "edges" });
      assert.deepEqual([off.data.changed, off.data.active_groups], [1, ["maya-geometry:mesh"]]);
      assert.equal(await listed(), false);
      const unknown = await kit.ask("activate_tool_group", { group: "edge" });
      assert.equal(unknown.isError, true);
      assert.match(unknown.text, /no such group.*"maya-geometry:edges", "maya-geometry:mesh"/);
      assert.match((await kit.ask("deactivate_tool_group")).text, /"group" is missing/);
    });

    test("a group that several skills have must be named with its skill", async () => {
      const tools = [{ name: "cut", group: "edges" }];
      await using kit = await start({ discovery: discoveryOf([GEOMETRY, UNITS, { name: "cloth", tools }]) });
      await kit.ask("load_skill", { skill_names: ["maya-geometry", "cloth"] });
      const { text, isError } = await kit.ask("activate_tool_group", { group: "edges" });
      assert.equal(isError, true);
      assert.match(text, /several skills have it.*"cloth:edges"/);
      assert.equal((await kit.ask("activate_tool_group", { group: "cloth:edges" })).data.changed, 1);
      assert.deepEqual(kit.catalog.activeGroups(), ["cloth:edges", "maya-geometry:mesh"]);
    });

    test("list_roots gives the client's roots, and says when it knows none", async () => {
      await using none = await start();
      assert.deepEqual((await none.ask("list_roots")).data, { supports_roots: false, count: 0, roots: [] });
      const roots = [{ uri: "file:///work", name: "Work" }, { uri: "file:///home" }];
      await using kit = await start({
        client: { capabilities: { roots: {} } },
        prepare: (client) => client.setRequestHandler("roots/list", () => ({ roots })),
      });
      const { data, text } = await kit.ask("list_roots");
      assert.deepEqual(data, { supports_roots: true, count: 2, roots });
      assert.match(text, /file:\/\/\/work \(Work\)/);
    });

    test("search_tools finds skills that are not loaded, and their tools once they are", async () => {
      await using kit = await start({ hasLibrary: true });
      const before = await kit.ask("search_tools", { query: "create a sphere" });
      assert.deepEqual(before.data.skill_candidates, [{
        kind: "skill_candidate",
        skill_name: "maya-geometry",
        description: "Create and change polygons. More of it",
        matching_tools: ["maya_geometry__create_sphere"],
        requires_load_skill: true,
        load_hint: { tool: "activate_skill", arguments: { name: "maya-geometry" } },
      }]);
      // the tool of the hint is no part of this kit, and does the same
      await kit.ask("load_skill", { skill_name: before.data.skill_candidates[0].load_hint.arguments.name });
      const after = await kit.ask("search_tools", { query: "create a sphere" });
      const [sphere] = after.data.tools;
      assert.deepEqual([sphere.name, sphere.kind, sphere.skill_name], [
        "maya_geometry__create_sphere",
        "skill",
        "maya-geometry",
      ]);
      const listed = await kit.ask("list_tools", { filter: "skill", search: "units" });
      assert.deepEqual(listed.data.tools.map((it: { name: string }) => it.name), ["units__to_inches"]);
      assert.deepEqual((await kit.ask("list_tools")).data.tools, []);
      assert.equal(after.data.skill_candidates, undefined);
      assert.equal(
        (await kit.ask("search_tools", { query: "keep notes" })).data.skill_candidates,
        undefined,
        "no tools",
      );
    });

    test("a person is asked about a project that nobody trusts, and its skills are there once it is trusted", async () => {
      for (const isAccepted of [true, false, undefined]) {
        let discovery: Discovery = discoveryOf([NOTES], {
          untrusted: [
            { path: "/p/.agents/skills", project: "/p", scope: "repo", origin: "project", needsTrust: true, skills: 2 },
            { path: "/p/.claude/skills", project: "/p", scope: "repo", origin: "project", needsTrust: true, skills: 1 },
          ],
        });
        const asked: unknown[] = [];
        const ask = (subject: TrustSubject) => {
          asked.push(subject);
          if (isAccepted === undefined) return Promise.reject(new ToolError("Cannot read what is trusted"));
          return Promise.resolve(isAccepted);
        };
        const refresh = () => Promise.resolve(discovery = discoveryOf([NOTES, UNITS]));
        await using kit = await start({ discovery, folders: { current: () => discovery, refresh }, trust: { ask } });
        const found = await kit.ask("search_skills", { query: "units" });
        assert.deepEqual(asked, [
          { kind: "project", id: "/p", description: "Its 3 skills can then be found and loaded" },
        ]);
        assert.equal(found.data.total, isAccepted ? 1 : 0);
        if (isAccepted) {
          assert.equal(found.data.waiting_for_trust, undefined);
          continue;
        }
        assert.deepEqual(found.data.waiting_for_trust, [{ project: "/p", skills: 3 }]);
        assert.match(
          found.text,
          /3 skills of the project \/p wait until a person trusts it: `collet skills trust "\/p"`/,
        );
        assert.match((await kit.ask("list_skills")).text, /3 skills of the project/);
        assert.match(
          (await kit.ask("load_skill", { skill_name: "units" })).text,
          /no skill of that name.*\n.*skills trust/,
        );
      }
    });
  });
}
