import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SHOUT_JS, SHOUT_TS } from "./fixtures.ts";
import { IS_DENO, makeFolder, runProgram, type TestFolder } from "./program.ts";

const CALL = ["call", "shout", '{"text":"hi"}'];

async function writePlugins(folder: TestFolder, plugins: object): Promise<string> {
  return await folder.write("collet.json", JSON.stringify({ plugins }));
}

async function callWith(folder: TestFolder, plugins: object) {
  const config = await writePlugins(folder, plugins);
  return await runProgram(["--config", config, ...CALL], { home: join(folder.path, "home") });
}

async function refused(folder: TestFolder, plugins: object, ...messages: readonly RegExp[]) {
  const { code, stdout, stderr } = await callWith(folder, plugins);
  assert.deepEqual([code, stdout], [1, ""], stderr);
  for (const message of messages) assert.match(stderr, message);
}

describe("a plugin of collet.json", () => {
  test("is TypeScript at a path, in a folder without packages, with its configuration", async () => {
    await using folder = await makeFolder();
    await folder.write("plugins/shout.ts", SHOUT_TS);
    const { code, stdout, stderr } = await callWith(folder, { "./plugins/shout.ts": { word: "well, " } });
    assert.deepEqual([code, stdout, stderr], [0, "well, HI!\n", ""]);
  });

  test("is JavaScript at a path, which is imported as it is", async () => {
    await using folder = await makeFolder();
    await folder.write("shout.mjs", SHOUT_JS);
    const { code, stdout } = await callWith(folder, { "./shout.mjs": {} });
    assert.deepEqual([code, stdout], [0, "HI!\n"]);
    assert.equal(existsSync(join(folder.path, "home", "cache", "plugins")), false);
  });

  test("is JavaScript that imports collet and valibot, in a folder without packages", async () => {
    await using folder = await makeFolder();
    const code = SHOUT_TS.replace(/enum .*/, 'const Mark = { Bang: "!" };').replace(", type Plugin", "")
      .replace(/: Plugin<.*?>/, "");
    await folder.write("shout.mjs", code);
    const { stdout, stderr } = await callWith(folder, { "./shout.mjs": {} });
    assert.equal(stdout, "HI!\n", stderr);
  });

  test("is at an absolute path or a file: URL", async () => {
    await using folder = await makeFolder();
    const path = await folder.write("shout.mjs", SHOUT_JS);
    assert.equal((await callWith(folder, { [path]: {} })).stdout, "HI!\n");
    assert.equal((await callWith(folder, { [`file://${path}`]: {} })).stdout, "HI!\n");
  });

  test("imports its own files, data beside it, and hono", async () => {
    await using folder = await makeFolder();
    await folder.write("plugins/words.ts", 'export const WORD: string = "yes, ";');
    await folder.write("plugins/data.txt", "data ");
    await folder.write(
      "plugins/shout.ts",
      `import { readFileSync } from "node:fs";
       import { Hono } from "hono";
       import { cors } from "hono/cors";
       import { Http, optional } from "collet";
       import { WORD } from "./words.ts";
       const data = readFileSync(new URL("data.txt", import.meta.url), "utf8");
       export default { name: "shout", version: "1", requires: { http: optional(Http) }, setup({ tool, deps, own }: any) {
         const app = new Hono().use(cors()).get("/", (c) => c.text("mounted"));
         own("route", deps.http.mount("/shout", app));
         tool({ name: "shout", description: "Shout", input: { type: "object" },
           run: async () => data + WORD + await (await app.request("/")).text() });
       } };`,
    );
    const { stdout, stderr } = await callWith(folder, { "./plugins/shout.ts": {} });
    assert.equal(stdout, "data yes, mounted\n", stderr);
  });

  test("shares the modules of the program, when it has no packages of its own", async () => {
    await using folder = await makeFolder();
    await folder.write(
      "shout.ts",
      `import { isKernelError, KernelError, Toolbox } from "collet";
       export default { name: "shout", version: "1", requires: { toolbox: Toolbox }, setup({ tool, deps }: any) {
         tool({ name: "shout", description: "Shout", input: { type: "object" }, run: () => {
           try { tool({ name: "?", description: "", input: {}, run: () => "" }); } catch (thrown) {
             return String(thrown instanceof KernelError && isKernelError(thrown));
           }
           return "not refused";
         } });
       } };`,
    );
    assert.equal((await callWith(folder, { "./shout.ts": {} })).stdout, "true\n");
  });

  test("is a package beside the file, or above it", async () => {
    await using folder = await makeFolder();
    const manifest = { name: "@acme/shout", version: "1.0.0", exports: { ".": { import: "./lib/shout.mjs" } } };
    await folder.write("node_modules/@acme/shout/package.json", JSON.stringify(manifest));
    await folder.write("node_modules/@acme/shout/lib/shout.mjs", SHOUT_JS);
    assert.equal((await callWith(folder, { "@acme/shout": {} })).stdout, "HI!\n");
    const config = await folder.write("deep/er/collet.json", '{"plugins":{"@acme/shout":{}}}');
    const { stdout } = await runProgram(["--config", config, ...CALL], { home: join(folder.path, "home") });
    assert.equal(stdout, "HI!\n");
  });

  test("imports packages beside it, CommonJS as well", async () => {
    await using folder = await makeFolder();
    await folder.write("node_modules/old/package.json", '{"name":"old","main":"index.js"}');
    await folder.write("node_modules/old/index.js", 'exports.name = require("node:path").basename("/a/b");');
    await folder.write(
      "shout.ts",
      `import { createRequire } from "node:module";
       import { definePlugin } from "collet";
       import old from "old";
       const require = createRequire(import.meta.url);
       export default definePlugin({ name: "shout", version: "1.0.0", setup({ tool }) {
         tool({ name: "shout", description: "Shout", input: { type: "object" },
           run: () => [old.name, require("old").name, import.meta.dirname].join(" ") });
       } });`,
    );
    const { stdout, stderr } = await callWith(folder, { "./shout.ts": {} });
    assert.equal(stdout, `b b ${folder.path}\n`, stderr);
  });

  test("takes the place of a shipped one that is left out", async () => {
    await using folder = await makeFolder();
    await folder.write("guide.mjs", SHOUT_JS.replace('name: "shout"', 'name: "guide"'));
    const { code, stdout, stderr } = await callWith(folder, { "guide": false, "./guide.mjs": {} });
    assert.deepEqual([code, stdout], [0, "HI!\n"], stderr);
    await refused(folder, { "./guide.mjs": {} }, /error\[PLUGIN_DUPLICATE\] Cannot use plugin "guide" twice/);
  });
});

