import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, test } from "node:test";
import { memoryFiles } from "../../../../kernel/testing.ts";
import type { FoundSkill } from "../../../../plugins/skills/discovery/found.ts";
import { Scanner } from "../../../../plugins/skills/discovery/scanner.ts";
import { scanSkillPaths, SkillScanner } from "../../../../plugins/skills/discovery/skill_scanner.ts";
import { freshSeed, seededRandom } from "../../../support/random.ts";
import { countingFiles, Place, skillText, skippedIn } from "./kit.ts";

async function scan(place: Place, ...paths: string[]) {
  return await new Scanner(place).scan(paths.map((path) => place.searchPath(path)));
}

const names = (skills: readonly FoundSkill[]) => skills.map(({ name }) => name);

describe("Scanner finds", () => {
  test("a search path that is a skill, its children, skills/, and what is deeper, sorted by path", async () => {
    using place = new Place();
    place.skill("one");
    for (const path of ["b", "a-b", "a", "skills/z", "skills/y", "p/q/r/s/t/six", "p/q/r/s/t/u/seven"]) {
      place.skill(`many/${path}`);
    }
    const { skills, skipped, untrusted } = await scan(place, "many", "one");
    assert.deepEqual(place.paths(skills), [
      "many/a",
      "many/a-b",
      "many/b",
      "many/p/q/r/s/t/six",
      "many/skills/y",
      "many/skills/z",
      "one",
    ]);
    assert.deepEqual([skipped, untrusted], [[], []]);
    const [first, last] = [skills[0]!, skills.at(-1)!];
    assert.deepEqual([first.name, first.metadata.name, first.metadata.skillPath], ["a", "a", place.at("many/a")]);
    assert.deepEqual([first.scope, first.origin, first.order, last.order], ["user", "extra", 0, 1]);
  });

  test("skills within skills, but none in a skill's own folders, nor in what is hidden or another program's", async () => {
    using place = new Place();
    for (
      const path of [
        "pack",
        "pack/skills/inner",
        "pack/other/inner-2",
        "pack/assets/template",
        "pack/references/example",
        "pack/scripts/helper",
        "node_modules/foreign",
        ".git/hooked",
        ".cache/old",
        "repo/.claude/skills/shown",
        "references",
      ]
    ) place.skill(`s/${path}`);
    const { skills } = await scan(place, "s");
    assert.deepEqual(names(skills), ["pack", "inner-2", "inner", "references", "shown"]);
  });

  test("a folder once, below the first search path that holds it", async () => {
    using place = new Place();
    place.skill("all/x/a");
    place.skill("all/b");
    const { skills } = await scan(place, "all/x", "all", "all/x");
    assert.deepEqual(skills.map(({ name, order }) => [name, order]), [["a", 0], ["b", 1]]);
  });

  test("skill.md as well, and says what is wrong with folders that are meant as skills", async () => {
    using place = new Place();
    place.write("s/lower/skill.md", skillText("lower", "In lower case"));
    place.write("s/broken/SKILL.md", "---\nname: [\n---\n");
    place.write("s/not-described/SKILL.md", "---\nname: not-described\n---\n");
    place.write("s/no-skill/README.md", "");
    const { skills, skipped } = await scan(place, "s");
    assert.ok(names(skills).includes("lower"));
    const broken = skipped.find(({ path }) => path === place.at("s/broken"));
    assert.equal(broken?.isSkill, true);
    assert.ok(broken!.diagnostics.some(({ severity }) => severity === "error"), JSON.stringify(broken));
    assert.ok(!JSON.stringify([skills.map(({ path }) => path), skipped]).includes("no-skill"));
  });

  test("what has the strangest names, or says why not", async () => {
    using place = new Place();
    const odd = ["tab\there", "line\nhere", 'quote"', "ünï", "x\u202Ey", "%2e%2e", "-", " blank"];
    const refused = ["back\\slash", "c:drive"];
    for (const name of [...odd, ...refused]) place.write(`s/${name}/SKILL.md`, skillText("odd", "Odd"));
    const scanner = new Scanner({ ...place, hasIndex: true });
    const found = await scanner.scan([place.searchPath("s")]);
    assert.deepEqual(
      place.paths([...found.skills, ...found.skipped].filter((it) => !("isSkill" in it) || it.isSkill)).sort(),
      odd.map((name) => `s/${name}`).sort(),
    );
    assert.deepEqual(
      skippedIn(place, { ...found, skipped: found.skipped.filter(({ isSkill }) => !isSkill) }).sort(),
      refused.map((name) => `s/${name} folder-unreadable`).sort(),
    );
    await scanner.save();
    const restored = await new Scanner({ ...place, hasIndex: true }).restore([place.searchPath("s")]);
    assert.deepEqual(place.paths(restored.skills), place.paths(found.skills));
  });

  test("nothing where nothing is, and names what somebody named that is not there", async () => {
    using place = new Place();
    place.write("file", "");
    mkdirSync(place.at("empty"));
    const scanner = new Scanner(place);
    const found = await scanner.scan([
      place.searchPath("missing", { origin: "DCC_MCP_SKILL_PATHS" }),
      place.searchPath("missing-too", { origin: "user" }),
      place.searchPath("file"),
      place.searchPath("empty"),
    ]);
    assert.deepEqual(found.skills, []);
    assert.deepEqual(skippedIn(place, found), ["missing path-missing", "file folder-unreadable"]);
    assert.match(found.skipped[0]!.diagnostics[0]!.remedy!, /DCC_MCP_SKILL_PATHS/);
  });

  test("the rest where a folder cannot be read", async (context) => {
    if (process.getuid?.() === 0) return context.skip("root reads every folder");
    using place = new Place();
    place.skill("s/a");
    place.skill("s/locked/b");
    chmodSync(place.at("s/locked"), 0);
    try {
      const found = await scan(place, "s", "s/locked/deeper");
      assert.deepEqual(names(found.skills), ["a"]);
      assert.deepEqual(skippedIn(place, found), ["s/locked folder-unreadable", "s/locked/deeper folder-unreadable"]);
    } finally {
      chmodSync(place.at("s/locked"), 0o700);
    }
  });

  test("the last of thousands of direct children, and ends in a tree that runs away", async () => {
    using place = new Place();
    for (let i = 0; i < 2_100; i++) mkdirSync(place.at(`flat/child-${i}`), { recursive: true });
    place.skill("flat/last");
    assert.deepEqual(names((await scan(place, "flat")).skills), ["last"]);
    place.skill("wild/a/first");
    for (let i = 0; i < 2_100; i++) mkdirSync(place.at(`wild/b/c${i}`), { recursive: true });
    place.skill("wild/b/z/last");
    const found = await scan(place, "wild");
    assert.deepEqual(names(found.skills), ["first"]);
    assert.deepEqual(found.skipped.map(({ diagnostics }) => diagnostics[0]!.rule), ["too-many-folders"]);
    assert.deepEqual((await scan(place, "wild")).skipped, found.skipped);
  });

  test("skills in files that are in memory", async () => {
    const files = memoryFiles({ "s/a/SKILL.md": skillText("a", "In memory"), "s/a/scripts/run.py": "" });
    const { skills } = await new Scanner({ files }).scan([{ path: "/memory/s", scope: "user", origin: "extra" }]);
    assert.deepEqual(skills.map(({ path, metadata }) => [path, metadata.scripts]), [
      ["/memory/s/a", ["/memory/s/a/scripts/run.py"]],
    ]);
  });
});

