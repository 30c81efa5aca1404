/**
 * The contract suite of `Files`.
 *
 * @module
 */
import type { Files } from "../contracts.ts";
import { isEscape, testEscapes } from "./escapes_suite.ts";
import { openSuite, type Provided, type SuiteTools } from "./suite_tools.ts";

/**
 * Registers the tests that every provider of `Files` passes.
 *
 * @param name Stands before the name of each test.
 * @param make Makes empty files for one test.
 * @param options.seed Repeats a run of the test with random paths; by default each run has another.
 */
export async function testFiles(
  name: string,
  make: () => Provided<Files> | Promise<Provided<Files>>,
  options: { readonly seed?: number } = {},
): Promise<void> {
  const tools = await openSuite(name, make);
  testReadingAndWriting(tools);
  testListing(tools);
  testMany(tools);
  testMoving(tools);
  testEscapes(tools, options.seed ?? Math.floor(Math.random() * 2 ** 32));
  testLocks(tools);
  testWatching(tools);
}

function testReadingAndWriting({ test, assert }: SuiteTools<Files>): void {
  test("reads give undefined for what is absent", async (files) => {
    assert.equal(await files.readText("absent.txt"), undefined);
    assert.equal(await files.readBytes("absent/deep.txt"), undefined);
    assert.equal(await files.stat("absent.txt"), undefined);
    await files.writeAtomic("file.txt", "x");
    assert.equal(await files.readText("file.txt/below"), undefined);
  });
  test("writeAtomic() writes text and bytes, makes parents and replaces", async (files) => {
    await files.writeAtomic("a/b/c.txt", "größer ☃");
    assert.equal(await files.readText("a/b/c.txt"), "größer ☃");
    await files.writeAtomic("./a//b/c.txt", new Uint8Array([0, 255, 254]));
    assert.deepEqual([...(await files.readBytes("a/b/c.txt"))!], [0, 255, 254]);
    assert.equal((await files.stat("a/b/c.txt"))?.size, 3);
  });
  test("writeAtomic() refuses to replace a folder and leaves nothing behind", async (files) => {
    await files.makeFolder("folder");
    await assert.rejects(files.writeAtomic("folder", "x"), /Cannot write/);
    assert.deepEqual(await files.list(), [{ path: "folder", kind: "folder" }]);
    await assert.rejects(files.readText("folder"), /Cannot read "folder": it is a folder/);
  });
  test("what is read or written is a copy", async (files) => {
    const bytes = new Uint8Array([1, 2, 3]);
    await files.writeAtomic("bytes", bytes);
    bytes[0] = 9;
    (await files.readBytes("bytes"))![1] = 9;
    assert.deepEqual([...(await files.readBytes("bytes"))!], [1, 2, 3]);
  });
  test("stat() tells kind, size and time", async (files) => {
    const before = Date.now() - 5_000;
    await files.writeAtomic("folder/file", "12345");
    const stat = await files.stat("folder/file");
    assert.equal(stat?.kind, "file");
    assert.equal(stat?.size, 5);
    assert.ok((stat?.modified.getTime() ?? 0) >= before);
    assert.equal((await files.stat("folder"))?.kind, "folder");
  });
  test("stat() tells the permissions that a file was written with, and keeps, where there are any", async (files) => {
    await files.writeAtomic("file", "x", { mode: 0o600 });
    await files.writeAtomic("file", "y");
    const { mode } = (await files.stat("file"))!;
    if (mode !== undefined) assert.equal(mode.toString(8), "600");
  });
  test("stat() tells contents apart that were written at once", async (files) => {
    const fingerprints = new Set<string | undefined>();
    for (let i = 0; i < 10; i++) {
      await files.writeAtomic("file", String(i));
      fingerprints.add((await files.stat("file"))?.fingerprint);
    }
    assert.equal(fingerprints.size, 10);
    assert.ok(fingerprints.has((await files.stat("file"))?.fingerprint));
  });
  test("writers at the same time leave one whole content", async (files) => {
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(contents.map((content) => files.writeAtomic("contended", content)));
    assert.ok(contents.includes((await files.readText("contended"))!));
    assert.deepEqual((await files.list()).map((entry) => entry.path), ["contended"]);
  });
}

