import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { SyncFolder } from "../../kernel/mod.ts";
import { openFolder } from "../../kernel/platform/worker_files.ts";
import { createWorkers } from "../../kernel/platform/workers.ts";
import { pause, soon } from "../support/wait.ts";
import { assertCodes, codeOf, CREATE, makeBox, READ, readAll, testBoth } from "./boxes.ts";

const SWAP = new URL("./workers_swap_module.ts", import.meta.url);

testBoth("nothing leads out, and no error tells where it is", ({ folder, inside, outside }) => {
  symlinkSync(outside, join(inside, "absolute"));
  symlinkSync("../outside", join(inside, "out"));
  symlinkSync("../outside/secret", join(inside, "stolen"));
  symlinkSync("folder/../../outside", join(inside, "around"));
  symlinkSync("out", join(inside, "twice"));
  symlinkSync("../../outside/secret", join(inside, "folder", "up"));
  const paths = [
    "..",
    "../outside/secret",
    "folder/../../outside/secret",
    "full/../../inside/file",
    "/",
    outside,
    "/etc/passwd",
    "absolute/secret",
    "out/secret",
    "out/",
    "around/secret",
    "twice/secret",
    "twice/../inside/file",
    "door/../../outside/secret",
    "absent/../../outside/secret",
  ];
  const ends = ["absolute", "out", "stolen", "around", "twice", "folder/up"];
  const operations: Readonly<Record<string, (path: string) => unknown>> = {
    read: (path) => folder.open(path, { ...READ, follow: true }),
    create: (path) => folder.open(path, { ...CREATE, follow: true }),
    stat: (path) => folder.stat(path, { follow: true }),
    list: (path) => folder.list(path),
    times: (path) => folder.setTimes(path, { modified: 0n }, { follow: true }),
  };
  const entries: Readonly<Record<string, (path: string) => unknown>> = {
    makeFolder: (path) => folder.makeFolder(path),
    removeFile: (path) => folder.removeFile(path),
    removeFolder: (path) => folder.removeFolder(path),
    renameFrom: (path) => folder.rename(path, "new"),
    renameTo: (path) => folder.rename("file", path),
    linkFrom: (path) => folder.link(path, "new"),
    linkTo: (path) => folder.link("file", path),
    symlink: (path) => folder.symlink("x", path),
    readLink: (path) => folder.readLink(path),
    lstat: (path) => folder.stat(path, { follow: false }),
  };
  const attempts = [
    ...Object.entries(operations).flatMap(([name, run]) => [...paths, ...ends].map((path) => ({ name, path, run }))),
    ...Object.entries(entries).flatMap(([name, run]) => paths.map((path) => ({ name, path, run }))),
  ];
  for (const { name, path, run } of attempts) {
    try {
      run(path);
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      const isLinkWithSlash = path === "out/" && name in entries;
      const codes = isLinkWithSlash ? ["EPERM", "EEXIST", "ENOTDIR", "ENOENT"] : ["EPERM", "ENOENT"];
      assert.ok(code === "EPERM" || (path.startsWith("absent") || isLinkWithSlash) && codes.includes(code), message);
      assert.ok(path === outside || !message.includes(outside), message);
      continue;
    }
    assert.fail(`${name} "${path}" was done`);
  }
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
});

testBoth("a folder for reading is changed by nothing", ({ folder, inside }) => {
  const file = folder.open("file", { ...READ, create: true });
  assertCodes([
    ["write", "EROFS", () => folder.open("file", { write: true })],
    ["append", "EROFS", () => folder.open("file", { write: true, append: true })],
    ["truncate", "EROFS", () => folder.open("file", { ...READ, truncate: true })],
    ["create", "EROFS", () => folder.open("new", { ...READ, create: true })],
    ["make", "EROFS", () => folder.makeFolder("new")],
    ["remove folder", "EROFS", () => folder.removeFolder("folder")],
    ["remove file", "EROFS", () => folder.removeFile("file")],
    ["rename", "EROFS", () => folder.rename("file", "new")],
    ["link", "EROFS", () => folder.link("file", "new")],
    ["symlink", "EROFS", () => folder.symlink("file", "new")],
    ["times", "EROFS", () => folder.setTimes("file", { modified: 0n }, { follow: true })],
    ["times of an open file", "EROFS", () => file.setTimes({ modified: 0n })],
    ["write an open file", "EBADF", () => file.write(new Uint8Array(1), 0n)],
  ]);
  assert.equal(readAll(file), "content");
  assert.deepEqual(readdirSync(inside).length, 7);
}, { writable: false });

