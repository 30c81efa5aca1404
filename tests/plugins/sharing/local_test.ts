import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { failed, imported, onlyText, readTree, startSharing, toolFiles, within, writeTree } from "./kit.ts";

test("import_tool takes a folder: its files, permissions, author and version", async () => {
  await using kit = await startSharing();
  const manifest = { version: "2.3.4", author: "Ada", license: "MIT", repository: "https://example.com", owner: "eve" };
  const tree = toolFiles("greet", {
    manifest,
    files: { "lib/help.txt": "help", "!lib/run": "#!/bin/sh\n", "data.bin": new Uint8Array([0, 255, 128]) },
  });
  const source = await writeTree(join(kit.folder, "greet"), tree);
  const { installed, skipped } = imported(await kit.import({ source }));
  assert.deepEqual(skipped, []);
  const [tool] = installed;
  assert.deepEqual([tool?.name, tool?.version, tool?.files, tool?.left_out], ["greet", "2.3.4", 4, []]);
  assert.equal(onlyText(await kit.call("greet")), "greet");
  const { "manifest.json": _given, ...given } = tree;
  const { "manifest.json": _kept, ...kept } = await readTree(tool!.path, { executables: true });
  const bytes = (it: string | Uint8Array) => typeof it === "string" ? new TextEncoder().encode(it) : it;
  assert.deepEqual(kept, Object.fromEntries(Object.entries(given).map(([path, data]) => [path, bytes(data)])));
  const { manifest: saved } = kit.kernel.get(ToolLibrary)!.get("greet")!;
  assert.deepEqual([saved?.author, saved?.license, saved?.repository], ["Ada", "MIT", "https://example.com"]);
  assert.equal(saved?.owner, undefined);
  assert.match(saved?.digest ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(saved?.["source"], { from: source, digest: saved?.digest });
});

test("import_tool leaves out old versions, packages, caches, git's own and links, and says which links", async () => {
  await using kit = await startSharing();
  const noise = ["versions/1.0.0/main.sh", "env/bin/x", "node_modules/a/x", "lib/node_modules/x", "__pycache__/x.pyc"];
  const source = await writeTree(join(kit.folder, "greet"), {
    ...toolFiles("greet"),
    ...Object.fromEntries([...noise, ".git/config", "lib/__pycache__/x", "lib/env/kept"].map((path) => [path, "x"])),
  });
  await symlink("/etc/passwd", join(source, "stolen"));
  await symlink("/etc", join(source, "lib", "etc"));
  const [tool] = imported(await kit.import({ source })).installed;
  assert.deepEqual(Object.keys(await readTree(tool!.path)).sort(), ["lib/env/kept", "main.sh", "manifest.json"]);
  assert.deepEqual(tool?.left_out, [
    { path: "lib/etc", reason: "it is a symbolic link" },
    { path: "stolen", reason: "it is a symbolic link" },
  ]);
});

test("import_tool takes all tools of a folder, or those that are named, each whole or not at all", async () => {
  await using kit = await startSharing();
  const source = await writeTree(join(kit.folder, "tools"), {
    ...within("a/one", toolFiles("one")),
    ...within("two", toolFiles("two")),
    ...within("two/inner", toolFiles("inner")),
    ...within("wasm", toolFiles("compiled", { manifest: { tool_type: "wasm" } })),
    ...within("lost", toolFiles("lost", { manifest: { entry_file: "absent.sh" } })),
    ...within("evil", toolFiles("evil", { manifest: { name: "../../evil" } })),
    ...within("page", { "manifest.json": '{"short_name": "a web application"}' }),
    ...within(".trash/old", toolFiles("old")),
    ...within("node_modules/x", toolFiles("x")),
  });
  const { installed, skipped } = imported(await kit.import({ source }));
  assert.deepEqual(installed.map((it) => it.name), ["one", "two"]);
  const reasons = Object.fromEntries(skipped.map((it) => [it.folder, it.reason]));
  assert.deepEqual(Object.keys(reasons).sort(), ["evil", "lost", "page", "wasm"]);
  assert.match(reasons["wasm"]!, /nothing provides kind "wasm"/);
  assert.match(reasons["lost"]!, /"absent\.sh" is missing/);
  assert.match(reasons["evil"]!, /its name "\.\.\/\.\.\/evil"/);
  assert.match(reasons["page"]!, /not well formed/);
  assert.deepEqual((await kit.kernel.get(ToolLibrary)!.list()).map((it) => it.name), ["one", "two"]);

  assert.match(failed(await kit.import({ source, tools: ["on"] })), /no tool "on"; did you mean "one"\?/);
  const again = await kit.import({ source, tools: ["one"] });
  assert.match(failed(again), /Nothing was imported.*\n\n- Not `one`: it exists \(script, version 1\.0\.0\)/);
  const named = imported(await kit.import({ source, tools: ["one"], name: "uno", path: "a" }));
  assert.deepEqual(named.installed.map((it) => [it.name, named.source.path]), [["uno", "a"]]);
  assert.equal(onlyText(await kit.call("uno")), "one");
  assert.match(failed(await kit.import({ source, name: "x" })), /"name" is for one tool, and there are 4/);
  assert.match(failed(await kit.import({ source, path: "nowhere" })), /no folder "nowhere"; at its root are a, evil/);
  assert.match(failed(await kit.import({ source, path: "../x" })), /Cannot use path "\.\.\/x"/);
});

test("import_tool replaces a tool with overwrite alone, whole, and keeps the old version", async () => {
  await using kit = await startSharing();
  const source = join(kit.folder, "greet");
  await writeTree(source, toolFiles("greet", { word: "one", files: { "old.txt": "old" } }));
  imported(await kit.import({ source }));
  const next = await writeTree(
    join(kit.folder, "next"),
    toolFiles("greet", { word: "two", files: { "new.txt": "new" } }),
  );
  assert.match(failed(await kit.import({ source: next })), /pass "overwrite": true/);
  assert.equal(onlyText(await kit.call("greet")), "one");
  const [tool] = imported(await kit.import({ source: next, overwrite: true })).installed;
  assert.deepEqual([tool?.version, tool?.replaced], ["1.0.1", "1.0.0"]);
  assert.equal(onlyText(await kit.call("greet")), "two");
  assert.deepEqual(Object.keys(await readTree(tool!.path)).sort(), ["main.sh", "manifest.json", "new.txt"]);
  const before = await kit.kernel.get(ToolLibrary)!.files("greet", "1.0.0");
  assert.equal(await before.readText("old.txt"), "old");
});

test("import_tool previews what would be imported, and changes nothing", async () => {
  await using kit = await startSharing();
  const source = await writeTree(
    join(kit.folder, "greet"),
    toolFiles("greet", { manifest: { dependencies: ["six"], grants: { network: true } } }),
  );
  const preview = imported(await kit.import({ source, preview: true }));
  assert.deepEqual(preview.installed, []);
  const [plan] = preview.planned!;
  assert.deepEqual(plan.files, [{ path: "main.sh", size: 28, executable: true }]);
  assert.deepEqual([plan.name, plan.version, plan.kind, plan.interpreter], ["greet", "1.0.0", "script", "sh"]);
  assert.deepEqual([plan.dependencies, plan.grants, plan.replaces], [["six"], { network: true }, undefined]);
  assert.equal((await kit.kernel.get(ToolLibrary)!.list()).length, 0);
  assert.match(failed(await kit.import({ source, preview: true, name: "list_tools" })), /taken by a tool of plugin/);
});

test("import_tool takes a tool only with the digest that was pinned", async () => {
  await using kit = await startSharing();
  const source = await writeTree(join(kit.folder, "greet"), toolFiles("greet"));
  const [{ digest }] = imported(await kit.import({ source, preview: true })).planned as [{ digest: string }];
  const wrong = failed(await kit.import({ source, digest: "0".repeat(64) }));
  assert.ok(wrong.includes(`its digest is ${digest}, expected ${"0".repeat(64)}`), wrong);
  const { installed } = imported(await kit.import({ source, digest: `sha256:${digest.toUpperCase()}` }));
  assert.equal(installed[0]?.digest, digest);
});

test("import_tool takes no pinned tool whose manifest says otherwise what the same files are", async () => {
  await using kit = await startSharing();
  const source = await writeTree(join(kit.folder, "greet"), toolFiles("greet"));
  const [{ digest }] = imported(await kit.import({ source, preview: true })).planned as [{ digest: string }];
  const changes = [
    { interpreter: "sh -x" },
    { dependencies: ["six"] },
    { grants: { network: true } },
    { description: "Something else" },
    { name: "salute" },
    { unknown: 1 },
  ];
  for (const manifest of changes) {
    await writeTree(source, toolFiles("greet", { manifest }));
    assert.match(failed(await kit.import({ source, digest })), /or its manifest, are not those meant/);
  }
  // neither order nor what tells how it was saved
  const bookkeeping = { version: "3.0.0", updated_at: "2026-01-01T00:00:00Z", owner: "eve", digest: "x" };
  const { "manifest.json": text } = toolFiles("greet", { manifest: bookkeeping });
  const reversed = Object.fromEntries(Object.entries(JSON.parse(text as string)).reverse());
  await writeTree(source, { "manifest.json": JSON.stringify(reversed) });
  assert.equal(imported(await kit.import({ source, digest })).installed[0]?.version, "3.0.0");
});

test("import_tool finds the entry file that a manifest of skillz does not name, under another name too", async () => {
  await using kit = await startSharing();
  const { "!main.sh": code, "manifest.json": text } = toolFiles("greet", { manifest: { entry_file: null } });
  const source = await writeTree(join(kit.folder, "greet"), { "manifest.json": text!, "greet.sh": code! });
  imported(await kit.import({ source, name: "hello" }));
  assert.equal(onlyText(await kit.call("hello")), "greet");
});

test("import_tool refuses paths that some system would refuse or take for another", async () => {
  await using kit = await startSharing({ max_path_characters: 60, max_path_depth: 4 });
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [["README", "readme"], /"README" and "readme" are one file/],
    [["caf\u00e9", "cafe\u0301"], /are one file/],
    [["lib/CON.txt"], /name of a device/],
    [["a:b"], /Windows reserves/],
    [["what?"], /Windows reserves/],
    [["dot."], /ends with a dot/],
    [["a/b/c/d/e"], /5 parts, at most 4/],
    [["x".repeat(61)], /61 characters, at most 60/],
  ];
  for (const [i, [paths, expected]] of refused.entries()) {
    const files = Object.fromEntries(paths.map((path) => [path, "x"]));
    const source = await writeTree(join(kit.folder, `tool${i}`), toolFiles("greet", { files }));
    assert.match(failed(await kit.import({ source })), expected, paths.join(" "));
  }
  assert.equal((await kit.kernel.get(ToolLibrary)!.list()).length, 0);
});

