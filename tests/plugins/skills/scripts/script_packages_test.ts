/** Packages of scripts of skills: fetched from the registries, into environments that lie outside of the skills. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { textOf } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { choosePath, uvPath } from "../../dependencies/kit.ts";
import { Machine, type Talk } from "../proof/kit.ts";

const SKILL = (name: string, more = "") =>
  `---\nname: ${name}\ndescription: Runs scripts for a test\n${more}---\n# ${name}\n`;
const PACKAGE = (dependencies: Readonly<Record<string, string>>, more = {}) =>
  JSON.stringify({ name: "kit", private: true, dependencies, ...more });
/** Tells the version of the package that it finds. */
const BY_IMPORT = "import { createRequire } from 'node:module';\nimport ms from 'ms';\n" +
  "console.log(ms('2 days'), createRequire(import.meta.url)('ms/package.json').version);";
const BY_REQUIRE = "console.log(require('ms')('2 days'), require('ms/package.json').version);";

/** What npm has for ms 2.1.0. */
const INTEGRITY = "sha512-gVZHb22Z7YDyiiaoGld9LD4tUuDDxdkDJUEfTIej9LFePFqiE9JxI0qTFfu6tD7Wu03lg7skmVwTmA6XkeMlPQ==";

after(removeBundle);

describe("packages of scripts of skills", { timeout: 300_000 }, () => {
  let machine: Machine;
  let talk: Talk;
  let path: AsyncDisposable;
  before(async () => {
    const uv = uvPath();
    // pip does the same, and takes longer
    path = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
    machine = await Machine.make();
    await machine.skill("kit", {
      "SKILL.md": SKILL("kit"),
      "package.json": PACKAGE({ ms: "2.1.2" }, { devDependencies: { "collet-test-of-nothing": "9.9.9" } }),
      "lib/deep/by_require.cjs": BY_REQUIRE,
      "lib/deep/package.json": `{"type": "commonjs"}`,
      "by_import.mjs": BY_IMPORT,
      "typed.ts": "import ms from 'ms';\nconst text: string = '2 days';\nconsole.log(ms(text));",
      "older/package.json": PACKAGE({ ms: "2.1.2" }),
      "older/run.cjs": BY_REQUIRE,
      "other/package.json": PACKAGE({ ms: "2.1.2" }),
      "other/yarn.lock": "# yarn lockfile v1\n",
      "other/run.cjs": BY_REQUIRE,
      "broken/package.json": "{",
      "broken/run.js": "console.log('ran')",
      "broken/run.sh": "echo ran",
      "inline.py": "# /// script\n# requires-python = '>=3.8'\n# dependencies = ['six==1.16.0']\n# ///\n" +
        "import six, beside\nprint(six.__version__, beside.WORD)",
      "beside.py": "WORD = 'beside'",
      "text.py": "TEXT = '''\n# /// script is no block here\n'''\nprint('plain')",
      "malformed.py": "# /// script\n# dependencies = [\n# ///\nprint('ran')",
      "address.py": "# /// script\n# dependencies = ['six @ https://127.0.0.1:9/six.whl']\n# ///\nprint('ran')",
      "option.py": "# /// script\n# dependencies = ['--index-url=http://127.0.0.1:9/']\n# ///\nprint('ran')",
    });
    talk = await machine.pipe();
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    await path[Symbol.asyncDispose]();
  });
  const call = (script_path: string) => talk.call("run_skill_script", { skill_name: "kit", script_path, timeout: 60 });
  const stdoutOf = async (path: string) => {
    const result = await call(path);
    assert.equal(result.isError, false, textOf(result));
    return String((result.structuredContent as { readonly stdout: string }).stdout).trimEnd();
  };

  test("of the nearest package.json are found by require, import and TypeScript", async () => {
    assert.equal(await stdoutOf("lib/deep/by_require.cjs"), "172800000 2.1.2");
    assert.equal(await stdoutOf("by_import.mjs"), "172800000 2.1.2");
    assert.equal(await stdoutOf("typed.ts"), "172800000");
    assert.equal(await stdoutOf("other/run.cjs"), "172800000 2.1.2");
    assert.deepEqual((await readdir(machine.at("home/skills/kit"))).filter((it) => it === "node_modules"), []);
  });

  test("are others when package.json changes, and those of its lock when there is one", async () => {
    assert.equal(await stdoutOf("older/run.cjs"), "172800000 2.1.2");
    await machine.write("home/skills/kit/older/package.json", PACKAGE({ ms: "~2.1.0" }));
    const entry = { version: "2.1.0", integrity: INTEGRITY };
    const packages = { "": { name: "kit", dependencies: { ms: "~2.1.0" } }, "node_modules/ms": entry };
    const lock = { name: "kit", lockfileVersion: 3, requires: true, packages };
    await machine.write("home/skills/kit/older/package-lock.json", JSON.stringify(lock));
    assert.equal(await stdoutOf("older/run.cjs"), "172800000 2.1.0");
  });

  test("fail clearly where package.json is malformed, for scripts of Node alone", async () => {
    assert.match(textOf(await call("broken/run.js")), /package\.json/);
    assert.equal(await stdoutOf("broken/run.sh"), "ran");
  });

  test("that a Python script declares are there, beside its own modules", async () => {
    assert.equal(await stdoutOf("inline.py"), "1.16.0 beside");
    assert.equal(await stdoutOf("text.py"), "plain");
  });

  test("by address and by option are refused", async () => {
    for (
      const [path, reason] of [["malformed.py", /PEP 723/], ["address.py", /six/], [
        "option.py",
        /--index-url/,
      ]] as const
    ) {
      const result = await call(path);
      assert.equal(result.isError, true, path);
      assert.match(textOf(result), reason, path);
    }
  });
});
