import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Added } from "../../../plugins/repos/repositories.ts";
import {
  commitTree,
  filesBelow,
  gitWith,
  GUEST,
  leftovers,
  makePlace,
  type Place,
  type RepositoriesKit,
  skill,
  startRepositories,
  type Tree,
} from "./repositories_kit.ts";

/** An entry of a tree, whatever git thinks of its name. */
type Entry = readonly [mode: string, name: string | Uint8Array, id: string];

/** Makes commits of trees that git itself would not make. */
class Forge {
  readonly #bare: string;

  constructor(bare: string) {
    this.#bare = bare;
  }

  async blob(data: string): Promise<string> {
    return await gitWith(this.#bare, ["hash-object", "-w", "--stdin"], data);
  }

  async tree(entries: readonly Entry[]): Promise<string> {
    const encoder = new TextEncoder();
    const pieces = entries.flatMap(([mode, name, id]) => [
      encoder.encode(`${mode} `),
      typeof name === "string" ? encoder.encode(name) : name,
      Uint8Array.of(0, ...id.match(/../g)!.map((it) => Number.parseInt(it, 16))),
    ]);
    const bytes = new Uint8Array(pieces.flatMap((it) => [...it]));
    return await gitWith(this.#bare, ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], bytes);
  }

  async commit(tree: string): Promise<string> {
    const commit = await gitWith(this.#bare, ["commit-tree", tree, "-m", "x"]);
    await gitWith(this.#bare, ["update-ref", "refs/heads/main", commit]);
    return commit;
  }
}

/** Makes a repository of a tree whose entries a test forges beside a good skill. */
async function forge(place: Place, make: (forge: Forge) => Promise<readonly Entry[]>): Promise<string> {
  const bare = join(place.path, "hostile.git");
  await gitWith("/", ["init", "--quiet", "--bare", bare]);
  const made = new Forge(bare);
  const page = await made.blob("---\nname: good\ndescription: x\n---\n");
  const good = await made.tree([["100644", "SKILL.md", page]]);
  await made.commit(await made.tree([["40000", "good", good], ...await make(made)]));
  return bare;
}

async function add(kit: RepositoriesKit, url: string): Promise<Added> {
  return await kit.repositories.add({ url }, kit.call());
}

function reasons({ leftOut }: Added): readonly (readonly [string, string])[] {
  return leftOut.map(({ path, reason }): [string, string] => [path, reason]).sort(([a], [b]) => a < b ? -1 : 1);
}

test("files whose names lead elsewhere, mean .git or are no names are left out and told, and nothing is outside", async () => {
  await using place = await makePlace();
  const names = [
    ["..", /made of dots/],
    [".git", /takes for "\.git"/],
    [".GIT", /takes for "\.git"/],
    [".g\u200cit", /takes for "\.git"/],
    ["git~1", /takes for "\.git"/],
    ["../../../../outside", /made of dots/],
    ["/tmp/absolute", /empty or made of dots/],
    ["a\\..\\b", /reserves/],
    ["C:x", /reserves/],
    ["con.txt", /device/],
    ["end.", /ends with a dot/],
    ["new\nline", /reserves/],
    [".collet-temp-1", /gives to its own files/],
    ["x".repeat(200), /200 characters/],
  ] as const;
  const bare = await forge(place, async (it) => {
    const text = await it.blob("x");
    const own = await it.tree([
      ["100644", "--upload-pack=x", text],
      ["100755", "-rf", text],
      ["100644", "SKILL.md", text],
      ...names.map(([name]): Entry => ["100644", name, text]),
      ["100644", Uint8Array.of(0x62, 0xff, 0x63), text],
    ]);
    return [["40000", "odd", own]];
  });
  await using kit = await startRepositories(place.home);
  const added = await add(kit, bare);
  assert.deepEqual(added.repository.skills.map((it) => it.path), ["good", "odd"]);
  const told = new Map(reasons(added));
  for (const [name, expected] of names) assert.match(told.get(`odd/${name}`) ?? "", expected, name);
  assert.match(told.get("odd/b\ufffdc") ?? "", /UTF-8/);
  assert.equal(told.size, names.length + 1);
  const folder = kit.repositories.folder("hostile")!.path;
  assert.deepEqual(await filesBelow(folder), ["good/SKILL.md", "odd/--upload-pack=x", "odd/-rf", "odd/SKILL.md"]);
  assert.deepEqual((await readdir(place.path)).sort(), ["home", "hostile.git"]);
  assert.deepEqual((await readdir(join(place.home, "repos"))).sort(), [".staging", "hostile", "skills-lock.json"]);
});

test("folders of skills with such names are left out, and others with them in their paths", async () => {
  await using place = await makePlace();
  const bare = await forge(place, async (it) => {
    const page = await it.tree([["100644", "SKILL.md", await it.blob("x")]]);
    const nested = await it.tree([["40000", "..", await it.tree([["40000", "escaped", page]])]]);
    return [["40000", "..", nested], ["40000", "aux", page], ["40000", "git~1", page], ["40000", "-x", page]];
  });
  await using kit = await startRepositories(place.home);
  const added = await add(kit, bare);
  assert.deepEqual(added.repository.skills.map((it) => it.path), ["-x", "good"]);
  const told = reasons(added).map(([path]) => path);
  for (const path of ["aux", "git~1"]) assert.ok(told.includes(path), JSON.stringify(told));
  assert.deepEqual((await readdir(place.path)).sort(), ["home", "hostile.git"]);
});

test("links and submodules are left out and told; a skill whose SKILL.md is one is left out", async () => {
  await using place = await makePlace();
  const bare = await forge(place, async (it) => {
    const [text, target] = [await it.blob("x"), await it.blob("/etc/passwd")];
    const module = "1".repeat(40);
    const linked = await it.tree([
      ["100644", "SKILL.md", text],
      ["120000", "passwd", target],
      // a file behind the link, were it followed
      ["40000", "scripts", await it.tree([["120000", "out", await it.blob("../../..")]])],
      ["160000", "sub", module],
    ]);
    const stolen = await it.tree([["120000", "SKILL.md", target], ["100644", "a.txt", text]]);
    return [["40000", "linked", linked], ["40000", "stolen", stolen]];
  });
  await using kit = await startRepositories(place.home);
  const added = await add(kit, bare);
  assert.deepEqual(added.repository.skills.map((it) => it.path), ["good", "linked"]);
  assert.deepEqual(reasons(added), [
    ["linked/passwd", "it is a symbolic link"],
    ["linked/scripts/out", "it is a symbolic link"],
    ["linked/sub", "it is a submodule"],
    ["stolen", "its SKILL.md cannot be taken"],
    ["stolen/SKILL.md", "it is a symbolic link"],
  ]);
  const folder = kit.repositories.folder("hostile")!.path;
  assert.deepEqual(await filesBelow(folder), ["good/SKILL.md", "linked/SKILL.md"]);
});

test("names that are one where letter case and Unicode forms do not count are taken once", async () => {
  await using place = await makePlace();
  const bare = await forge(place, async (it) => {
    const text = await it.blob("x");
    const inner = await it.tree([["100644", "x", text]]);
    const own = await it.tree([
      ["100644", "README.md", text],
      ["100644", "SKILL.md", text],
      ["40000", "a", inner],
      ["100644", "readme.MD", text],
      ["100644", "twice", text],
      ["100644", "twice", text],
      ["100644", "\u00e9", text],
      ["100644", "e\u0301", text],
      ["100644", "A", text],
    ]);
    return [["40000", "Clash", own], ["40000", "clash", await it.tree([["100644", "SKILL.md", text]])]];
  });
  await using kit = await startRepositories(place.home);
  const added = await add(kit, bare);
  assert.deepEqual(added.repository.skills.map((it) => it.path), ["Clash", "good"]);
  const told = reasons(added).map(([path]) => path);
  assert.deepEqual(told, ["Clash/a/x", "Clash/readme.MD", "Clash/twice", "Clash/\u00e9", "clash", "clash/SKILL.md"]);
});

test("files, skills and bytes beyond the limits are left out and told", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "large.git");
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, "x"]));
  await commitTree(bare, {
    ...skill("a", { files: { "huge.bin": new Uint8Array(20_000), "small.bin": "x" } }),
    ...skill("b", { files: many }),
    ...skill("c", { files: { "big.txt": "x".repeat(9_000), "bigger.txt": "y".repeat(9_500) } }),
    ...skill("d"),
    ...skill("e"),
  });
  const limits = { maxFileBytes: 10_000, maxFiles: 200, maxTotalBytes: 10_000, maxSkills: 2 };
  await using kit = await startRepositories(place.home, { limits });
  const added = await add(kit, bare);
  assert.deepEqual(added.repository.skills.map((it) => it.path), ["a", "d"]);
  const [huge, b, c, e] = [["a/huge.bin", "max_file_bytes"], ["b", "max_files"], ["c", "max_total_bytes"], [
    "e",
    "max_skills",
  ]];
  const told = reasons(added);
  assert.deepEqual(told.map(([path]) => path), [huge![0], b![0], c![0], e![0]]);
  for (const [i, [, limit]] of [huge, b, c, e].entries()) assert.ok(told[i]![1].includes(limit!), told[i]![1]);
});

