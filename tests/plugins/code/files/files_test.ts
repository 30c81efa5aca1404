import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Content, ResourceLink, ToolResult } from "../../../../kernel/mod.ts";
import { definePlugin, textOf } from "../../../../kernel/mod.ts";
import library from "../../../../plugins/library/mod.ts";
import wasm from "../../../../plugins/wasm/mod.ts";
import { pause } from "../../../support/wait.ts";
import { sharedCode, startCode } from "../kit.ts";

const notes = definePlugin({
  name: "notes",
  version: "1.0.0",
  setup(ctx) {
    ctx.resource({ uri: "notes://today", name: "today", mimeType: "text/csv", read: () => "a,b\n1,2\n" });
    ctx.resource({ uri: "notes://bytes", name: "bytes", read: () => new Uint8Array([0, 255, 7]) });
  },
});
const PLUGINS = { plugins: [library, wasm, notes] };

function linksOf({ content }: ToolResult): readonly ResourceLink[] {
  return content.filter((it: Content): it is ResourceLink => it.type === "resource_link");
}

describe("files", () => {
  const server = sharedCode(PLUGINS);

  test("files that code writes are resources, and the result links to them", async () => {
    const kit = server();
    const result = await kit.run(`
    const written = await files.write("größe 1.csv", "a,b\\n", { mimeType: "text/csv" });
    await files.write("raw.bin", new Uint8Array([1, 2, 255]));
    return { uri: written.uri };`);
    assert.equal(result.isError, undefined, textOf(result));
    const links = linksOf(result);
    assert.deepEqual(links.map(({ name, mimeType, size }) => [name, mimeType, size]), [
      ["größe 1.csv", "text/csv", 4],
      ["raw.bin", "application/octet-stream", 3],
    ]);
    assert.deepEqual(result.structuredContent, { uri: links[0]!.uri });
    assert.match(links[0]!.uri, /^collet:\/\/code\/files\/[\da-f-]{36}\/gr%C3%B6%C3%9Fe%201\.csv$/);
    const { contents: [text] } = await kit.kernel.read(links[0]!.uri);
    assert.deepEqual(text, { uri: links[0]!.uri, mimeType: "text/csv", text: "a,b\n" });
    const { contents: [bytes] } = await kit.kernel.read(links[1]!.uri);
    assert.equal((bytes as { blob: string }).blob, btoa("\x01\x02\xff"));
  });

  test("files that code is given are read as text or bytes, when they are asked for", async () => {
    const kit = server();
    const result = await kit.run(
      `
    const text = await files.readText("today.csv");
    const bytes = await files.readBytes("raw");
    const list = (await files.list()).map((it) => it.name);
    return { text, bytes: [...bytes], length: (await files.readBytes("today.csv")).length, list };`,
      {
        files: { "today.csv": "notes://today", raw: "notes://bytes", gone: "notes://gone" },
      },
    );
    assert.deepEqual(result.structuredContent, {
      text: "a,b\n1,2\n",
      bytes: [0, 255, 7],
      length: 8,
      list: ["today.csv", "raw", "gone"],
    }, textOf(result));
  });

  test("what was written can be read in the same run, and a name that is written again has the last content", async () => {
    const kit = server();
    const result = await kit.run(`
    await files.write("a.txt", "first");
    await files.write("a.txt", "second");
    return await files.readText("a.txt");`);
    assert.equal(result.content[0]?.type === "text" && result.content[0].text, "second");
    const [link, ...others] = linksOf(result);
    assert.deepEqual(others, []);
    assert.deepEqual((await kit.kernel.read(link!.uri)).contents[0], {
      uri: link!.uri,
      mimeType: "text/plain",
      text: "second",
    });
  });

  test("a run that fails links to what it wrote", async () => {
    const kit = server();
    const result = await kit.run("await files.write('log.txt', 'so far'); throw new Error('broken');");
    assert.equal(result.isError, true);
    assert.match(textOf(result), /broken/);
    assert.deepEqual(linksOf(result).map(({ name }) => name), ["log.txt"]);
  });

  test("a file is its principal's alone", async () => {
    const kit = server();
    const ada = { principal: { id: "ada", scopes: [] } };
    const [link] = linksOf(await kit.run("await files.write('a.txt', 'secret');", {}, ada));
    assert.equal((await kit.kernel.read(link!.uri, ada)).contents.length, 1);
    await assert.rejects(kit.kernel.read(link!.uri, { principal: { id: "bob", scopes: [] } }), /not found/i);
    await assert.rejects(kit.kernel.read(link!.uri), /not found/i);
  });
});

test("what cannot be read or written says why, and code can catch it", async () => {
  await using kit = await startCode({ ...PLUGINS, config: { files: { max_bytes: 10 } } });
  const result = await kit.run(
    `
    const attempts = [
      () => files.readText("gone"), () => files.readText("none"), () => files.readText("raw"),
      () => files.write("a/b", "x"), () => files.write("..", "x"), () => files.write("big", "x".repeat(11)),
      () => files.write("typed", "x", { mimeType: "no type" }),
    ];
    const messages = [];
    for (const attempt of attempts) await attempt().then(() => messages.push("fine"), (error) => messages.push(error.message));
    return messages;`,
    { files: { gone: "notes://gone", raw: "notes://bytes" } },
  );
  const messages = result.structuredContent as string[];
  const wanted = [/notes:\/\/gone/, /there are gone, raw/, /not UTF-8/, /a\/b/, /file name/, /10 at most/, /no type/];
  wanted.forEach((it, i) => assert.match(messages[i]!, it));
  assert.deepEqual(linksOf(result), []);
});

test("the oldest files make room, and a run has a most", async () => {
  await using kit = await startCode({ ...PLUGINS, config: { files: { most: 2 } } });
  const links = linksOf(await kit.run("for (const n of ['a', 'b', 'c']) await files.write(n, n);"));
  await assert.rejects(kit.kernel.read(links[0]!.uri), /not found/i);
  assert.equal((await kit.kernel.read(links[2]!.uri)).contents.length, 1);
  const many = await kit.run("for (let i = 0; i < 101; i++) await files.write(`f${i}`, '');");
  assert.match(textOf(many), /has written 100 files/);
  const atOnce = await kit.run(`
    await Promise.allSettled(Array.from({ length: 150 }, (_, i) => files.write("f" + i, "")));
    return (await files.list()).length;`);
  assert.equal(atOnce.structuredContent, 100, textOf(atOnce));
});

test("files are kept for a time, also without a store", async () => {
  await using kit = await startCode({ ...PLUGINS, store: null, config: { files: { kept_ms: 60_000 } } });
  const [link] = linksOf(await kit.run("await files.write('a', 'kept');"));
  assert.equal((await kit.kernel.read(link!.uri)).contents.length, 1);
  await using brief = await startCode({ ...PLUGINS, store: null, config: { files: { kept_ms: 1 } } });
  const [gone] = linksOf(await brief.run("await files.write('a', 'gone');"));
  await pause(20);
  await assert.rejects(brief.kernel.read(gone!.uri), /not found/i);
});
