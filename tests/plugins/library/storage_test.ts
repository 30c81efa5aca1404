import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Folder } from "../../../kernel/mod.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { memoryFiles } from "../../../kernel/testing.ts";
import type { FileSet, Manifest } from "../../../plugins/library/contract.ts";
import { ToolStorage } from "../../../plugins/library/storage.ts";
import { temporaryHome } from "./kit.ts";

async function read(folder: Folder, path: string): Promise<Manifest> {
  return JSON.parse(await folder.readText(path) ?? "null");
}

async function paths(folder: Folder, path = "."): Promise<string[]> {
  return (await folder.list(path, { recursive: true })).filter((it) => it.kind !== "folder").map((it) => it.path);
}

/** Saves a tool as the library does. */
async function save(storage: ToolStorage, files: FileSet, more: Partial<Manifest> = {}): Promise<Manifest> {
  return await storage.locked(async () => {
    const found = await storage.read("a");
    const exists = await storage.folder.stat("a") !== undefined;
    const replaced = exists ? { folder: "a", manifest: "manifest" in found ? found.manifest : undefined } : undefined;
    const staged = await storage.stage("a", files);
    const draft = { name: "a", description: "d", tool_type: "script", entry_file: "a.py", ...more };
    return (await storage.commit(draft, { staged, replaced })).manifest;
  });
}

function suite(title: string, make: () => Promise<{ folder: Folder; dispose(): Promise<void> }>): void {
  const check = (name: string, run: (storage: ToolStorage, folder: Folder) => Promise<void>) =>
    test(name, async () => {
      const { folder, dispose } = await make();
      try {
        await run(new ToolStorage(folder), folder);
      } finally {
        await dispose();
      }
    });

  describe(`ToolStorage ${title}`, () => {
    check("keeps each version before the tool changes, for twenty changes", async (storage, folder) => {
      for (let i = 0; i < 20; i++) assert.equal((await save(storage, { "a.py": `code ${i}` })).version, `1.0.${i}`);
      assert.equal(await folder.readText("a/a.py"), "code 19");
      for (let i = 0; i < 19; i++) {
        assert.equal(await folder.readText(`a/versions/1.0.${i}/a.py`), `code ${i}`);
        assert.equal((await read(folder, `a/versions/1.0.${i}/manifest.json`)).version, `1.0.${i}`);
      }
      assert.deepEqual(await paths(folder, ".staging"), []);
    });

    check("never overwrites a version that skillz left under a number in use", async (storage, folder) => {
      const manifest = (version: string) =>
        JSON.stringify({ name: "a", version, description: "d", tool_type: "script" });
      await folder.writeAtomic("a/manifest.json", manifest("1.0.0"));
      await folder.writeAtomic("a/a.py", "third");
      await folder.writeAtomic("a/versions/1.0.0/a.py", "first");
      await folder.writeAtomic("a/versions/1.0.1/a.py", "second");
      assert.equal((await save(storage, { "a.py": "fourth" })).version, "1.0.3");
      assert.equal(await folder.readText("a/versions/1.0.0/a.py"), "first");
      assert.equal(await folder.readText("a/versions/1.0.1/a.py"), "second");
      assert.equal(await folder.readText("a/versions/1.0.2/a.py"), "third");
      assert.equal((await read(folder, "a/versions/1.0.2/manifest.json")).version, "1.0.2");
    });

    check("keeps what else lies in the folder, but for the old entry file", async (storage, folder) => {
      await save(storage, { "a.py": "code" });
      await folder.writeAtomic("a/helper.py", "helper");
      await folder.writeAtomic("a/env/lib/x.py", "installed");
      await save(storage, { "a.js": "code" }, { entry_file: "a.js" });
      assert.deepEqual(await paths(folder, "a"), [
        ...["a.js", "env/lib/x.py", "helper.py", "manifest.json"],
        // another number, since the files are not those that were saved under 1.0.0
        ...["versions/1.0.1/a.py", "versions/1.0.1/helper.py", "versions/1.0.1/manifest.json"],
        "versions/numbers.json",
      ]);
    });

    check("keeps a broken tool as a version as it was, whatever number it had", async (storage, folder) => {
      await folder.writeAtomic("a/manifest.json", "{ broken");
      assert.equal((await save(storage, { "a.py": "code" })).version, "1.0.2");
      assert.equal(await folder.readText("a/versions/1.0.1/manifest.json"), "{ broken");
    });

    check("goes on from the number of a tool that somebody wrote", async (storage, folder) => {
      const manifest = { name: "a", version: "0.3.0", description: "d", tool_type: "script" };
      await folder.writeAtomic("a/manifest.json", JSON.stringify(manifest));
      assert.equal((await save(storage, { "a.py": "code" })).version, "0.3.1");
      assert.deepEqual(await storage.versions.list("a"), ["0.3.0"]);
    });

    check("takes a version of the draft only when it is higher than all", async (storage) => {
      assert.equal((await save(storage, { "a.py": "1" }, { version: "2.0.0" })).version, "2.0.0");
      assert.equal((await save(storage, { "a.py": "2" }, { version: "1.5.0" })).version, "2.0.1");
      assert.equal((await save(storage, { "a.py": "3" }, { version: "../3" })).version, "2.0.2");
    });

    check("puts back what a server that died between two renames had set aside", async (storage, folder) => {
      await save(storage, { "a.py": "code" });
      await folder.move("a", `.staging/a.old-${crypto.randomUUID()}`);
      await storage.locked(() => Promise.resolve());
      assert.equal(await folder.readText("a/a.py"), "code");
      assert.deepEqual(await paths(folder, ".staging"), []);
    });

    check("takes over versions that a server that died had not moved yet", async (storage, folder) => {
      await save(storage, { "a.py": "1" });
      await save(storage, { "a.py": "2" });
      await folder.copy("a", `.staging/a.old-${crypto.randomUUID()}`);
      await folder.remove("a/versions");
      await folder.writeAtomic("a/a.py", "3");
      await storage.locked(() => Promise.resolve());
      assert.equal(await folder.readText("a/a.py"), "3");
      assert.equal(await folder.readText("a/versions/1.0.0/a.py"), "1");
      assert.deepEqual(await paths(folder, ".staging"), []);
    });

    check("leaves nothing of a tool whose files cannot be staged", async (storage, folder) => {
      await assert.rejects(storage.stage("a", { "a.py": "x", "../../b": "y" }), { code: "PATH_ESCAPED" });
      assert.deepEqual(await paths(folder), []);
    });

    check("purges the trash by the time in the name, and only what it put there", async (storage, folder) => {
      const old = "old-20200101T000000000Z";
      await folder.writeAtomic(`.trash/${old}/manifest.json`, "{}");
      await folder.writeAtomic(".trash/mine/manifest.json", "{}");
      await save(storage, { "a.py": "x" });
      const { trash, keptUntil } = await storage.trash("a", { folder: "a", trashDays: 30 });
      await storage.cleanUp(30);
      assert.deepEqual(
        (await folder.list(".trash")).map((it) => it.path),
        [trash.slice(".trash/".length), "mine"].sort(),
      );
      assert.ok(keptUntil.getTime() > Date.now() + 29 * 86_400_000);
      assert.equal((await save(storage, { "a.py": "y" })).version, "1.0.0", "the name starts empty");
    });
  });
}

suite("in memory", () => Promise.resolve({ folder: memoryFiles().at("tools"), dispose: () => Promise.resolve() }));
suite("on disk", async () => {
  const home = await temporaryHome();
  return { folder: createFiles(home.path).at("tools"), dispose: () => home[Symbol.asyncDispose]() };
});
