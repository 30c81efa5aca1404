import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkillWatcher } from "../../../../plugins/skills/discovery/watcher.ts";
import { pause, until } from "../../../support/wait.ts";
import { Place } from "./kit.ts";

const names = (watcher: SkillWatcher) => watcher.skills().map(({ name }) => name);

describe("SkillWatcher", () => {
  test("has the skills of a folder when watch() resolves, and sees edits after the pause", async () => {
    using place = new Place();
    place.skill("s/a", "First");
    using watcher = new SkillWatcher(place.host(), 50);
    assert.equal(String(watcher), "SkillWatcher(skills=0, paths=0)");
    await watcher.watch(place.at("s"));
    await watcher.watch(place.at("s/../s"));
    assert.equal(String(watcher), "SkillWatcher(skills=1, paths=1)");
    assert.deepEqual(watcher.watchedPaths(), [place.at("s")]);
    let reloads = 0;
    watcher.onReload(() => void reloads++);
    place.skill("s/a", "Second");
    await until(() => watcher.skills()[0]?.description === "Second", "the edit");
    assert.ok(reloads >= 1);
    place.skill("s/b");
    await until(() => watcher.skillCount() === 2, "a new folder");
    place.skill("s/with.dot");
    await until(() => watcher.skillCount() === 3, "a folder with a dot");
    place.remove("s/with.dot");
    place.remove("s/a");
    await until(() => names(watcher).join() === "b", "folders that are gone");
    place.write("s/b/scripts/run.py", "");
    await until(() => watcher.skills()[0]?.scripts.length === 1, "a script");
    place.write("s/b/metadata/depends.md", "- a\n");
    await until(() => watcher.skills()[0]?.depends.join() === "a", "dependencies");
    watcher.skills().pop();
    assert.equal(watcher.skillCount(), 1);
  });

  test("refuses a folder that is not there, and a pause that is none", async () => {
    using place = new Place();
    place.write("file", "");
    using watcher = new SkillWatcher(place.host());
    for (const path of ["missing", "file"]) {
      await assert.rejects(watcher.watch(place.at(path)), { name: "SkillRuntimeError", code: "PATH_MISSING" });
    }
    for (const ms of [-1, NaN, "300" as unknown as number]) {
      assert.throws(() => new SkillWatcher(place.host(), ms), TypeError);
    }
    new SkillWatcher(place.host(), 0).close();
  });

  test("unwatch() tells whether it was watched, and its skills go unless they are watched otherwise", async () => {
    using place = new Place();
    place.skill("s/a");
    place.skill("s/sub/b");
    place.skill("s2/c");
    using watcher = new SkillWatcher(place.host(), 20);
    for (const path of ["s", "s/sub", "s2"]) await watcher.watch(place.at(path));
    assert.deepEqual(names(watcher).sort(), ["a", "b", "c"]);
    assert.equal(watcher.unwatch(place.at("s")), true);
    assert.equal(watcher.unwatch(place.at("s")), false);
    assert.ok(!names(watcher).includes("a") && names(watcher).includes("c"));
    await watcher.reload();
    assert.deepEqual(names(watcher), ["b", "c"]);
    assert.deepEqual(watcher.watchedPaths(), [place.at("s/sub"), place.at("s2")]);
  });

  test("reads once for a burst of changes, and not at all for what says nothing about skills", async () => {
    using place = new Place();
    place.skill("s/a");
    using watcher = new SkillWatcher(place.host(), 100);
    await watcher.watch(place.at("s"));
    await pause(150);
    let reloads = 0;
    const stop = watcher.onReload(() => void reloads++);
    for (let i = 0; i < 20; i++) {
      place.skill("s/a", `Edit ${i}`);
      await pause(5);
    }
    await until(() => watcher.skills()[0]?.description === "Edit 19", "the last edit");
    assert.ok(reloads <= 2, `${reloads} reloads`);
    await pause(200);
    reloads = 0;
    place.write("s/a/references/text.md", "text");
    place.write("s/a/README.md", "text");
    place.write("s/.git/x", "text");
    await pause(300);
    assert.equal(reloads, 0);
    await watcher.reload();
    assert.equal(reloads, 1);
    await stop();
    await watcher.reload();
    assert.equal(reloads, 1);
  });

  test("is not stopped by a skill that is broken, and tells nothing after close()", async () => {
    using place = new Place();
    place.skill("s/a");
    place.write("s/broken/SKILL.md", "---\nname: [\n---\n");
    const watcher = new SkillWatcher(place.host(), 10);
    await watcher.watch(place.at("s"));
    await watcher.reload();
    assert.deepEqual(names(watcher), ["a"]);
    let reloads = 0;
    watcher.onReload(() => void reloads++);
    watcher.close();
    place.skill("s/b");
    await pause(150);
    assert.equal(reloads, 0);
    assert.deepEqual(watcher.watchedPaths(), []);
  });
});
