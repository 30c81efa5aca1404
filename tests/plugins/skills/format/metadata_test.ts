import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ToolDeclaration } from "../../../../plugins/skills/format/declaration.ts";
import { SkillMetadata, type SkillMetadataFields } from "../../../../plugins/skills/format/metadata.ts";
import { freshSeed } from "../../../support/random.ts";

test("SkillMetadata() has the defaults of the page", () => {
  const skill = new SkillMetadata({ name: "a" });
  assert.deepEqual(skill.toJSON(), {
    ...{ name: "a", description: "", search_hint: "", tools: [], dcc: "python", tags: [], scripts: [] },
    ...{ skill_path: "", version: "1.0.0", depends: [], metadata_files: [] },
  });
  assert.equal(String(skill), "a v1.0.0 (python)");
  assert.ok(skill.isImplicitInvocationAllowed() && skill.matchesProduct("any") && skill.isSpecCompliant());
  assert.deepEqual([skill.license, skill.compatibility, skill.allowedTools], ["", "", []]);
});

test("SkillMetadata() takes names and declarations of tools alike", () => {
  const skill = new SkillMetadata({
    name: "a",
    tools: ["x", { name: "y", readOnly: true }, new ToolDeclaration({ name: "z" })],
  });
  assert.deepEqual(skill.toolNames, ["x", "y", "z"]);
  assert.ok(skill.tools.every((tool) => tool instanceof ToolDeclaration));
  assert.equal(skill.tools[1]!.readOnly, true);
});

test("SkillMetadata() refuses to be without a name", () => {
  assert.throws(() => new SkillMetadata({} as SkillMetadataFields), TypeError);
  assert.throws(() => SkillMetadata.fromJSON({ description: "x" }), TypeError);
  const named = (name: unknown) => () => new SkillMetadata({ name } as SkillMetadataFields);
  assert.throws(named(undefined), { name: "TypeError", message: 'Cannot make skill metadata: "name" is missing' });
  assert.throws(named(3), { name: "TypeError", message: 'Cannot make skill metadata: "name" is no text' });
});

test("SkillMetadata fields can be written", () => {
  const skill = new SkillMetadata({ name: "a" });
  skill.name = "b";
  skill.tags.push("x");
  skill.tools.push(new ToolDeclaration({ name: "t" }));
  assert.deepEqual([skill.name, skill.toJSON()["tags"], skill.toolNames], ["b", ["x"], ["t"]]);
});

test("SkillMetadata accessors read the section of OpenClaw under each of its names", () => {
  const section = {
    requires: { env: ["KEY"], bins: ["ffmpeg", 7], anyBins: "magick, convert", config: ["a.b"] },
    ...{ primaryEnv: "KEY", emoji: "🎬", homepage: "https://x.y", always: true, os: ["darwin"] },
  };
  for (const name of ["openclaw", "clawdbot", "clawdis"]) {
    const skill = new SkillMetadata({ name: "a", frontmatter: { metadata: { [name]: section } } });
    assert.deepEqual(skill.requiredEnvVars(), ["KEY"]);
    assert.deepEqual(skill.requiredBins(), ["ffmpeg", "7"]);
    assert.deepEqual(skill.anyBins(), ["magick", "convert"]);
    assert.deepEqual([skill.primaryEnv(), skill.emoji(), skill.homepage()], ["KEY", "🎬", "https://x.y"]);
    assert.deepEqual([skill.alwaysActive(), skill.osRestrictions()], [true, ["darwin"]]);
  }
  const none = new SkillMetadata({ name: "a", frontmatter: { homepage: "https://top", metadata: { openclaw: "x" } } });
  assert.deepEqual([none.requiredEnvVars(), none.primaryEnv(), none.alwaysActive()], [[], undefined, false]);
  assert.deepEqual([none.homepage(), none.flatMetadata()], ["https://top", { openclaw: "x" }]);
});

test("SkillMetadata.isImplicitInvocationAllowed() heeds dcc-mcp and Claude Code", () => {
  const isAllowed = (fields: Partial<SkillMetadataFields>) =>
    new SkillMetadata({ name: "a", ...fields }).isImplicitInvocationAllowed();
  assert.equal(isAllowed({ policy: { allowImplicitInvocation: true, products: [] } }), true);
  assert.equal(isAllowed({ policy: { allowImplicitInvocation: false, products: [] } }), false);
  assert.equal(isAllowed({ disableModelInvocation: true }), false);
  assert.equal(
    isAllowed({ disableModelInvocation: true, policy: { allowImplicitInvocation: true, products: [] } }),
    false,
  );
});

