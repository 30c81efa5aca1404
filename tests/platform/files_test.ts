import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createFiles } from "../../kernel/platform/files.ts";
import { memoryFiles } from "../../kernel/platform/memory_files.ts";
import { createProcesses } from "../../kernel/platform/processes.ts";
import { seededRandom } from "../../kernel/platform/suite_tools.ts";
import { testFiles } from "../../kernel/platform/suites.ts";
import { temporaryFolder } from "./temporary.ts";
import { contentOf, taskCommand } from "./worker.ts";

await testFiles("files on disk:", async () => {
  const folder = await temporaryFolder();
  return { value: createFiles(join(folder.path, "home")), dispose: () => folder[Symbol.asyncDispose]() };
});
await testFiles("files in memory:", () => ({ value: memoryFiles() }));

const ESCAPED = { code: "PATH_ESCAPED" };

test("memoryFiles() begins with a tree", async () => {
  const files = memoryFiles({ "a/b.txt": "text", c: new Uint8Array([1]) });
  assert.deepEqual((await files.list(".", { recursive: true })).map((entry) => entry.path), ["a", "a/b.txt", "c"]);
  assert.throws(() => memoryFiles({ "../a": "" }), ESCAPED);
  assert.equal(await files.open("/").readText("memory/a/b.txt"), "text");
});

describe("symbolic links", () => {
  test("that lead outside are refused by every operation that follows them", async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, "root");
    mkdirSync(join(root, "sub"), { recursive: true });
    writeFileSync(join(folder.path, "secret"), "secret");
    mkdirSync(join(folder.path, "outside"));
    symlinkSync("../secret", join(root, "file"));
    symlinkSync(join(folder.path, "outside"), join(root, "folder"));
    symlinkSync("../../outside/absent", join(root, "sub", "dangling"));
    symlinkSync("circle", join(root, "circle"));
    const files = createFiles(root);
    for (
      const path of ["file", "folder", "folder/new", "folder/new/deep", "sub/dangling", "sub/dangling/x", "circle"]
    ) {
      for (
        const attempt of [
          () => files.readText(path),
          () => files.writeAtomic(path, "x"),
          () => files.list(path),
          () => files.makeFolder(path),
          () => files.copy(path, "copy"),
          () => files.at(path),
          () => files.resolve(path),
          () => files.watch(path, () => {}),
          () => files.stat(`${path}/x`),
          () => files.remove(`${path}/x`),
          () => files.move("sub", `${path}/x`),
          () => files.copy("sub", `${path}/x`),
        ]
      ) await assert.rejects(Promise.resolve().then<unknown>(attempt), ESCAPED, `${attempt} with ${path}`);
      assert.deepEqual([...await files.listMany([path]), ...await files.readMany([path])], [undefined, undefined]);
    }
    for (const wish of ["stat", "bytes", "entries"] as const) {
      const [entries] = await files.listMany(["."], { wish: () => wish });
      const links = entries!.filter(({ kind }) => kind === "link");
      assert.deepEqual(links.map(({ bytes, entries }) => bytes ?? entries), [undefined, undefined, undefined]);
      assert.ok(links.every(({ stat }) => stat?.kind === "link"));
    }
    await assert.rejects(files.copy("sub", "copy"), ESCAPED);
    assert.deepEqual(readdirSync(root).sort(), ["circle", "file", "folder", "sub"]);
    assert.deepEqual(readdirSync(join(folder.path, "outside")), []);
  });

  test("are listed, looked at and removed as themselves", async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, "root");
    mkdirSync(root);
    mkdirSync(join(folder.path, "outside"));
    writeFileSync(join(folder.path, "outside", "kept"), "");
    symlinkSync("../outside", join(root, "link"));
    const files = createFiles(root);
    assert.deepEqual(await files.list(".", { recursive: true }), [{ path: "link", kind: "link" }]);
    assert.equal((await files.stat("link"))?.kind, "link");
    await files.move("link", "moved");
    assert.equal(await files.remove("moved"), true);
    assert.deepEqual(readdirSync(join(folder.path, "outside")), ["kept"]);
  });

  test("that stay inside are followed, and written through", async () => {
    await using folder = await temporaryFolder();
    const files = createFiles(folder.path);
    await files.writeAtomic("real/file", "1");
    symlinkSync("real", join(folder.path, "link"));
    symlinkSync("real/file", join(folder.path, "file"));
    symlinkSync("real/later", join(folder.path, "later"));
    assert.equal(await files.readText("link/file"), "1");
    await files.writeAtomic("file", "2");
    await files.writeAtomic("later", "3");
    assert.equal(readFileSync(join(folder.path, "real", "file"), "utf8"), "2");
    assert.equal(readFileSync(join(folder.path, "real", "later"), "utf8"), "3");
    assert.equal(await files.resolve("link/file"), join(folder.path, "real", "file"));
    await files.copy("link", "copy");
    assert.equal(await files.readText("copy/later"), "3");
  });

  test("that appear after at() are refused as well", async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, "root");
    mkdirSync(root);
    mkdirSync(join(folder.path, "outside"));
    const below = createFiles(root).at("below");
    symlinkSync("../outside", join(root, "below"));
    await assert.rejects(below.writeAtomic("file", "x"), ESCAPED);
    await assert.rejects(below.lock("a"), ESCAPED);
    assert.deepEqual(readdirSync(join(folder.path, "outside")), []);
  });

  test("above the root are the operator's own choice", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(join(folder.path, "real"));
    symlinkSync("real", join(folder.path, "named"));
    const files = createFiles(join(folder.path, "named", "home"));
    assert.equal(files.path, join(folder.path, "real", "home"));
    await files.writeAtomic("file", "x");
    assert.equal(readFileSync(join(folder.path, "real", "home", "file"), "utf8"), "x");
  });

  const seed = Math.floor(Math.random() * 2 ** 32);
  test(`planted at random never let anything out, seed ${seed}`, async () => {
    await using folder = await temporaryFolder();
    const random = seededRandom(seed);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const root = join(folder.path, "root");
    mkdirSync(root);
    mkdirSync(join(folder.path, "outside"));
    writeFileSync(join(folder.path, "outside", "secret"), "secret");
    const files = createFiles(root);
    const names = ["a", "b", "c", "secret"];
    const targets = [
      "..",
      "../outside",
      "../outside/secret",
      folder.path,
      "a",
      "b/c",
      ".",
      "../root",
      "../../outside",
      "/",
    ];
    const path = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(names)).join("/");
    const operations = [
      () => files.writeAtomic(path(), "inside"),
      () => files.makeFolder(path()),
      () => files.move(path(), path()),
      () => files.copy(path(), path()),
      () => files.remove(path()),
      () => files.at(path()).writeAtomic(path(), "inside"),
      async () => assert.notEqual(await files.readText(path()), "secret"),
      async () => assert.notEqual(new TextDecoder().decode((await files.readMany([path()]))[0]), "secret"),
      async () => symlinkSync(pick(targets), join(await files.resolve(pick([".", "a", "b", "a/b"])), pick(names))),
    ];
    for (let round = 0; round < 800; round++) {
      await Promise.resolve().then<unknown>(pick(operations)).catch((error) => {
        if (error instanceof assert.AssertionError) throw error;
      });
      assert.deepEqual(readdirSync(folder.path).sort(), ["outside", "root"]);
      assert.deepEqual(readdirSync(join(folder.path, "outside")), ["secret"]);
      assert.equal(readFileSync(join(folder.path, "outside", "secret"), "utf8"), "secret");
    }
  });
});

