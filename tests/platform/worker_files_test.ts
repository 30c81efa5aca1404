import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { openFolder } from "../../kernel/platform/worker_files.ts";
import { assertCodes, codeOf, CREATE, READ, readAll, testBoth } from "./boxes.ts";

const IS_LINUX = process.platform === "linux";
const MILLISECOND = 1_000_000n;

testBoth("open() reads and writes at positions, and makes what is asked for", ({ folder, inside }) => {
  const file = folder.open("new", { read: true, write: true, create: true, exclusive: true });
  assert.equal(file.write(new Uint8Array([65, 66, 67]), 2n), 3);
  const bytes = new Uint8Array(10);
  assert.equal(file.read(bytes, 1n), 4);
  assert.deepEqual([...bytes.subarray(0, 4)], [0, 65, 66, 67]);
  assert.deepEqual([file.read(bytes, 5n), file.read(bytes, 1n << 60n), file.write(new Uint8Array(0), 0n)], [0, 0, 0]);
  file.truncate(3n);
  file.sync();
  assert.deepEqual([file.stat().kind, file.stat().size, file.stat().links], ["file", 3n, 1n]);
  assertCodes([
    ["read before 0", "EINVAL", () => file.read(bytes, -1n)],
    ["write before 0", "EINVAL", () => file.write(bytes, -1n)],
    ["write too far", "EFBIG", () => file.write(bytes, 1n << 62n)],
    ["truncate before 0", "EINVAL", () => file.truncate(-1n)],
    ["truncate too far", "EFBIG", () => file.truncate(1n << 62n)],
  ]);
  file.close();
  file.close();
  for (const run of [() => file.stat(), () => file.read(bytes, 0n), () => file.write(bytes, 0n), () => file.sync()]) {
    assert.equal(codeOf(run), "EBADF");
  }
  assert.equal(readFileSync(join(inside, "new"), "latin1"), "\0\0A");
});

testBoth("open() appends wherever it is told to write", ({ folder, inside }) => {
  const [one, two] = [1, 2].map(() => folder.open("file", { write: true, append: true }));
  one!.write(new Uint8Array([49]), 0n);
  two!.write(new Uint8Array([50]), 3n);
  one!.write(new Uint8Array([51]), 0n);
  [one, two].forEach((file) => file!.close());
  assert.equal(readFileSync(join(inside, "file"), "utf8"), "content123");
});

testBoth("open() truncates, and refuses what a file was not opened for", ({ folder, inside }) => {
  const [reading, writing] = [folder.open("file", READ), folder.open("file", { write: true })];
  const bytes = new Uint8Array(1);
  assertCodes([
    ["write", "EBADF", () => reading.write(bytes, 0n)],
    ["truncate", "EINVAL", () => reading.truncate(0n)],
    ["read", "EBADF", () => writing.read(bytes, 0n)],
    ["sync", "OK", () => reading.sync()],
  ]);
  const truncated = folder.open("file", { read: true, truncate: true });
  assert.equal(codeOf(() => truncated.write(bytes, 0n)), "EBADF");
  for (const file of [reading, writing, truncated]) file.close();
  assert.equal(readFileSync(join(inside, "file"), "utf8"), "");
  writeFileSync(join(inside, "file"), "content");
  folder.open("file", CREATE).close();
  assert.equal(readFileSync(join(inside, "file"), "utf8"), "content");
});

