import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeLog } from "../../../../kernel/testing.ts";
import { SkillFolders } from "../../../../plugins/skills/discovery/skill_folders.ts";
import { pause, until } from "../../../support/wait.ts";
import { countingFiles, type Opened, openFolders, Place } from "./kit.ts";

/** Waits until folders are watched, which a change that comes unasked shows. */
async function watched(place: Place, opened: Opened): Promise<void> {
  place.skill("s/zz-watched");
  await until(() => opened.names().includes("zz-watched"), "the watcher");
  opened.changes.length = 0;
}

describe("SkillFolders", () => {
  test("know the skills when they are open, the second time from the index", async () => {
    using place = new Place();
    for (let i = 0; i < 30; i++) place.skill(`s/skill-${i}`);
    place.age("s");
    {
      await using opened = await openFolders(place, { isWatched: false });
      assert.equal(opened.names().length, 30);
    }
    const { files, counts } = countingFiles(place.files);
    const log = fakeLog();
    const folders = new SkillFolders({ files, log, collect: () => [place.searchPath("s")], isWatched: false });
    assert.equal((await folders.open()).skills.length, 30);
    assert.ok(counts.listed <= 1 && counts.read === 1, JSON.stringify(counts));
    assert.equal((await folders.refresh()).skills.length, 30);
    await folders.close();
    assert.deepEqual(log.entries, []);
  });

  test("see skills that come, change and go, and what belongs to them", async () => {
    using place = new Place();
    place.skill("s/a");
    await using opened = await openFolders(place);
    await watched(place, opened);
    const { folders, names } = opened;
    const skill = (name: string) => folders.current().skills.find((it) => it.name === name)?.metadata;
    place.skill("s/a", "Another text");
    await until(() => skill("a")?.description === "Another text", "an edit");
    place.write("s/a/scripts/deep.py", "print(1)");
    await until(() => skill("a")?.scripts.length === 1, "a script in a new folder");
    place.write("s/a/metadata/depends.md", "- b\n");
    await until(() => skill("a")?.depends.join() === "b", "dependencies");
    place.skill("s/group/skills/b");
    await until(() => names().includes("b"), "a skill further down");
    place.remove("s/group");
    await until(() => !names().includes("b"), "a folder that is gone");
    assert.deepEqual(opened.changes.at(-1), folders.current());
  });

  test("look at one path alone when they are asked to, and at everything where no search path holds it", async () => {
    using place = new Place();
    place.skill("s/a");
    await using opened = await openFolders(place, { isWatched: false });
    const { folders, names } = opened;
    await folders.refresh();
    const at = (path: string) => folders.refreshAt(`${place.files.open(place.searchPath("s").path).path}/${path}`);
    place.skill("s/b");
    place.skill("s/c");
    await at("b");
    assert.deepEqual([...names()].sort(), ["a", "b"]);
    place.remove("s/b");
    place.remove("s/a");
    await at("b");
    assert.deepEqual([...names()].sort(), ["a"]);
    await folders.refreshAt(place.files.open(place.searchPath("elsewhere").path).path);
    assert.deepEqual([...names()].sort(), ["c"]);
  });

  test("see a search path that comes, goes and comes back", async () => {
    using place = new Place();
    await using opened = await openFolders(place);
    assert.deepEqual(opened.names(), []);
    await watched(place, opened);
    place.remove("s");
    await until(() => opened.names().length === 0, "the folder to go");
    place.skill("s/back");
    await until(() => opened.names().join() === "back", "the folder to come back");
    place.skill("s/back", "And edited");
    await until(() => opened.folders.current().skills[0]?.metadata.description === "And edited", "an edit");
  });

  test("look at what changed alone, once for many changes", async () => {
    using place = new Place();
    for (let i = 0; i < 200; i++) place.skill(`s/skill-${i}`);
    const { files, counts } = countingFiles(place.files);
    await using opened = await openFolders(place, { files });
    await watched(place, opened);
    // what is left of the start
    await opened.folders.refresh();
    await pause(300);
    const before = opened.folders.current().skills;
    opened.changes.length = 0;
    Object.assign(counts, { listed: 0, read: 0, looked: 0 });
    for (let i = 0; i < 50; i++) place.skill("s/skill-7", `Edit ${i}`);
    const isDone = () => opened.changes.at(-1)?.skills.some(({ metadata }) => metadata.description === "Edit 49");
    await until(isDone, "the edits");
    assert.ok(opened.changes.length <= 3, `${opened.changes.length} changes`);
    assert.ok(counts.listed <= 20 && counts.read <= 10 && counts.looked <= 20, JSON.stringify(counts));
    const after = opened.folders.current().skills;
    assert.equal(after.filter((it, index) => it !== before[index]).length, 1, "the others are the same objects");
  });

  test("take further search paths, and let them go", async () => {
    using place = new Place();
    place.skill("s/a");
    place.skill("repo/b");
    place.skill("repo/a");
    await using opened = await openFolders(place, { isWatched: false });
    const remove = opened.folders.add(place.searchPath("repo", { scope: "team", origin: "repository" }));
    await until(() => opened.names().length === 3, "the skills of the repository");
    const found = opened.folders.current().skills.map(({ name, scope, order }) => [name, scope, order]);
    assert.deepEqual(found, [["a", "user", 0], ["a", "team", 1], ["b", "team", 1]]);
    await remove();
    await remove();
    await until(() => opened.names().length === 1, "them to go");
  });

  test("tell the others when a listener fails, and nobody after the end", async () => {
    using place = new Place();
    const opened = await openFolders(place, { isWatched: false });
    const stop = opened.folders.onChange(() => {
      throw new Error("no time");
    });
    let calls = 0;
    opened.folders.onChange(() => void calls++);
    place.skill("s/a");
    await opened.folders.refresh();
    assert.equal(calls, 1);
    assert.match(opened.log.take("error")[0]!.message, /no time/);
    await stop();
    await opened.folders.close();
    place.skill("s/b");
    await opened.folders.refresh();
    assert.deepEqual([calls, opened.names()], [1, ["a"]]);
  });

  test("of two servers see the same, and share the index", async () => {
    using place = new Place();
    place.skill("s/a");
    await using first = await openFolders(place);
    await using second = await openFolders(place);
    await Promise.all([first, second].map((it) => until(() => it.names().includes("a"))));
    await watched(place, first);
    await until(() => second.names().includes("zz-watched"), "the other server");
    await first.folders.close();
    await second.folders.close();
    await using third = await openFolders(place, { isWatched: false });
    assert.deepEqual(third.names(), ["a", "zz-watched"]);
    assert.deepEqual([...first.log.entries, ...second.log.entries, ...third.log.entries], []);
  });

  test("leave nothing watched, whenever they are closed", async () => {
    using place = new Place();
    place.skill("s/a");
    let watches = 0;
    let looks = 0;
    let closeAt = 0;
    let closed: Promise<void> | undefined;
    const path = place.at("s");
    const open = (folder: string) => {
      const opened = place.files.open(folder);
      if (folder !== path) return opened;
      return new Proxy(opened, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (name !== "watch") return typeof value === "function" ? value.bind(target) : value;
          return () => {
            watches++;
            return () => void watches--;
          };
        },
      });
    };
    const files = new Proxy(place.files, { get: (target, name) => name === "open" ? open : Reflect.get(target, name) });
    for (closeAt = 1; closeAt <= 4; closeAt++) {
      looks = 0;
      const folders: SkillFolders = new SkillFolders({
        files,
        log: fakeLog(),
        collect: () => {
          if (++looks === closeAt) closed = folders.close();
          return [place.searchPath("s")];
        },
      });
      await folders.open();
      await until(() => looks >= closeAt, `look ${closeAt}`);
      await closed;
      await pause(20);
      assert.equal(watches, 0, `closed by look ${closeAt}`);
    }
  });
});
