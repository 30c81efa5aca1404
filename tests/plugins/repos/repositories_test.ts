import assert from "node:assert/strict";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../support/wait.ts";
import { commitTree, filesBelow, gitWith, leftovers, makePlace, skill, startRepositories } from "./repositories_kit.ts";

test("Repositories keep what they took in the lock, sorted, and read it again", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  const commit = await commitTree(bare, { ...skill("constructor"), ...skill("__proto__"), ...skill("a") });
  const lock = join(place.home, "repos", "skills-lock.json");
  {
    await using kit = await startRepositories(place.home);
    await kit.repositories.add({ url: bare, branch: "main" }, kit.call());
  }
  const text = await readFile(lock, "utf8");
  const { version, repositories: { skills: { skills, ...written } } } = JSON.parse(text);
  assert.deepEqual([version, Object.keys(skills)], [1, ["__proto__", "a", "constructor"]]);
  assert.deepEqual(Object.keys(written), ["url", "branch", "commit", "pinned", "added_at", "updated_at"]);
  assert.deepEqual([written.url, written.branch, written.commit, written.pinned], [bare, "main", commit, false]);
  assert.match(skills.a.digest, /^[0-9a-f]{64}$/);
  await using kit = await startRepositories(place.home);
  const [known] = kit.repositories.list();
  assert.deepEqual(known?.skills.map((it) => it.path), ["__proto__", "a", "constructor"]);
  assert.equal(known?.isPresent, true);
});

test("Repositories leave what is there as it is when it is added again, and tell two of one name apart by their addresses", async () => {
  await using place = await makePlace();
  const [one, other] = [join(place.path, "skills.git"), join(place.path, "other", "Skills.git")];
  await commitTree(one, skill("a"));
  await mkdir(join(place.path, "other"));
  await commitTree(other, skill("b"));
  await using kit = await startRepositories(place.home);
  assert.equal((await kit.repositories.add({ url: one }, kit.call())).isNew, true);
  for (const url of [one, one.replace(".git", ""), `file://${one}`]) {
    const again = kit.repositories.add({ url }, kit.call());
    // without its ending it is no folder, but the same address all the same
    assert.equal((await again).isNew, false, url);
  }
  const clash = kit.repositories.add({ url: other, name: "skills" }, kit.call());
  await assert.rejects(clash, (error: Error) => {
    return error.message.includes(one) && error.message.includes(other) && /another name/.test(error.message);
  });
  const branch = kit.repositories.add({ url: one, branch: "dev" }, kit.call());
  await assert.rejects(branch, /at "dev" as "skills": "skills" is the same at its default branch/);
  // at once, as several calls of a model come
  const third = join(place.path, "third", ".skills!.git");
  await commitTree(third, skill("c"));
  const added = await Promise.all([other, third, other].map((url) => kit.repositories.add({ url }, kit.call())));
  assert.deepEqual(added.map(({ repository, isNew }) => [repository.name, isNew]).sort(), [
    ["other-Skills", false],
    ["other-Skills", true],
    ["skills-", true],
  ]);
  assert.equal((await kit.repositories.add({ url: other }, kit.call())).repository.name, "other-Skills");
});

test("Repositories take what is new, tell what changed, and keep the checkout before as well as those that are needed", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  const commits = [await commitTree(bare, { ...skill("a"), ...skill("b"), ...skill("c") })];
  const kept = commits[0]!.slice(0, 12);
  await using kit = await startRepositories(place.home, {
    keep: (name, commit) => name === "skills" && commit === kept,
  });
  let changes = 0;
  kit.repositories.onChange(() => changes++);
  await kit.repositories.add({ url: bare }, kit.call());
  assert.equal(changes, 1);
  const [same] = await kit.repositories.update("skills", kit.call());
  assert.deepEqual([same?.isSame, same?.added, same?.changed, changes], [true, [], [], 1]);

  commits.push(await commitTree(bare, { ...skill("a", { files: { "!x": "1" } }), ...skill("b"), ...skill("d") }));
  {
    await using peek = await kit.repositories.peek("skills", kit.call());
    assert.deepEqual([peek.commit, peek.isSame, peek.skills.map((it) => it.name)], [commits[1], false, [
      "a",
      "b",
      "d",
    ]]);
    assert.equal(await peek.folder.readText("a/x"), "1");
    assert.equal(kit.repositories.get("skills")?.commit, commits[0]);
  }
  assert.deepEqual(await leftovers(place.home), []);
  const [updated] = await kit.repositories.update(undefined, kit.call());
  assert.deepEqual([updated?.added, updated?.removed, updated?.changed], [["d"], ["c"], ["a"]]);
  assert.deepEqual([updated?.before, updated?.repository.commit, updated?.isSame], [commits[0], commits[1], false]);
  // whether a file may be executed is part of what it is
  commits.push(await commitTree(bare, { ...skill("a", { files: { x: "1" } }), ...skill("b"), ...skill("d") }));
  assert.deepEqual((await kit.repositories.update("skills", kit.call()))[0]?.changed, ["a"]);
  commits.push(await commitTree(bare, skill("a")));
  await kit.repositories.update("skills", kit.call());
  const present = commits.map((it) => kit.repositories.folder("skills", it) !== undefined);
  assert.deepEqual(present, [true, false, true, true]);
  await kit.repositories.remove("skills", kit.call());
  assert.deepEqual([kit.repositories.list(), await filesBelow(join(place.home, "repos", "skills"))], [[], []]);
  await assert.rejects(
    kit.repositories.update("skills", kit.call()),
    /Cannot find skill repository "skills": none was added/,
  );
});