test("SkillMetadata.matchesProduct() takes letter case for nothing, and no product for all", () => {
  const skill = new SkillMetadata({ name: "a", policy: { products: ["Maya", "blender"] } });
  assert.deepEqual(["maya", "MAYA", "Blender", "nuke"].map((it) => skill.matchesProduct(it)), [
    true,
    true,
    true,
    false,
  ]);
});

test("SkillMetadata.validate() names what Agent Skills do not allow", () => {
  const messages = new SkillMetadata({
    name: `-My--${"x".repeat(64)}_`,
    description: "d".repeat(1025),
    compatibility: "c".repeat(501),
  }).validate();
  assert.equal(messages.length, 7, messages.join("\n"));
  assert.deepEqual(new SkillMetadata({ name: "名字-2", description: "🎬".repeat(1024) }).validate(), []);
});

test("SkillMetadata.requiredCapabilities() joins those of its tools", () => {
  const tools = [["b", "a"], ["a", ""]].map((requiredCapabilities, i) => ({ name: `t${i}`, requiredCapabilities }));
  assert.deepEqual(new SkillMetadata({ name: "a", tools }).requiredCapabilities(), ["a", "b"]);
});

const text = fc.string({ maxLength: 6 });
const texts = fc.array(text, { maxLength: 2 });
const json = fc.dictionary(text.filter((it) => it !== "__proto__"), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
const optional = <T>(it: fc.Arbitrary<T>) => fc.option(it, { nil: undefined });

const FIELDS = fc.record({
  ...{ name: text, description: text, dcc: text, searchHint: text, skillPath: text, version: text, license: text },
  ...{ compatibility: text, whenToUse: text, argumentHint: text, tags: texts, scripts: texts, depends: texts },
  ...{ metadataFiles: texts, allowedTools: texts, searchAliases: texts, argumentNames: texts },
  ...{ legacyExtensionFields: texts, frontmatter: json, metadata: json },
  ...{ disableModelInvocation: fc.boolean(), userInvocable: fc.boolean() },
  tools: fc.array(fc.record({ name: text, description: text, inputSchema: optional(json), group: text }), {
    maxLength: 2,
  }),
  groups: fc.array(fc.record({ name: text, description: text, tools: texts, defaultActive: fc.boolean() }), {
    maxLength: 2,
  }),
  prompts: fc.array(
    fc.record({
      ...{ name: text, description: text, template: text },
      arguments: fc.array(fc.record({ name: text, description: text, required: fc.boolean() }), { maxLength: 1 }),
    }),
    { maxLength: 2 },
  ),
  policy: fc.oneof(
    fc.record({ products: texts }),
    fc.record({ products: texts, allowImplicitInvocation: fc.boolean() }),
  ),
  externalDeps: fc.array(fc.record({ type: fc.constantFrom("mcp", "env_var", "bin"), value: text, url: text }), {
    maxLength: 2,
  }),
  nextTools: optional(fc.record({ onSuccess: fc.constant(["a"]), onFailure: texts })),
  lines: fc.dictionary(fc.constantFrom("name", "metadata.dcc-mcp.tools"), fc.nat()),
});

test("SkillMetadata.fromJSON() gives back all that toJSON() gave, through text", () => {
  const seed = freshSeed();
  fc.assert(
    fc.property(FIELDS, (fields) => {
      const skill = new SkillMetadata(fields);
      const json = skill.toJSON();
      assert.deepEqual(Object.keys(json).filter((key) => /[A-Z]/.test(key)), []);
      const back = SkillMetadata.fromJSON(JSON.parse(JSON.stringify(json)));
      assert.deepEqual(JSON.parse(JSON.stringify(back)), JSON.parse(JSON.stringify(skill)));
      assert.ok(back.equals(skill) && skill.equals(back));
      back.name += "x";
      assert.ok(!back.equals(skill));
    }),
    { seed, numRuns: 300 },
  );
});
