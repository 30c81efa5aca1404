import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import type { PackageSet } from "../../../plugins/dependencies/contract.ts";
import { runWith, startDependencies, temporaryFolder } from "./kit.ts";

const run = promisify(execFile);
const SET: PackageSet = { language: "node", packages: ["is-number@7.0.0", "@sindresorhus/is@4"] };
const CODE = `console.log(require("is-number")(1), require("@sindresorhus/is").default(1))`;

test("packages of npm are installed with a lock whose hashes count, and offline from its cache", async () => {
  await using kit = await startDependencies();
  const installed = await kit.install(SET);
  assert.equal(await runWith(kit, installed, { program: "node", file: "x.cjs", code: CODE }), "true number");
  const lock = JSON.parse(installed.lock!);
  assert.deepEqual(Object.keys(lock.packages), ["", "node_modules/@sindresorhus/is", "node_modules/is-number"]);
  assert.equal(JSON.stringify(lock).includes('"resolved"'), false);
  const { kept } = await kit.folders("node");
  assert.equal((await kit.install({ ...SET, lock: installed.lock })).key, installed.key);

  const spoilt = installed.lock!.replace(/"sha512-[^"]{86}/, `"sha512-${"A".repeat(86)}`);
  assert.match(await kit.failure({ ...SET, lock: spoilt }), /"npm ci" failed[^]*EINTEGRITY/);
  const other = { ...SET, packages: ["left-pad@1"], lock: installed.lock };
  assert.match(await kit.failure(other), /"npm ci" failed[^]*(in sync|Missing)/);
  assert.match(await kit.failure({ ...SET, packages: ["is-number@99"] }), /No matching version found for is-number@99/);
  const twice = { ...SET, packages: ["is-number@6", "is-number@7"] };
  assert.match(await kit.failure(twice), /Cannot install package "is-number" of node twice: as 6 and as 7/);
  assert.deepEqual(await kit.folders("node"), { kept, staged: [] });

  await kit.kernel.stop();
  await using off = await startDependencies({ home: kit.home, config: { offline: true } });
  assert.equal(await off.dependencies.remove(installed.key), true);
  assert.equal((await off.install({ ...SET, lock: installed.lock })).key, installed.key);
  assert.match(
    await off.failure({ ...SET, packages: ["left-pad@1"] }),
    /ENOTCACHED[^]*This server is offline: it installs only what its caches have\.$/,
  );
});

test("scripts of npm's packages run only where that is granted", async () => {
  await using folder = await temporaryFolder();
  const source = join(folder.path, "scripted");
  const marker = join(folder.path, "ran");
  await mkdir(source);
  const install = `node -e "require('fs').writeFileSync('${marker}', 'x')"`;
  const content = { name: "scripted", version: "1.0.0", main: "index.js", scripts: { postinstall: install } };
  await writeFile(join(source, "package.json"), JSON.stringify(content));
  await writeFile(join(source, "index.js"), "module.exports = 'scripted';\n");
  await run("npm", ["pack", "--pack-destination", folder.path], {
    cwd: source,
    env: { ...process.env, npm_config_dry_run: "" },
  });
  await using kit = await startDependencies();
  const set: PackageSet = { language: "node", packages: [join(folder.path, "scripted-1.0.0.tgz")] };
  assert.match(await kit.failure(set), /has to be granted \(direct_dependencies\)/);
  const quiet = await kit.install({ ...set, allow: { direct: true } });
  const code = `console.log(require("scripted"))`;
  assert.equal(await runWith(kit, quiet, { program: "node", file: "x.cjs", code }), "scripted");
  await assert.rejects(readFile(marker), "the script of the package ran");
  const loud = await kit.install({ ...set, allow: { direct: true, installScripts: true } });
  assert.notEqual(loud.key, quiet.key);
  assert.equal(await readFile(marker, "utf8"), "x");
});
