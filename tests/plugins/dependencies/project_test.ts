import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { isToolError } from "../../../kernel/mod.ts";
import { describeOtherLock } from "../../../plugins/dependencies/contract.ts";
import { readNodeLock } from "../../../plugins/dependencies/node.ts";
import { readProject } from "../../../plugins/dependencies/project.ts";
import { freshSeed } from "../../support/random.ts";
import { runWith, startDependencies, temporaryFolder } from "./kit.ts";

const run = promisify(execFile);
const INTEGRITY = `sha512-${"A".repeat(86)}==`;

function entry(more: object = {}): object {
  return { version: "1.0.0", integrity: INTEGRITY, ...more };
}

function project(manifest: object, packages?: object, lockfileVersion: unknown = 3) {
  const lock = packages === undefined ? undefined : JSON.stringify({ lockfileVersion, packages });
  return readProject({ packageJson: JSON.stringify(manifest), lock });
}

function entriesOf(lock: string | undefined): Record<string, Record<string, unknown>> {
  return JSON.parse(lock!).packages;
}

/** Has npm write the lock of a project, and gives both texts. */
async function lockedByNpm(
  folder: string,
  { manifest, args = [] }: { readonly manifest: object; readonly args?: readonly string[] },
): Promise<{ readonly packageJson: string; readonly lock: string }> {
  const packageJson = JSON.stringify(manifest);
  await writeFile(join(folder, "package.json"), packageJson);
  await run("npm", ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", ...args], {
    cwd: folder,
    env: { ...process.env, npm_config_cache: join(folder, ".cache") },
  });
  return { packageJson, lock: await readFile(join(folder, "package-lock.json"), "utf8") };
}

