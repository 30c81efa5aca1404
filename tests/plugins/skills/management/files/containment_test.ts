/**
 * Paths that are meant to reach what they must not: outside of a skill, its secrets, what tools installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { createFiles } from "../../../../../kernel/platform/files.ts";
import { FileTransaction } from "../../../../../plugins/skills/management/files/file_transaction.ts";
import { temporaryFolder } from "../../../../platform/temporary.ts";
import { freshSeed, seededRandom } from "../../../../support/random.ts";
import { type Managed, startManaged } from "../kit.ts";
import { listAll, makeSkill, type SkillWithFiles } from "./kit.ts";

const SECRET = "SECRET-VALUE";
const isWindows = process.platform === "win32";

let server: Managed;

before(async () => {
  server = await startManaged();
});
after(() => server[Symbol.asyncDispose]());

/** Makes a skill with links that lead where they must not. */
async function makeTrap(): Promise<SkillWithFiles & { readonly outside: string }> {
  const skill = await makeSkill(server, {
    ...{ "a.txt": "a", "sub/b.txt": "b", ".env": `KEY=${SECRET}\n`, "sub/.env.local": `KEY=${SECRET}\n` },
    ...{ "node_modules/x/index.js": "installed", ".git/config": "installed" },
  });
  const outside = join(server.home, `outside-${skill.name}`);
  await mkdir(outside);
  await writeFile(join(outside, "file"), SECRET);
  const links = {
    out: outside,
    "out-file": join(outside, "file"),
    up: "..",
    self: ".",
    env: ".env",
    "sub/env": "../.env",
  };
  const more = {
    "new-out": join(outside, "new"),
    deps: "node_modules",
    git: ".git",
    doc: "SKILL.md",
    "new-env": ".env.new",
  };
  for (const [name, target] of Object.entries({ ...links, ...more })) await symlink(target, join(skill.path, name));
  return { ...skill, outside };
}

/** Gives all that no call may change. */
async function guarded({ path, outside, all }: Awaited<ReturnType<typeof makeTrap>>): Promise<unknown> {
  const files = [".env", "sub/.env.local", "node_modules/x/index.js", ".git/config", "SKILL.md"];
  const inside = (await all()).filter((it) => /\.env|node_modules|\.git|\.collet|^SKILL/.test(it));
  const texts = await Promise.all(
    [...files.map((it) => join(path, it)), join(outside, "file")].map((it) => readFile(it, "utf8")),
  );
  return [
    inside,
    texts,
    await readdir(outside),
    (await readdir(server.root)).filter((it) => !/^(?:files-|\.trash$)/.test(it)),
  ];
}

const OPERATIONS = [
  { operation: "read" },
  { operation: "create", content: "x" },
  { operation: "update", content: "x" },
  { operation: "delete" },
  { operation: "restore" },
  { operation: "move", new_path: "moved" },
];