testBoth("open() fails as POSIX says", ({ folder }) => {
  const follow = true;
  assertCodes([
    ["absent", "ENOENT", () => folder.open("absent", READ)],
    ["absent folder", "ENOENT", () => folder.open("absent/file", CREATE)],
    ["below a file", "ENOTDIR", () => folder.open("file/file", CREATE)],
    ["exclusive", "EEXIST", () => folder.open("file", { ...CREATE, exclusive: true })],
    ["exclusive link", "EEXIST", () => folder.open("dangling", { ...CREATE, exclusive: true, follow })],
    ["exclusive alone", "OK", () => folder.open("file", { ...READ, exclusive: true }).close()],
    ["folder", "EISDIR", () => folder.open("folder", READ)],
    ["folder to write", "EISDIR", () => folder.open("folder", CREATE)],
    ["top", "EISDIR", () => folder.open(".", READ)],
    ["slash", "ENOTDIR", () => folder.open("file/", READ)],
    ["new with slash", "EISDIR", () => folder.open("new/", CREATE)],
    ["link", "ELOOP", () => folder.open("link", READ)],
    ["link with slash", "ENOTDIR", () => folder.open("link/", READ)],
    ["loop", "ELOOP", () => folder.open("loop", { ...READ, follow })],
    ["dangling", "ENOENT", () => folder.open("dangling", { ...READ, follow })],
    ["empty", "ENOENT", () => folder.open("", READ)],
    ["NUL", "EINVAL", () => folder.open("file\0", READ)],
    ["long name", "ENAMETOOLONG", () => folder.open("n".repeat(300), READ)],
    ["long path", "ENAMETOOLONG", () => folder.open("./".repeat(3000) + "file", READ)],
  ]);
  assert.equal(readAll(folder.open("link", { ...READ, follow })), "content");
  assert.equal(readAll(folder.open("door/file", READ)), "deep");
  assert.equal(readAll(folder.open("./full/..//folder/../full/./file", READ)), "deep");
  folder.open("dangling", { ...CREATE, follow }).close();
  assert.equal(folder.stat("absent", { follow: false }).kind, "file");
});

testBoth("stat() and list() tell kinds, sizes, inodes and times", ({ folder }) => {
  const kinds = ["file", "folder", "link", "."].map((path) => folder.stat(path, { follow: false }).kind);
  assert.deepEqual(kinds, ["file", "folder", "link", "folder"]);
  const { inode, device, modified, size } = folder.stat("link", { follow: true });
  assert.deepEqual([inode, device, size], [folder.stat("file", { follow: false }).inode, device, 7n]);
  assert.ok(BigInt(Date.now()) * MILLISECOND - modified < 60_000n * MILLISECOND);
  assert.equal(folder.stat("door/", { follow: false }).kind, "folder");
  const entries = [...folder.list(".")].sort((a, b) => a.name < b.name ? -1 : 1);
  assert.deepEqual(entries.map(({ name, kind }) => `${name} ${kind}`), [
    "dangling link",
    "door link",
    "file file",
    "folder folder",
    "full folder",
    "link link",
    "loop link",
  ]);
  assert.equal(entries[2]!.inode, inode);
  assert.deepEqual(folder.list("door").map(({ name }) => name), ["file"]);
  assertCodes([
    ["list a file", "ENOTDIR", () => folder.list("file")],
    ["list nothing", "ENOENT", () => folder.list("absent")],
    ["list an empty path", "ENOENT", () => folder.list("")],
    ["stat an empty path", "ENOENT", () => folder.stat("", { follow: true })],
    ["stat a file with slash", "ENOTDIR", () => folder.stat("file/", { follow: true })],
    ["stat a dangling link", "ENOENT", () => folder.stat("dangling", { follow: true })],
    ["stat a loop", "ELOOP", () => folder.stat("loop", { follow: true })],
    ["stat through a loop", "ELOOP", () => folder.stat("loop/x", { follow: false })],
  ]);
});