describe("files on disk", () => {
  test("readText() refuses a named pipe instead of waiting for its writer", async () => {
    await using folder = await temporaryFolder();
    execFileSync("mkfifo", [join(folder.path, "pipe")]);
    const files = createFiles(folder.path);
    await assert.rejects(files.readText("pipe"), /it is no ordinary file/);
    assert.deepEqual(await files.list(), []);
    assert.equal(await files.remove("pipe"), true);
  });

  test("writeAtomic() sets the mode that is asked for, and keeps that of a file it replaces", async () => {
    await using folder = await temporaryFolder();
    const files = createFiles(folder.path);
    const mode = (name: string) => statSync(join(folder.path, name)).mode & 0o777;
    await files.writeAtomic("token", "x", { mode: 0o600 });
    assert.equal(mode("token"), 0o600);
    await files.writeAtomic("script", "x");
    chmodSync(join(folder.path, "script"), 0o755);
    await files.writeAtomic("script", "y");
    assert.equal(mode("script"), 0o755);
    await files.writeAtomic("script", "y", { mode: 0o777 });
    assert.equal(mode("script"), 0o777);
  });

  test("writeAtomic() leaves no temporary file when it fails", async () => {
    await using folder = await temporaryFolder();
    const files = createFiles(folder.path);
    await files.makeFolder("target/full");
    await assert.rejects(files.writeAtomic("target", "x"), /Cannot write "target": it is a folder/);
    await files.writeAtomic("file", "x");
    await assert.rejects(
      files.writeAtomic("file/below", "x"),
      /Cannot write "file\/below": a part of the path is a file/,
    );
    assert.deepEqual(readdirSync(folder.path).sort(), ["file", "target"]);
  });

  test("writeAtomic() killed at any moment leaves the old or the new content", async () => {
    await using folder = await temporaryFolder();
    const processes = createProcesses();
    const expected = new Set(Array.from({ length: 26 }, (_, round) => contentOf(round)));
    for (const afterMs of [5, 20, 60, 110]) {
      const child = await processes.spawn(taskCommand("write", folder.path));
      for await (const part of child.stdout) if (part.includes("ready")) break;
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await child.kill(0);
      const content = await createFiles(folder.path).readText("file");
      assert.ok(content === undefined || expected.has(content), `${content?.length} characters`);
    }
    assert.ok(existsSync(join(folder.path, "file")));
    const listed = await createFiles(folder.path).list();
    assert.deepEqual(listed.map((entry) => entry.path), ["file"]);
    await processes.close();
  });
});
