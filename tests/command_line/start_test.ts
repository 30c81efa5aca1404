import assert from "node:assert/strict";
import { readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build, stop } from "esbuild";
import { resolveOwnNames } from "../../scripts/lib/own_names.ts";
import { inRepository } from "../../scripts/lib/repository.ts";
import { IS_DENO, makeFolder, programPath, runProgram, startProgram, startWords } from "./program.ts";

const NOT_DENO = !IS_DENO && "only Deno has it";

describe("importing mod.ts", () => {
  test("starts nothing, prints nothing, and keeps no process alive", async () => {
    await using folder = await makeFolder();
    const url = pathToFileURL(await programPath()).href;
    const main = await folder.write(
      "main.mjs",
      `import collet, * as all from ${JSON.stringify(url)};
       console.log(typeof collet.fetch, typeof all.Kernel, typeof all.createApp, typeof all.serveStdio);`,
    );
    const home = join(folder.path, "home");
    const { code, stdout, stderr } = await runProgram(["--version"], { home, words: startWords(main) });
    assert.deepEqual([code, stdout.trim(), stderr], [0, "function function function function", ""]);
    await assert.rejects(stat(home));
  });

  test("starts nothing in a worker of the program, in a second copy, or by a program of another name", async () => {
    await using folder = await makeFolder();
    const url = pathToFileURL(await programPath()).href;
    const worker = `await import(${JSON.stringify(url)});`;
    const main = await folder.write(
      "mod.js",
      `import { Worker } from "node:worker_threads";
       import ${JSON.stringify(`${url}?second`)};
       const worker = new Worker(new URL("data:text/javascript," + ${JSON.stringify(encodeURIComponent(worker))}));
       worker.on("exit", (code) => console.log("worker", code));`,
    );
    await folder.write("package.json", '{"type":"module"}');
    const { code, stdout } = await runProgram(["--version"], { home: folder.path, words: startWords(main) });
    assert.deepEqual([code, stdout.trim()], [0, "worker 0"]);
  });

  test("needs no module of Node until the program is started", async () => {
    const { metafile } = await build({
      entryPoints: [inRepository("mod.ts")],
      bundle: true,
      splitting: true,
      write: false,
      metafile: true,
      format: "esm",
      outdir: "unused",
      packages: "external",
      external: ["node:*"],
      plugins: [resolveOwnNames()],
    });
    await stop();
    const found: string[] = [];
    const seen = new Set<string>();
    const visit = (path: string) => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { path: imported, kind, external } of metafile.inputs[path]?.imports ?? []) {
        if (kind !== "import-statement") continue;
        if (imported.startsWith("node:")) found.push(`${path} imports ${imported}`);
        if (!external) visit(imported);
      }
    };
    visit(Object.keys(metafile.inputs).find((path) => path.endsWith("mod.ts") && !path.includes("/"))!);
    assert.ok(seen.size > 20, `only ${seen.size} modules were looked at`);
    assert.deepEqual(found, []);
  });
});

describe("starting the program", () => {
  test("works through a link, as that of a package manager", { skip: IS_DENO && "Deno follows no links" }, async () => {
    await using folder = await makeFolder();
    const link = join(folder.path, "collet");
    await symlink(await programPath(), link);
    const { code, stdout } = await runProgram(["--version"], { home: folder.path, words: startWords(link) });
    assert.deepEqual([code, stdout.slice(0, 7)], [0, "collet "]);
  });

  test("keeps compiled code in a home that is there, where Node can", async () => {
    await using folder = await makeFolder();
    const absent = join(folder.path, "absent");
    await runProgram(["--version"], { home: absent });
    await assert.rejects(stat(absent), "no home is made for that");
    await runProgram(["--version"], { home: folder.path });
    const kept = await stat(join(folder.path, "cache", "code")).then(() => true, () => false);
    assert.equal(kept, !IS_DENO && "enableCompileCache" in await import("node:module"));
  });

  test("prints no warning of the runtime", async () => {
    await using folder = await makeFolder();
    const { stderr } = await runProgram(["--log-level", "silent", "list"], { home: folder.path });
    assert.equal(stderr, "");
  });
});

