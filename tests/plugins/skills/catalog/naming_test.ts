import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isSkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { actionName } from "../../../../plugins/skills/catalog/naming.ts";

describe("actionName()", () => {
  test("joins skill and tool with underscores for hyphens", () => {
    assert.equal(actionName("maya-geometry", "create_sphere"), "maya_geometry__create_sphere");
    assert.equal(actionName("blender-utils", "render-scene"), "blender_utils__render_scene");
  });

  test("keeps a prefix only if it is the skill's own", () => {
    assert.equal(actionName("maya-geometry", "maya_geometry__bevel"), "maya_geometry__bevel");
    assert.equal(actionName("maya-geometry", "maya-geometry__bevel"), "maya_geometry__bevel");
  });

  const refused: readonly [what: string, skill: string, tool: string, reason: RegExp][] = [
    ["the prefix of another skill", "evil", "maya_geometry__create_sphere", /"__" comes after the name of a skill/],
    ["a longer prefix than its own", "maya", "maya-geometry__bevel", /only "maya__" is that of this one/],
    ["a prefix of nothing", "maya", "__bevel", /"__" comes after/],
    ["no name", "maya", "", /the tool has no name/],
    ["nothing after its own prefix", "maya", "maya__", /the tool has no name/],
    ["65 characters", "a".repeat(32), "b".repeat(31), /would have 65 characters, and 64 are allowed/],
    ["a space", "maya", "create sphere", /may hold A-Z a-z 0-9 _ - and nothing else/],
    ["a slash", "../maya", "bevel", /may hold/],
    ["a letter that looks like another", "mаya", "bevel", /may hold/],
    ["a line break", "maya", "bevel\n", /may hold/],
  ];
  for (const [what, skill, tool, reason] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(() => actionName(skill, tool), (thrown) => {
        assert.ok(isSkillValueError(thrown));
        assert.equal(thrown.code, "NAME_INVALID");
        assert.match(thrown.message, reason);
        return true;
      });
    });
  }

  test("allows 64 characters", () => {
    assert.equal(actionName("a".repeat(32), "b".repeat(30)).length, 64);
  });

  test("does not repeat a name of any length in its message", () => {
    assert.throws(() => actionName("maya", "x".repeat(100_000)), (thrown: Error) => thrown.message.length < 500);
  });
});