testBoth("folders and files are made and removed as POSIX says", ({ folder, inside }) => {
  assertCodes([
    ["make", "OK", () => folder.makeFolder("new")],
    ["make with slash", "OK", () => folder.makeFolder("new/deeper/")],
    ["make again", "EEXIST", () => folder.makeFolder("new")],
    ["make over a link", "EEXIST", () => folder.makeFolder("dangling")],
    ["make over a link with slash", "EEXIST", () => folder.makeFolder("dangling/")],
    ["make without parent", "ENOENT", () => folder.makeFolder("absent/new")],
    ["make the top", "EEXIST", () => folder.makeFolder(".")],
    ["remove what is full", "ENOTEMPTY", () => folder.removeFolder("new")],
    ["remove", "OK", () => folder.removeFolder("new/deeper/")],
    ["remove a file as folder", "ENOTDIR", () => folder.removeFolder("file")],
    ["remove a link as folder", "ENOTDIR", () => folder.removeFolder("door/")],
    ["remove an absent folder", "ENOENT", () => folder.removeFolder("absent")],
    ["remove the top", "EINVAL", () => folder.removeFolder(".")],
    ["remove a folder as file", "EISDIR", () => folder.removeFile("new")],
    ["remove an absent file", "ENOENT", () => folder.removeFile("absent")],
    ["remove a file with slash", "ENOTDIR", () => folder.removeFile("file/")],
    ["remove a link", "OK", () => folder.removeFile("link")],
    ["remove a file", "OK", () => folder.removeFile("door/file")],
  ]);
  assert.equal(readFileSync(join(inside, "file"), "utf8"), "content");
  assert.deepEqual(readdirSync(join(inside, "full")), []);
});

testBoth(
  "rename() moves over files and empty folders, within a folder and to another",
  ({ folder, inside, outside }) => {
    const other = openFolder(outside, { writable: true });
    const readOnly = openFolder(outside, { writable: false });
    assertCodes([
      ["folder over file", "ENOTDIR", () => folder.rename("folder", "file")],
      ["file over folder", "EISDIR", () => folder.rename("file", "folder")],
      ["folder over what is full", "ENOTEMPTY", () => folder.rename("folder", "full")],
      ["folder below itself", "EINVAL", () => folder.rename("full", "full/deeper")],
      ["absent", "ENOENT", () => folder.rename("absent", "new")],
      ["to an absent folder", "ENOENT", () => folder.rename("file", "absent/file")],
      ["file with slash", "ENOTDIR", () => folder.rename("file/", "new")],
      ["file to a slash", "ENOTDIR", () => folder.rename("file", "new/")],
      ["link with slash", "ENOTDIR", () => folder.rename("door/", "new")],
      ["top", "EBUSY", () => folder.rename(".", "new")],
      ["to the top", "EBUSY", () => folder.rename("folder", ".")],
      ["to a folder for reading", "EROFS", () => folder.rename("file", "file", readOnly)],
      ["from a folder for reading", "EROFS", () => readOnly.rename("secret", "stolen", folder)],
      ["over a file", "OK", () => folder.rename("full/file", "file")],
      ["over an empty folder", "OK", () => folder.rename("folder", "full/")],
      ["a link itself", "OK", () => folder.rename("dangling", "door")],
      ["to another folder", "OK", () => folder.rename("file", "brought", other)],
      ["to what is no folder of a worker", "EXDEV", () => folder.rename("link", "x", { ...folder })],
    ]);
    assert.equal(readFileSync(join(outside, "brought"), "utf8"), "deep");
    assert.equal(readlinkSync(join(inside, "door")), "absent");
    assert.deepEqual(readdirSync(inside).sort(), ["door", "full", "link", "loop"]);
    other.close();
    readOnly.close();
  },
);

testBoth("link() makes hard links", ({ folder, inside, outside }) => {
  const other = openFolder(outside, { writable: true });
  const readOnly = openFolder(outside, { writable: false });
  assertCodes([
    ["file", "OK", () => folder.link("file", "folder/same")],
    ["over what is there", "EEXIST", () => folder.link("file", "link")],
    ["folder", "EPERM", () => folder.link("folder", "new")],
    ["absent", "ENOENT", () => folder.link("absent", "new")],
    ["to a slash", "ENOENT", () => folder.link("file", "new/")],
    ["link", IS_LINUX ? "OK" : "ENOTSUP", () => folder.link("dangling", "new")],
    ["out of a folder for reading", "EROFS", () => readOnly.link("secret", "mine", folder)],
    ["from another folder", "OK", () => other.link("secret", "given", folder)],
  ]);
  assert.equal(folder.stat("file", { follow: false }).links, 2n);
  assert.equal(folder.stat("file", { follow: false }).inode, folder.stat("folder/same", { follow: false }).inode);
  assert.equal(readFileSync(join(inside, "given"), "utf8"), "secret");
  if (IS_LINUX) assert.equal(readlinkSync(join(inside, "new")), "absent");
  other.close();
  readOnly.close();
});

