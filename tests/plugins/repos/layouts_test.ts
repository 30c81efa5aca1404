import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { findSkillFolders, isManifest, readPointers, searchedFolders } from "../../../plugins/repos/layout.ts";
import {
  commitTree,
  filesBelow,
  leftovers,
  makePlace,
  skill,
  startRepositories,
  type Tree,
} from "./repositories_kit.ts";

/** Adds a repository of some files; gives the paths of its skills. */
async function pathsOf(tree: Tree): Promise<readonly string[]> {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await commitTree(bare, tree);
  await using kit = await startRepositories(place.home);
  const { repository, leftOut } = await kit.repositories.add({ url: bare }, kit.call());
  assert.deepEqual(leftOut, []);
  assert.equal(repository.name, "skills");
  assert.deepEqual(await leftovers(place.home), []);
  return repository.skills.map(({ path }) => path);
}

test("Repositories take five skills under skills/, with permissions and bytes, and nothing else of the repository", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "five.git");
  const names = ["bases", "canvas", "cli", "defuddle", "markdown"];
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const own = {
    "!scripts/run.sh": "#!/bin/sh\necho x\r\n",
    "assets/noise.bin": noise,
    ".gitattributes": "* text eol=crlf\n",
  };
  const skills = Object.assign({}, ...names.map((name) => skill(`skills/${name}`, { files: own })));
  const commit = await commitTree(bare, { "README.md": "x", ".github/ci.yml": "x", "src/main.js": "x", ...skills });
  await using kit = await startRepositories(place.home);
  const { repository, isNew } = await kit.repositories.add({ url: bare }, kit.call());
  assert.equal(isNew, true);
  assert.deepEqual(repository.skills.map((it) => [it.name, it.path]), names.map((it) => [it, `skills/${it}`]));
  assert.deepEqual([repository.commit, repository.url, repository.isPresent], [commit, bare, true]);
  const folder = join(place.home, "repos", "five", commit.slice(0, 12));
  assert.equal(kit.repositories.folder("five")?.path, folder);
  assert.deepEqual(await filesBelow(folder), Object.keys(skills).map((path) => path.replace("!", "")).sort());
  const [run, bytes, page] = ["scripts/run.sh", "assets/noise.bin", "SKILL.md"].map((it) =>
    join(folder, "skills/cli", it)
  );
  assert.equal((await stat(run!)).mode & 0o111, 0o111);
  assert.equal((await stat(page!)).mode & 0o111, 0);
  assert.equal(await readFile(run!, "utf8"), "#!/bin/sh\necho x\r\n");
  assert.deepEqual(new Uint8Array(await readFile(bytes!)), noise);
});

test("Repositories take thirty skills at the root", async () => {
  const names = Array.from({ length: 30 }, (_, i) => `skill-${String(i).padStart(2, "0")}`);
  assert.deepEqual(await pathsOf(Object.assign({ "README.md": "x" }, ...names.map((it) => skill(it)))), names);
});

test("Repositories take a single skill at the root, with those below it", async () => {
  assert.deepEqual(await pathsOf(skill("", { name: "only", files: { "scripts/SKILL.md": "a template" } })), [""]);
  assert.deepEqual(await pathsOf({ ...skill("", { name: "top" }), ...skill("more/one") }), ["", "more/one"]);
});

test("Repositories name a skill at the root by itself, else by the repository", async () => {
  await using place = await makePlace();
  const [named, unnamed] = ["named.git", "unnamed.git"].map((it) => join(place.path, it)) as [string, string];
  await commitTree(named, skill("", { name: "only" }));
  await commitTree(unnamed, { "SKILL.md": "no front matter" });
  await using kit = await startRepositories(place.home);
  const first = await kit.repositories.add({ url: named }, kit.call());
  const second = await kit.repositories.add({ url: unnamed }, kit.call());
  assert.deepEqual([first, second].map((it) => it.repository.skills[0]?.name), ["only", "unnamed"]);
});