describe("readProject()", () => {
  test("takes what a project needs to run, without what its development needs", () => {
    const manifest = {
      name: "x",
      dependencies: { b: "^1.0.0", "@a/b": "", c: "1" },
      optionalDependencies: { c: "~2.0", fsevents: "*" },
      devDependencies: { d: "file:../d" },
      peerDependencies: { e: "1" },
    };
    assert.deepEqual(project(manifest), {
      language: "node",
      packages: ["@a/b@*", "b@^1.0.0", "c@~2.0", "fsevents@*"],
      optional: ["c", "fsevents"],
    });
    assert.deepEqual(project({ name: "x" }, { "": {} }).packages, []);
    assert.equal(project({ name: "x" }, { "": {} }).lock, undefined);
    assert.equal(readProject({ packageJson: '\uFEFF{"dependencies":{"a":"1"}}' }).packages[0], "a@1");
  });

  test("cuts a lock to what is reached, as Node finds it, and takes marks of development off", () => {
    const packages = {
      "": { name: "x", dependencies: { a: "1" }, devDependencies: { dev: "1" }, scripts: { install: "x" } },
      "node_modules/a": entry({ dependencies: { b: "2" }, optionalDependencies: { gone: "1", o: "1" } }),
      "node_modules/a/node_modules/b": entry({ version: "2.0.0", peerDependencies: { p: "1" } }),
      "node_modules/b": entry({ dev: true }),
      "node_modules/dev": entry({ dev: true, dependencies: { b: "1" } }),
      "node_modules/o": entry({ devOptional: true }),
      "node_modules/p": entry({ dev: true }),
      "node_modules/linked": { resolved: "packages/linked", link: true },
      "packages/linked": { version: "1.0.0" },
    };
    for (const version of [2, 3]) {
      const { lock } = project({ dependencies: { a: "^1" } }, packages, version);
      assert.deepEqual(JSON.parse(lock!).lockfileVersion, 3);
      assert.deepEqual(Object.keys(entriesOf(lock)), [
        "",
        "node_modules/a",
        "node_modules/a/node_modules/b",
        "node_modules/o",
        "node_modules/p",
      ]);
      assert.deepEqual(entriesOf(lock)[""], { dependencies: { a: "^1" } });
      assert.deepEqual(entriesOf(lock)["node_modules/o"], entry({ optional: true }));
      assert.deepEqual(entriesOf(lock)["node_modules/p"], entry());
    }
  });

  test("takes what is both for optional, as npm does", () => {
    const manifest = { dependencies: { a: "1" }, optionalDependencies: { a: "2" } };
    const { packages, optional, lock } = project(manifest, { "node_modules/a": entry() });
    assert.deepEqual([packages, optional], [["a@2"], ["a"]]);
    assert.deepEqual(entriesOf(lock)[""], { optionalDependencies: { a: "2" } });
  });

  test("gives the same set for the same needs, and another for others", () => {
    const packages = { "": {}, "node_modules/a": entry(), "node_modules/b": entry({ dev: true }) };
    const one = project({ name: "x", version: "1", dependencies: { a: "1" }, devDependencies: { b: "1" } }, packages);
    const same = project({ name: "y", dependencies: { a: "1" } }, { "node_modules/a": entry() }, 2);
    assert.deepEqual(one, same);
    const newer = project({ dependencies: { a: "1" } }, { "node_modules/a": entry({ version: "1.0.1" }) });
    assert.notEqual(newer.lock, one.lock);
    assert.notDeepEqual(project({ dependencies: { a: "^1" } }, packages).packages, one.packages);
    assert.notDeepEqual(project({ optionalDependencies: { a: "1" } }, packages), one);
  });

  test("refuses folders, workspaces, aliases and short addresses, and says what to do", () => {
    const refused: Readonly<Record<string, RegExp>> = {
      "file:../a": /"a" of package\.json: "file:\.\.\/a" is a folder or a file/,
      "link:../a": /is a folder or a file/,
      "workspace:*": /is a folder or a file/,
      "../a": /is a folder or a file/,
      "~/a": /is a folder or a file/,
      "/srv/a.tgz": /is a folder or a file/,
      "C:\\a": /is a folder or a file/,
      "npm:b@1": /is another name for a package/,
      "owner/name": /is short for an address/,
      "github:owner/name#v1": /is short for an address/,
      "1 && x": /is malformed/,
      "$(x)": /is malformed/,
    };
    for (const [range, reason] of Object.entries(refused)) {
      assert.throws(() => project({ dependencies: { a: range } }), reason, range);
      assert.throws(() => project({ optionalDependencies: { a: range } }), isToolError, range);
    }
    assert.throws(() => project({ dependencies: { a: 1 } }), /1 is no text/);
    assert.throws(() => project({ dependencies: [] }), /"dependencies" is no object/);
    assert.throws(() => project({ dependencies: { "--x": "1" } }), /is an option/);
    assert.throws(() => project({ dependencies: { "../x": "1" } }), isToolError);
    assert.throws(() => project({ workspaces: ["packages/*"] }), /it has "workspaces", whose packages are folders/);
    assert.throws(() => project({ overrides: { a: "2" } }), /it has "overrides"/);
    assert.throws(() => readProject({ packageJson: "{" }), /^ToolError: Cannot read package\.json: /);
    assert.throws(() => readProject({ packageJson: "[]" }), /expected an object/);
  });

  test("refuses locks of other versions, of other projects, and with links", () => {
    const manifest = { dependencies: { a: "1" } };
    for (const version of [1, 4, "3", null]) {
      assert.throws(
        () => project(manifest, { "node_modules/a": entry() }, version),
        /Cannot install by package-lock\.json: it is of version .*, expected 2 or 3; run "npm install --package-lock/,
        String(version),
      );
    }
    assert.throws(() => project(manifest, { "": {} }), /it does not have "a", which package\.json names; run "npm/);
    const linked = { "node_modules/a": { resolved: "packages/a", link: true }, "packages/a": {} };
    assert.throws(() => project(manifest, linked), /"node_modules\/a" is a link to the folder "packages\/a"/);
    assert.throws(() => project(manifest, { "node_modules/a": 1 }), /is no object/);
    assert.throws(() => readProject({ packageJson: JSON.stringify(manifest), lock: "yarn" }), /package-lock\.json/);
  });

  test("leaves hashes and addresses to the grants of the installation", () => {
    const manifest = { dependencies: { a: "https://example.com/a.tgz" } };
    const direct = project(manifest, { "node_modules/a": { version: "1.0.0", resolved: "https://example.com/a.tgz" } });
    assert.deepEqual(direct.packages, ["a@https://example.com/a.tgz"]);
    assert.throws(() => readNodeLock(direct.lock!, { allow: {} }), /"node_modules\/a" has no hash/);
    assert.ok(readNodeLock(direct.lock!, { allow: { direct: true } }));
  });

  test("ends soon on a lock that is deep and wide", () => {
    const packages: Record<string, object> = {};
    let path = "";
    for (let i = 0; i < 60; i++) packages[path += `${path && "/"}node_modules/a`] = entry({ dependencies: { a: "1" } });
    const cyclic = project({ dependencies: { a: "1" } }, { "node_modules/a": entry({ dependencies: { a: "1" } }) });
    assert.deepEqual(Object.keys(entriesOf(cyclic.lock)), ["", "node_modules/a"]);
    assert.throws(() => project({ dependencies: { a: "1" } }, packages), /lies in more than 50 packages/);
  });

  test("throws nothing but ToolErrors, and keeps names of objects' own members apart", () => {
    const seed = freshSeed();
    const name = fc.constantFrom("a", "__proto__", "constructor", "toString", "@a/b", "", "node_modules");
    const node = fc.record({
      ...{ version: fc.constant("1.0.0"), integrity: fc.constant(INTEGRITY) },
      dependencies: fc.oneof(fc.dictionary(name, fc.constant("1")), fc.constant("x")),
    }, { requiredKeys: [] });
    const path = fc.array(name, { maxLength: 3 }).map((names) => names.map((it) => `node_modules/${it}`).join("/"));
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), fc.dictionary(path, node), (dependencies, packages) => {
        try {
          const set = project({ dependencies }, packages);
          assert.deepEqual(project({ dependencies }, JSON.parse(set.lock ?? "{}").packages ?? {}).lock, set.lock);
        } catch (error) {
          assert.ok(isToolError(error), String(error));
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});

test("describeOtherLock() names the lock that is not read, unless npm's is there", () => {
  assert.match(describeOtherLock(["package.json", "pnpm-lock.yaml"])!, /^"pnpm-lock\.yaml" of pnpm is not read: /);
  assert.match(describeOtherLock(new Set(["bun.lockb"]))!, /of Bun/);
  assert.equal(describeOtherLock(["yarn.lock", "package-lock.json"]), undefined);
  assert.equal(describeOtherLock(["package.json"]), undefined);
});

test("a project of npm is installed by its lock, without packages of its development and of other machines", async () => {
  await using folder = await temporaryFolder();
  const manifest = {
    name: "skill",
    version: "1.0.0",
    dependencies: { "is-odd": "^3.0.0" },
    // for macOS alone
    optionalDependencies: { fsevents: "2.3.2" },
    devDependencies: { "left-pad": "1.3.0", "is-number": "^6.0.0" },
  };
  await using kit = await startDependencies();
  const { dependencies } = kit;
  const { packageJson, lock } = await lockedByNpm(folder.path, { manifest, args: ["--lockfile-version", "2"] });
  const set = dependencies.project({ packageJson, lock });
  const installed = await kit.install(set);
  const paths = Object.keys(entriesOf(installed.lock));
  assert.deepEqual(paths, ["", "node_modules/fsevents", "node_modules/is-number", "node_modules/is-odd"]);
  const code = `console.log(require("is-odd")(3));
    for (const it of ["left-pad", "fsevents"]) try { require(it); console.log(it) } catch { console.log("no " + it) }`;
  const output = await runWith(kit, installed, { program: "node", file: "x.cjs", code });
  assert.equal(output, "true\nno left-pad\nno fsevents");
  assert.equal((await dependencies.find(set))?.key, installed.key);

  const other = JSON.stringify({ ...manifest, dependencies: { "is-odd": "^2.0.0" } });
  const disagreement = await kit.failure(dependencies.project({ packageJson: other, lock }));
  assert.match(disagreement, /"npm ci" failed[^]*in sync[^]*lock file's is-odd@3\S* does not satisfy is-odd@/);
  assert.doesNotMatch(disagreement, /Usage/);
  const unlocked = await kit.install(dependencies.project({ packageJson }));
  assert.deepEqual(Object.keys(entriesOf(unlocked.lock)), paths);
  assert.equal((await kit.folders("node")).kept.length, 2);
});