test("Repositories pin a commit, by its beginning as well, and follow the branch again", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  const first = await commitTree(bare, skill("a"));
  const second = await commitTree(bare, { ...skill("a"), ...skill("b") });
  await using kit = await startRepositories(place.home);
  const { repositories } = kit;
  await repositories.add({ url: bare }, kit.call());
  const pinned = await repositories.pin("skills", { commit: first.slice(0, 8) }, kit.call());
  assert.deepEqual([pinned.repository.commit, pinned.repository.isPinned, pinned.removed], [first, true, ["b"]]);
  assert.deepEqual((await repositories.update(undefined, kit.call())).map((it) => it.repository.commit), [first]);
  await assert.rejects(repositories.update("skills", kit.call()), /it is pinned to commit/);
  const off = await repositories.pin("skills", { off: true }, kit.call());
  assert.deepEqual([off.repository.commit, off.repository.isPinned], [first, false]);
  assert.equal((await repositories.update("skills", kit.call()))[0]?.repository.commit, second);
  const here = await repositories.pin("skills", { commit: second }, kit.call());
  assert.deepEqual([here.isSame, here.repository.isPinned], [true, true]);
  await assert.rejects(repositories.pin("skills", { commit: "main" }, kit.call()), /"main" is no commit/);
  await assert.rejects(repositories.pin("skills", { commit: "0123456789" }, kit.call()), /Cannot find "0123456789"/);
  await gitWith(bare, ["branch", "deadbeef", second]);
  await assert.rejects(
    repositories.pin("skills", { commit: "deadbeef" }, kit.call()),
    /it has a branch or tag "deadbeef"/,
  );
  assert.equal(repositories.get("skills")?.commit, second);
});

test("Repositories install what the lock of another machine has, at its commits, and refuse what differs", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  const first = await commitTree(bare, { ...skill("a"), ...skill("b") });
  const lock = join(place.home, "repos", "skills-lock.json");
  {
    await using kit = await startRepositories(place.home);
    await kit.repositories.add({ url: bare }, kit.call());
  }
  await commitTree(bare, skill("c"));
  const text = await readFile(lock, "utf8");
  const other = join(place.path, "other");
  await mkdir(join(other, "repos"), { recursive: true });
  const otherLock = join(other, "repos", "skills-lock.json");
  await writeFile(otherLock, text);
  await using kit = await startRepositories(other);
  assert.deepEqual([kit.repositories.get("skills")?.isPresent, kit.repositories.folder("skills")], [false, undefined]);
  const [installed] = await kit.repositories.install(kit.call());
  assert.deepEqual([installed?.repository.commit, installed?.repository.isPresent, installed?.problem], [
    first,
    true,
    undefined,
  ]);
  assert.equal(await readFile(otherLock, "utf8"), text);
  assert.deepEqual(await filesBelow(kit.repositories.folder("skills")!.path), ["a/SKILL.md", "b/SKILL.md"]);

  await rm(join(other, "repos", "skills"), { recursive: true });
  const changed = JSON.parse(text);
  changed.repositories.skills.skills.a.digest = "0".repeat(64);
  await writeFile(otherLock, JSON.stringify(changed));
  await assert.rejects(
    kit.repositories.install(kit.call(), "skills"),
    /1 of its skills are not what was locked: "a" \(a\): its files differ/,
  );
  const [refused] = await kit.repositories.install(kit.call());
  assert.match(refused?.problem ?? "", /not what was locked/);
  assert.deepEqual([refused?.repository.isPresent, await leftovers(other)], [false, []]);
  // the same address brings the same commit, not a newer one
  await writeFile(otherLock, text);
  const added = await kit.repositories.add({ url: bare }, kit.call());
  assert.deepEqual([added.isNew, added.repository.commit, added.repository.isPresent], [false, first, true]);
});