testBoth("pipes, sockets and devices are seen, not opened", async ({ folder, inside, outside }) => {
  spawnSync("mkfifo", [join(inside, "pipe")]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(inside, "socket"), resolve));
  for (const path of ["pipe", "socket"]) {
    assert.equal(folder.stat(path, { follow: false }).kind, "other");
    for (const options of [READ, CREATE, { read: true, write: true }]) {
      assert.equal(codeOf(() => folder.open(path, options)), "EPERM", path);
    }
  }
  folder.removeFile("pipe");
  await new Promise((resolve) => server.close(resolve));
  const devices = openFolder("/dev", { writable: false });
  assert.equal(codeOf(() => devices.open("null", READ)), "EPERM");
  devices.close();
  assert.deepEqual(readdirSync(outside), ["secret"]);
});

testBoth("the real path is taken when it is opened", ({ inside, outside }) => {
  const alias = `${inside}-alias`;
  symlinkSync(inside, alias);
  const folder = openFolder(alias, { writable: true });
  renameSync(alias, `${alias}-old`);
  symlinkSync(outside, alias);
  assert.equal(readAll(folder.open("file", READ)), "content");
  folder.close();
  assertCodes([
    ["relative", "EINVAL", () => openFolder("inside", { writable: true })],
    ["absent", "ENOENT", () => openFolder(join(inside, "absent"), { writable: true })],
    ["file", "ENOTDIR", () => openFolder(join(inside, "file"), { writable: true })],
  ]);
});

const HAS_DESCRIPTORS = process.platform === "linux" ? false : "no paths of descriptors here";

test("openFolder() stays inside while a folder is swapped for a link that leads out", {
  skip: HAS_DESCRIPTORS,
}, async () => {
  await using box = await makeBox({ writable: true, isByPath: false });
  const { folder, inside, outside } = box;
  mkdirSync(join(inside, "swapped"));
  writeFileSync(join(inside, "swapped", "secret"), "inside");
  writeFileSync(join(inside, "swapped", "mine"), "");
  const workers = createWorkers();
  const codes = new Map<string, number>();
  try {
    const worker = workers.start(SWAP);
    worker.post(inside);
    await soon(new Promise((resolve) => worker.listen(resolve)));
    const end = Date.now() + 1_000;
    for (let round = 0; Date.now() < end; round++) {
      for (const code of useSwapped(folder, round)) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  } finally {
    await workers.close();
    // where a thread is not gone at once, it is a moment later
    await pause(100);
  }
  assert.ok((codes.get("OK") ?? 0) > 10 && codes.size > 1, JSON.stringify([...codes]));
  for (const code of codes.keys()) assert.match(code, /^(OK|EPERM|ENOENT|ENOTDIR|ELOOP|EEXIST)$/);
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
});

function useSwapped(folder: SyncFolder, round: number): string[] {
  return [
    codeOf(() => assert.equal(readAll(folder.open("swapped/secret", READ)), "inside")),
    codeOf(() => folder.open("swapped/secret", { write: true }).close()),
    codeOf(() => folder.makeFolder(`swapped/${round}`)),
    codeOf(() => folder.open(`swapped/${round}-file`, CREATE).close()),
    codeOf(() => folder.symlink("mine", `swapped/${round}-link`)),
    codeOf(() => folder.rename(`swapped/${round}-file`, `swapped/${round}-moved`)),
    codeOf(() => folder.removeFile(`swapped/${round}-link`)),
    codeOf(() => assert.ok(folder.list("swapped").some(({ name }) => name === "mine"))),
  ];
}
