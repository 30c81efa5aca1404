import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Files } from "../../../kernel/mod.ts";
import { removeStages } from "../../../plugins/repos/staging.ts";
import { startKernel } from "../library/kit.ts";
import { serveGit } from "../sharing/kit.ts";
import {
  commitTree,
  filesBelow,
  leftovers,
  makePlace,
  skill,
  startRepositories,
  type Tree,
} from "./repositories_kit.ts";

const WORKER = fileURLToPath(new URL("./interrupted_worker.ts", import.meta.url));

function manySkills(word: string): Tree {
  const files = { "a.txt": word, "!b.sh": word.repeat(1_000) };
  return Object.assign({}, ...Array.from({ length: 40 }, (_, i) => skill(`skills/s${i}`, { files })));
}

/** Starts a server that takes a repository, and kills it so many milliseconds after it came to a step. */
async function killAt(home: string, url: string, { step, waitMs }: { readonly step: number; readonly waitMs: number }) {
  const before = "Deno" in globalThis ? ["run", "-A", "--quiet", "--no-check"] : [];
  const server = spawn(process.execPath, [...before, WORKER, home, url], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => void server.once("close", () => resolve()));
  let text = "";
  server.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    if (`\n${text}`.includes(`\n${step}\n`)) setTimeout(() => server.kill("SIGKILL"), waitMs);
  });
  await ended;
  assert.ok(`\n${text}`.includes(`\n${step}\n`), text);
}

test("a server that is killed while it takes a repository leaves what was there before, or all of what is new", {
  timeout: 120_000,
}, async (t) => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  const words = new Map([[await commitTree(bare, manySkills("first")), "first"]]);
  // an addition first; the last ones are about where the new takes the place of the old
  const moments = [[1, 25], [1, 25], [2, 22], [2, 26], [2, 40]].map(([step = 0, waitMs = 0]) => ({ step, waitMs }));
  for (const [round, moment] of moments.entries()) {
    await killAt(place.home, bare, moment);
    await using kit = await startRepositories(place.home);
    const known = kit.repositories.get("skills");
    t.diagnostic(
      `killed ${moment.waitMs} ms after step ${moment.step}: ${words.get(known?.commit ?? "") ?? "nothing"} is there`,
    );
    assert.deepEqual(await readdir(join(place.home, "repos", ".staging")), []);
    const names = (await readdir(join(place.home, "repos"))).filter((it) => !it.startsWith(".")).sort();
    assert.deepEqual(names, known === undefined ? [] : ["skills", "skills-lock.json"]);
    const { repository } = await kit.repositories.add({ url: bare }, kit.call());
    assert.equal(repository.commit, known?.commit ?? [...words.keys()].at(-1));
    const folder = kit.repositories.folder("skills")!.path;
    assert.equal((await filesBelow(folder)).length, 120);
    assert.equal(await readFile(join(folder, "skills/s39/a.txt"), "utf8"), words.get(repository.commit));
    words.set(await commitTree(bare, manySkills(`${round}`)), `${round}`);
  }
  // whatever happened, it goes on
  await using kit = await startRepositories(place.home);
  const [updated] = await kit.repositories.update("skills", kit.call());
  assert.equal(updated?.repository.commit, [...words.keys()].at(-1));
});