describe("links", () => {
  test("that lead out are not followed, and told, except to another search path", async () => {
    using place = new Place();
    place.skill("outside/a");
    place.skill("other/b");
    place.skill("s/c");
    place.write("file", "");
    symlinkSync("../outside/a", place.at("s/a"));
    symlinkSync(place.at("other/b"), place.at("s/b"));
    symlinkSync("../file", place.at("s/file"));
    symlinkSync("../nowhere", place.at("s/nowhere"));
    const found = await scan(place, "s", "other");
    assert.deepEqual(names(found.skills), ["c", "b"]);
    assert.deepEqual(skippedIn(place, found), ["s/a link-outside"]);
    assert.match(found.skipped[0]!.diagnostics[0]!.message, /"a".*outside\/a"/);
  });

  test("that stay inside lead to each folder once, also in a circle and to what is hidden", async () => {
    using place = new Place();
    place.skill("s/real");
    place.skill("s/.pool/hidden");
    symlinkSync("real", place.at("s/again"));
    symlinkSync(".pool/hidden", place.at("s/shown"));
    symlinkSync(".", place.at("s/circle"));
    symlinkSync("loop", place.at("s/loop"));
    mkdirSync(place.at("s/deep"));
    symlinkSync("..", place.at("s/deep/up"));
    const found = await scan(place, "s");
    assert.deepEqual(place.paths(found.skills), ["s/.pool/hidden", "s/real"]);
    assert.deepEqual(found.skipped, []);
  });

  test("above a search path are the operator's own choice", async () => {
    using place = new Place();
    place.skill("real/a");
    symlinkSync("real", place.at("s"));
    assert.deepEqual(place.paths((await scan(place, "s")).skills), ["real/a"]);
  });

  test("in the place of a SKILL.md are followed within the skill alone", async () => {
    using place = new Place();
    place.write("secret.md", skillText("stolen", "Secret text"));
    mkdirSync(place.at("s/thief"), { recursive: true });
    symlinkSync("../../secret.md", place.at("s/thief/SKILL.md"));
    place.write("s/moved/docs/SKILL.md", skillText("moved", "First text"));
    symlinkSync("docs/SKILL.md", place.at("s/moved/SKILL.md"));
    const scanner = new Scanner(place);
    const found = await scanner.scan([place.searchPath("s")]);
    assert.ok(!JSON.stringify(found.skills.map(({ metadata }) => metadata)).includes("Secret"));
    assert.ok(!JSON.stringify(found.skipped).includes("Secret"));
    assert.equal(found.skills.find(({ path }) => path === place.at("s/moved"))?.metadata.description, "First text");
    place.write("s/moved/docs/SKILL.md", skillText("moved", "Other text"));
    const { skills } = await scanner.scan([place.searchPath("s")]);
    assert.equal(skills.find(({ path }) => path === place.at("s/moved"))?.metadata.description, "Other text");
  });
});

describe("Scanner, asked again,", () => {
  test("reads nothing that did not change", async () => {
    using place = new Place();
    for (const name of ["a", "b", "c"]) {
      place.skill(`s/${name}`);
      place.write(`s/${name}/scripts/run.py`, "");
      place.write(`s/${name}/metadata/depends.md`, "");
    }
    place.age("s");
    const { files, counts } = countingFiles(place.files);
    const scanner = new Scanner({ files });
    const paths = [place.searchPath("s")];
    const before = await scanner.scan(paths);
    assert.ok(counts.read >= 3);
    counts.read = 0;
    const after = await scanner.scan(paths);
    assert.equal(counts.read, 0);
    assert.deepEqual(after.skills.map((it, index) => it === before.skills[index]), [true, true, true]);
    const forced = await scanner.scan(paths, { isForced: true });
    assert.ok(counts.read >= 3);
    assert.deepEqual(forced.skills.map((it, index) => it === before.skills[index]), [true, true, true]);
  });

  test("reads what is too young to tell, and takes it for what it was where it says the same", async () => {
    using place = new Place();
    for (const name of ["old", "same", "young"]) place.skill(`s/${name}`);
    place.age("s/old");
    const { files, counts } = countingFiles(place.files);
    const scanner = new Scanner({ files });
    const paths = [place.searchPath("s")];
    const before = await scanner.scan(paths);
    // as a file looks that is written twice within a tick of the clock
    const { atime, mtime } = statSync(place.at("s/young/SKILL.md"));
    writeFileSync(place.at("s/young/SKILL.md"), skillText("young", "Says another"));
    utimesSync(place.at("s/young/SKILL.md"), atime, mtime);
    counts.read = 0;
    const after = await scanner.scan(paths);
    assert.equal(counts.read, 2);
    assert.deepEqual(after.skills.map((it, index) => it === before.skills[index]), [true, true, false]);
    place.age("s");
    await scanner.scan(paths);
    counts.read = 0;
    await scanner.scan(paths);
    assert.equal(counts.read, 0);
  });

  const changes: Readonly<Record<string, (place: Place) => void>> = {
    "its SKILL.md": (place) => place.skill("s/a", "Does another thing"),
    "as many bytes of its SKILL.md": (place) => place.skill("s/a", "Does Something"),
    "a sidecar": (place) => place.write("s/a/tools.yaml", "tools:\n  - name: other\n    description: Other\n"),
    "a file in metadata": (place) => place.write("s/a/metadata/more.md", "More"),
    "its dependencies": (place) => place.write("s/a/metadata/depends.md", "- b\n- c\n"),
    "a new script": (place) => place.write("s/a/scripts/more.py", ""),
    "a script less": (place) => place.remove("s/a/scripts/run.py"),
    "no scripts any more": (place) => place.remove("s/a/scripts"),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`sees ${what}`, async () => {
      using place = new Place();
      place.write(
        "s/a/SKILL.md",
        "---\nname: a\ndescription: Does something\nmetadata:\n  dcc-mcp:\n    tools: tools.yaml\n---\n",
      );
      place.write("s/a/tools.yaml", "tools:\n  - name: first\n    description: First\n");
      place.write("s/a/scripts/run.py", "");
      place.write("s/a/metadata/depends.md", "- b\n");
      place.skill("s/b");
      place.skill("s/c");
      const scanner = new Scanner(place);
      const [before, other] = (await scanner.scan([place.searchPath("s")])).skills;
      const text = JSON.stringify(before!.metadata);
      change(place);
      const [after, same] = (await scanner.scan([place.searchPath("s")])).skills;
      assert.notEqual(JSON.stringify(after!.metadata), text);
      assert.notEqual(after!.fingerprint, before!.fingerprint);
      assert.equal(JSON.stringify(before!.metadata), text, "what was given is never changed");
      assert.equal(same, other);
    });
  }

  test("takes a skill for what it was when files changed that say nothing about it, but not for another body", async () => {
    using place = new Place();
    place.skill("s/a");
    place.age("s");
    const scanner = new Scanner(place);
    const look = async () => (await scanner.scan([place.searchPath("s")])).skills[0]!;
    const before = await look();
    place.write("s/a/README.md", "text");
    place.write("s/a/references/more.md", "text");
    assert.equal(await look(), before);
    place.write("s/a/SKILL.md", `${skillText("a", "Does something")}more of the body`);
    const after = await look();
    assert.notEqual(after.fingerprint, before.fingerprint);
    assert.deepEqual(JSON.stringify(after.metadata), JSON.stringify(before.metadata));
  });

  test("looks at everything when much has changed", async () => {
    using place = new Place();
    const folders = Array.from({ length: 150 }, (_, i) => `skill-${i}`);
    for (const folder of folders) place.skill(`s/${folder}`, "First");
    const scanner = new Scanner(place);
    const paths = [place.searchPath("s")];
    await scanner.scan(paths);
    for (const folder of folders) place.skill(`s/${folder}`, "Second time");
    const touched = new Map([[paths[0]!.path, folders.map((folder) => `${folder}/SKILL.md`)]]);
    const { skills } = await scanner.scan(paths, { touched });
    assert.ok(skills.every(({ metadata }) => metadata.description === "Second time"));
  });

  test("sees folders that come and go", async () => {
    using place = new Place();
    place.skill("s/a");
    place.skill("s/b");
    const scanner = new Scanner(place);
    const look = async () => names((await scanner.scan([place.searchPath("s")])).skills);
    assert.deepEqual(await look(), ["a", "b"]);
    place.remove("s/a");
    place.skill("s/c/d");
    assert.deepEqual(await look(), ["b", "d"]);
    rmSync(place.at("s/b/SKILL.md"));
    assert.deepEqual(await look(), ["d"]);
    place.remove("s");
    assert.deepEqual(await look(), []);
    place.skill("s/e");
    assert.deepEqual(await look(), ["e"]);
  });

  test("finds a skill that appears in a hidden folder which a link leads to", async () => {
    using place = new Place();
    place.skill("s/a");
    mkdirSync(place.at("s/.pool/p"), { recursive: true });
    symlinkSync(".pool/p", place.at("s/link"));
    const scanner = new Scanner(place);
    const paths = [place.searchPath("s")];
    await scanner.scan(paths);
    place.skill("s/.pool/p");
    const { skills } = await scanner.scan(paths, { touched: new Map([[paths[0]!.path, [".pool/p/SKILL.md"]]]) });
    assert.deepEqual(place.paths(skills), ["s/.pool/p", "s/a"]);
  });

  test("looks at what was touched alone, and finds what a look at everything finds", async () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    using place = new Place();
    const scanner = new Scanner(place);
    const paths = [place.searchPath("s")];
    const folders = ["a", "b", "a/skills", "a/skills/x", "c/d", "c/d/e", ".pool/p", "b/scripts", "b/metadata"];
    place.skill("s/a");
    await scanner.scan(paths);
    for (let round = 0; round < 120; round++) {
      const changed: string[] = [];
      for (let i = 0; i <= random() * 3; i++) {
        const folder = pick(folders);
        const path = pick([folder, `${folder}/SKILL.md`, `${folder}/note.txt`, "a/link", "link"]);
        if (random() < 0.4) place.remove(`s/${path}`);
        else {
          try {
            if (path.endsWith(".md")) place.skill(`s/${folder}`, `Round ${round}`);
            else if (path.endsWith(".txt")) place.write(`s/${path}`, "x");
            else if (path.endsWith("link")) {
              symlinkSync(pick(["b", "c/d", ".pool/p", "..", "../.."]), place.at(`s/${path}`));
            } else mkdirSync(place.at(`s/${path}`), { recursive: true });
          } catch {
            // the place is taken by something else
          }
        }
        changed.push(path);
      }
      const touched = new Map([[paths[0]!.path, changed]]);
      const found = await scanner.scan(paths, { touched });
      const wanted = await new Scanner(place).scan(paths);
      const message = `seed ${seed}, round ${round}, changed ${changed.join(", ")}`;
      assert.deepEqual(place.paths(found.skills), place.paths(wanted.skills), message);
      assert.deepEqual(
        found.skills.map((it) => it.metadata.description),
        wanted.skills.map((it) => it.metadata.description),
        message,
      );
      assert.deepEqual(skippedIn(place, found).sort(), skippedIn(place, wanted).sort(), message);
    }
  });

  test("does not stumble over folders that vanish while it looks", async () => {
    using place = new Place();
    const seed = freshSeed();
    const random = seededRandom(seed);
    for (let i = 0; i < 60; i++) place.skill(`s/${i}/skill-${i}`);
    const { files } = countingFiles(place.files);
    const removing = new Proxy(files, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "open") return value;
        return (path: string) => {
          const folder = files.open(path);
          return new Proxy(folder, {
            get(of, method) {
              const inner: unknown = Reflect.get(of, method, of);
              if (typeof inner !== "function") return inner;
              return (...args: unknown[]) => {
                if (random() < 0.5) place.remove(`s/${Math.floor(random() * 60)}${random() < 0.5 ? "" : "/SKILL.md"}`);
                return inner.apply(of, args);
              };
            },
          });
        };
      },
    });
    const scanner = new Scanner({ files: removing });
    for (let round = 0; round < 20; round++) await scanner.scan([place.searchPath("s")]);
    const left = await scan(place, "s");
    const found = await new Scanner(place).scan([place.searchPath("s")]);
    assert.deepEqual(names(found.skills), names(left.skills), `seed ${seed}`);
    const last = await scanner.scan([place.searchPath("s")]);
    assert.deepEqual(
      last.skipped.filter(({ diagnostics }) => diagnostics[0]!.rule === "unreadable"),
      [],
      `seed ${seed}`,
    );
  });

  test("ends when it is told to", async () => {
    using place = new Place();
    place.skill("s/a");
    const signal = AbortSignal.abort(new Error("no longer wanted"));
    await assert.rejects(new Scanner(place).scan([place.searchPath("s")], { signal }), /no longer wanted/);
  });
});