function testListing({ test, assert }: SuiteTools<Files>): void {
  test("list() gives one level sorted, and all levels when recursive", async (files) => {
    for (const path of ["b.txt", "a/z.txt", "a/y/x.txt", "a-b"]) await files.writeAtomic(path, "");
    assert.deepEqual(await files.list(), [
      { path: "a", kind: "folder" },
      { path: "a-b", kind: "file" },
      { path: "b.txt", kind: "file" },
    ]);
    const all = await files.list(".", { recursive: true });
    assert.deepEqual(all.map((entry) => entry.path), ["a", "a-b", "a/y", "a/y/x.txt", "a/z.txt", "b.txt"]);
    assert.deepEqual((await files.list("a", { recursive: true })).map((entry) => entry.path), [
      "y",
      "y/x.txt",
      "z.txt",
    ]);
  });
  test("list() gives nothing for an absent folder, and refuses a file", async (files) => {
    assert.deepEqual(await files.list("absent/deeper"), []);
    await files.writeAtomic("file", "");
    await assert.rejects(files.list("file"), /Cannot list "file": it is a file/);
  });
  test("at() gives a folder with the same rules, which need not exist yet", async (files) => {
    const folder = files.at("later/on");
    assert.deepEqual(await folder.list(), []);
    await folder.writeAtomic("file", "x");
    assert.equal(await files.readText("later/on/file"), "x");
    assert.equal(await folder.at("..x").readText("file"), undefined);
    await assert.rejects(folder.readText("../on/file"), isEscape);
  });
  test("resolve() gives the absolute path below the folder's", async (files) => {
    assert.equal(await files.resolve("."), files.path);
    const path = await files.resolve("a/b");
    assert.ok(path.startsWith(files.path) && path.length === files.path.length + 4);
  });
  test("open() gives another root and refuses a relative path", async (files) => {
    const other = files.open(await files.resolve("elsewhere"));
    await other.writeAtomic("file", "x");
    assert.equal(await files.readText("elsewhere/file"), "x");
    await assert.rejects(other.readText("../file"), isEscape);
    assert.throws(() => files.open("relative"), { code: "OPTION_INVALID" });
  });
}

function testMany({ test, assert }: SuiteTools<Files>): void {
  test("listMany() lists each folder as list() does, with as much of each entry as is wished", async (files) => {
    for (const path of ["a/b.txt", "a/c/d.txt", "a/e.txt", "f/g.txt"]) await files.writeAtomic(path, path);
    await files.writeAtomic("a/long.txt", "x".repeat(65_537));
    const stat = async (path: string) => (await files.stat(path))!;
    const wishes = {
      "a/b.txt": "bytes",
      "a/c": "entries",
      "a/e.txt": "stat",
      "a/long.txt": "bytes",
      f: "bytes",
    } as const;
    const wish = (path: string) => wishes[path as keyof typeof wishes];
    assert.deepEqual(await files.listMany(["a", "f", "."], { wish }), [
      [
        { path: "b.txt", kind: "file", stat: await stat("a/b.txt"), bytes: new TextEncoder().encode("a/b.txt") },
        { path: "c", kind: "folder", stat: await stat("a/c"), entries: [{ path: "d.txt", kind: "file" }] },
        { path: "e.txt", kind: "file", stat: await stat("a/e.txt") },
        { path: "long.txt", kind: "file", stat: await stat("a/long.txt") },
      ],
      [{ path: "g.txt", kind: "file" }],
      [{ path: "a", kind: "folder" }, { path: "f", kind: "folder", stat: await stat("f") }],
    ]);
  });
  test("listMany() and readMany() pass over what cannot be had", async (files) => {
    await files.writeAtomic("a/b.txt", "x");
    await files.writeAtomic("long.txt", "12345");
    const refused = ["absent", "absent/below", "../a", "/a", "a\0b"];
    assert.deepEqual(await files.listMany([...refused, "long.txt"]), [...refused, "long.txt"].map(() => undefined));
    assert.deepEqual(await files.readMany([...refused, "a"]), [...refused, "a"].map(() => undefined));
    assert.deepEqual(await files.listMany([]), []);
    assert.deepEqual(await files.readMany(["a/b.txt", "long.txt"], { mostBytes: 4 }), [
      new Uint8Array([120]),
      undefined,
    ]);
  });
  test("readMany() reads as readBytes() does", async (files) => {
    const contents = ["größer ☃", "", new Uint8Array([0xef, 0xbb, 0xbf, 65, 255]), "x".repeat(65_536)];
    const paths = contents.map((_, index) => `file${index}`);
    for (const [index, content] of contents.entries()) await files.writeAtomic(paths[index]!, content);
    assert.deepEqual(await files.readMany(paths), await Promise.all(paths.map((path) => files.readBytes(path))));
    await files.writeAtomic("file3", "x".repeat(65_537));
    assert.deepEqual(await files.readMany(["file3"]), [undefined]);
  });
}