test("Repositories take what manifests of plugins point to, also in hidden folders", async () => {
  const marketplace = {
    metadata: { pluginRoot: "./packs" },
    plugins: [
      { name: "a", source: "./", skills: ["./.hidden/one"] },
      { name: "b", source: "b" },
      { name: "c", source: { source: "github", repo: "x/y" }, skills: ["./.elsewhere/no"] },
      { name: "d", source: "./../..", skills: "/etc" },
    ],
  };
  const paths = await pathsOf({
    ".claude-plugin/marketplace.json": JSON.stringify(marketplace),
    "nested/plugin/.claude-plugin/plugin.json": JSON.stringify({ skills: "./.secret/" }),
    "broken/.claude-plugin/plugin.json": "{",
    ...skill(".hidden/one"),
    ...skill(".hidden/two"),
    ...skill(".elsewhere/no"),
    ...skill("packs/b/skills/three"),
    ...skill("nested/plugin/.secret/four"),
    ...skill(".claude/skills/five"),
  });
  assert.deepEqual(paths, [".claude/skills/five", ".hidden/one", "nested/plugin/.secret/four", "packs/b/skills/three"]);
  assert.deepEqual(searchedFolders(paths.map((path) => ({ path }))), ["", ".hidden", "nested/plugin/.secret"]);
});

test("Repositories take 836 skills nested two deep and 28 more, and look at an update without reading all again", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "many.git");
  const nested = Array.from({ length: 836 }, (_, i) => `category-${i % 22}/skill-${i}`);
  const more = Array.from({ length: 28 }, (_, i) => `skills/extra-${i}`);
  const files = { "references/a.md": "x", "!scripts/a.sh": "x" };
  const all: Tree = Object.assign(
    {},
    ...[...nested, ...more].map((path, i) => skill(path, i % 50 === 0 ? { files } : {})),
  );
  const first = await commitTree(bare, all);
  await using kit = await startRepositories(place.home);
  const { repository, leftOut } = await kit.repositories.add({ url: bare }, kit.call());
  assert.deepEqual([repository.skills.length, leftOut.length], [864, 0]);
  assert.deepEqual(repository.skills.map((it) => it.path), [...nested, ...more].sort());
  const { "category-0/skill-0/SKILL.md": _gone, "category-0/skill-0/references/a.md": _a, ...rest } = all;
  const second = await commitTree(bare, { ...rest, "skills/extra-0/new.txt": "x", ...skill("skills/extra-28") });
  const [updated] = await kit.repositories.update("many", kit.call());
  assert.deepEqual([updated?.added, updated?.removed, updated?.changed], [["extra-28"], ["skill-0"], ["extra-0"]]);
  assert.deepEqual([updated?.before, updated?.repository.commit, updated?.isSame], [first, second, false]);
});

test("findSkillFolders() looks six levels deep, and into no folder of packages or of a skill's own files", () => {
  const paths = [
    "a/b/c/d/e/f",
    "a/b/c/d/e/f/g",
    "node_modules/x",
    "s",
    "s/scripts/t",
    "s/sub/t",
    ".git/x",
    ".agents/skills/y",
  ];
  assert.deepEqual(findSkillFolders(paths.map((it) => `${it}/SKILL.md`)), [
    ".agents/skills/y",
    "a/b/c/d/e/f",
    "s",
    "s/sub/t",
  ]);
  assert.deepEqual(findSkillFolders(["x/skill.md", "y/Skill.md", "SKILL.md.txt"]), ["x"]);
});

test("readPointers() gives folders of the repository alone, whatever a manifest says", () => {
  const path = ".claude-plugin/plugin.json";
  assert.ok(isManifest(path) && isManifest("a/.claude-plugin/marketplace.json") && !isManifest("a/plugin.json"));
  const skills = ["./a/../b", "../x", "/etc", "C:\\x", 3, null, "./"];
  assert.deepEqual(readPointers(path, JSON.stringify({ skills })), ["skills", "b", ""]);
  for (const text of ["", "[]", "null", '{"skills": {"a": 1}}', '{"plugins": 3}']) {
    assert.deepEqual(readPointers(path, text).filter((it) => it !== "skills"), []);
  }
});