test("a repository in which nothing is left says why, and leaves nothing", async () => {
  await using place = await makePlace();
  const [none, bad] = ["none.git", "bad.git"].map((it) => join(place.path, it)) as [string, string];
  await commitTree(none, { "README.md": "x" });
  await commitTree(bad, skill("aux"));
  await using kit = await startRepositories(place.home);
  await assert.rejects(add(kit, none), /^ToolError: Cannot take skill repository "none" .*holds no skills$/);
  await assert.rejects(
    add(kit, bad),
    /none of its 1 skills can be taken: "aux\/SKILL\.md": "aux" is the name of a device/,
  );
  assert.deepEqual([kit.repositories.list(), await leftovers(place.home)], [[], []]);
  assert.equal(existsSync(join(place.home, "repos", "none")), false);
});

test("folders that are in themselves many times over are given up", async () => {
  await using place = await makePlace();
  const bare = await forge(place, async (it) => {
    const text = await it.blob("x");
    let tree = await it.tree(Array.from({ length: 10 }, (_, i): Entry => ["100644", `f${i}`, text]));
    for (let level = 0; level < 12; level++) {
      tree = await it.tree(Array.from({ length: 10 }, (_, i): Entry => ["40000", `d${i}`, tree]));
    }
    return [["40000", "bomb", tree]];
  });
  await using kit = await startRepositories(place.home);
  await assert.rejects(add(kit, bare), /too many files to list/);
  assert.deepEqual(await leftovers(place.home), []);
});

