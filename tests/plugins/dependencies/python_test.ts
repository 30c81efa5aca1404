import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { PackageSet } from "../../../plugins/dependencies/contract.ts";
import { choosePath, type DependenciesKit, hasProgram, runWith, startDependencies, uvPath } from "./kit.ts";

const SET: PackageSet = { language: "python", packages: ["six==1.16.0", "Idna"] };
const CODE = "import idna, six, sys; print(six.__version__, idna.encode('x').decode(), sys.prefix != sys.base_prefix)";

async function assertUsable(kit: DependenciesKit): Promise<string> {
  const installed = await kit.install(SET);
  assert.match(installed.path, /environments\/python\/[0-9a-f]{32}$/);
  assert.equal(await runWith(kit, installed, { program: "", file: "x.py", code: CODE }), "1.16.0 x True");
  assert.match(installed.lock!, /^# packages: idna, six==1\.16\.0\n/);
  assert.match(installed.lock!, /^six==1\.16\.0 \\\n +--hash=sha256:[0-9a-f]{64}/m);
  return installed.lock!;
}

/** Makes a lock in which the hashes of six are those of nothing. */
function spoil(lock: string): string {
  const [head, six = ""] = lock.split(/^(?=six==)/m);
  return head + six.replace(/sha256:[0-9a-f]{64}/g, `sha256:${"0".repeat(64)}`);
}

/** What holds for uv and pip alike; `offline` is what the installer says of a package that no cache has. */
async function checkInstaller(offline: RegExp): Promise<void> {
  await using kit = await startDependencies();
  const lock = await assertUsable(kit);
  const { kept } = await kit.folders("python");
  const again = await kit.install({ ...SET, packages: ["idna", " six == 1.16.0", "idna"] });
  assert.equal(again.path.endsWith(kept[0]!), true);
  assert.equal((await kit.install({ ...SET, lock })).key, again.key);
  assert.equal((await kit.dependencies.find(SET))?.key, again.key);

  const bad = await kit.failure({ ...SET, lock: spoil(lock) });
  assert.match(bad, /^Cannot install the packages of "x" \(idna, six==1\.16\.0\): "(uv pip sync|pip download)" failed/);
  assert.match(bad, /hash/i);
  const none = await kit.failure({ language: "python", packages: ["six==99"] });
  assert.match(none, /^Cannot install the packages of "x" \(six==99\): ".*" failed with exit code 1:\n/);
  assert.match(none, /six==99/);
  const united = kit.dependencies.merge([
    { owner: "one", packages: ["Six==1.16.0"] },
    { owner: "two", packages: ["idna", "six"] },
  ]);
  assert.equal((await kit.install({ language: "python", ...united })).key, again.key);
  // that both hold is seen by a resolver alone
  const unseen = kit.dependencies.merge([
    { owner: "one", packages: ["idna<3"] },
    { owner: "two", packages: ["idna>=3 ; python_version > '3'"] },
  ]);
  assert.match(await kit.failure({ language: "python", ...unseen }), /" failed with exit code 1:\n[^]*idna/);
  assert.deepEqual(await kit.folders("python"), { kept, staged: [] });

  await kit.kernel.stop();
  await using off = await startDependencies({ home: kit.home, config: { offline: true } });
  assert.equal(await off.dependencies.remove(again.key), true);
  assert.equal((await off.install({ ...SET, lock })).key, again.key);
  const absent = await off.failure({ language: "python", packages: ["attrs==23.1.0"] });
  assert.match(absent, offline);
  assert.match(absent, /This server is offline: it installs only what its caches have\.$/m);
  assert.deepEqual(await off.folders("python"), { kept, staged: [] });
}

describe("packages of Python", () => {
  test("are installed by uv, with a lock whose hashes count, and offline from its cache", async (t) => {
    const uv = uvPath();
    if (uv === undefined) return t.skip("uv is not installed");
    await using _ = await choosePath({ uv: { link: uv } });
    await checkInstaller(/attrs was not found in the cache/);
  });

  test("are installed by venv and pip where there is no uv, in the same way", async (t) => {
    if (!await hasProgram("python3", "-c", "import ensurepip, venv")) return t.skip("python3 has no venv");
    await using _ = await choosePath();
    await checkInstaller(/No matching distribution found for attrs==23\.1\.0/);
  });

  test("of equal sets are installed once, by two calls and two servers at the same time", async (t) => {
    const uv = uvPath();
    if (uv === undefined) return t.skip("uv is not installed");
    await using _ = await choosePath({ uv: { link: uv } });
    await using one = await startDependencies();
    await using other = await startDependencies({ home: one.home });
    const set: PackageSet = { language: "python", packages: ["six"] };
    const all = await Promise.all([one.install(set), one.install(set), other.install(set), other.install(set)]);
    assert.equal(new Set(all.map(({ key }) => key)).size, 1);
    const installations = [one, other].flatMap(({ log }) => log.entries).filter((it) =>
      /^Installed six/.test(it.message)
    );
    assert.equal(installations.length, 1);
    assert.equal((await one.dependencies.list()).length, 1);
  });

  test("need a Python that the script requires; another one that is installed will do", async (t) => {
    const uv = uvPath();
    if (uv === undefined) return t.skip("uv is not installed");
    await using _ = await choosePath({ uv: { link: uv } });
    await using kit = await startDependencies();
    const none: PackageSet = { language: "python", packages: [], requires: ">=3.7" };
    const code = "import platform; print(platform.python_version())";
    const own = await kit.install(none);
    assert.equal(own.lock, undefined);
    const version = await runWith(kit, own, { program: "", file: "v.py", code });
    assert.match(
      await kit.failure({ ...none, requires: ">=99" }),
      /^Cannot find a Python for the packages: the script requires >=99, .* is 3\.\d+\.\d+, and no other on this machine fits/,
    );
    const second = "/usr/bin/python3";
    const system = await hasProgram(second, "-c", `import platform; assert platform.python_version() != "${version}"`);
    if (!system) return t.diagnostic("there is no second Python on this machine");
    const other = await kit.install({ ...none, requires: `!=${version}` });
    assert.notEqual(await runWith(kit, other, { program: "", file: "v.py", code }), version);
    const named = await kit.install({ ...none, interpreter: second });
    assert.notEqual(await runWith(kit, named, { program: "", file: "v.py", code }), version);
  });

  test("keep code of packages from running at installation, unless that is granted", async (t) => {
    const uv = uvPath();
    if (uv === undefined) return t.skip("uv is not installed");
    for (const programs of [{ uv: { link: uv } }, {}]) {
      await using path = await choosePath(programs);
      await using kit = await startDependencies();
      const source = join(path.folder, "source");
      const marker = join(path.folder, "ran");
      await mkdir(source);
      await writeFile(
        join(source, "setup.py"),
        `from setuptools import setup\nopen(${JSON.stringify(marker)}, "w").write("x")\n` +
          `setup(name="sourced", version="1.0", py_modules=["sourced"])\n`,
      );
      await writeFile(join(source, "sourced.py"), "NAME = 'sourced'\n");
      const set: PackageSet = { language: "python", packages: [`sourced @ file://${source} ; python_version > '3'`] };
      assert.match(await kit.failure(set), /has to be granted \(direct_dependencies\)/);
      const why = await kit.failure({ ...set, allow: { direct: true } });
      assert.match(why, /at installation, which has to be granted \(install_scripts\)/);
      await assert.rejects(readFile(marker), "the code of the package ran");
      const installed = await kit.install({ ...set, allow: { direct: true, installScripts: true } });
      const code = "import sourced; print(sourced.NAME)";
      assert.equal(await runWith(kit, installed, { program: "", file: "s.py", code }), "sourced");
      assert.equal(await readFile(marker, "utf8"), "x");
    }
  });
});
