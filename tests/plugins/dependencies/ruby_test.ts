import assert from "node:assert/strict";
import { test } from "node:test";
import type { PackageSet } from "../../../plugins/dependencies/contract.ts";
import { serveGems } from "./gem_server.ts";
import { hasProgram, runWith, startDependencies, temporaryFolder, withVariables } from "./kit.ts";

const SET: PackageSet = { language: "ruby", packages: ["collet_outer:~> 1.0"] };
const CODE = `require "collet_outer"\nputs ColletOuter::NAME`;

test("gems are installed with what they need, locked by their hashes, and offline from a cache", async (t) => {
  if (!await hasProgram("gem", "generate_index", "--help")) return t.skip("gem is not installed, or makes no index");
  await using folder = await temporaryFolder();
  await using gems = await serveGems(folder.path);
  using _ = withVariables({ GEMRC: gems.configuration });
  {
    await using kit = await startDependencies();
    const installed = await kit.install(SET);
    assert.equal(await runWith(kit, installed, { program: "ruby", file: "x.rb", code: CODE }), "outer of inner");
    assert.match(
      installed.lock!,
      /^# packages: collet_outer:~> 1\.0\ncollet_inner 1\.2\.0 ruby sha256:[0-9a-f]{64}\ncollet_outer 1\.0\.3 ruby sha256:/,
    );
    const { kept } = await kit.folders("ruby");
    assert.equal((await kit.install({ ...SET, lock: installed.lock })).key, installed.key);

    const spoilt = installed.lock!.replace(/sha256:[0-9a-f]{64}/, `sha256:${"0".repeat(64)}`);
    assert.match(
      await kit.failure({ ...SET, lock: spoilt }),
      /gem "collet_inner-1\.2\.0\.gem" has another hash than the lock/,
    );
    assert.match(
      await kit.failure({ ...SET, packages: ["collet_outer:99"] }),
      /Could not find a valid gem 'collet_outer'/,
    );
    const built = await kit.failure({ ...SET, packages: ["collet_built"] });
    assert.match(
      built,
      /run code of their own when they are installed, which has to be granted \(install_scripts\): collet_built-1\.0\.0/,
    );
    const ran = await kit.failure({ ...SET, packages: ["collet_built"], allow: { installScripts: true } });
    assert.match(ran, /"gem install" failed[^]*ran/);
    assert.deepEqual(await kit.folders("ruby"), { kept, staged: [] });

    await kit.kernel.stop();
    await gems.close();
    await using off = await startDependencies({ home: kit.home, config: { offline: true } });
    assert.equal(await off.dependencies.remove(installed.key), true);
    assert.equal((await off.install({ ...SET, lock: installed.lock })).key, installed.key);
    assert.match(await off.failure({ ...SET, packages: ["collet_inner"] }), /gems are installed by a lock alone/);
  }
});