test("a folder so deep that no path of it can be taken leaves the others as they are", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "deep.git");
  await commitTree(bare, { ...skill("good"), ...skill("deep", { files: { [`${"x/".repeat(100)}y`]: "x" } }) });
  await using kit = await startRepositories(place.home);
  const added = await add(kit, bare);
  assert.deepEqual(added.repository.skills.map((it) => it.path), ["deep", "good"]);
  assert.match(reasons(added)[0]![1], /parts, at most 24 are taken/);
});

test("hooks, filters, attributes and settings of a repository do nothing", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "busy.git");
  const trap = join(place.path, "trap");
  const attributes = "*.txt filter=evil text eol=crlf ident export-subst working-tree-encoding=UTF-16\n";
  const tree: Tree = {
    ".gitattributes": attributes,
    ".gitmodules": `[submodule "x"]\n\tpath = x\n\turl = ${bare}\n\tupdate = !touch ${trap}\n`,
    ...skill("one", { files: { "a.txt": "one\ntwo $Id$\n", ".gitattributes": attributes } }),
  };
  await commitTree(bare, tree);
  const command = `touch ${trap}; cat`;
  await gitWith(bare, ["config", "filter.evil.smudge", command]);
  await gitWith(bare, ["config", "uploadpack.packObjectsHook", command]);
  await gitWith(bare, ["config", "core.fsmonitor", command]);
  for (const hook of ["post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"]) {
    await writeFile(join(bare, "hooks", hook), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  }
  await using kit = await startRepositories(place.home);
  await add(kit, bare);
  const text = await kit.repositories.folder("busy")!.readText("one/a.txt");
  assert.equal(text, "one\ntwo $Id$\n");
  assert.equal(existsSync(trap), false);
});

test("addresses and branches that a program might take for something else are refused", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await commitTree(bare, skill("one"));
  await using kit = await startRepositories(place.home);
  const trap = join(place.path, "trap");
  const attempts: readonly { readonly url: string; readonly branch?: string; readonly name?: string }[] = [
    { url: `ext::sh -c touch% ${trap}` },
    { url: `git+ext::sh -c touch% ${trap}` },
    { url: `--upload-pack=touch ${trap}` },
    { url: `ssh://-oProxyCommand=touch%20${trap}/x` },
    { url: `-oProxyCommand=touch@host:x` },
    { url: `fd::17/foo` },
    { url: `ftp://example.com/x.git` },
    { url: "https://ada:secret@example.com/x.git" },
    { url: "https://token@example.com/x.git" },
    { url: "file://elsewhere/x.git" },
    { url: "relative/path" },
    { url: "https://example.com/x?service=git" },
    { url: bare, branch: `--upload-pack=touch ${trap}` },
    { url: bare, branch: "+refs/heads/*:refs/heads/*" },
    { url: bare, name: "../x" },
    { url: bare, name: ".staging" },
    { url: bare, name: "skills-lock.json" },
    { url: bare, name: "con" },
    { url: "https://example.com/" },
    { url: "https://example.com/a/.." },
  ];
  for (const request of attempts) {
    await assert.rejects(kit.repositories.add(request, kit.call()), (error: Error) => {
      assert.match(String(error), /^ToolError: Cannot /, JSON.stringify(request));
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.equal(existsSync(trap), false, JSON.stringify(request));
  }
  assert.deepEqual(kit.repositories.list(), []);
});

test("paths of this machine are for its own user alone", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  await commitTree(bare, skill("one"));
  await using kit = await startRepositories(place.home);
  for (const url of [bare, `file://${bare}`, `git+file://${bare}`]) {
    await assert.rejects(
      kit.repositories.add({ url }, kit.call({ principal: GUEST })),
      /it is on the machine of the server, whose files are for its own user/,
    );
  }
});
