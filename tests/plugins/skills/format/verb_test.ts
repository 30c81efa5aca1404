import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { collectCommands, type CommandIo, Kernel } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import skills from "../../../../plugins/skills/mod.ts";
import { Trust } from "../../../../plugins/trust/contract.ts";
import trust from "../../../../plugins/trust/mod.ts";

/** What a run of the verb gave. */
interface Ran {
  readonly code: number;
  readonly printed: readonly string[];
  readonly warned: readonly string[];
}

/** A server with a folder of its own, whose verb `skills` can be run. */
interface Server extends AsyncDisposable {
  readonly folder: string;
  readonly trust: Trust | undefined;
  run(args: readonly string[], options?: Partial<CommandIo>): Promise<Ran>;
}

async function start(files: Readonly<Record<string, string>> = {}, { keepsTrust = true } = {}): Promise<Server> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "collet-skills-verb-")));
  const folder = join(root, "work");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const commands = collectCommands();
  const kernel = new Kernel({ log: fakeLog() }).use(await detectPlatform({ home: join(root, "home") })).use(
    commands.plugin,
  );
  if (keepsTrust) kernel.use(trust);
  await kernel.use(skills, { default_paths: false, watch: false }).start();
  const verb = commands.items.find(({ name }) => name === "skills")!;
  return {
    folder,
    trust: kernel.get(Trust),
    async run(args, options = {}) {
      const [printed, warned]: [string[], string[]] = [[], []];
      const io = {
        args,
        json: false,
        print: (line: string) => void printed.push(line),
        warn: (line: string) => void warned.push(line),
      };
      return { code: await verb.run({ ...io, ...options }) ?? 0, printed, warned };
    },
    async [Symbol.asyncDispose]() {
      await kernel.stop();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const GOOD = "---\nname: good\ndescription: Does this\n---\n# Good\n";
const WARNS = "---\nname: warns\ndescription: Does this\ncompatibility: ''\n---\n";
const BAD = "---\nname: Bad\nlicense: MIT\n---\n";

describe("the verb skills", () => {
  test("validate prints what is wrong as path:line: severity rule: message (remedy), and ends with 1", async () => {
    await using server = await start({ "bad/SKILL.md": BAD });
    const path = join(server.folder, "bad");
    assert.deepEqual(await server.run(["validate", path]), {
      code: 1,
      printed: [
        `${path}/SKILL.md: error description-missing: There is no description, and no text to take one from ` +
        `(Add a "description" that says what the skill does and when to use it)`,
        `${path}/SKILL.md:2: error name-upper-case: Name "Bad" has upper case letters (Write it in lower case)`,
        `${path}/SKILL.md:2: error name-mismatch: The name "Bad" is not that of the folder, "bad" (Rename one of them)`,
        "1 skill: 3 errors, 0 warnings",
      ],
      warned: [],
    });
  });

  test("validate finds skills in folders of any layout, and takes a SKILL.md for its folder", async () => {
    await using server = await start({
      "skills/good/SKILL.md": GOOD,
      "warns/SKILL.md": WARNS,
      "deep/er/good/SKILL.md": GOOD,
      ".git/good/SKILL.md": BAD,
      "node_modules/bad/SKILL.md": BAD,
    });
    const all = await server.run(["validate", `${server.folder}/`]);
    assert.deepEqual([all.code, all.printed.length], [0, 2]);
    assert.match(all.printed[0]!, /\/work\/warns\/SKILL\.md:4: warning compatibility-empty: /);
    assert.equal(all.printed[1], "3 skills: 0 errors, 1 warning");
    const file = await server.run([
      "validate",
      join(server.folder, "skills/good/SKILL.md"),
      join(server.folder, "warns"),
    ]);
    assert.equal(file.printed.at(-1), "2 skills: 0 errors, 1 warning");
  });

  test("validate --warnings-as-errors ends with 1 on warnings, and 0 on none", async () => {
    await using server = await start({ "good/SKILL.md": GOOD, "warns/SKILL.md": WARNS });
    const code = async (name: string) =>
      (await server.run(["validate", "--warnings-as-errors", join(server.folder, name)])).code;
    assert.deepEqual([await code("good"), await code("warns")], [0, 1]);
  });

  test("validate --json prints one object", async () => {
    await using server = await start({ "x/good/SKILL.md": GOOD, "x/bad/SKILL.md": BAD });
    const { code, printed } = await server.run(["validate", join(server.folder, "x")], { json: true });
    assert.deepEqual([code, printed.length], [1, 1]);
    const { skills, errors, warnings } = JSON.parse(printed[0]!);
    assert.deepEqual([errors, warnings, skills.length], [3, 0, 2]);
    assert.deepEqual(skills[1], {
      path: `${server.folder}/x/good`,
      skill_dir: `${server.folder}/x/good`,
      ...{ has_errors: false, is_clean: true, issues: [] },
    });
    const { remedy, ...issue } = skills[0].issues[1];
    assert.deepEqual(issue, {
      ...{ severity: "error", file: "SKILL.md", line: 2, rule: "name-upper-case" },
      message: 'Name "Bad" has upper case letters',
    });
    assert.ok(remedy);
  });

  test("validate says that a folder without any skill has none", async () => {
    await using server = await start({ "empty/README.md": "x" });
    const { code, printed } = await server.run(["validate", join(server.folder, "empty")]);
    assert.equal(code, 1);
    assert.match(printed[0]!, /\/empty\/SKILL\.md: error file-missing: There is no SKILL\.md \(Add one\)$/);
  });

  test("validate says which folders it did not look into", async () => {
    await using server = await start({ "skills/good/SKILL.md": GOOD, "other/bad/SKILL.md": BAD });
    await symlink(join(server.folder, "other"), join(server.folder, "skills/link"));
    const { code, printed } = await server.run(["validate", join(server.folder, "skills")]);
    assert.equal(code, 0);
    assert.match(printed[0]!, /\/skills\/link: warning link-outside: It leads to "\S+\/other", which was not checked/);
  });

  test("validate shows what cannot be seen, and nothing else", async () => {
    await using server = await start({ "bad/SKILL.md": '---\nname: "a\\e[2J\\u202Eb"\ndescription: x\n---\n' });
    const { printed } = await server.run(["validate", join(server.folder, "bad")]);
    assert.match(printed.join("\n"), /a\\u\{1b\}\[2J\\u\{202e\}b/);
    assert.doesNotMatch(printed.join(""), /[\p{Cc}\u202e]/u);
  });

  test("a command that is written wrongly ends with 2, and says what is right", async () => {
    await using server = await start({ "x/y": "" });
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [[], /an action is missing/],
      [["valdate", "x"], /"valdate" is no action; did you mean "validate"\?/],
      [["validate"], /a path is missing/],
      [["validate", "--strict", server.folder], /there is no flag "--strict"/],
      [["validate", join(server.folder, "none")], /none" does not exist/],
      [["validate", join(server.folder, "x/y")], /y" is no folder/],
      [["trust"], /one path is wanted, 0 were given/],
      [["trust", "a", "b"], /one path is wanted, 2 were given/],
      [["trust", join(server.folder, "none")], /none" does not exist/],
      [["untrust"], /one path is wanted, 0 were given/],
      [["trusted", "x"], /1 words are too many/],
    ];
    for (const [args, message] of wrong) {
      const { code, printed, warned } = await server.run(args);
      assert.deepEqual([code, printed, warned.length], [2, [], 1], args.join(" "));
      assert.match(warned[0]!, message);
      assert.match(warned[0]!, /fix: Run "collet skills /);
    }
  });

  test("trust, trusted and untrust keep one record of real paths", async () => {
    await using server = await start({ "project/x": "" });
    const project = join(server.folder, "project");
    await symlink(project, join(server.folder, "link"));
    assert.deepEqual((await server.run(["trusted"])).printed, ["Nothing is trusted"]);
    const trusted = await server.run(["trust", join(server.folder, "link")]);
    assert.deepEqual(trusted.printed, [`The skills of project "${project}" are used from now on`]);
    assert.ok(await server.trust!.isTrusted({ kind: "project", id: project }));
    assert.match((await server.run(["trusted"])).printed[0]!, new RegExp(`^project ${project} \\(since 20`));
    const [entry] = JSON.parse((await server.run(["trusted"], { json: true })).printed[0]!).trusted;
    assert.deepEqual(Object.keys(entry), ["kind", "id", "trusted_at"]);
    assert.deepEqual((await server.run(["untrust", project])).printed, [
      `The project "${project}" is no longer trusted`,
    ]);
    assert.equal(await server.trust!.isTrusted({ kind: "project", id: project }), false);
    assert.deepEqual((await server.run(["untrust", project])).printed, [
      `"${project}" was not trusted; nothing changed`,
    ]);
    await server.trust!.trust({ kind: "repository", id: "https://x.y/z.git" });
    assert.equal((await server.run(["untrust", "https://x.y/z.git"])).printed.length, 1);
    assert.deepEqual(await server.trust!.list(), []);
  });

  test("trust fails where nothing keeps what is trusted", async () => {
    await using server = await start({ "project/x": "" }, { keepsTrust: false });
    await assert.rejects(server.run(["trust", join(server.folder, "project")]), /nothing keeps what is trusted/);
  });
});
