import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { type IndexedSkill, SkillIndex, type SkillQuery } from "../../../../plugins/skills/search/skill_index.ts";
import { foundSkill, type SkillForTest } from "../tools/kit.ts";

function indexed(skill: SkillForTest): IndexedSkill {
  const found = foundSkill(skill);
  return { name: skill.name, metadata: found.metadata, found };
}

/** An index, and the skills that it is over. */
function indexOf(...skills: readonly SkillForTest[]) {
  const current = { skills: skills.map(indexed) as readonly IndexedSkill[] };
  const index = new SkillIndex({ skills: () => current.skills });
  const find = (query: SkillQuery) => index.search(query).matches.map((it) => it.name);
  return { current, index, find };
}

const SKILLS: readonly SkillForTest[] = [
  {
    name: "maya-geometry",
    description: "Create and change spheres, cubes and other polygons",
    dcc: "maya",
    tags: ["Modeling", "create"],
    searchHint: "sphere, bevel, extrude",
    tools: [{ name: "create_sphere", description: "Create a polygon sphere", searchAliases: ["ball"] }],
    scope: "repo",
  },
  { name: "blender-render", description: "Render frames", dcc: "Blender", tags: ["create", "image"], scope: "user" },
  { name: "geometry", description: "Areas of triangles", scope: "team" },
  { name: "system-notes", description: "Keep notes", searchAliases: ["journal"], scope: "system" },
  { name: "admin-notes", description: "Keep notes", whenToUse: "Use it for minutes of meetings", scope: "admin" },
  { name: "secret-notes", description: "Keep notes", disableModelInvocation: true, scope: "user" },
];

