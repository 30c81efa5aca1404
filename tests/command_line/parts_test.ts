import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { redirectStdio } from "../../kernel/command_line/child_output.ts";
import { formatFailure } from "../../kernel/command_line/failure_text.ts";
import { findPlugin } from "../../kernel/command_line/failures.ts";
import { findPackage } from "../../kernel/command_line/find_package.ts";
import { ToolError } from "../../kernel/mod.ts";
import { makeFolder } from "./program.ts";

test("formatFailure() shows no stack of what a tool refused, and that of a defect", () => {
  assert.equal(
    formatFailure(new ToolError("Cannot install it: there is\nno network")),
    "error: Cannot install it: there is\nno network",
  );
  assert.match(formatFailure(new TypeError("x")), /^error: x\n\s+at /);
});

describe("findPackage()", () => {
  const cases: readonly [title: string, specifier: string, manifest: object, file: string | undefined][] = [
    ["main", "p", { main: "lib/a.js" }, "lib/a.js"],
    ["index.js without a main", "p", {}, "index.js"],
    ["a path, where nothing is exported", "p/lib/b.js", {}, "lib/b.js"],
    ["exports as one file", "p", { exports: "./a.js", main: "old.js" }, "a.js"],
    ["exports by condition, in their order", "p", { exports: { require: "./r.cjs", import: "./i.js" } }, "i.js"],
    ["the default of nested conditions", "p", { exports: { node: { default: "./n.js" } } }, "n.js"],
    ["the first that fits of a list", "p", { exports: [{ browser: "./b.js" }, "./a.js"] }, "a.js"],
    ["an exported path", "p/sub", { exports: { ".": "./a.js", "./sub": { import: "./s.js" } } }, "s.js"],
    ["nothing for a path that is not exported", "p/no", { exports: { ".": "./a.js" } }, undefined],
    ["nothing for conditions that do not hold", "p", { exports: { require: "./r.cjs" } }, undefined],
    ["a package with a scope", "@s/p", { main: "a.js" }, "a.js"],
  ];
  for (const [title, specifier, manifest, file] of cases) {
    test(`finds ${title}`, async () => {
      await using folder = await makeFolder();
      const name = specifier.startsWith("@") ? "@s/p" : "p";
      await folder.write(`node_modules/${name}/package.json`, JSON.stringify(manifest));
      const expected = file && join(folder.path, "node_modules", name, file);
      assert.equal(await findPackage(specifier, join(folder.path, "deep", "er")), expected);
    });
  }

  test("finds the nearest, and nothing that is no name of a package", async () => {
    await using folder = await makeFolder();
    await folder.write("node_modules/p/package.json", "{}");
    await folder.write("near/node_modules/p/package.json", "{}");
    const near = join(folder.path, "near");
    assert.equal(await findPackage("p", near), join(near, "node_modules", "p", "index.js"));
    for (const specifier of ["", "../p", "./p", ".p", "@s", "a b", "/p"]) {
      assert.equal(await findPackage(specifier, near), undefined, specifier);
    }
  });
});

describe("findPlugin()", () => {
  const places = [{ name: "a", mark: "file:///x/a.mjs" }, { name: "library", mark: "/plugins/library/" }];

  test("names the plugin whose code is nearest to the failure", () => {
    const failure = new Error("x");
    failure.stack =
      "Error: x\n    at f (file:///y.js:1:1)\n    at g (file:///x/a.mjs:3:1)\n    at h (/z/plugins/library/b.ts:1)";
    assert.equal(findPlugin(failure, places), "a");
  });

  test("names none when the stack does not tell", () => {
    assert.equal(findPlugin(new Error("x"), []), undefined);
    assert.equal(findPlugin("thrown text of /plugins/library/", places), undefined);
    assert.equal(findPlugin(undefined, places), undefined);
  });
});

test("redirectStdio() lets nothing of stdin and stdout be inherited, and leaves all else", () => {
  assert.deepEqual(redirectStdio("inherit"), ["ignore", 2, "inherit"]);
  assert.deepEqual(redirectStdio(["inherit", "inherit", "inherit", "ipc"]), ["ignore", 2, "inherit", "ipc"]);
  assert.deepEqual(redirectStdio([0, 1, 2]), ["ignore", 2, 2]);
  assert.deepEqual(redirectStdio([process.stdin, process.stdout, process.stderr]), ["ignore", 2, process.stderr]);
  assert.deepEqual(redirectStdio(["pipe", "pipe", 1]), ["pipe", "pipe", 2]);
  for (const stdio of [undefined, "pipe", "ignore", ["pipe", "ignore", "inherit"]]) {
    assert.deepEqual(redirectStdio(stdio), stdio);
  }
});
