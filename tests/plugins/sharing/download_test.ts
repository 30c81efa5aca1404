import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, strToU8, type Zippable, zipSync } from "fflate";
import { packTar } from "modern-tar";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { listen } from "../../support/listen.ts";
import { failed, imported, onlyText, startSharing, toolFiles, type Tree, within } from "./kit.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** Serves answers by path; a body alone is sent as it is. */
async function site(answers: Readonly<Record<string, Uint8Array | string | Answer>>) {
  const asked: string[] = [];
  const server = await listen((request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const answer = answers[pathname];
    if (typeof answer === "function") return answer(request);
    return answer === undefined ? new Response("no", { status: 404 }) : new Response(answer as BodyInit);
  });
  return { ...server, asked };
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? strToU8(data) : data;
}

function zip(tree: Tree): Uint8Array {
  const entries: Zippable = {};
  for (const [name, data] of Object.entries(tree)) {
    const isExecutable = name.startsWith("!");
    entries[name.replace(/^!/, "")] = [bytesOf(data), {
      os: 3,
      attrs: (isExecutable ? 0o100755 : 0o100644) << 16 >>> 0,
    }];
  }
  return zipSync(entries);
}

async function tar(tree: Tree, more: Parameters<typeof packTar>[0] = []): Promise<Uint8Array> {
  const entries = Object.entries(tree).map(([name, data]) => {
    const body = bytesOf(data);
    const mode = name.startsWith("!") ? 0o755 : 0o644;
    return { header: { name: name.replace(/^!/, ""), size: body.length, type: "file" as const, mode }, body };
  });
  return await packTar([...entries, ...more]);
}

test("import_tool takes zip and tar archives by address, whatever their name and type", async () => {
  const one = toolFiles("one", { files: { "!bin/x": "x", "data.bin": new Uint8Array([0, 255]) } });
  const wrapped = within("tools-main", { ...within("a", toolFiles("two")), ...within("b", toolFiles("three")) });
  await using server = await site({
    "/one": zip(one),
    "/two.tar": await tar(wrapped),
    "/three.tgz": () => new Response(gzipSync(bytesOf("")), { headers: { "content-type": "text/html" } }),
    "/four.tar.gz": gzipSync(await tar(wrapped)),
    "/moved": () => Response.redirect(`${server.url}/one`),
  });
  await using kit = await startSharing();
  for (const path of ["/one", "/moved"]) {
    const { installed, source } = imported(
      await kit.import({ source: `${server.url}${path}?key=secret`, overwrite: true }),
    );
    assert.deepEqual([installed[0]?.name, installed[0]?.files, source.from], ["one", 3, `${server.url}${path}`]);
    assert.equal(onlyText(await kit.call("one")), "one");
    const folder = await kit.kernel.get(ToolLibrary)!.files("one");
    assert.equal((await folder.stat("bin/x"))!.mode! & 0o111, 0o111);
    assert.equal((await folder.stat("data.bin"))!.mode! & 0o111, 0);
    assert.ok(!(await folder.readText("manifest.json"))?.includes("secret"));
  }
  const tools = imported(await kit.import({ source: `${server.url}/two.tar` })).installed;
  assert.deepEqual(tools.map((it) => it.name), ["two", "three"]);
  const part = imported(await kit.import({ source: `${server.url}/four.tar.gz#:b`, overwrite: true })).installed;
  assert.deepEqual(part.map((it) => it.name), ["three"]);
  assert.match(failed(await kit.import({ source: `${server.url}/three.tgz` })), /no tar archive inside/);
});

test("import_tool says what came in place of an archive", async () => {
  const page = { headers: { "content-type": "text/html; charset=utf-8" } };
  await using server = await site({
    "/page": () => new Response("<!DOCTYPE html><title>Tools</title>", page),
    "/json": () => Response.json({ message: "no" }),
    "/xz": new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
    "/empty": "",
    "/away": () => Response.redirect("http://127.0.0.1:1/x.zip"),
    "/file": () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }),
  });
  await using kit = await startSharing();
  const expected: Readonly<Record<string, RegExp>> = {
    "/page": /it is a web page; give the address of an archive/,
    "/json": /no archive but "application\/json"/,
    "/xz": /packed by xz, expected a zip archive/,
    "/empty": /it is empty/,
    "/absent": /the server answers 404/,
    "/away": /Cannot import from http:\/\/127\.0\.0\.1:\d+\/away: /,
    "/file": /protocol is "file:"/,
  };
  for (const [path, text] of Object.entries(expected)) {
    assert.match(failed(await kit.import({ source: server.url + path })), text, path);
  }
});

test("import_tool gives up downloads that are too large, or too slow", async () => {
  let cancelled = 0;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => void cancelled++,
      }),
    );
  await using server = await site({ "/endless": endless, "/silent": () => new Promise(() => {}) });
  await using kit = await startSharing({ max_total_bytes: 1_000_000, timeout_ms: 3_000 });
  assert.match(failed(await kit.import({ source: `${server.url}/endless` })), /too large.*at most 1000000/);
  await using hasty = await startSharing({ timeout_ms: 500 });
  assert.match(failed(await hasty.import({ source: `${server.url}/silent` })), /took longer than 0\.5 s/);
  for (let i = 0; cancelled === 0 && i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(cancelled, 1);
});

test("import_tool ends when the call is cancelled", async () => {
  await using server = await site({ "/silent": () => new Promise(() => {}) });
  await using kit = await startSharing();
  const controller = new AbortController();
  const running = kit.call("import_tool", { source: `${server.url}/silent` }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 200);
  assert.equal((await running).isError, true);
  assert.deepEqual(server.asked, ["/silent"]);
});