describe("deno serve", { skip: NOT_DENO }, () => {
  const words = (...flags: readonly string[]) => [
    ...[process.execPath, "serve", "-A", "--config", inRepository("deno.json")],
    ...["--host", "127.0.0.1", "--port", "0", ...flags],
    inRepository("mod.ts"),
  ];

  test("serves with the token of the home, starts at the first request, and ends by SIGTERM", async () => {
    await using folder = await makeFolder();
    const home = join(folder.path, "home");
    await using running = await startProgram([], { home, words: words() });
    const [, url] = await running.seen("stderr", /Listening on (http:\S+?)\/?\n/);
    await assert.rejects(stat(home));
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    const token = (await readFile(join(home, "token"), "utf8")).trim();
    const listTools = async (headers: Readonly<Record<string, string>>) =>
      await fetch(`${url}/message`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      });
    assert.equal((await listTools({})).status, 401);
    assert.match(await (await listTools({ authorization: `Bearer ${token}` })).text(), /"tools":\[/);
    running.signal("SIGTERM");
    const { code, stdout } = await running.ended;
    assert.deepEqual([code, stdout], [0, ""]);
  });

  test("starts no command line in any of its threads", async () => {
    await using folder = await makeFolder();
    await using running = await startProgram([], { home: folder.path, words: words("--parallel") });
    await running.seen("stderr", /Listening on/);
    running.child.stdin?.end();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(running.child.exitCode, null);
    assert.doesNotMatch(running.stderr(), /Serving|Stopping/);
    running.signal("SIGTERM");
    await running.ended;
  });

  test("is told where the command cannot be read, by what the runtime does", async () => {
    await using folder = await makeFolder();
    // without the right to read, /proc says nothing
    const flags = ["--no-prompt", "--allow-env", "--allow-sys"];
    const module = await folder.write(
      "main.ts",
      `import { detectStart, settleStart } from ${
        JSON.stringify(pathToFileURL(inRepository("kernel/command_line/start.ts")).href)
      };
       const start = detectStart(import.meta);
       settleStart(import.meta).then((settled) => console.error("START", start, settled));
       export default { fetch: () => new Response() };`,
    );
    const run = [process.execPath, "run", ...flags, "--deny-read", module];
    const serve = [process.execPath, "serve", ...flags, "--deny-read", "--host", "127.0.0.1", "--port", "0", module];
    assert.match((await runProgram([], { home: folder.path, words: run })).stderr, /START undefined program/);
    await using running = await startProgram([], { home: folder.path, words: serve });
    await running.seen("stderr", /START undefined served/);
  });

  test("answers 500, and says why in the log, when it cannot start", async () => {
    await using folder = await makeFolder();
    await folder.write("collet.json", '{"server":{"no_token":true}}');
    await using running = await startProgram([], { home: folder.path, words: words() });
    const [, url] = await running.seen("stderr", /Listening on (http:\S+?)\/?\n/);
    const response = await fetch(`${url}/healthz`);
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /token/);
    await running.seen("stderr", /error\[OPTION_INVALID\] Cannot serve without a token/);
  });
});

// modules of Deno itself need what would have to be hidden
describe("the default export on an edge runtime", { skip: IS_DENO && "Deno cannot be hidden" }, () => {
  const request = (token: string) =>
    `new Request("https://collet.example/message", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer ${token}" },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  })`;

  test("serves with the token that the host gives, and refuses to without one", async () => {
    await using folder = await makeFolder();
    const url = pathToFileURL(await programPath()).href;
    // nothing tells then that this is Deno or Node
    const main = await folder.write(
      "main.mjs",
      `const print = console.log;
       delete globalThis.Deno;
       delete globalThis.process;
       const { default: collet } = await import(${JSON.stringify(url)});
       const status = async (request, env) => (await collet.fetch(request, env)).status;
       print(await status(${request("x")}), await status(${request("x")}, { COLLET_TOKEN: "sesame", KV: {} }),
         await status(${request("sesame")}, { COLLET_TOKEN: "sesame" }));`,
    );
    const words = startWords(main);
    const { stdout, stderr } = await runProgram([], { home: folder.path, words });
    assert.equal(stdout.trim(), "500 401 200", stderr);
    assert.match(stderr, /Cannot serve HTTP: no token was given/);
  });
});
