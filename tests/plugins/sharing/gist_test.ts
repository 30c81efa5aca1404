import assert from "node:assert/strict";
import { test } from "node:test";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { listen } from "../../support/listen.ts";
import { failed, imported, onlyText, startSharing, toolFiles } from "./kit.ts";

const MANIFEST = toolFiles("greet")["manifest.json"] as string;

interface GistFile {
  readonly content?: string;
  readonly raw?: Uint8Array;
  readonly size?: number;
  readonly truncated?: boolean;
  readonly encoding?: string;
}

/** Serves one gist as GitHub's API does; gives what was asked for. */
async function serveGist(files: Readonly<Record<string, GistFile>>, more: Record<string, unknown> = {}) {
  const asked: string[] = [];
  const server = await listen((request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (pathname.startsWith("/raw/")) {
      const { raw, content = "" } = files[decodeURIComponent(pathname.slice(5))]!;
      return new Response((raw ?? content) as BodyInit);
    }
    if (!/^\/api\/v3\/gists\/0af1(?:\/beef)?$/.test(pathname)) {
      return Response.json({ message: "Not Found" }, { status: 404 });
    }
    if (!request.headers.get("user-agent")) return new Response("no user agent", { status: 403 });
    const listed = Object.entries(files).map((
      [filename, { content, raw, size, truncated = false, encoding }],
    ) => [filename, {
      filename,
      type: "text/plain",
      language: null,
      raw_url: new URL(`/raw/${encodeURIComponent(filename)}`, request.url).href,
      size: size ?? raw?.length ?? new TextEncoder().encode(content).length,
      truncated,
      content,
      encoding,
    }]);
    return Response.json({ id: "0af1", files: Object.fromEntries(listed), history: [{ version: "cafe" }], ...more });
  });
  return { ...server, asked, api: `${server.url}/api/v3/` };
}

test("import_tool takes a gist, and fetches whole what its answer cuts off", async () => {
  const long = `#!/bin/sh\nread -r request\n# ${"ü".repeat(1000)}\necho long\n`;
  const binary = new Uint8Array([0, 255, 128, 10]);
  await using server = await serveGist({
    "manifest.json": { content: MANIFEST.replace("main.sh", "long.sh") },
    "long.sh": { content: long.slice(0, 50), raw: new TextEncoder().encode(long), truncated: true },
    "run.py": { content: "#!/usr/bin/env python3\n" },
    "data.bin": { content: "\u0000\ufffd\ufffd\n", raw: binary },
    "coded.bin": { content: "AP8=", raw: new Uint8Array([0, 255]), encoding: "base64" },
  });
  await using kit = await startSharing({ github_api_url: server.api });
  const { source, installed } = imported(await kit.import({ source: "gist:0af1" }));
  assert.deepEqual(source, { from: "gist:0af1", ref: "cafe" });
  assert.equal(installed[0]?.files, 4);
  assert.deepEqual(server.asked.filter((it) => it.startsWith("/raw/")).sort(), [
    "/raw/coded.bin",
    "/raw/data.bin",
    "/raw/long.sh",
  ]);
  assert.equal(onlyText(await kit.call("greet")), "long");
  const folder = await kit.kernel.get(ToolLibrary)!.files("greet");
  assert.equal(await folder.readText("long.sh"), long);
  assert.deepEqual(await folder.readBytes("data.bin"), binary);
  assert.equal((await folder.stat("run.py"))!.mode! & 0o111, 0o111);
  const revision = imported(
    await kit.import({ source: "https://gist.github.com/ada/0af1", ref: "beef", overwrite: true }),
  );
  assert.deepEqual(revision.source, { from: "gist:0af1", ref: "beef" });
});

test("import_tool says what is wrong with a gist", async () => {
  const files = { "manifest.json": { content: MANIFEST }, "main.sh": { content: "echo", size: 3, truncated: true } };
  await using lying = await serveGist(files);
  await using kit = await startSharing({ github_api_url: lying.api });
  assert.match(failed(await kit.import({ source: "gist:0af1" })), /too large|came with/);
  assert.match(
    failed(await kit.import({ source: "gist:beef" })),
    /Cannot import from gist:beef: the server answers 404/,
  );
  assert.match(failed(await kit.import({ source: "gist:0af1", path: "a" })), /a gist has no folders/);

  await using cut = await serveGist(files, { truncated: true });
  await using other = await startSharing({ github_api_url: cut.api });
  assert.match(failed(await other.import({ source: "gist:0af1" })), /more files than GitHub lists/);

  await using none = await serveGist({ "notes.md": { content: "x" } });
  await using third = await startSharing({ github_api_url: none.api });
  assert.match(failed(await third.import({ source: "gist:0af1" })), /no "manifest\.json" in it/);

  await using page = await listen(() => new Response("<html>"));
  await using fourth = await startSharing({ github_api_url: page.url });
  assert.match(failed(await fourth.import({ source: "gist:0af1" })), /not that of GitHub's API/);
});