describe("SkillIndex.search()", () => {
  test("without a query gives all by scope and then by name", () => {
    const { find, index } = indexOf(...SKILLS);
    assert.deepEqual(find({}), ["admin-notes", "system-notes", "blender-render", "geometry", "maya-geometry"]);
    assert.deepEqual(find({ query: "  ", limit: 2 }), ["admin-notes", "system-notes"]);
    assert.deepEqual(find({ query: null, tags: null, dcc: null, scope: null, limit: null }).length, 5);
    assert.deepEqual(index.search({ limit: 1 }), { total: 5, matches: [{ name: "admin-notes", score: 0 }] });
  });

  test("finds by each of the fields", () => {
    const { find } = indexOf(...SKILLS);
    const cases: readonly (readonly [string, string])[] = [
      ["maya", "maya-geometry"],
      ["modeling", "maya-geometry"],
      ["extrude", "maya-geometry"],
      ["cube", "maya-geometry"],
      ["create_sphere", "maya-geometry"],
      ["ball", "maya-geometry"],
      ["triangles", "geometry"],
      ["journal", "system-notes"],
      ["meeting", "admin-notes"],
      ["frame", "blender-render"],
      ["blendr", "blender-render"],
      ["polyg", "maya-geometry"],
    ];
    for (const [query, name] of cases) assert.equal(find({ query })[0], name, query);
    assert.deepEqual(find({ query: "xyzzyx" }), []);
  });

  test("puts the exact name first, in any letter case, then ranks by score", () => {
    const { find } = indexOf(
      { name: "geometry-geometry", description: "geometry geometry", tags: ["geometry"], dcc: "geometry" },
      { name: "geometry", description: "Areas" },
    );
    assert.deepEqual(find({ query: " Geometry " }), ["geometry", "geometry-geometry"]);
    assert.deepEqual(find({ query: "geometri" }), ["geometry-geometry", "geometry"]);
  });

  test("prefers of equal scores the name that contains the query, then the higher scope, then the name", () => {
    const same = { description: "Paint the wall" };
    const { find } = indexOf(
      { name: "b", ...same, scope: "user" },
      { name: "a", ...same, scope: "user" },
      { name: "c", ...same, scope: "admin" },
    );
    assert.deepEqual(find({ query: "wall" }), ["c", "a", "b"]);
    const { find: byName } = indexOf(
      { name: "paint-wall", description: "x", scope: "repo" },
      { name: "wall-paint", description: "x", scope: "admin" },
    );
    assert.deepEqual(byName({ query: "paint-wall" }), ["paint-wall", "wall-paint"]);
    assert.deepEqual(byName({ query: "wall paint" }), ["wall-paint", "paint-wall"]);
    assert.deepEqual(byName({ query: "t-wall" }), ["paint-wall", "wall-paint"]);
  });

  test("narrows by tags, which must all be there, by application and by scope, in any letter case", () => {
    const { find, index } = indexOf(...SKILLS);
    assert.deepEqual(find({ tags: ["CREATE"] }), ["blender-render", "maya-geometry"]);
    assert.deepEqual(find({ tags: ["create", "modeling"] }), ["maya-geometry"]);
    assert.deepEqual(find({ tags: ["create", "nothing"] }), []);
    assert.deepEqual(find({ dcc: "blender" }), ["blender-render"]);
    assert.deepEqual(find({ query: "create sphere", dcc: "blender" }), ["blender-render"]);
    assert.deepEqual(find({ query: "notes", scope: "system" }), ["system-notes"]);
    assert.deepEqual(find({ query: "notes", scope: "Admin" }), ["admin-notes"]);
    assert.deepEqual(index.search({ query: "notes", limit: 1 }).total, 2);
    assert.deepEqual(find({ query: "notes", limit: 0 }), []);
  });

  test("refuses a limit that is no whole number from 0 on", () => {
    const { index } = indexOf(...SKILLS);
    for (const limit of [-1, NaN, 1.5, Infinity, "2" as unknown as number]) {
      assert.throws(() => index.search({ limit }), (thrown: SkillValueError) => {
        assert.ok(thrown instanceof SkillValueError);
        assert.equal(thrown.code, "ARGUMENT_INVALID");
        assert.equal(thrown.message, `Cannot search skills: "limit" is ${limit}; expected a whole number from 0 on`);
        return true;
      });
    }
  });

  test("refuses a scope that is none, and names the five", () => {
    const { index } = indexOf(...SKILLS);
    assert.throws(() => index.search({ scope: "galaxy" }), (thrown: SkillValueError) => {
      assert.ok(thrown instanceof SkillValueError);
      assert.equal(thrown.code, "SCOPE_UNKNOWN");
      assert.match(thrown.message, /"galaxy".*"admin", "system", "user", "team", "repo"/);
      return true;
    });
  });

  test("finds nothing by stop words alone, but a skill of that very name", () => {
    const { find } = indexOf(...SKILLS, { name: "the", description: "Articles" });
    assert.deepEqual(find({ query: "and of" }), []);
    assert.deepEqual(find({ query: "the" }), ["the"]);
  });

  test("leaves out skills that a model must not use unasked, unless they are asked for", () => {
    const { find } = indexOf(...SKILLS, {
      name: "quiet",
      description: "x",
      policy: { allowImplicitInvocation: false, products: [] },
    });
    assert.deepEqual(find({ query: "secret-notes" }).includes("secret-notes"), false);
    assert.deepEqual(find({ query: "quiet" }), []);
    assert.deepEqual(find({ query: "secret-notes", hidden: true })[0], "secret-notes");
    assert.equal(find({ hidden: true }).length, 7);
  });

  test("says why a skill matches, on request", () => {
    const { index } = indexOf(...SKILLS);
    const [match] = index.search({ query: "spheres in mya", reasons: true }).matches;
    assert.equal(match?.name, "maya-geometry");
    assert.deepEqual(match?.reasons?.slice(0, 1), [
      { word: "sphere", found: "sphere", fields: ["search_hint", "description", "tool_names", "tool_descriptions"] },
    ]);
    assert.equal(index.search({ query: "sphere" }).matches[0]?.reasons, undefined);
  });

  test("finds a skill that declares no tools by its scripts", () => {
    const { find } = indexOf({ name: "x", description: "y", scripts: ["/skills/x/scripts/resizeImage.test.py"] });
    assert.deepEqual(find({ query: "resize image" }), ["x"]);
    assert.deepEqual(find({ query: "scripts" }), []);
  });

  test("follows what its skills become, and indexes nothing twice", () => {
    const { current, find } = indexOf(...SKILLS);
    find({ query: "notes" });
    let reads = 0;
    const counted = (skill: IndexedSkill): IndexedSkill => ({
      ...skill,
      get metadata() {
        reads++;
        return skill.metadata;
      },
    });
    current.skills = current.skills.map(counted);
    assert.equal(find({ query: "triangles" })[0], "geometry");
    assert.equal(reads, 0);
    current.skills = [
      ...current.skills.filter(({ name }) => name !== "geometry"),
      indexed({ name: "geometry", description: "Areas of circles", scope: "team" }),
      indexed({ name: "knots", description: "Tie ropes" }),
    ];
    assert.deepEqual(find({ query: "triangles" }), []);
    assert.deepEqual(find({ query: "circles" }), ["geometry"]);
    assert.deepEqual(find({ query: "rope" }), ["knots"]);
    current.skills = [];
    assert.deepEqual(find({}), []);
    assert.deepEqual(find({ query: "rope" }), []);
  });
});
