import assert from "node:assert/strict";
import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rename, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { execFile } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { watchPath } from "../../kernel/platform/watch.ts";
import { until } from "../support/wait.ts";
import { temporaryFolder } from "./temporary.ts";

async function collect(
  path: string,
  options: { readonly native: boolean; readonly wanted: readonly string[] },
  change: () => void,
): Promise<Set<string>> {
  const told = new Set<string>();
  const stop = watchPath(() => path, (paths) => paths.forEach((it) => told.add(it)), { ...options, debounceMs: 20 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  change();
  for (let round = 0; round < 160 && !options.wanted.every((it) => told.has(it)); round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  return told;
}

for (const native of [true, false]) {
  describe(`watchPath() ${native ? "with the runtime's watchers" : "by comparing"}`, () => {
    test("tells of everything in a folder that appears at once", async () => {
      await using folder = await temporaryFolder();
      const wanted = ["new", "new/deep", "new/deep/file", "old"];
      writeFileSync(join(folder.path, "old"), "1");
      const told = await collect(folder.path, { native, wanted }, () => {
        mkdirSync(join(folder.path, "new", "deep"), { recursive: true });
        writeFileSync(join(folder.path, "new", "deep", "file"), "1");
        writeFileSync(join(folder.path, "old"), "22");
        writeFileSync(join(folder.path, ".collet-temp-1"), "1");
      });
      assert.deepEqual([...told].sort(), wanted);
    });

    test("goes on when the folder is replaced", async () => {
      await using folder = await temporaryFolder();
      const watched = join(folder.path, "watched");
      mkdirSync(watched);
      mkdirSync(join(folder.path, "next"));
      writeFileSync(join(folder.path, "next", "file"), "1");
      const told = await collect(watched, { native, wanted: [".", "file"] }, () => {
        rmSync(watched, { recursive: true });
        renameSync(join(folder.path, "next"), watched);
      });
      assert.ok(told.has(".") && told.has("file"), [...told].join(", "));
    });

    test("tells of a folder that was away for a moment", async () => {
      await using folder = await temporaryFolder();
      const kept = join(folder.path, "watched", "kept");
      const watched = join(folder.path, "watched");
      mkdirSync(join(kept, "deep"), { recursive: true });
      const told = await collect(watched, { native, wanted: ["kept"] }, () => {
        renameSync(kept, join(folder.path, "away"));
        renameSync(join(folder.path, "away"), kept);
      });
      assert.ok(told.has("kept"), [...told].join(", "));
    });

    test("has whoever looks at each notice know in the end what is there", async () => {
      await using folder = await temporaryFolder();
      const watched = join(folder.path, "watched");
      const kept = join(watched, "kept");
      mkdirSync(kept, { recursive: true });
      mkdirSync(join(folder.path, "other"));
      let isThere: boolean | undefined;
      const look = () => isThere = lstatSync(kept, { throwIfNoEntry: false })?.isDirectory() === true;
      const stop = watchPath(() => watched, look, { native, debounceMs: 5 });
      for (const end = Date.now() + 1_000; Date.now() < end;) {
        await rename(kept, join(folder.path, "away"));
        await symlink(join(folder.path, "other"), kept);
        await unlink(kept);
        await rename(join(folder.path, "away"), kept);
      }
      await until(() => isThere === true, "what is there now");
      // as long as the last notices may take
      await new Promise((resolve) => setTimeout(resolve, 100));
      await until(() => isThere === true, "what is there in the end");
      await stop();
    });
  });
}

test("watchPath() tells of changes in a folder that was moved in", async () => {
  await using folder = await temporaryFolder();
  const watched = join(folder.path, "watched");
  mkdirSync(watched);
  mkdirSync(join(folder.path, "tool", "versions"), { recursive: true });
  const told = await collect(watched, { native: true, wanted: ["tool/versions/1"] }, () => {
    renameSync(join(folder.path, "tool"), join(watched, "tool"));
    setTimeout(() => writeFileSync(join(watched, "tool", "versions", "1"), "x"), 400);
  });
  assert.ok(told.has("tool/versions/1"), [...told].join(", "));
});

test("watchPath() goes on when the folder is removed and made again at once", async () => {
  await using folder = await temporaryFolder();
  const watched = join(folder.path, "watched");
  mkdirSync(watched);
  const told = new Set<string>();
  const stop = watchPath(() => watched, (paths) => paths.forEach((it) => told.add(it)), { debounceMs: 20 });
  // its number may be the one that it had
  rmSync(watched, { recursive: true });
  mkdirSync(watched);
  writeFileSync(join(watched, "file"), "1");
  await until(() => told.has("file"), "what is in the new folder");
  writeFileSync(join(watched, "later"), "1");
  await until(() => told.has("later"), "what comes to the new folder later");
  await stop();
});

test("watchPath() keeps no process alive, before a change or after it", async (t) => {
  if (!("Deno" in globalThis)) return t.skip("Node is told so when it begins to watch");
  await using folder = await temporaryFolder();
  const module = new URL("../../kernel/platform/watch.ts", import.meta.url).href;
  const file = pathToFileURL(join(folder.path, "changed")).href;
  for (const isChanged of [false, true]) {
    const code = [
      `import { watchPath } from ${JSON.stringify(module)};`,
      `import { writeFileSync } from "node:fs";`,
      `await new Promise((resolve) => {`,
      `  watchPath(() => ${JSON.stringify(folder.path)}, resolve, { debounceMs: 10 });`,
      isChanged ? `  setTimeout(() => writeFileSync(new URL(${JSON.stringify(file)}), "1"), 100);` : "  resolve();",
      `});`,
      `console.log("ended");`,
    ].join("\n");
    const { stdout } = await promisify(execFile)(process.execPath, ["eval", "--no-lock", code], { timeout: 10_000 });
    assert.equal(stdout, "ended\n");
  }
});
