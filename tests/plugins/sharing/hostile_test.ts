import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { zipSync } from "fflate";
import { writeFile } from "node:fs/promises";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { commit, failed, imported, onlyText, readTree, startSharing, succeed, toolFiles, writeTree } from "./kit.ts";

const NAMES = ["", ".", "..", "../..", "/", "/etc", "a/../..", "a\\b", ".trash", ".staging", "a.b", "ü", "a\0b", " a"];
const ENTRIES = ["", ".", "../precious/main.sh", "/etc/passwd", "./main.sh", "lib/../main.sh", "manifest.json"];

test("import_tool changes nothing for a manifest whose name or entry file leads elsewhere, whatever the source", async () => {
  await using kit = await startSharing();
  const precious = await writeTree(join(kit.folder, "precious"), toolFiles("precious"));
  imported(await kit.import({ source: precious }));
  const before = await readTree(kit.folder);
  const manifests = [
    ...NAMES.map((name) => ({ name })),
    ...["x".repeat(65), 7, null, ["a"], { toString: "a" }].map((name) => ({ name })),
    ...ENTRIES.map((entry) => ({ entry_file: entry })),
    ...["versions/1.0.0/main.sh", "env/main.sh"].map((entry) => ({ entry_file: entry })),
  ];
  for (const [i, manifest] of manifests.entries()) {
    const tree = toolFiles("evil", {
      manifest,
      files: { "versions/1.0.0/main.sh": "echo evil", "env/main.sh": "echo evil" },
    });
    const folder = join(kit.folder, "sources", String(i));
    // git is slow, and takes all of them in the same way
    const isCommitted = i % 5 === 0;
    await (isCommitted ? commit(folder, tree) : writeTree(folder, tree));
    const archive = join(kit.folder, "sources", `${i}.zip`);
    const entries = Object.entries(tree).map((
      [path, data],
    ) => [path.replace("!", ""), new TextEncoder().encode(`${data}`)]);
    await writeFile(archive, zipSync(Object.fromEntries(entries)));
    for (const source of [folder, archive, ...(isCommitted ? [`${folder}/.git`] : [])]) {
      // as careless as can be: all that a manifest could overwrite may be overwritten
      failed(await kit.import({ source, overwrite: true }));
      failed(await kit.import({ source, overwrite: true, preview: true }));
    }
  }
  const after = await readTree(kit.folder);
  for (const path of Object.keys(after)) if (path.startsWith("sources/")) delete after[path];
  assert.deepEqual(after, before);
  for (const name of NAMES) failed(await kit.import({ source: precious, name, overwrite: true }));
  assert.deepEqual((await kit.kernel.get(ToolLibrary)!.list()).map((it) => it.name), ["precious"]);
});

test("import_tool takes of a manifest neither a version that is a path, nor who owned, digested or restored the tool", async () => {
  await using kit = await startSharing();
  const versions = ["../..", "/etc", "1.0.0/../../..", "9".repeat(400), "v1", "1.0", ""];
  for (const [i, version] of versions.entries()) {
    const foreign = { owner: "eve", digest: "0".repeat(64), rolled_back_from: "../..", edited_from: "/etc" };
    const tree = toolFiles("greet", { word: `of ${i}`, manifest: { ...foreign, version } });
    imported(await kit.import({ source: await writeTree(join(kit.folder, "greet"), tree), overwrite: true }));
    assert.equal(onlyText(await kit.call("greet")), `of ${i}`);
    const { manifest } = kit.kernel.get(ToolLibrary)!.get("greet")!;
    assert.match(manifest!.version, /^1\.0\.\d+$/);
    assert.notEqual(manifest!.digest, foreign.digest);
    const { owner, rolled_back_from: from, edited_from: edited } = manifest!;
    assert.deepEqual([owner, from, edited], [undefined, undefined, undefined]);
  }
  assert.equal((await kit.kernel.get(ToolLibrary)!.versions("greet")).length, versions.length);
  for (const version of ["../..", "..", "/etc", "versions", "1.0.0/..", "numbers.json"]) {
    failed(await kit.call("call_tool", { tool_name: "greet", version }));
    failed(await kit.call("export_tool", { tool_name: "greet", version }));
    for (const action of ["info", "diff", "rollback"]) {
      failed(await kit.call("version", { action, tool_name: "greet", version }));
    }
  }
  succeed(await kit.call("greet"));
});

test("a manifest that somebody put into the folder of tools names no file of another tool, or of the machine", async () => {
  await using kit = await startSharing();
  imported(await kit.import({ source: await writeTree(join(kit.folder, "precious"), toolFiles("precious")) }));
  for (const [i, entry] of [...ENTRIES.slice(1, 4), "../precious", "..", "a/../../precious/main.sh"].entries()) {
    const tree = toolFiles(`sly${i}`, { manifest: { entry_file: entry } });
    const old = toolFiles(`sly${i}`, { manifest: { entry_file: "../../main.sh", version: "0.9.0" } });
    const versions = Object.entries(old).map(([path, data]) => [`versions/0.9.0/${path.replace("!", "")}`, data]);
    await writeTree(join(kit.home, "tools", `sly${i}`), { ...tree, ...Object.fromEntries(versions) });
    const name = `sly${i}`;
    const { structuredContent } = await kit.call("list_tools");
    const found = (structuredContent as { tools: { name: string; state: string }[] }).tools.find((it) =>
      it.name === name
    );
    assert.equal(found?.state, "broken", entry);
    failed(await kit.call("call_tool", { tool_name: name }));
    failed(await kit.call("call_tool", { tool_name: name, version: "0.9.0" }));
    failed(await kit.call("version", { action: "rollback", tool_name: name, version: "0.9.0" }));
    failed(await kit.call("export_tool", { tool_name: name }));
  }
});