test("import_tool refuses archives that unpack to more than they may, before they did", async () => {
  const bomb = new Uint8Array(40 * 1024 * 1024);
  const files = { "bomb.bin": bomb };
  await using server = await site({
    "/bomb.zip": zip(toolFiles("bomb", { files })),
    "/bomb.tgz": gzipSync(await tar(toolFiles("bomb", { files }))),
    "/liar.zip": lie(zip(toolFiles("bomb", { files })), bomb.length),
  });
  await using small = await startSharing({ max_total_bytes: 1_000_000, max_files: 10 });
  assert.match(failed(await small.import({ source: `${server.url}/bomb.zip` })), /max_file_bytes|max_total_bytes/);
  assert.match(failed(await small.import({ source: `${server.url}/bomb.tgz` })), /unpacks to more than \d+ bytes/);
  assert.match(failed(await small.import({ source: `${server.url}/liar.zip` })), /unpacks to more than 10 bytes/);
  await using large = await startSharing({ max_file_bytes: 50 * 1024 * 1024 });
  assert.match(failed(await large.import({ source: `${server.url}/bomb.zip` })), /more than 200 times its size/);
  assert.match(failed(await large.import({ source: `${server.url}/bomb.tgz` })), /more than 200 times its size/);
});

/** Makes a zip archive say that its large file has ten bytes. */
function lie(archive: Uint8Array, size: number): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let lies = 0;
  for (let at = 0; at + 4 <= archive.length; at++) {
    if (view.getUint32(at, true) !== size) continue;
    view.setUint32(at, 10, true);
    lies++;
  }
  assert.ok(lies > 0);
  return archive;
}

test("import_tool refuses archives whose paths lead out, and leaves links out", async () => {
  const trap = (path: string) => ({ ...toolFiles("greet"), [path]: "x" });
  const link = (name: string, type: "symlink" | "link", linkname: string) => ({
    header: { name, size: 0, type, linkname },
  });
  const links = [link("stolen", "symlink", "/etc/passwd"), link("hard", "link", "main.sh")];
  const symlink: Zippable = { "stolen": [strToU8("/etc/passwd"), { os: 3, attrs: 0o120777 << 16 >>> 0 }] };
  for (const [path, data] of Object.entries(toolFiles("greet"))) symlink[path.replace(/^!/, "")] = bytesOf(data);
  const evil = ["../evil", "/etc/evil", "lib/../../evil", "C:\\evil", "lib\\..\\..\\evil"];
  await using server = await site({
    ...Object.fromEntries(evil.map((path, i) => [`/${i}.zip`, zip(trap(path))])),
    ...Object.fromEntries(
      await Promise.all(evil.map(async (path, i) => [`/${i}.tar`, await tar(trap(path))] as const)),
    ),
    "/links.tar": await tar(toolFiles("greet"), links),
    "/links.zip": zipSync(symlink),
    "/through.tar": await tar(toolFiles("greet"), [
      link("lib", "symlink", "/tmp"),
      { header: { name: "lib/x", size: 1, type: "file" }, body: "x" },
    ]),
  });
  await using kit = await startSharing();
  for (const i of evil.keys()) {
    for (const form of ["zip", "tar"]) {
      const text = failed(await kit.import({ source: `${server.url}/${i}.${form}` }));
      assert.match(text, /leads out of it|absolute path|backslash/, `${evil[i]} ${form}: ${text}`);
    }
  }
  const [fromTar] = imported(await kit.import({ source: `${server.url}/links.tar` })).installed;
  const reasons = fromTar?.left_out.map((it) => it.reason).sort();
  assert.deepEqual(reasons, ["it is a hard link", "it is a symbolic link"]);
  const [fromZip] = imported(await kit.import({ source: `${server.url}/links.zip`, overwrite: true })).installed;
  assert.deepEqual(fromZip?.left_out, [{ path: "stolen", reason: "it is a symbolic link" }]);
  assert.match(failed(await kit.import({ source: `${server.url}/through.tar`, overwrite: true })), /place of a folder/);
});

test("import_tool refuses archives that are damaged, split, encrypted or have a file twice", async () => {
  const whole = zip(toolFiles("greet"));
  const tarred = await tar(toolFiles("greet"));
  const changed = (bytes: Uint8Array, at: number, value: number) => {
    const copy = bytes.slice();
    copy[at < 0 ? copy.length + at : at] = value;
    return copy;
  };
  // the compressed bytes of the first file follow its header of 30 bytes and its name
  const inside = 30 + "manifest.json".length + 4;
  const damaged: Readonly<Record<string, Uint8Array>> = {
    "/cut.zip": whole.subarray(0, whole.length - 5),
    "/byte.zip": changed(whole, inside, whole[inside]! ^ 0xff),
    "/split.zip": changed(whole, -18, 1),
    "/zip64.zip": changed(changed(whole, -12, 0xff), -11, 0xff),
    "/prefix.zip": new Uint8Array([0x50, 0x4b, 3, 4, ...whole]),
    "/cut.tar": tarred.subarray(0, 700),
    "/byte.tar": changed(tarred, 10, 0x41),
    "/cut.tgz": gzipSync(tarred).subarray(0, -20),
    "/sum.tgz": changed(gzipSync(tarred), -6, 0),
    "/twice.tar": await tar(toolFiles("greet"), [{ header: { name: "main.sh", size: 1, type: "file" }, body: "x" }]),
  };
  await using server = await site(damaged);
  await using kit = await startSharing();
  for (const path of Object.keys(damaged)) {
    const text = failed(await kit.import({ source: server.url + path }));
    assert.match(text, /damaged|split|64-bit|twice|unpacks|invalid/i, `${path}: ${text}`);
  }
  assert.deepEqual(await kit.kernel.get(ToolLibrary)!.list(), []);
});