describe("skill_files_crud and paths out of reach", { skip: isWindows && "links need a privilege there" }, () => {
  test("skill_files_crud refuses what leads out of the skill, to secrets or to what was installed", async () => {
    const trap = await makeTrap();
    const before = await guarded(trap);
    const paths = [
      ...[
        "../x",
        "sub/../../x",
        "/etc/passwd",
        "C:/x",
        "c:x",
        "a\\..\\b",
        "\\\\host\\x",
        "a\0",
        "a\n",
        "",
        ".",
        "./",
        "...",
      ],
      ...[
        "out/file",
        "out/new",
        "out-file",
        "up/x",
        "new-out",
        "con",
        "NUL.txt",
        "sub/com1",
        "Lpt\u00b9.md",
        "self/../x",
      ],
      ...[".env", "./.env", ".ENV", ".env/", "self/.env", "sub/.env.local", ".env.anything", ".e\u200cnv", "\uff0eenv"],
      ...[
        "env",
        "sub/env",
        "self/env",
        "new-env",
        "node_modules/x/index.js",
        "Node_Modules/y",
        ".git/config",
        ".GIT/x",
      ],
      ...["deps/x/index.js", "git/config", ".collet-lock-skill-files", ".collet-temp-x/y", "self/self/.git/hooks/x"],
    ];
    for (const file_path of paths) {
      for (const args of OPERATIONS) {
        // a link itself may go, whatever it leads to
        const isLinkItself = args.operation === "delete" && /(?:^|\/)(?:out-file|new-out|env|new-env)$/.test(file_path);
        if (isLinkItself) continue;
        const { text, data, isError } = await trap.ask({ file_path, ...args });
        assert.equal(isError, true, JSON.stringify({ file_path, ...args }));
        assert.ok(!JSON.stringify({ text, data }).includes(SECRET), JSON.stringify({ file_path, ...args }));
      }
    }
    assert.deepEqual(await guarded(trap), before);
  });

  test("skill_files_crud deletes a link and not what it leads to", async () => {
    const trap = await makeTrap();
    const before = await guarded(trap);
    for (const file_path of ["out-file", "env", "doc", "out"]) {
      assert.equal((await trap.ask({ operation: "delete", file_path })).isError, false, file_path);
      await assert.rejects(lstat(join(trap.path, file_path)));
    }
    assert.deepEqual(await guarded(trap), before);
  });

  test("skill_files_crud judges an update through a link by what it changes", async () => {
    const trap = await makeTrap();
    const { data } = await trap.ask({ operation: "update", file_path: "doc", content: "no skill" });
    assert.equal(data.code, "SKILL_INVALID");
    assert.equal((await trap.ask({ operation: "update", file_path: "self/a.txt", content: "new" })).isError, false);
    assert.equal(await trap.textOf("a.txt"), "new");
  });

  test("skill_files_crud changes nothing out of reach and shows no secret, whatever the path", async () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const parts = [
      ...[
        "..",
        ".",
        "",
        "a.txt",
        "sub",
        "b.txt",
        ".env",
        ".ENV",
        ".env.local",
        "env",
        "out",
        "up",
        "self",
        "file",
        "new",
      ],
      ...[
        "deps",
        "node_modules",
        "x",
        ".git",
        "git",
        "config",
        "SKILL.md",
        "skill.md",
        "doc",
        "a..b",
        " ",
        "\\",
        "\0",
        "C:",
      ],
      ...["con", ".env ", ".e\u200bnv", "new-out", "new-env", "%2e%2e", "~", "$HOME", "\u2024env", ".collet-temp-1"],
    ];
    const trap = await makeTrap();
    const before = await guarded(trap);
    const pathOf = () =>
      Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(parts)).join(pick(["/", "/", "//"]));
    for (let i = 0; i < 250; i++) {
      const args = { ...pick(OPERATIONS), file_path: pathOf(), ...(random() < 0.1 && { new_path: pathOf() }) };
      // what remains a skill may be written
      const { text, data } = await trap.ask({ ...args, content: "no skill" });
      const message = `seed ${seed}: ${JSON.stringify(args)}`;
      assert.ok(!JSON.stringify({ text, data }).includes(SECRET), message);
      if (i % 25 === 24) assert.deepEqual(await guarded(trap), before, `${message} or one of the 24 calls before it`);
    }
  });

  test("skill_files_crud finds no skill by a name that is a path", async () => {
    const { name } = await makeSkill(server, { a: "a" });
    await writeFile(join(server.home, "a"), "outside");
    for (
      const skill of [
        "",
        ".",
        "..",
        "/",
        server.root,
        `${server.root}/${name}`,
        `./${name}`,
        `${name}/`,
        `x/../${name}`,
      ]
    ) {
      for (const args of OPERATIONS) {
        const answer = await server.ask("skill_files_crud", { skill_name: skill, file_path: "a", ...args });
        assert.equal(answer.isError, true, JSON.stringify({ skill, ...args }));
      }
    }
    assert.equal(await readFile(join(server.home, "a"), "utf8"), "outside");
  });
});

test("FileTransaction.rollBack() puts files back with their permissions, and takes new folders away", async () => {
  await using temporary = await temporaryFolder();
  await writeFile(join(temporary.path, "old"), "before");
  await mkdir(join(temporary.path, "dir"));
  await chmod(join(temporary.path, "old"), 0o640);
  const root = createFiles(dirname(temporary.path));
  const transaction = new FileTransaction({
    folder: root.at(basename(temporary.path)),
    folderName: basename(temporary.path),
  }, root);
  const bytes = new TextEncoder().encode("after");
  await transaction.write("old", bytes);
  await transaction.write("dir/deep/er/new", bytes);
  await assert.rejects(transaction.write("old/below", bytes));
  await assert.rejects(transaction.write("dir", bytes));
  assert.equal(await readFile(join(temporary.path, "old"), "utf8"), "after");
  assert.deepEqual(await transaction.rollBack(), []);
  assert.equal(await readFile(join(temporary.path, "old"), "utf8"), "before");
  assert.deepEqual(await listAll(temporary.path), ["dir", "old"]);
  if (!isWindows) assert.equal((await lstat(join(temporary.path, "old"))).mode & 0o777, 0o640);
});
