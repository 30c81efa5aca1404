import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { createCall, Environment, Files, Kernel, ToolError, valueOf } from "../../../kernel/mod.ts";
import { createEdgeEnvironment } from "../../../kernel/platform/edge.ts";
import { fakeLog, memoryFiles, provide } from "../../../kernel/testing.ts";
import { type FileSet, type ToolKind, ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { randomFrom } from "../../kernel/random.ts";
import { freshSeed } from "../../support/random.ts";
import { startScripts, succeed } from "../scripts/kit.ts";
import { answeringKind, kindPlugin, startKernel, temporaryHome } from "./kit.ts";

const call = createCall();

/** Starts a kernel on files in memory, which may be those of another. */
async function start(files = memoryFiles(), kind: ToolKind = answeringKind()) {
  const kernel = new Kernel({ log: fakeLog(), exposeErrors: true })
    .use(provide(Environment, createEdgeEnvironment()))
    .use(provide(Files, files))
    .use(library)
    .use(kindPlugin(kind));
  await kernel.start();
  const tools = kernel.get(ToolLibrary)!;
  const save = (set: FileSet, more: Record<string, unknown> = {}) =>
    tools.save({ name: "a", description: "x", tool_type: "answering", ...more }, set, { overwrite: true, call });
  const numbers = async () => (await tools.versions("a")).map((it) => it.version);
  const paths = async (folder: string) =>
    (await files.list(folder, { recursive: true })).filter((it) => it.kind === "file").map((it) => it.path);
  return { kernel, files, tools, save, numbers, paths, [Symbol.asyncDispose]: () => kernel.stop() };
}

describe("versions of made tools", () => {
  test("the fourth registration, and every later one, keeps the code before it", async () => {
    await using kit = await start();
    for (let i = 0; i < 8; i++) await kit.save({ "a.py": `code ${i}` });
    for (let i = 0; i < 8; i++) {
      assert.equal(await (await kit.tools.files("a", `1.0.${i}`)).readText("a.py"), `code ${i}`);
    }
  });

  test("1.0.1 is listed when the current version is 1.0.10", async () => {
    await using kit = await start();
    for (let i = 0; i <= 10; i++) await kit.save({});
    const numbers = await kit.numbers();
    assert.equal(numbers[0], "1.0.10");
    assert.ok(numbers.includes("1.0.1"));
    assert.equal(numbers.length, 11);
  });

  test("dates are those of the calendar, and when a tool was made stays through changes and rollbacks", async () => {
    await using kit = await start();
    const before = Date.now();
    const { manifest: first } = await kit.save({});
    const { manifest: second } = await kit.save({}, { answer: 2 });
    const { manifest: third } = await kit.tools.rollback("a", "1.0.0", { call });
    for (const { created_at: created, updated_at: updated } of [first, second, third]) {
      assert.equal(created, first.created_at);
      assert.equal(new Date(updated!).toISOString(), updated);
      assert.ok(Date.parse(updated!) >= before && Date.parse(updated!) <= Date.now());
    }
  });

  test("a rollback restores scripts whatever the ending of their file, ready to run", async (t) => {
    if (process.platform === "win32") return t.skip("there is no sh");
    await using kit = await startScripts();
    for (const [i, extension] of ["script", "lua", "ts", "script"].entries()) {
      const code = `#!/bin/sh\necho version ${i}`;
      await kit.register({ name: "tool", interpreter: "sh", extension, code, overwrite: true });
    }
    const tools = kit.kernel.get(ToolLibrary)!;
    for (const [i, extension] of ["script", "lua", "ts"].entries()) {
      const { path } = await tools.rollback("tool", `1.0.${i}`, { call });
      assert.equal(succeed(await kit.call("tool")), `version ${i}`);
      assert.match(await readFile(join(path, `tool.${extension}`), "utf8"), new RegExp(`version ${i}`));
      const other = extension === "lua" ? "ts" : "lua";
      await assert.rejects(stat(join(path, `tool.${other}`)), "files of the version between are gone");
      assert.equal(
        succeed(await kit.call("call_tool", { tool_name: "tool", version: `1.0.${i}` })),
        `version ${i}`,
        "and each version can be called as it was",
      );
    }
  });

  test("a rollback restores every file and its permissions, and nothing that came later", async () => {
    await using home = await temporaryHome();
    await using kit = await startKernel({ home: home.path, plugins: [kindPlugin(answeringKind())] });
    const tools = kit.kernel.get(ToolLibrary)!;
    const draft = { name: "a", description: "x", tool_type: "answering", entry_file: "run" };
    const options = { overwrite: true, call };
    await tools.save(draft, {
      run: { data: "#!/bin/sh", mode: 0o755 },
      "lib/deep/x.txt": "x",
      "data.bin": new Uint8Array([0, 255]),
    }, options);
    const folder = await tools.files("a");
    const digest = tools.get("a")?.manifest?.digest;
    await tools.save({ ...draft, entry_file: "other" }, { other: "2", "lib/later.txt": "later" }, {
      ...options,
      isWhole: true,
    });
    await folder.writeAtomic("env/lib/package.txt", "installed");
    const { manifest, path } = await tools.rollback("a", "1.0.0", { call });
    const all = (await folder.list(".", { recursive: true })).filter(({ kind, path }) =>
      kind === "file" && !path.startsWith("versions/")
    );
    assert.deepEqual(all.map((it) => it.path), [
      "data.bin",
      "env/lib/package.txt",
      "lib/deep/x.txt",
      "manifest.json",
      "run",
    ]);
    assert.deepEqual(await folder.readBytes("data.bin"), new Uint8Array([0, 255]));
    assert.equal(manifest.digest, digest);
    if (process.platform !== "win32") assert.equal((await stat(join(path, "run"))).mode & 0o111, 0o111);
  });

  test("what a kind prepares is prepared again, and a rollback that cannot be prepared changes nothing", async () => {
    const prepared: unknown[] = [];
    const kind = answeringKind({
      async prepare(manifest, staging) {
        prepared.push([manifest["dependencies"], await staging.readText("a.py")]);
        if (prepared.length === 4) throw new ToolError("no network");
        return manifest;
      },
    });
    await using kit = await start(undefined, kind);
    await kit.save({ "a.py": "1" }, { dependencies: ["one"], answer: 1 });
    await kit.save({ "a.py": "2" }, { dependencies: ["two"], answer: 2 });
    await kit.tools.rollback("a", "1.0.0", { call });
    assert.deepEqual(prepared[2], [["one"], "1"]);
    const before = await kit.paths("tools");
    await assert.rejects(kit.tools.rollback("a", "1.0.1", { call }), /no network/);
    assert.deepEqual(await kit.paths("tools"), before);
    assert.deepEqual(valueOf(await kit.kernel.call("a", {})), { answer: 1, args: {} });
  });

  test("a tool that is rolled back belongs to whoever did it, and a version without its kind stays", async () => {
    await using kit = await start();
    await kit.save({}, { answer: 1 });
    await kit.save({}, { answer: 2 });
    const ada = createCall({ principal: { id: "ada", scopes: [] } });
    assert.equal((await kit.tools.rollback("a", "1.0.0", { call: ada })).manifest.owner, "ada");
    const old = "tools/a/versions/1.0.1/manifest.json";
    await kit.files.writeAtomic(old, (await kit.files.readText(old))!.replace('"answering"', '"wasm"'));
    await assert.rejects(kit.tools.rollback("a", "1.0.1", { call }), /nothing provides kind "wasm"/);
    await kit.files.writeAtomic(old, "{");
    await assert.rejects(kit.tools.rollback("a", "1.0.1", { call }), /"1\.0\.1" of tool "a": its manifest is not JSON/);
    assert.deepEqual(await kit.numbers(), ["1.0.2", "1.0.1", "1.0.0"]);
  });

  test("a broken tool is mended by a rollback, and kept as it was", async () => {
    await using kit = await start();
    await kit.save({ "a.py": "1" }, { answer: 1 });
    await kit.save({ "a.py": "2" }, { answer: 2 });
    await kit.files.writeAtomic("tools/a/manifest.json", "{ broken");
    const { manifest, replaced } = await kit.tools.rollback("a", "1.0.0", { call });
    assert.equal(replaced, "1.0.2", "no number that was given already");
    assert.equal(manifest.version, "1.0.3");
    assert.equal(await kit.files.readText("tools/a/versions/1.0.2/manifest.json"), "{ broken");
    assert.deepEqual(valueOf(await kit.kernel.call("a", {})), { answer: 1, args: {} });
  });
});

describe("tools that somebody edits by hand", () => {
  test("are kept as they are when they are replaced, under a number of their own", async () => {
    await using kit = await start();
    await kit.save({ "a.py": "saved" });
    await kit.files.writeAtomic("tools/a/a.py", "edited");
    assert.deepEqual((await kit.tools.versions("a")).map((it) => it.isEdited), [true]);
    const { manifest, replaced } = await kit.save({ "a.py": "new" });
    assert.equal(replaced, "1.0.1");
    assert.equal(manifest.version, "1.0.2");
    const [, kept] = await kit.tools.versions("a");
    assert.equal(kept?.manifest?.edited_from, "1.0.0");
    assert.equal(await (await kit.tools.files("a", "1.0.1")).readText("a.py"), "edited");
    const restored = await kit.tools.rollback("a", "1.0.1", { call });
    assert.equal(restored.manifest.edited_from, undefined);
    assert.equal(restored.manifest.digest, kept?.manifest?.digest);
    await assert.rejects(kit.tools.files("a", "1.0.0"), /No version "1\.0\.0"/);
  });

  test("are found again after a rollback to the version that was edited", async () => {
    await using kit = await start();
    await kit.save({ "a.py": "saved" });
    await kit.files.writeAtomic("tools/a/a.py", "edited");
    await kit.tools.rollback("a", "1.0.0", { call });
    assert.equal(await kit.files.readText("tools/a/a.py"), "edited");
    assert.equal(await kit.files.readText("tools/a/versions/1.0.1/a.py"), "edited");
    assert.deepEqual(await kit.numbers(), ["1.0.2", "1.0.1"]);
  });

  test("are not taken for edited because of caches or packages", async () => {
    await using kit = await start();
    await kit.save({ "a.py": "x", "lib/b.py": "x" });
    for (const path of ["__pycache__/a.pyc", "lib/__pycache__/b.pyc", "env/lib/c.py"]) {
      await kit.files.writeAtomic(`tools/a/${path}`, "x");
    }
    assert.equal((await kit.save({})).replaced, "1.0.0");
  });

  test("keep helpers that were put beside the code, as part of the next version", async () => {
    await using kit = await start();
    await kit.save({ "a.py": "1", "lib/x.py": "x" }, { entry_file: "a.py" });
    await kit.files.writeAtomic("tools/a/lib/helper.py", "helper");
    await kit.save({ "b.py": "2", "lib/y.py": "y" }, { entry_file: "b.py" });
    const files = (await kit.paths("tools/a")).filter((it) => !it.startsWith("versions/"));
    assert.deepEqual(files, ["b.py", "lib/helper.py", "lib/x.py", "lib/y.py", "manifest.json"]);
    assert.deepEqual((await kit.tools.versions("a")).map((it) => it.isEdited), [false, false]);
  });

  test("get what a kind writes for each version anew, and none of what it wrote for the one before", async () => {
    const kind = answeringKind({
      prepared: ["made.lock"],
      async prepare(draft, staging) {
        const before = await staging.readText("made.lock");
        if (draft["made"] !== undefined) await staging.writeAtomic("made.lock", `${before} ${draft["made"]}`);
        return draft;
      },
    });
    await using kit = await start(undefined, kind);
    await kit.save({ "a.py": "1" }, { made: "one" });
    assert.equal(await kit.files.readText("tools/a/made.lock"), "undefined one");
    await kit.save({ "a.py": "2" }, { made: "two" });
    assert.equal(await kit.files.readText("tools/a/made.lock"), "undefined two");
    await kit.save({ "a.py": "3" });
    assert.equal(await kit.files.readText("tools/a/made.lock"), undefined);
    // a version has what was written for it
    await kit.tools.rollback("a", "1.0.0", { call });
    assert.equal(await kit.files.readText("tools/a/made.lock"), "undefined one one");
  });

  test("of which a new one has all its files, lose what it does not bring", async () => {
    await using kit = await start();
    await kit.save({ "a.py": "1", "helper.py": "x" });
    const draft = { name: "a", description: "x", tool_type: "answering" };
    await kit.tools.save(draft, { "a.py": "2" }, { overwrite: true, isWhole: true, call });
    assert.equal(await kit.files.readText("tools/a/helper.py"), undefined);
    assert.equal(await kit.files.readText("tools/a/versions/1.0.0/helper.py"), "x");
  });
});

describe("numbers of versions", () => {
  test("are not given again after the versions were pruned, nor when somebody writes one into the manifest", async () => {
    await using kit = await start();
    for (let i = 0; i < 4; i++) await kit.save({ "a.py": `${i}` });
    const { trash, versions } = await kit.tools.prune("a", ["1.0.2", "1.0.1"]);
    assert.deepEqual(versions, ["1.0.2", "1.0.1"]);
    assert.equal(await kit.files.readText(`tools/${trash}/1.0.2/a.py`), "2");
    const manifest = JSON.parse((await kit.files.readText("tools/a/manifest.json"))!);
    await kit.files.writeAtomic("tools/a/manifest.json", JSON.stringify({ ...manifest, version: "1.0.1" }));
    assert.equal((await kit.save({ "a.py": "4" })).manifest.version, "1.0.5");
    assert.deepEqual(await kit.numbers(), ["1.0.5", "1.0.4", "1.0.0"]);
    await assert.rejects(kit.tools.prune("a", ["1.0.5"]), /it is the current one/);
    await assert.rejects(
      kit.tools.prune("a", ["1.0.0", "1.0.3"]),
      /No version "1\.0\.3".*there are 1\.0\.5, 1\.0\.4, 1\.0\.0/,
    );
    assert.deepEqual(await kit.numbers(), ["1.0.5", "1.0.4", "1.0.0"], "all or none");
  });

  test("begin anew for a tool that gets the name of a deleted one, whose versions stay in a trash of their own", async () => {
    await using kit = await start();
    const trashed: string[] = [];
    // quicker than the clock that names the folders
    for (let i = 0; i < 5; i++) {
      assert.equal((await kit.save({ "a.py": `${i} old` })).manifest.version, "1.0.0");
      assert.equal((await kit.save({ "a.py": `${i} new` })).manifest.version, "1.0.1");
      trashed.push((await kit.tools.remove("a"))!.trash);
    }
    assert.equal(new Set(trashed).size, 5);
    for (const [i, trash] of trashed.entries()) {
      assert.equal(await kit.files.readText(`tools/${trash}/versions/1.0.0/a.py`), `${i} old`);
    }
  });

  test("are unique when two servers change one tool at the same time", async (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    await using home = await temporaryHome();
    const plugins = [kindPlugin(answeringKind())];
    await using one = await startKernel({ home: home.path, plugins });
    await using other = await startKernel({ home: home.path, plugins });
    const draft = { name: "a", description: "x", tool_type: "answering" };
    const contents = new Map<string, string | undefined>();
    const note = (version: string, content: string | undefined) => {
      assert.ok(!contents.has(version), `${version} was given twice`);
      contents.set(version, content);
    };
    // the other one may have pruned it meanwhile
    const unlessGone = (error: Error) => assert.match(error.message, /^No version /);
    const work = async (tools: ToolLibrary, who: string) => {
      for (let i = 0; i < 12; i++) {
        const content = `${who} ${i}`;
        const does = random.pick(["save", "save", "save", "roll back", "prune"]);
        if (does === "save") {
          note((await tools.save(draft, { "a.py": content }, { overwrite: true, call })).manifest.version, content);
        } else if (does === "roll back") {
          const { version } = random.pick(await tools.versions("a"));
          const restored = await tools.rollback("a", version, { call }).catch(unlessGone);
          if (restored) note(restored.manifest.version, contents.get(version));
        } else {
          const old = (await tools.versions("a")).filter((it) => !it.isCurrent).slice(4).map((it) => it.version);
          if (old.length > 0) await tools.prune("a", old).catch(unlessGone);
        }
      }
    };
    const [first, second] = [one, other].map((it) => it.kernel.get(ToolLibrary)!);
    note((await first!.save(draft, { "a.py": "first" }, { call })).manifest.version, "first");
    await Promise.all([work(first!, "one"), work(second!, "other")]);
    for (const tools of [first!, second!]) {
      for (const { version, isEdited } of await tools.versions("a")) {
        assert.equal(isEdited, false);
        const content = contents.get(version);
        if (content !== undefined) assert.equal(await (await tools.files("a", version)).readText("a.py"), content);
      }
    }
  });
});
