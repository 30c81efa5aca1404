/**
 * Tests the files of a tool in JavaScript, in real folders.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openFolder } from "../../../kernel/platform/worker_files.ts";
import type { GrantedPath } from "../../../plugins/wasm/program.ts";
import { runTool, valueOf } from "./bundle_kit.ts";

const HOST = { openFolder };

let root: string;
let folders: readonly GrantedPath[];

before(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "collet-bundle-files-")));
  await mkdir(join(root, "read/inner"), { recursive: true });
  await mkdir(join(root, "write"));
  await mkdir(join(root, "readable"));
  await writeFile(join(root, "read/a.txt"), "grün \0");
  await writeFile(join(root, "read/inner/b.bin"), new Uint8Array([0, 255, 128]));
  await writeFile(join(root, "secret.txt"), "secret");
  await writeFile(join(root, "readable/x.txt"), "secret");
  await writeFile(join(root, "one.txt"), "one");
  await symlink(join(root, "secret.txt"), join(root, "read/out"));
  folders = [
    { path: join(root, "read"), kind: "folder", writable: false },
    { path: join(root, "write"), kind: "folder", writable: true },
    { path: join(root, "one.txt"), kind: "file", writable: false },
  ];
});
after(() => rm(root, { recursive: true }));

/** Gives the value of the body of a tool, where `root` is the folder of the test. */
async function use(body: string): Promise<unknown> {
  return await valueOf(`async (root, { files }) => { ${body} }`, root, { folders, host: HOST });
}

/** Gives why it failed. */
async function refusalOf(call: string, granted: readonly GrantedPath[] = folders): Promise<string> {
  const tool = `async (root, { files }) => {
    try { return JSON.stringify(await ${call}); } catch (error) { return error.code + ": " + error.message; }
  }`;
  return await valueOf(tool, root, { folders: granted, host: HOST });
}

describe("ctx.files", () => {
  it("reads text and bytes, lists, and looks at entries", async () => {
    const value = await use(`return {
      text: await files.readText(root + "/read/./inner/../a.txt"), one: await files.readText(root + "/one.txt"),
      bytes: Array.from(await files.readBytes(root + "/read/inner/b.bin")),
      list: await files.list(root + "/read"), inner: (await files.stat(root + "/read/inner")).kind,
      stat: (({ kind, size, modified }) => [kind, size, modified instanceof Date])(await files.stat(root + "/read/a.txt")),
      absent: await files.stat(root + "/read/none") === undefined,
    };`);
    assert.deepEqual(value, {
      ...{ text: "grün \0", one: "one", bytes: [0, 255, 128], inner: "folder", stat: ["file", 7, true], absent: true },
      list: [{ name: "a.txt", kind: "file" }, { name: "inner", kind: "folder" }, { name: "out", kind: "link" }],
    });
  });

  it("writes, appends, makes folders and removes", async () => {
    await use(`
      await files.makeFolder(root + "/write/x/y"); await files.makeFolder(root + "/write/x/y");
      await files.writeText(root + "/write/x/y/t.txt", "long text"); await files.writeText(root + "/write/x/y/t.txt", "ü\\0");
      await files.writeText(root + "/write/x/y/t.txt", "!", { append: true });
      await files.writeBytes(root + "/write/b", new Uint8Array([9, 1, 2, 9]).subarray(1, 3));
      await files.writeText(root + "/write/gone", ""); await files.remove(root + "/write/gone");
      await files.makeFolder(root + "/write/empty"); await files.remove(root + "/write/empty");`);
    assert.equal(await readFile(join(root, "write/x/y/t.txt"), "utf8"), "ü\0!");
    assert.deepEqual([...await readFile(join(root, "write/b"))], [1, 2]);
    assert.deepEqual(await use('return (await files.list(root + "/write")).map(({ name }) => name);'), ["b", "x"]);
  });

  it("refuses what is outside, and tells what is granted", async () => {
    for (
      const path of [
        "/secret.txt",
        "/read/../secret.txt",
        "/readable/x.txt",
        "/read/../../../../../../../etc/passwd",
        "",
      ]
    ) {
      const said = await refusalOf(`files.readText(root + ${JSON.stringify(path)})`);
      assert.match(
        said,
        /^EPERM: Cannot read ".*": it was not granted; granted are ".*\/write" to read and write/,
        path,
      );
    }
    assert.match(await refusalOf('files.readText(root + "/read/out")'), /^EPERM: .*leads outside/);
    assert.match(await refusalOf('files.readText("read/a.txt")'), /^EINVAL: .*paths in here are absolute/);
    assert.match(await refusalOf('files.list("/")', []), /no files are granted to this tool/);
  });

  it("refuses to change what may only be read", async () => {
    for (
      const call of [
        'writeText(root + "/read/a.txt", "x")',
        'remove(root + "/read/a.txt")',
        'makeFolder(root + "/read/new")',
      ]
    ) {
      assert.match(await refusalOf(`files.${call}`), /^EROFS: Cannot .* it may only be read; granted are/, call);
    }
    assert.match(await refusalOf('files.writeText(root + "/one.txt", "x")'), /^EROFS: .*may only be read/);
    assert.equal(await readFile(join(root, "one.txt"), "utf8"), "one");
  });

  it("says why it failed in words", async () => {
    assert.match(
      await refusalOf('files.readText(root + "/read/none")'),
      /^ENOENT: Cannot read ".*none": there is no such file/,
    );
    assert.match(await refusalOf('files.readText(root + "/read/inner")'), /^EISDIR: .*it is a folder/);
    assert.match(await refusalOf('files.remove(root + "/write/x")'), /^ENOTEMPTY: .*not empty/);
  });

  it("reads no file that is larger than the memory", async () => {
    await writeFile(join(root, "write/large"), new Uint8Array(20 * 2 ** 20));
    const tool = "async (root, { files }) => await files.readText(root + '/write/large')";
    const { outcome } = await runTool(tool, root, { folders, host: HOST, memoryBytes: 16 * 2 ** 20 });
    assert.match(outcome.kind === "thrown" ? outcome.message : "", /larger than the memory of this tool/);
  });
});
