import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fakeLog } from "../../../../kernel/testing.ts";
import { Scanner } from "../../../../plugins/skills/discovery/scanner.ts";
import { countingFiles, Place } from "./kit.ts";

/** A place with skills, one of them broken, and a scanner that has kept what it found of them. */
async function indexed(place: Place): Promise<void> {
  place.skill("s/a", "The skill a");
  place.skill("s/b");
  place.write("s/b/scripts/run.py", "");
  place.write("s/broken/SKILL.md", "no front matter");
  place.age("s");
  const scanner = new Scanner({ ...place, hasIndex: true });
  await scanner.scan([place.searchPath("s")]);
  assert.equal(scanner.isUnsaved, true);
  await scanner.save();
  assert.equal(scanner.isUnsaved, false);
}

function indexFiles(place: Place): string[] {
  return readdirSync(place.at("home/cache/skills")).map((name) => join(place.at("home/cache/skills"), name));
}

describe("an index", () => {
  test("gives at the next start what was found, without a look at the skills", async () => {
    using place = new Place();
    await indexed(place);
    const { files, counts } = countingFiles(place.files);
    const log = fakeLog();
    const scanner = new Scanner({ files, log, hasIndex: true });
    const paths = [place.searchPath("s")];
    const restored = await scanner.restore(paths);
    assert.deepEqual([counts.listed, counts.read, counts.looked], [0, 1, 1]);
    assert.deepEqual(restored.skills.map(({ name, metadata }) => [name, metadata.description]), [
      ["a", "The skill a"],
      ["b", "Does something"],
    ]);
    assert.deepEqual(restored.skills[1]!.metadata.scripts, [place.at("s/b/scripts/run.py")]);
    assert.deepEqual(place.paths(restored.skipped), ["s/broken"]);
    counts.read = 0;
    const verified = await scanner.scan(paths);
    assert.equal(counts.read, 0, "nothing is read again");
    assert.deepEqual(verified.skills.map((it, index) => it === restored.skills[index]), [true, true]);
    assert.equal(scanner.isUnsaved, false);
    assert.deepEqual(verified, await new Scanner(place).scan(paths));
    assert.deepEqual(log.entries, []);
  });

  test("is verified: what changed meanwhile is read", async () => {
    using place = new Place();
    await indexed(place);
    place.skill("s/a", "Another skill a");
    place.skill("s/c");
    place.remove("s/b");
    const scanner = new Scanner({ ...place, hasIndex: true });
    const paths = [place.searchPath("s")];
    assert.deepEqual((await scanner.restore(paths)).skills.map(({ name }) => name), ["a", "b"]);
    const { skills } = await scanner.scan(paths);
    assert.deepEqual(skills.map(({ name, metadata }) => [name, metadata.description]), [
      ["a", "Another skill a"],
      ["c", "Does something"],
    ]);
    assert.equal(scanner.isUnsaved, true);
  });

  const damages: Readonly<Record<string, readonly [change: (text: string) => string, said: RegExp]>> = {
    "cut short": [(text) => text.slice(0, -10), /it is damaged/],
    "with another letter": [(text) => text.replace("The skill a", "The skill b"), /it is damaged/],
    "of another version": [(text) => text.replace('"version":1', '"version":2'), /its version is 2, not 1/],
    "of another folder": [(text) => text.replace('/s"', '/t"'), /that of another folder/],
    "of another kind": [() => '{"format":"else"}\n', /it is no index/],
    "empty": [() => "", /it is damaged/],
  };
  for (const [what, [change, said]] of Object.entries(damages)) {
    test(`${what} is ignored, with a line in the log, and written anew`, async () => {
      using place = new Place();
      await indexed(place);
      const [file] = indexFiles(place);
      const whole = readFileSync(file!, "utf8");
      writeFileSync(file!, change(whole));
      const log = fakeLog();
      const scanner = new Scanner({ ...place, log, hasIndex: true });
      const paths = [place.searchPath("s")];
      assert.deepEqual((await scanner.restore(paths)).skills, []);
      assert.deepEqual(log.entries.map(({ level, message }) => [level, said.test(message)]), [["warn", true]]);
      assert.equal((await scanner.scan(paths)).skills.length, 2);
      await scanner.save();
      assert.equal(readFileSync(file!, "utf8"), whole);
    });
  }

  test("is its owner's alone, one for each search path, and none where there are no skills", async () => {
    using place = new Place();
    await indexed(place);
    const [file] = indexFiles(place);
    assert.equal(statSync(file!).mode & 0o777, 0o600);
    place.skill("t/c");
    const paths = [place.searchPath("s"), place.searchPath("t"), place.searchPath("missing")];
    const scanner = new Scanner({ ...place, hasIndex: true });
    await scanner.restore(paths);
    await scanner.scan(paths);
    await scanner.save();
    assert.equal(indexFiles(place).length, 2);
    place.remove("s");
    await scanner.scan(paths);
    await scanner.save();
    assert.deepEqual(indexFiles(place).includes(file!), false);
  });

  test("that nobody has used for long is removed, and one that is used is written before it is so old", async () => {
    using place = new Place();
    await indexed(place);
    const [file] = indexFiles(place);
    const daysAgo = (days: number) => Date.now() / 1000 - days * 86_400;
    utimesSync(file!, daysAgo(8), daysAgo(8));
    const scanner = new Scanner({ ...place, hasIndex: true });
    await scanner.restore([place.searchPath("s")]);
    assert.equal(scanner.isUnsaved, true);
    utimesSync(file!, daysAgo(50), daysAgo(50));
    await scanner.removeUnusedIndexes();
    assert.equal(indexFiles(place).length, 1);
    utimesSync(file!, daysAgo(61), daysAgo(61));
    place.write("home/cache/skills/other.txt", "");
    await scanner.removeUnusedIndexes();
    assert.deepEqual(indexFiles(place).map((path) => path.endsWith("other.txt")), [true]);
  });

  test("that cannot be read or written is said in the log, and skills are found all the same", async () => {
    using place = new Place();
    place.skill("s/a");
    place.write("home/cache", "in the way");
    const log = fakeLog();
    const scanner = new Scanner({ ...place, log, hasIndex: true });
    await scanner.restore([place.searchPath("s")]);
    assert.equal((await scanner.scan([place.searchPath("s")])).skills.length, 1);
    await scanner.save();
    assert.match(
      log.take("warn").map(({ message }) => message).join("\n"),
      /Cannot write the index of the skills in ".*s"/,
    );
  });

  test("is one of two servers' that write it at the same time", async () => {
    using place = new Place();
    await indexed(place);
    const paths = [place.searchPath("s")];
    const servers = [0, 1].map(() => new Scanner({ ...place, hasIndex: true }));
    for (let round = 0; round < 5; round++) {
      place.skill(`s/new-${round}`, "x".repeat(5_000 * round));
      await Promise.all(servers.map(async (it) => {
        await it.scan(paths);
        await it.save();
      }));
      const log = fakeLog();
      const { skills } = await new Scanner({ ...place, log, hasIndex: true }).restore(paths);
      assert.equal(skills.length, 3 + round);
      assert.deepEqual(log.entries, []);
    }
  });
});