describe("a plugin of collet.json that cannot be loaded", () => {
  test("is named when there is no such file, or it is a folder", async () => {
    await using folder = await makeFolder();
    await folder.write("sub/x.ts", "");
    await refused(
      folder,
      { "./no.ts": {} },
      /error\[PLUGIN_UNLOADABLE\] Cannot load plugin ".\/no.ts": there is no file "\/.*\/no.ts"/,
    );
    await refused(folder, { "./sub": {} }, /Cannot load plugin ".\/sub": ".*\/sub" is a folder/);
  });

  test("is named when there is no such package, with near names that ship", async () => {
    await using folder = await makeFolder();
    await refused(
      folder,
      { stroe: {} },
      /error\[PLUGIN_UNLOADABLE\] Cannot load plugin "stroe": .*did you mean "store"/,
      /cause: no package "stroe" is in ".*node_modules" or above; install it there, or begin a path with "\.\/"/,
    );
  });

  test("is named with the cause when it fails to import", async () => {
    await using folder = await makeFolder();
    await folder.write("throws.mjs", 'throw new Error("on purpose");');
    await refused(folder, { "./throws.mjs": {} }, /Cannot load plugin ".\/throws.mjs"/, /cause: on purpose/);
    await folder.write("syntax.ts", "export default 1 +;");
    await refused(folder, { "./syntax.ts": {} }, /Cannot load plugin .*syntax.ts"/, /1:\d+/);
    await folder.write("gone.mjs", 'import "./not_there.mjs";');
    await refused(folder, { "./gone.mjs": {} }, /Cannot load plugin ".\/gone.mjs"/, /not_there\.mjs/);
    await folder.write("lacks.ts", 'import "no-such-package"; import "collet";');
    await refused(folder, { "./lacks.ts": {} }, /lacks\.ts"/, /no-such-package/);
  });

  test("is named when its default export is no plugin", async () => {
    await using folder = await makeFolder();
    await folder.write("x.mjs", "export const plugin = 1;");
    await refused(folder, { "./x.mjs": {} }, /error\[PLUGIN_INVALID\] .*"\.\/x\.mjs": its default export is absent/);
  });

  test("is named with its cause when its setup fails", async () => {
    await using folder = await makeFolder();
    await folder.write("x.mjs", 'export default { name: "x", version: "1", setup() { throw new Error("no luck"); } };');
    await refused(folder, { "./x.mjs": {} }, /error\[PLUGIN_SETUP_FAILED\] Cannot load plugin "x"/, /cause: no luck/);
  });

  test("is named with the path of a value that is wrong in its configuration", async () => {
    await using folder = await makeFolder();
    await folder.write("shout.ts", SHOUT_TS);
    await refused(
      folder,
      { "./shout.ts": { wrd: "x" } },
      /error\[CONFIG_INVALID\] .*"shout": unknown key "wrd".*"word"/,
    );
    await refused(folder, { "./shout.ts": { word: 1 } }, /error\[CONFIG_INVALID\] .*"word": expected string/);
  });

  test("is refused when this runtime has no such specifier", { skip: IS_DENO && "Deno has them" }, async () => {
    await using folder = await makeFolder();
    await refused(
      folder,
      { "npm:@acme/shout@1": {} },
      /Cannot load plugin "npm:@acme\/shout@1": node cannot import it/,
    );
  });
});