test("import_tool keeps to its limits of size and number", async () => {
  await using kit = await startSharing({ max_file_bytes: 1000, max_total_bytes: 2000, max_files: 4 });
  const attempts: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ large: "x".repeat(1001) }, /"large" has 1001 bytes, at most 1000 .*max_file_bytes/],
    [{ a: "x".repeat(999), b: "x".repeat(999) }, /at most 2000 are taken \(max_total_bytes\)/],
    [{ a: "", b: "", c: "", d: "" }, /too many files: 5, at most 4 .*max_files/],
  ];
  for (const [i, [files, expected]] of attempts.entries()) {
    const source = await writeTree(join(kit.folder, `tool${i}`), toolFiles("greet", { files }));
    assert.match(failed(await kit.import({ source })), expected);
  }
});

test("import_tool says what is wrong with a source", async () => {
  await using kit = await startSharing();
  const empty = await writeTree(join(kit.folder, "empty"), { "notes.txt": "no tool" });
  const wrong: readonly (readonly [string, RegExp])[] = [
    [empty, /no "manifest\.json" in it/],
    [join(kit.folder, "absent"), /there is no file or folder/],
    [join(empty, "notes.txt"), /it is no archive/],
    ["./relative", /expected a git repository/],
    ["--upload-pack=touch /tmp/x", /expected a git repository/],
    ["ext::sh -c true", /expected a git repository/],
    ["gist:../../x", /hexadecimal/],
    ["ftp://example.com/x.zip", /expected a git repository/],
    ["https://ada:secret@example.com/x.zip", /holds a password/],
    ["file://elsewhere/x", /file:\/\/\/folder/],
    ["https://example.com/x.zip#main", /no git repository that could have a "ref"/],
    ["git@example.com:x/y#a..b", /Cannot use ref "a\.\.b"/],
  ];
  for (const [source, expected] of wrong) {
    const text = failed(await kit.import({ source }));
    assert.match(text, expected);
    assert.ok(!text.includes("secret"), text);
  }
});

test("import_tool and export_tool give paths of this machine to its own user alone", async () => {
  await using kit = await startSharing();
  const source = await writeTree(join(kit.folder, "greet"), toolFiles("greet"));
  const guest = { principal: { id: "guest", scopes: [] } };
  assert.match(
    failed(await kit.call("import_tool", { source }, guest)),
    /files are for its own user.*"shared_paths": true/,
  );
  imported(await kit.call("import_tool", { source }, { principal: { id: "local", scopes: [] } }));
  const to = join(kit.folder, "greet.zip");
  assert.match(failed(await kit.call("export_tool", { tool_name: "greet", to }, guest)), /leave "to" out/);
  await using open = await startSharing({ shared_paths: true });
  imported(await open.call("import_tool", { source }, guest));
});