test("a path that needs trust is counted, and nothing of it is read", async () => {
  using place = new Place();
  place.skill("s/a");
  place.skill("s/skills/b");
  mkdirSync(place.at("empty"));
  const { files, counts } = countingFiles(place.files);
  const path = place.searchPath("s", { scope: "repo", origin: "project", needsTrust: true, project: place.path });
  const scanner = new Scanner({ files });
  const found = await scanner.scan([path, { ...path, path: place.at("empty") }]);
  assert.deepEqual(found, { skills: [], skipped: [], untrusted: [{ ...path, skills: 2 }] });
  assert.equal(counts.read, 0);
  const { needsTrust: _, ...trusted } = path;
  assert.equal((await scanner.scan([trusted])).skills.length, 2);
  assert.deepEqual((await scanner.scan([path])).skills, []);
});

describe("SkillScanner", () => {
  test("gives folders in the order of search paths, and tells what it knows", async () => {
    using place = new Place();
    place.skill("env/b");
    place.skill("extra/z");
    place.skill("extra/a");
    place.write("extra/m/SKILL.md", "broken");
    const scanner = new SkillScanner(place.host({ DCC_MCP_MAYA_SKILL_PATHS: place.at("env") }));
    assert.equal(String(scanner), "SkillScanner(cached=0, discovered=0)");
    const found = await scanner.scan([place.at("extra"), place.at("missing")], "maya");
    assert.deepEqual(found, ["extra/a", "extra/m", "extra/z", "env/b"].map((path) => place.at(path)));
    assert.equal(String(scanner), "SkillScanner(cached=4, discovered=4)");
    found.pop();
    assert.equal(scanner.discoveredSkills.length, 4);
    assert.deepEqual(await scanner.scan(), []);
    assert.deepEqual(scanner.discoveredSkills, []);
    const both = await Promise.all([scanner.scan([place.at("env")]), scanner.scan([place.at("extra")], null, true)]);
    assert.deepEqual(both.map((it) => it.length), [1, 3]);
    scanner.clearCache();
    assert.equal(String(scanner), "SkillScanner(cached=0, discovered=0)");
    assert.deepEqual(await scanSkillPaths(place.host(), [place.at("env")]), [place.at("env/b")]);
  });

  test("uses what it knows until it is forced", async () => {
    using place = new Place();
    place.skill("s/a", "First");
    place.age("s");
    const { files, counts } = countingFiles(place.files);
    const scanner = new SkillScanner({ ...place.host(), files });
    await scanner.scan([place.at("s")]);
    counts.read = 0;
    await scanner.scan([place.at("s")]);
    assert.equal(counts.read, 0);
    await scanner.scan([place.at("s")], null, true);
    assert.ok(counts.read > 0);
    utimesSync(place.at("s/a/SKILL.md"), 1, 1);
    counts.read = 0;
    await scanner.scan([place.at("s")]);
    assert.ok(counts.read > 0);
  });
});