function testMoving({ test, assert }: SuiteTools<Files>): void {
  test("move() moves a folder, makes parents and refuses a target that exists", async (files) => {
    await files.writeAtomic("from/a/file", "x");
    await files.move("from", "to/deep");
    assert.equal(await files.readText("to/deep/a/file"), "x");
    assert.equal(await files.stat("from"), undefined);
    await files.writeAtomic("taken", "y");
    await assert.rejects(files.move("to/deep/a/file", "taken"), /the target exists/);
    await assert.rejects(files.move("absent", "free"), /no such file or folder/);
    await assert.rejects(files.move("to", "to/deep/inside"), /hold itself/);
    assert.equal(await files.readText("taken"), "y");
  });
  test("copy() copies a folder and leaves the source", async (files) => {
    await files.writeAtomic("from/a/file", "x");
    await files.copy("from", "to/copy");
    assert.equal(await files.readText("to/copy/a/file"), "x");
    assert.equal(await files.readText("from/a/file"), "x");
    await assert.rejects(files.copy("from", "to/copy"), /the target exists/);
    await assert.rejects(files.copy("from", "from/inside"), /hold itself/);
    await assert.rejects(files.copy("absent", "free"), /no such file or folder/);
  });
  test("remove() removes files and whole folders, and tells whether they were there", async (files) => {
    await files.writeAtomic("folder/a/file", "x");
    await files.writeAtomic("folder-b", "x");
    assert.equal(await files.remove("folder"), true);
    assert.equal(await files.remove("folder"), false);
    assert.deepEqual((await files.list()).map((entry) => entry.path), ["folder-b"]);
    await assert.rejects(files.remove("."), isEscape);
  });
}

function testLocks({ test, assert }: SuiteTools<Files>): void {
  test("lock() lets one holder in at a time", async (files) => {
    let inside = 0;
    let entered = 0;
    async function enter(): Promise<void> {
      const release = await files.lock("tools");
      inside++;
      entered++;
      assert.equal(inside, 1);
      await files.writeAtomic("counter", String(entered));
      inside--;
      await release();
      await release();
    }
    await Promise.all(Array.from({ length: 10 }, enter));
    assert.equal(entered, 10);
    assert.deepEqual((await files.list()).map((entry) => entry.path), ["counter"]);
  });
  test("lock() of another name or folder is another lock", async (files) => {
    const releases = await Promise.all([files.lock("a"), files.lock("b"), files.at("below").lock("a")]);
    for (const release of releases) await release();
  });
  test("lock() gives up when the signal aborts, and keeps the line moving", async (files) => {
    const release = await files.lock("a");
    const controller = new AbortController();
    const waiting = files.lock("a", { signal: controller.signal });
    const next = files.lock("a");
    controller.abort(new Error("no longer wanted"));
    await assert.rejects(waiting, /no longer wanted/);
    await release();
    await (await next)();
    await assert.rejects(files.lock("a", { signal: AbortSignal.abort(new Error("too late")) }), /too late/);
  });
  test("lock() refuses a name that could be a path", async (files) => {
    for (const name of ["", "../a", "a/b", ".", "a b", "a".repeat(101)]) {
      await assert.rejects(files.lock(name), { code: "NAME_INVALID" }, name);
    }
  });
}

function testWatching({ test, assert }: SuiteTools<Files>): void {
  /** Changes something again and again until the watcher has told of a path. */
  async function seen(files: Files, watched: string, change: (round: number) => Promise<void>, wanted: string) {
    const told = new Set<string>();
    const stop = files.watch(watched, (paths) => paths.forEach((path) => told.add(path)), { debounceMs: 20 });
    try {
      for (let round = 0; round < 100 && !told.has(wanted); round++) {
        if (round % 20 === 0) await change(round);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      await stop();
    }
    assert.ok(told.has(wanted), `${wanted} in ${[...told].join(", ")}`);
    assert.ok(![...told].some((path) => path.includes(".collet-")), [...told].join(", "));
  }
  test("watch() tells of files written, in folders that are new", async (files) => {
    await files.makeFolder("tools");
    await seen(files, ".", (round) => files.writeAtomic(`tools/a${round}/deep/x`, "1"), "tools/a0/deep/x");
  });
  test("watch() tells of removal, and of one file alone", async (files) => {
    await files.writeAtomic("tools/a/x", "1");
    await seen(files, "tools", async () => void await files.remove("tools/a"), "tools/a");
    await files.writeAtomic("config.json", "0");
    await seen(files, "config.json", (round) => files.writeAtomic("config.json", `changed ${round}`), "config.json");
  });
  test("watch() waits for what does not exist yet", async (files) => {
    await seen(files, "later", (round) => files.writeAtomic("later/x", String(round)), "later/x");
  });
  test("watch() leaves out what it is told to ignore, and all below it", async (files) => {
    const told = new Set<string>();
    const ignores = (path: string) => path.endsWith("env") || path.endsWith("~");
    const stop = files.watch(".", (paths) => paths.forEach((path) => told.add(path)), { debounceMs: 20, ignores });
    for (let round = 0; round < 100 && !told.has("tools/last"); round++) {
      if (round % 20 === 0) {
        for (const path of ["env/a/b", "tools/env/c", "tools/d~", "tools/e"]) await files.writeAtomic(path, "1");
        await files.writeAtomic("tools/last", String(round));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await stop();
    assert.ok(told.has("tools/last") && told.has("tools/e"), [...told].join(", "));
    assert.ok(![...told].some((path) => path.includes("env") || path.includes("~")), [...told].join(", "));
  });
  test("watch() is silent once stopped", async (files) => {
    let calls = 0;
    await files.watch(".", () => calls++, { debounceMs: 10 })();
    await files.writeAtomic("x", "1");
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(calls, 0);
  });
}
