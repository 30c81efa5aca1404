import assert from "node:assert/strict";
import { readFile, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Processes } from "../../../kernel/mod.ts";
import { fakeProcesses, provide, testPlugin } from "../../../kernel/testing.ts";
import library from "../../../plugins/library/mod.ts";
import sharing from "../../../plugins/sharing/mod.ts";
import {
  commit,
  failed,
  git,
  imported,
  onlyText,
  readTree,
  serveGit,
  startSharing,
  toolFiles,
  within,
  writeTree,
} from "./kit.ts";

test("import_tool takes a branch, a tag and a commit, whole or short", async () => {
  await using kit = await startSharing();
  const work = join(kit.folder, "work");
  const first = await commit(work, toolFiles("greet", { word: "first" }));
  await git(work, "tag", "--annotate", "v1", "--message", "one");
  const second = await commit(work, toolFiles("greet", { word: "second" }));
  await git(work, "checkout", "--quiet", "-b", "feature/x", first);
  await commit(work, toolFiles("greet", { word: "feature" }));
  await git(work, "checkout", "--quiet", "main");
  await commit(work, toolFiles("greet", { word: "last" }));
  await git(kit.folder, "clone", "--quiet", "--bare", "work", "tools.git");
  const bare = join(kit.folder, "tools.git");

  const expected: readonly (readonly [string, string | undefined, string])[] = [
    [bare, undefined, "last"],
    [`${bare}#v1`, undefined, "first"],
    [`${bare}#feature/x`, undefined, "feature"],
    [bare, "feature/x", "feature"],
    [`file://${bare}#main`, undefined, "last"],
    [`git+file://${bare}`, second, "second"],
    [`${bare}#${second.slice(0, 10)}`, undefined, "second"],
    [work, "v1", "first"],
    [`${work}/.git`, undefined, "last"],
  ];
  for (const [source, ref, word] of expected) {
    const result = await kit.import({ source, overwrite: true, ...(ref !== undefined && { ref }) });
    const { source: origin } = imported(result);
    assert.equal(onlyText(await kit.call("greet")), word, `${source} ${ref}`);
    assert.match(origin.commit ?? "", /^[0-9a-f]{40}$/);
    if (word === "first") assert.equal(origin.commit, first);
  }
  assert.match(failed(await kit.import({ source: `${bare}#absent` })), /git says: .*couldn't find remote ref absent/);
  assert.match(failed(await kit.import({ source: bare, ref: "0123456" })), /Cannot find "0123456"/);
  assert.match(
    failed(await kit.import({ source: `${bare}#v1`, ref: "main" })),
    /names "v1", and "ref" is "main"/,
  );
});

test("import_tool takes a folder of a repository, and several tools", async () => {
  await using kit = await startSharing();
  const work = join(kit.folder, "work");
  await commit(work, {
    ...within("tools/one", toolFiles("one")),
    ...within("tools/two", toolFiles("two", { files: { "!bin/x": "x", "lib/y": "y" } })),
    "large.bin": new Uint8Array(1000),
  });
  await using small = await startSharing({ max_file_bytes: 500 });
  assert.deepEqual(imported(await small.import({ source: `${work}/.git` })).installed.map((it) => it.name), [
    "one",
    "two",
  ]);
  const { installed, source } = imported(await kit.import({ source: `${work}/.git#main:tools/two` }));
  assert.deepEqual([installed[0]?.name, installed[0]?.files, source.path], ["two", 3, "tools/two"]);
  const one = imported(await kit.import({ source: work, ref: "main", path: "tools", tools: ["one"] }));
  assert.deepEqual(one.installed.map((it) => it.name), ["one"]);
  assert.match(failed(await kit.import({ source: work, ref: "main", path: "absent" })), /Cannot find "absent"/);
});

test("import_tool takes from git what was committed: no hook, filter, link or submodule does anything", async () => {
  await using kit = await startSharing();
  const [work, other, trap] = ["work", "other", "trap"].map((name) => join(kit.folder, name));
  await commit(other!, { "secret.txt": "of another repository" });
  await writeTree(
    work!,
    toolFiles("greet", {
      files: {
        ".gitattributes": "*.txt text eol=crlf filter=evil export-subst\nhidden export-ignore\n",
        "a.txt": "one\ntwo $Format:%H$\n",
        "hidden": "x",
        ".gitmodules": `[submodule "x"]\n\tpath = sub\n\turl = ${other}\n`,
      },
    }),
  );
  await symlink("/etc/passwd", join(work!, "stolen"));
  await git(kit.folder, "init", "--quiet", work!);
  await git(work!, "submodule", "--quiet", "add", "--force", other!, "sub");
  await writeTree(join(work!, ".git", "hooks"), { "!post-checkout": `#!/bin/sh\ntouch ${trap}\n` });
  await commit(work!, {});
  const [tool] = imported(await kit.import({ source: `${work}/.git` })).installed;
  assert.deepEqual(tool?.left_out, [
    { path: "stolen", reason: "it is a symbolic link" },
    { path: "sub", reason: "it is a submodule" },
  ]);
  const library = join(kit.home, "tools", "greet");
  assert.equal(await readFile(join(library, "a.txt"), "utf8"), "one\ntwo $Format:%H$\n");
  assert.equal(await readFile(join(library, "hidden"), "utf8"), "x");
  assert.equal(existsSync(trap!), false);
});

test("import_tool starts nothing that the settings of a local repository name", async () => {
  await using kit = await startSharing();
  const [work, trap] = ["work", "trap"].map((name) => join(kit.folder, name)) as [string, string];
  await commit(work, toolFiles("greet", { files: { "absent.txt": "not in the repository" } }));
  const id = await git(work, "rev-parse", "HEAD:absent.txt");
  await rm(join(work, ".git", "objects", id.slice(0, 2), id.slice(2)));
  const command = `touch ${trap}; false`;
  const settings = {
    // whoever reads a file that is missing asks this remote for it
    "core.repositoryFormatVersion": "1",
    "extensions.partialClone": "evil",
    "remote.evil.url": work,
    "remote.evil.promisor": "true",
    "remote.evil.uploadpack": command,
    "core.fsmonitor": command,
    "core.sshCommand": command,
    "core.alternateRefsCommand": command,
    "uploadpack.packObjectsHook": command,
  };
  for (const [name, value] of Object.entries(settings)) await git(work, "config", name, value);
  assert.match(failed(await kit.import({ source: `${work}/.git` })), /git says: .*unable to read/s);
  assert.equal(existsSync(trap), false);
});

test("import_tool starts nothing that an address names", async () => {
  await using kit = await startSharing();
  const trap = join(kit.folder, "trap");
  const bare = join(kit.folder, "tools.git");
  await commit(join(kit.folder, "work"), toolFiles("greet"));
  await git(kit.folder, "clone", "--quiet", "--bare", "work", "tools.git");
  const attempts: readonly Record<string, string>[] = [
    { source: `--upload-pack=touch ${trap};.git` },
    { source: `ext::sh -c touch% ${trap}.git` },
    { source: `ext::sh -c touch% ${trap}`, ref: "main" },
    { source: `git+ext::sh -c touch% ${trap}` },
    { source: `ssh://-oProxyCommand=touch%20${trap}/x.git` },
    { source: `-oProxyCommand=touch@host:x.git` },
    { source: `git@-oProxyCommand=touch:x.git` },
    { source: bare, ref: `--upload-pack=touch ${trap}` },
    { source: bare, ref: `--upload-pack=${trap}` },
    { source: bare, ref: "+refs/heads/*:refs/heads/*" },
    { source: bare, path: `--output=${trap}` },
    { source: bare, path: "/etc" },
    { source: `file://${bare}?--upload-pack=x` },
  ];
  for (const request of attempts) {
    failed(await kit.import(request));
    assert.equal(existsSync(trap), false, JSON.stringify(request));
  }
});

test("import_tool gives up a repository that is too large, and one that takes too long", async () => {
  await using kit = await startSharing({ max_clone_bytes: 20_000 });
  const work = join(kit.folder, "work");
  await commit(work, toolFiles("greet", { files: { "noise.bin": crypto.getRandomValues(new Uint8Array(60_000)) } }));
  assert.match(failed(await kit.import({ source: `${work}/.git` })), /larger than 20000 bytes \(max_clone_bytes\)/);
  await using hasty = await startSharing({ timeout_ms: 1 });
  assert.match(failed(await hasty.import({ source: `${work}/.git` })), /took longer than 0\.001 s/);
});

test("import_tool takes from git by paths that git may not be misled by", async () => {
  await using kit = await startSharing();
  const work = join(kit.folder, "work");
  const odd = { "-rf": "x", "a b/ü.txt": "x", "--stdin": "x", ":(top)x.sh": "x" };
  const { ":(top)x.sh": _refused, ...taken } = odd;
  await commit(work, toolFiles("greet", { files: taken }));
  assert.equal(imported(await kit.import({ source: `${work}/.git` })).installed[0]?.files, 4);
  await commit(work, toolFiles("greet", { files: odd }));
  assert.match(
    failed(await kit.import({ source: `${work}/.git`, overwrite: true })),
    /":\(top\)x\.sh" cannot be taken/,
  );
});

test("import_tool takes repositories over HTTP, from git's own server and from plain files", async () => {
  await using kit = await startSharing();
  const work = join(kit.folder, "work");
  const first = await commit(work, within("tools", toolFiles("greet", { word: "first" })));
  await commit(work, within("tools", toolFiles("greet", { word: "last" })));
  await git(kit.folder, "clone", "--quiet", "--bare", "work", "tools.git");
  await git(join(kit.folder, "tools.git"), "update-server-info");
  await using site = await serveGit(kit.folder);
  const expected: readonly (readonly [string, string])[] = [
    [`${site.url}/tools.git`, "last"],
    [`git+${site.url}/tools.git#${first}:tools/greet`, "first"],
    [`${site.url}/tools.git#${first.slice(0, 8)}`, "first"],
    [`${site.url}/files/tools.git#main`, "last"],
  ];
  for (const [source, word] of expected) {
    const result = imported(await kit.import({ source: source.replace("/greet", ""), overwrite: true }));
    assert.equal(onlyText(await kit.call("greet")), word, source);
    assert.equal(result.source.from, source.replace(/^git\+/, "").replace(/#.*/, ""));
  }
  assert.match(
    failed(await kit.import({ source: `${site.url}/private/x.git` })),
    /git says: .*(?:prompts disabled|could not read)/s,
  );
  assert.match(failed(await kit.import({ source: `${site.url}/absent.git` })), /Cannot fetch http.*git says/s);
});

test("import_tool starts git with the keys of the server's own user for that user alone", async () => {
  const processes = fakeProcesses(() => ({ code: 1, stderr: "no" }));
  await using kit = await testPlugin(sharing, {}, { with: [library, provide(Processes, processes)] });
  const source = "ssh://git@example.com/x.git";
  for (const id of ["local", "guest"]) {
    failed(await kit.kernel.call("import_tool", { source }, { principal: { id, scopes: [] } }));
  }
  const [own, guest] = processes.commands;
  assert.equal(own?.env?.["HOME"], undefined);
  assert.match(guest?.env?.["HOME"] ?? "", /imports\/[0-9a-f-]{36}$/);
  // ssh looks for keys where the user lives, whatever HOME says
  assert.equal(own?.env?.["GIT_SSH_COMMAND"], undefined);
  assert.match(guest?.env?.["GIT_SSH_COMMAND"] ?? "", /IdentityFile=none .*IdentityAgent=none/);
  for (const command of [own, guest]) {
    assert.equal(command?.program, "git");
    assert.equal(command?.env?.["GIT_TERMINAL_PROMPT"], "0");
    for (const setting of ["core.hooksPath=/dev/null", "protocol.allow=never"]) {
      assert.ok(command?.args?.includes(setting));
    }
  }
});

test("import_tool takes the archives that git makes", async () => {
  await using kit = await startSharing();
  const work = join(kit.folder, "work");
  const long = `${"a-long-folder/".repeat(8)}${"x".repeat(60)}.txt`;
  await commit(work, toolFiles("greet", { files: { [long]: "x", "!bin/ü": "y" } }));
  for (const form of ["zip", "tar", "tar.gz"]) {
    const archive = join(kit.folder, `greet.${form}`);
    await git(work, "archive", `--format=${form}`, "--prefix=greet-main/", "--output", archive, "HEAD");
    const [tool] = imported(await kit.import({ source: archive, overwrite: true })).installed;
    assert.equal(tool?.files, 3, form);
    const names = Object.keys(await readTree(tool!.path, { executables: true })).sort();
    assert.deepEqual(names, ["!bin/ü", "!main.sh", long, "manifest.json"].sort(), form);
  }
});