testBoth("symlink() and readLink() keep text as it is, and nothing that leads outside", ({ folder }) => {
  assertCodes([
    ["upwards inside", "OK", () => folder.symlink("../full/file", "folder/up")],
    ["to the top", "OK", () => folder.symlink("..", "folder/top")],
    ["dangling", "OK", () => folder.symlink("not/yet/there", "later")],
    ["over what is there", "EEXIST", () => folder.symlink("x", "dangling")],
    ["slash", "ENOENT", () => folder.symlink("x", "new/")],
    ["empty", "ENOENT", () => folder.symlink("", "new")],
    ["NUL", "EINVAL", () => folder.symlink("a\0b", "new")],
    ["absolute", "EPERM", () => folder.symlink("/etc", "new")],
    ["out", "EPERM", () => folder.symlink("../outside", "new")],
    ["out, below a folder", "EPERM", () => folder.symlink("../../outside", "folder/new")],
    ["out, behind what is absent", "EPERM", () => folder.symlink("absent/../../outside", "new")],
    ["out, by another link", "EPERM", () => folder.symlink("folder/top/../outside", "new")],
    ["read no link", "EINVAL", () => folder.readLink("file")],
    ["read nothing", "ENOENT", () => folder.readLink("absent")],
    ["read with slash", "EINVAL", () => folder.readLink("door/")],
  ]);
  assert.deepEqual([folder.readLink("folder/up"), folder.readLink("later")], ["../full/file", "not/yet/there"]);
  assert.equal(readAll(folder.open("folder/top/folder/up", { ...READ, follow: true })), "deep");
});

testBoth("setTimes() sets one time or both, of a link or of what it leads to", ({ folder }) => {
  const [accessed, modified] = [1_000_000_000_123_456_000n, 1_700_000_000_654_321_000n];
  const near = (actual: bigint, expected: bigint): void => {
    assert.ok(actual - expected <= MILLISECOND && expected - actual <= MILLISECOND, `${actual} is not ${expected}`);
  };
  folder.setTimes("file", { accessed, modified }, { follow: false });
  near(folder.stat("file", { follow: false }).accessed, accessed);
  near(folder.stat("file", { follow: false }).modified, modified);
  folder.setTimes("link", { accessed: 0n }, { follow: false });
  near(folder.stat("link", { follow: false }).accessed, 0n);
  near(folder.stat("file", { follow: false }).accessed, accessed);
  folder.setTimes("link", { modified: accessed }, { follow: true });
  near(folder.stat("file", { follow: false }).modified, accessed);
  near(folder.stat("file", { follow: false }).accessed, accessed);
  const file = folder.open("file", READ);
  file.setTimes({ modified });
  near(file.stat().modified, modified);
  near(file.stat().accessed, accessed);
  file.close();
  folder.setTimes(".", { modified }, { follow: false });
  near(folder.stat(".", { follow: false }).modified, modified);
  assertCodes([
    ["absent", "ENOENT", () => folder.setTimes("absent", { modified }, { follow: true })],
    ["dangling", "ENOENT", () => folder.setTimes("dangling", { modified }, { follow: true })],
    ["before 1970", "EINVAL", () => folder.setTimes("file", { modified: -1n }, { follow: true })],
  ]);
});

testBoth("what stays open when the folder is closed is the files", ({ folder }) => {
  const file = folder.open("file", READ);
  folder.close();
  folder.close();
  assert.equal(readAll(file), "content");
  assertCodes([
    ["open", "EBADF", () => folder.open("file", READ)],
    ["list", "EBADF", () => folder.list(".")],
    ["make", "EBADF", () => folder.makeFolder("new")],
  ]);
});
