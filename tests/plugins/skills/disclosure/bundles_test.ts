import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryFiles } from "../../../../kernel/testing.ts";
import { Bundles, expandBundle, parseBundles } from "../../../../plugins/skills/disclosure/bundles.ts";
import { temporaryHome } from "../../library/kit.ts";
import { dataOf, LOCAL, say, startSkills, writeBelow } from "./kit.ts";

const FILE = "/home/ada/.collet/bundles.json";

describe("parseBundles()", () => {
  test("reads names with lists, whatever the white space, and a mark at the beginning", () => {
    const { bundles, problems } = parseBundles('\uFEFF{\r\n\t"@dev-full": ["dev", "sys"],\r\n\t"@none": []}', FILE);
    assert.deepEqual([...bundles], [["@dev-full", ["dev", "sys"]], ["@none", []]]);
    assert.deepEqual(problems, []);
  });

  test("names file and line of what is no JSON", () => {
    const { bundles, problems } = parseBundles('{\n  "@a": ["dev"],\n  "@b": [dev]\n}', FILE);
    assert.equal(bundles.size, 0);
    assert.deepEqual(problems, [`Cannot read "${FILE}": line 3: expected a value, found "dev"`]);
    assert.match(parseBundles("[]", FILE).problems.join(), /line 1: expected an object/);
  });

  test("names the line of an entry that cannot be used, and keeps the others", () => {
    const text =
      '{\n "@good": ["dev"],\n "bad": ["dev"],\n "@worse": "dev",\n "@odd": ["dev", 1],\n "@__proto__": ["sys"]\n}';
    const { bundles, problems } = parseBundles(text, FILE);
    assert.deepEqual([...bundles.keys()], ["@good", "@__proto__"]);
    assert.deepEqual(problems.map((it) => /line (\d+): (.*)$/.exec(it)?.slice(1)), [
      ["3", 'expected a name such as "@mine", without spaces'],
      ["4", 'expected a list of names, found "dev"'],
      ["5", "expected names of skills, found 1"],
    ]);
  });
});

describe("expandBundle()", () => {
  const expand = (bundles: Record<string, string[]>, name = "@a") =>
    expandBundle(name, new Map(Object.entries(bundles)));

  test("gives each name once, in order, through bundles in bundles", () => {
    const { names, problems } = expand({ "@a": ["dev", "@b", "x"], "@b": ["@c", "x"], "@c": ["y", "dev"] });
    assert.deepEqual([names, problems], [["dev", "y", "x"], []]);
  });

  test("names circles and bundles that are not there, and gives the rest", () => {
    const { names, problems } = expand({ "@a": ["x", "@b"], "@b": ["@c", "@gone", "y"], "@c": ["@a", "@c"] });
    assert.deepEqual(names, ["x", "y"]);
    assert.deepEqual(problems, [
      "The bundles go in a circle: @a → @b → @c → @a",
      "The bundles go in a circle: @c → @c",
      'There is no bundle "@gone", which "@b" names',
    ]);
  });

  test("ends where bundles go deep", () => {
    const deep = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`@${i}`, [`s${i}`, `@${i + 1}`]]));
    const { names, problems } = expand(deep, "@0");
    assert.equal(names.length, 33);
    assert.match(problems.join(), /"@33" is left out: bundles within bundles go 32 deep/);
  });
});

describe("Bundles", () => {
  test("ships two, takes files before those, the first file before others, and sees changes", async () => {
    const home = memoryFiles({ "bundles.json": '{"@creators": ["mine"], "@both": ["home"]}' });
    const other = memoryFiles({ "bundles.json": '{"@both": ["other"], "@other": ["o"]}' });
    const bundles = new Bundles([{ folder: home, path: "/h" }, { folder: other, path: "/o" }]);
    assert.deepEqual(Object.fromEntries((await bundles.current()).bundles), {
      "@dev-full": ["dev", "sys", "memory"],
      "@creators": ["mine"],
      "@both": ["home"],
      "@other": ["o"],
    });
    await home.writeAtomic("bundles.json", "{");
    const { bundles: after, problems } = await bundles.current();
    assert.deepEqual([after.get("@both"), after.get("@creators"), after.get("@other")], [["other"], ["dev"], ["o"]]);
    assert.match(problems.join(), /^Cannot read "\/h\/bundles\.json": line 1: /);
    await home.remove("bundles.json");
    assert.deepEqual((await bundles.current()).problems, []);
  });

  test("refuses what is too large for a file that people write", async () => {
    const bundles = new Bundles([{ folder: memoryFiles({ "bundles.json": " ".repeat(1024 * 1024 + 1) }), path: "/h" }]);
    assert.match((await bundles.current()).problems.join(), /it has 1048577 bytes/);
  });
});

test("activate_skill activates bundles: those that ship, and those of bundles.json; a broken file spoils no other", async () => {
  await using home = await temporaryHome();
  await writeBelow(home.path, "bundles.json", '{\n  "@mine": ["@creators", "pdf", "nothing"],\n  "odd": 1\n}');
  await writeBelow(home.path, "user/.gemini/skills/bundles.json", '{"@gemini": ["pdf"], "@mine": ["memory"]}');
  await using server = await startSkills({ home: home.path, skills: [{ name: "pdf", tools: ["read"] }] });
  const names = (result: Parameters<typeof dataOf>[0]) =>
    dataOf(result).activated.map((it: { name: string }) => it.name);
  const result = await server.call("activate_skill", { name: "@mine" }, LOCAL);
  assert.deepEqual(names(result), ["dev", "pdf"]);
  assert.deepEqual(dataOf(result).failed.map((it: { name: string }) => it.name), ["nothing"]);
  assert.match(dataOf(result).problems.join(), /"odd" of ".*bundles\.json": line 3: /);
  assert.deepEqual(names(await server.call("activate_skill", { name: "@gemini" }, LOCAL)), ["pdf"]);
  const full = await server.call("activate_skill", { name: "@dev-full" }, LOCAL);
  // the plugin "memory" is not part of this server
  assert.deepEqual(names(full), ["dev", "sys"]);
  assert.match(await say(server, "deactivate_skill", { name: "@creators" }), /^Deactivated: "dev"\n/);
});