/** Serves what a handler answers, at its address. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}/skills`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const ADVERTISEMENT = "application/x-git-upload-pack-advertisement";

test("a server that says nothing, nonsense, half of it or too much is given up, and what was there stays", async () => {
  await using place = await makePlace();
  const bare = join(place.path, "skills.git");
  const first = await commitTree(bare, skill("a"));
  await using site = await serveGit(place.path);
  let mode = "whole";
  await using proxy = await serve(async (request, response) => {
    if (mode === "silent") return;
    if (mode === "nonsense") {
      return void response.setHeader("content-type", ADVERTISEMENT).end("001e# service=git-upload-pack\nzzzz");
    }
    if (mode === "shouting") {
      const line = "ERR \u001b[31mgone\u202e\n";
      const length = (4 + new TextEncoder().encode(line).length).toString(16).padStart(4, "0");
      return void response.setHeader("content-type", ADVERTISEMENT).end(
        `001e# service=git-upload-pack\n0000${length}${line}0000`,
      );
    }
    if (mode === "page") return void response.setHeader("content-type", "text/html").end("<h1>Sign in</h1>");
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET" } = request;
    const headers = Object.entries(request.headers).filter(([name]) =>
      /^(?:content-|git-)/.test(name) && name !== "content-length"
    );
    const answer = await fetch(`${site.url}${request.url?.replace("/skills", "/skills.git")}`, {
      method,
      headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
      ...(method === "POST" && { body: new Blob(chunks as Uint8Array<ArrayBuffer>[]) }),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    response.setHeader("content-type", answer.headers.get("content-type") ?? "");
    const isPack = method === "POST" && bytes.length > 600;
    response.end(mode === "half" && isPack ? bytes.subarray(0, bytes.length / 2) : bytes);
  });
  await using kit = await startRepositories(place.home, { limits: { maxCloneBytes: 40_000 } });
  await using hurried = await startRepositories(place.home, { limits: { timeoutMs: 1_000 } });
  await kit.repositories.add({ url: proxy.url }, kit.call());
  const noise = crypto.getRandomValues(new Uint8Array(30_000));
  await commitTree(bare, skill("a", { files: { "noise.bin": noise } }));
  const expected: readonly (readonly [string, RegExp])[] = [
    ["silent", /it took longer than 1 s \(timeout_ms\)/],
    ["nonsense", /git says: /],
    ["page", /git says: /],
    ["half", /git says: /],
    ["shouting", /git says: fatal: remote error: .{1,3}\[31mgone\\u\{202e\}/],
  ];
  for (const [next, message] of expected) {
    mode = next;
    const { repositories } = next === "silent" ? hurried : kit;
    await assert.rejects(repositories.update("skills", kit.call()), message, next);
  }
  mode = "whole";
  await commitTree(
    bare,
    skill("a", { files: { "noise.bin": noise, "more.bin": crypto.getRandomValues(new Uint8Array(30_000)) } }),
  );
  await assert.rejects(kit.repositories.update("skills", kit.call()), /larger than 40000 bytes \(max_clone_bytes\)/);
  assert.deepEqual([kit.repositories.get("skills")?.commit, await leftovers(place.home)], [first, []]);
  assert.deepEqual(await filesBelow(kit.repositories.folder("skills")!.path), ["a/SKILL.md"]);
});

test("what a git that outlived its server still writes to is removed once it can be, and is nobody's afterwards", async () => {
  await using place = await makePlace();
  await using kernel = await startKernel({ home: place.home, plugins: [] });
  const folder = kernel.kernel.get(Files)!.at("repos");
  await folder.makeFolder(".staging/skills.1/work");
  let failures = 2;
  const busy = new Proxy(folder, {
    get(target, key) {
      if (key === "remove" && failures-- > 0) return () => Promise.reject(new Error("ENOTEMPTY"));
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await removeStages(busy);
  assert.deepEqual(await readdir(join(place.home, "repos", ".staging")), []);

  await folder.makeFolder(".staging/skills.1/work");
  failures = Infinity;
  await assert.rejects(removeStages(busy), /ENOTEMPTY/);
  await removeStages(folder);
  assert.deepEqual(await readdir(join(place.home, "repos", ".staging")), []);
});

test("a call that is cancelled ends soon with its reason, and leaves what was there", async () => {
  await using place = await makePlace();
  let asked = () => {};
  const hasAsked = new Promise<void>((resolve) => asked = resolve);
  await using stalling = await serve(() => asked());
  await using kit = await startRepositories(place.home);
  const controller = new AbortController();
  const adding = kit.repositories.add({ url: stalling.url }, kit.call({ signal: controller.signal }));
  void hasAsked.then(() => controller.abort(new Error("enough")));
  await assert.rejects(adding, /^Error: enough$/);
  assert.deepEqual([kit.repositories.list(), await leftovers(place.home)], [[], []]);
});
