/**
 * Where `skill_crud` finds skills, what it shows of their files, and what it keeps of deleted ones.
 */
import assert from "node:assert/strict";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { until } from "../../../support/wait.ts";
import { skillFile, startManaged } from "./kit.ts";

describe("places of skills", { timeout: 60_000 }, () => {
  test("uses the folder of SKILL_MCP_DIR, with ~, and says its path", async () => {
    await using server = await startManaged({ variables: { SKILL_MCP_DIR: "~/mine" } });
    assert.equal((await server.crud({ operation: "list" })).text, `No skills found in ${join(server.home, "mine")}`);
    await server.crud({ operation: "create", skill_name: "there" });
    assert.deepEqual(await readdir(join(server.home, "mine", "there")), ["SKILL.md"]);
    assert.equal((await server.crud({ operation: "get", skill_name: "there" })).data.scope, "user");
  });

  test("says so when the server does not look for skills in its folder", async () => {
    await using server = await startManaged({ config: { default_paths: false } });
    const { text, isError } = await server.crud({ operation: "create", skill_name: "unseen" });
    assert.equal(isError, false);
    assert.match(text, /The server does not offer it/);
    // it is managed all the same
    assert.match((await server.crud({ operation: "list" })).text, /✓ unseen\n {3}Description: unseen skill/);
    assert.equal((await server.crud({ operation: "delete", skill_name: "unseen", confirm: true })).isError, false);
  });

  test("lists folders without SKILL.md with ✗, hides what is hidden, and follows no link out", async () => {
    await using server = await startManaged();
    await server.write({
      "skills/bare/notes.txt": "",
      "skills/.hidden/SKILL.md": skillFile("hidden"),
      "skills/good/SKILL.md": skillFile("good"),
      "secret/SKILL.md": "no front matter: secret text",
      "secret/run": "#!/bin/sh\n",
    });
    await symlink(join(server.home, "secret"), join(server.root, "leak"));
    await symlink(join(server.home, "secret", "SKILL.md"), join(server.root, "bare", "SKILL.md"));
    await symlink(join(server.home, "secret", "run"), join(server.root, "good", "run"));
    await symlink(join(server.home, "secret"), join(server.root, "good", "folder"));
    await using again = await startManaged({
      home: { path: server.home, [Symbol.asyncDispose]: () => Promise.resolve() },
    });
    const { text, data } = await again.crud({ operation: "list" });
    assert.equal(text.startsWith("Found 2 skill(s):\n\n"), true, text);
    assert.match(text, /^✓ good$/m);
    assert.doesNotMatch(text, /hidden|leak|secret text/);
    assert.deepEqual(data.skills.map((it: { readonly name: string }) => it.name), ["bare", "good"]);
    assert.equal((await again.crud({ operation: "delete", skill_name: "leak", confirm: true })).isError, true);
    const got = await again.crud({ operation: "get", skill_name: "good" });
    assert.match(got.text, /^ {2}- good:run \(link\)$/m);
    assert.match(got.text, /^ {2}- good:folder \(link\)$/m);
    assert.doesNotMatch(got.text, /executable|Scripts/);
    const bare = await again.crud({ operation: "get", skill_name: "bare", include_content: true });
    assert.doesNotMatch(bare.text, /secret text/);
  });

  test("shows skills of other places as read-only, a page at a time, and finds by search in both", async () => {
    await using home = await startManaged();
    const others = Array.from({ length: 60 }, (_, index) => `far-${String(index).padStart(2, "0")}`);
    await home.write(Object.fromEntries(others.map((name) => [`other/${name}/SKILL.md`, skillFile(name)])));
    await home.write({ "skills/near/SKILL.md": skillFile("near", "Knows .* and stars") });
    const config = { paths: [{ path: join(home.home, "other"), scope: "team" as const }] };
    await using server = await startManaged({
      config,
      home: { path: home.home, [Symbol.asyncDispose]: () => Promise.resolve() },
    });
    const first = await server.crud({ operation: "list" });
    assert.match(first.text, /^Found 1 skill\(s\):\n\n✓ near\n/);
    assert.match(first.text, /Read-only skills of other places \(60\):\n\n✓ far-00 \[team, read-only\]\n/);
    assert.match(first.text, /Shown: 1 to 50 of 61; the next ones with offset 50$/);
    const rest = await server.crud({ operation: "list", offset: first.data.next_offset });
    assert.equal(rest.data.skills.length, 11);
    assert.equal(rest.data.next_offset, undefined);
    const own = await server.crud({ operation: "list", scope: "writable" });
    assert.equal(own.text, "Found 1 skill(s):\n\n✓ near\n   Description: Knows .* and stars");
    const names = async (search: string) =>
      (await server.crud({ operation: "search", search })).data.skills.map((it: { readonly name: string }) => it.name);
    assert.deepEqual(await names("^FAR-0[1-3]$"), ["far-01", "far-02", "far-03"]);
    assert.deepEqual(await names("STARS"), ["near"]);
    assert.deepEqual(await names(".* and"), ["near"]);
    assert.equal((await server.crud({ operation: "search", search: "zzz" })).text, "No skills found matching 'zzz'");
    for (const skill_name of ["far-07", "team:far-07"]) {
      const { text, isError } = await server.crud({ operation: "delete", skill_name, confirm: true });
      assert.equal(isError, true);
      assert.match(
        text,
        /^Error: Cannot change skill "(team:)?far-07": it is read-only, since it lies in ".*" \(scope team\)/,
      );
    }
    const created = await server.crud({ operation: "create", skill_name: "far-07" });
    assert.deepEqual(created.data.notes, undefined, "user goes before team");
  });

  test("tells which skill a name means when two have it", async () => {
    await using home = await startManaged();
    await home.write({ "other/twin/SKILL.md": skillFile("twin", "The other one") });
    await using server = await startManaged({
      config: { paths: [{ path: join(home.home, "other"), scope: "admin" }] },
      home: { path: home.home, [Symbol.asyncDispose]: () => Promise.resolve() },
    });
    const created = await server.crud({ operation: "create", skill_name: "twin", description: "Mine" });
    assert.match(
      created.text,
      /Another skill has this name and takes precedence, that in ".*other\/twin": .* "user:twin"$/,
    );
    assert.equal((await server.crud({ operation: "get", skill_name: "twin" })).data.description, "The other one");
    assert.equal((await server.crud({ operation: "get", skill_name: "user:twin" })).data.description, "Mine");
    const refused = await server.crud({ operation: "delete", skill_name: "twin", confirm: true });
    assert.match(refused.text, /the skill of this name there is "user:twin"$/);
    const listed = await server.crud({ operation: "list", scope: "writable" });
    assert.deepEqual(listed.data.skills.map((it: { readonly name: string }) => it.name), ["user:twin"]);
    const deleted = await server.crud({ operation: "delete", skill_name: "user:twin", confirm: true });
    assert.equal(deleted.isError, false, deleted.text);
    assert.equal((await server.crud({ operation: "restore", skill_name: "twin" })).isError, false);
  });

  test("lists the files of a skill without what was installed into it, a page at a time", async () => {
    await using server = await startManaged();
    await server.crud({ operation: "create", skill_name: "big", template: "python" });
    await server.write({
      "skills/big/scripts/with_deps.py": "# /// script\n# dependencies = []\n# ///\n",
      "skills/big/scripts/quoted.py": 'x = "# /// script"\n',
      "skills/big/scripts/tool": "#!/usr/bin/env ruby\n",
      "skills/big/scripts/main.ts": "",
      "skills/big/.env": "B_KEY=secret-b\nA_KEY=secret-a\n",
      "skills/big/node_modules/x/index.js": "",
      "skills/big/sub/.venv/lib/y.py": "",
      "skills/big/my-env/pyvenv.cfg": "",
      "skills/big/my-env/bin/python": "",
      "skills/big/.git/HEAD": "",
    });
    const { text, data } = await server.crud({ operation: "get", skill_name: "big" });
    assert.deepEqual(data.left_out, [".git", "my-env", "node_modules", "sub/.venv"]);
    assert.deepEqual(data.files.map((it: { readonly path: string }) => it.path), [
      ...[
        ".env",
        "SKILL.md",
        "main.py",
        "scripts/main.ts",
        "scripts/quoted.py",
        "scripts/tool",
        "scripts/with_deps.py",
      ],
    ]);
    assert.match(text, /^ {2}- big:main\.py \(\d+ bytes, modified: \d{4}-\d\d-\d\d\) \[executable\] \[uv deps: no\]$/m);
    assert.match(text, /^ {2}- big:scripts\/with_deps\.py \(python\) \[has uv dependencies\]$/m);
    assert.match(text, /^ {2}- big:scripts\/quoted\.py \(python\)$/m);
    assert.match(text, /^ {2}- big:scripts\/main\.ts \(typescript\)$/m);
    assert.match(text, /^ {2}- big:scripts\/tool \(unknown\)$/m);
    assert.match(text, /^Files \(7\):$/m);
    assert.match(text, /^Scripts \(5\):$/m);
    assert.match(text, /Environment Variables:\n {2}- A_KEY\n {2}- B_KEY\n\n\.env file exists: Yes\n$/);
    assert.doesNotMatch(JSON.stringify(data) + text, /secret-/);
    const page = await server.crud({ operation: "get", skill_name: "big", offset: 2, limit: 3 });
    assert.deepEqual(page.data.files.map((it: { readonly path: string }) => it.path), [
      ...["main.py", "scripts/main.ts", "scripts/quoted.py"],
    ]);
    assert.match(page.text, /^Shown: 3 to 5; the next ones with offset 5$/m);
    assert.equal(page.data.next_offset, 5);
  });

  test("matches patterns in time that grows with the name alone", async () => {
    await using server = await startManaged();
    await server.write({ [`skills/${"a".repeat(60)}/SKILL.md`]: skillFile("a".repeat(60)) });
    const start = performance.now();
    for (const search of ["^(a*)*b$", "^(a|a)*b$", "^(a+)+$b", `^(${"a*".repeat(90)})b$`]) {
      assert.equal((await server.crud({ operation: "search", search })).isError, false);
    }
    assert.ok(performance.now() - start < 5_000);
  });

  test("keeps what is deleted twice apart, restores the last, and removes what is older than 30 days", async () => {
    await using server = await startManaged();
    for (const description of ["First", "Second"]) {
      await server.crud({ operation: "create", skill_name: "twice", description });
      await server.crud({ operation: "delete", skill_name: "twice", confirm: true });
    }
    assert.equal((await readdir(join(server.root, ".trash"))).length, 2);
    await server.crud({ operation: "restore", skill_name: "twice" });
    assert.equal((await server.crud({ operation: "get", skill_name: "twice" })).data.description, "Second");
    assert.equal(
      (await server.crud({ operation: "restore", skill_name: "twice" })).text,
      "Error: Skill 'twice' already exists",
    );
    const old = join(server.root, ".trash", "twice-20200101T000000000Z");
    await mkdir(old);
    await writeFile(join(old, ".env"), "KEY=value\n");
    await using again = await startManaged({
      home: { path: server.home, [Symbol.asyncDispose]: () => Promise.resolve() },
    });
    await until(async () => (await readdir(join(again.root, ".trash"))).length === 1, "the trash to be cleaned up");
  });
});
