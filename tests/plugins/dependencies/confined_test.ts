/**
 * Installations in the sandbox: real installers see what they need and nothing else, and scripts find what they made.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { PackageSet } from "../../../plugins/dependencies/contract.ts";
import { Sandbox } from "../../../plugins/sandbox/contract.ts";
import sandbox from "../../../plugins/sandbox/mod.ts";
import {
  choosePath,
  type DependenciesKit,
  hasProgram,
  runWith,
  startDependencies,
  uvPath,
  withVariables,
} from "./kit.ts";

const run = promisify(execFile);

/** Starts a kernel whose installations are confined, or skips the test. */
async function startConfined(t: TestContext): Promise<DependenciesKit | undefined> {
  const kit = await startDependencies({ plugins: [sandbox] });
  if (await kit.kernel.get(Sandbox)!.mechanism().catch(() => undefined) === "bubblewrap") return kit;
  await kit[Symbol.asyncDispose]();
  t.skip("bubblewrap is not installed, or does not work here");
  return undefined;
}

describe("in the sandbox", () => {
  for (const installer of ["uv", "pip"]) {
    test(`packages of Python are installed by ${installer}, and found by scripts`, async (t) => {
      const uv = uvPath();
      if (installer === "uv" && uv === undefined) return t.skip("uv is not installed");
      if (!await hasProgram("python3", "-c", "import ensurepip, venv")) return t.skip("python3 has no venv");
      await using _ = await choosePath(installer === "uv" ? { uv: { link: uv! } } : {});
      await using kit = await startConfined(t);
      if (kit === undefined) return;
      const set: PackageSet = { language: "python", packages: ["six==1.16.0"] };
      const installed = await kit.install(set);
      const code = "import six, sys; print(six.__version__, six.__file__.split('/')[1], sys.prefix)";
      const answer = await runWith(kit, installed, { program: "", file: "x.py", code });
      assert.equal(answer, "1.16.0 packages /packages/venv");
      assert.equal((await kit.install({ ...set, lock: installed.lock })).key, installed.key);
    });
  }

  test("a package by its path is seen, and is changed only where its code may run", async (t) => {
    const uv = uvPath();
    if (uv === undefined) return t.skip("uv is not installed");
    for (const programs of [{ uv: { link: uv } }, {}]) {
      await using path = await choosePath(programs);
      await using kit = await startConfined(t);
      if (kit === undefined) return;
      const source = join(path.folder, "the source");
      await mkdir(source);
      const setup = `from setuptools import setup\nopen("ran", "w").write("x")\nsetup(name="sourced", version="1.0", ` +
        `py_modules=["sourced"])\n`;
      await writeFile(join(source, "setup.py"), setup);
      await writeFile(join(source, "sourced.py"), "NAME = 'sourced'\n");
      const word = `sourced @ file://${source.replaceAll(" ", "%20")}`;
      const set: PackageSet = { language: "python", packages: [word], allow: { direct: true } };
      assert.match(await kit.failure(set), /at installation, which has to be granted \(install_scripts\)/);
      assert.deepEqual((await readdir(source)).sort(), ["setup.py", "sourced.py"]);
      const installed = await kit.install({ ...set, allow: { direct: true, installScripts: true } });
      const code = "import sourced; print(sourced.NAME)";
      assert.equal(await runWith(kit, installed, { program: "", file: "s.py", code }), "sourced");
      assert.ok((await readdir(source)).includes("ran"), "its code ran, where it lies");
    }
  });

  test("scripts of npm's packages run where that is granted, and see no home", async (t) => {
    await using path = await choosePath();
    const source = join(path.folder, "scripted");
    await mkdir(source);
    const look = "const fs=require('fs');fs.writeFileSync('seen.json',JSON.stringify([process.cwd(),process.env.HOME," +
      "fs.existsSync(process.argv[2]),fs.readdirSync('/')]))";
    await writeFile(join(source, "look.js"), look);
    await using kit = await startConfined(t);
    if (kit === undefined) return;
    const scripts = { postinstall: `node look.js ${kit.home}` };
    await writeFile(join(source, "package.json"), JSON.stringify({ name: "scripted", version: "1.0.0", scripts }));
    await writeFile(join(source, "index.js"), "module.exports = require('./seen.json');\n");
    await run("npm", ["pack", "--pack-destination", path.folder], {
      cwd: source,
      env: { ...process.env, npm_config_dry_run: "" },
    });
    const packages = [join(path.folder, "scripted-1.0.0.tgz")];
    const installed = await kit.install({ language: "node", packages, allow: { direct: true, installScripts: true } });
    const code = `console.log(JSON.stringify(require("scripted")))`;
    const [cwd, home, isSeen, root] = JSON.parse(
      await runWith(kit, installed, { program: "node", file: "x.cjs", code }),
    );
    assert.deepEqual([cwd, home], ["/packages/node_modules/scripted", "/home/tool"]);
    assert.equal(isSeen, false, "the home of the server");
    assert.deepEqual(root.filter((name: string) => ["root", "work", "var", "srv", "mnt"].includes(name)), []);
  });

  test("an installer sees its settings, the folders that it is told, and nothing beside them", async (t) => {
    const look = `#!/bin/sh
echo "XDG $(cat "$XDG_CONFIG_HOME/uv/uv.toml") $(test -e "$XDG_CONFIG_HOME/other" && echo seen)" >&2
echo "LINKS $(cat "\${PIP_FIND_LINKS#file://}/a.txt")" >&2
echo "PLACES $UV_CACHE_DIR $HOME $TMPDIR $PWD" >&2
test -e "$XDG_CONFIG_HOME/../uv" || echo "NEIGHBOUR unseen" >&2
exit 3
`;
    await using path = await choosePath({ uv: look });
    const place = async (name: string, text: string) => {
      const file = join(path.folder, name);
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, text);
    };
    await place("config/uv/uv.toml", "settings");
    await place("config/other", "another program's");
    await place("links/a.txt", "linked");
    using _variables = withVariables({
      XDG_CONFIG_HOME: join(path.folder, "config"),
      PIP_FIND_LINKS: `file://${path.folder}/links`,
      UV_FIND_LINKS: undefined,
    });
    await using kit = await startConfined(t);
    if (kit === undefined) return;
    const why = await kit.failure({ language: "python", packages: ["six"] });
    const told = why.split("\n").filter((line) => /^[A-Z]+ /.test(line));
    assert.deepEqual(told, [
      "XDG settings ",
      "LINKS linked",
      "PLACES /cache/uv /home/tool /packages/.tmp /packages",
      "NEIGHBOUR unseen",
    ]);
  });
});