test("Repositories go on with the others when one of them is gone", async () => {
  await using place = await makePlace();
  const [one, two] = ["one.git", "two.git"].map((it) => join(place.path, it)) as [string, string];
  for (const it of [one, two]) await commitTree(it, skill("a"));
  await using kit = await startRepositories(place.home);
  for (const url of [one, two]) await kit.repositories.add({ url }, kit.call());
  await rename(one, `${one}.gone`);
  await commitTree(two, skill("b"));
  const [first, second] = await kit.repositories.update(undefined, kit.call());
  assert.match(first?.problem ?? "", /Cannot fetch .*one\.git: there is no such folder/);
  assert.deepEqual([first?.repository.isPresent, second?.added, second?.problem], [true, ["b"], undefined]);
});

test("two servers on one home add and update at the same time, and each knows what the other did", async () => {
  await using place = await makePlace();
  const bares = ["one", "two", "three"].map((it) => join(place.path, `${it}.git`));
  for (const it of bares) await commitTree(it, skill("a"));
  await using here = await startRepositories(place.home);
  await using there = await startRepositories(place.home);
  const both = [here, there];
  const added = await Promise.all(bares.flatMap((url) => both.map((it) => it.repositories.add({ url }, it.call()))));
  assert.equal(added.filter((it) => it.isNew).length, 3);
  for (const { repositories } of both) {
    await until(() => repositories.list().length === 3 && repositories.list().every((it) => it.isPresent));
  }
  const second = await commitTree(bares[0]!, skill("b"));
  let told = 0;
  const stop = there.repositories.onChange(() => told++);
  await here.repositories.update("one", here.call());
  await until(() => there.repositories.get("one")?.commit === second);
  assert.ok(told > 0);
  await stop();
  assert.notEqual(there.repositories.folder("one"), undefined);
});

test("a lock that is damaged is told, and nothing is changed or removed for it", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await commitTree(bare, skill("a"));
  const lock = join(place.home, "repos", "skills-lock.json");
  let before: readonly string[];
  {
    await using kit = await startRepositories(place.home);
    await kit.repositories.add({ url: bare }, kit.call());
    before = await filesBelow(join(place.home, "repos"));
  }
  const text = await readFile(lock, "utf8");
  const hostile = (change: (entry: Record<string, unknown>) => void, name = "skills") => {
    const { repositories: { skills } } = JSON.parse(text);
    change(skills);
    return JSON.stringify({ version: 1, repositories: { [name]: skills } });
  };
  const damaged = [
    "{",
    '{"version": 2, "repositories": {}}',
    hostile(() => {}, "../x"),
    hostile(() => {}, "con"),
    hostile(() => {}, "skills-lock.json"),
    hostile((it) => it["commit"] = "../../../x"),
    hostile((it) => it["branch"] = "\u001b[31mmain"),
    ...["../../../../etc", "/etc", "a/", ".git/x"].map((path) =>
      hostile((it) => it["skills"] = { [path]: { name: "a", digest: "0".repeat(64) } })
    ),
    text.replace('"repositories": {', `$&"SKILLS": ${JSON.stringify(JSON.parse(text).repositories.skills)},`),
  ];
  for (const wrong of damaged) {
    await writeFile(lock, wrong);
    await using kit = await startRepositories(place.home);
    assert.match(kit.repositories.problem ?? "", /^Cannot read the lock of skill repositories .*mend or remove it$/s);
    await assert.rejects(kit.repositories.add({ url: bare }, kit.call()), /Cannot read the lock/);
    assert.deepEqual([await readFile(lock, "utf8"), await filesBelow(join(place.home, "repos"))], [wrong, before]);
  }
  await writeFile(lock, hostile((it) => it["url"] = "ext::sh -c x"));
  await using kit = await startRepositories(place.home);
  await assert.rejects(kit.repositories.update("skills", kit.call()), /Cannot use repository "ext::sh -c x"/);
});

test("Repositories take a work tree by its folder, as it was committed", async () => {
  await using place = await makePlace();
  const work = join(place.path, "my-skills");
  await commitTree(join(place.path, "bare.git"), skill("a"));
  await gitWith(place.path, ["clone", "--quiet", "bare.git", "my-skills"]);
  await writeFile(join(work, "a", "uncommitted.txt"), "x");
  await using kit = await startRepositories(place.home);
  const { repository } = await kit.repositories.add({ url: work }, kit.call());
  assert.deepEqual([repository.name, repository.url], ["my-skills", work]);
  assert.deepEqual(await filesBelow(kit.repositories.folder("my-skills")!.path), ["a/SKILL.md"]);
});
