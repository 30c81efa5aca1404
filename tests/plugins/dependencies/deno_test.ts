import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { PackageSet } from "../../../plugins/dependencies/contract.ts";
import { hasProgram, runWith, startDependencies } from "./kit.ts";

const SET: PackageSet = { language: "deno", packages: ["npm:is-number@7", "npm:@sindresorhus/is@4"] };
const CODE = `import isNumber from "is-number";
import again from "npm:is-number@7";
import is from "@sindresorhus/is";
console.log(isNumber(1), again === isNumber, is(1));`;
// reads nothing but what it imports
const OPTIONS = { program: "deno", args: ["run", "--no-prompt", "--allow-read=/nowhere"] };

test("packages of Deno are imported by name and specifier, locked, and installed offline from a cache", async (t) => {
  if (!await hasProgram("deno", "--version")) return t.skip("deno is not installed");
  await using kit = await startDependencies();
  const installed = await kit.install(SET);
  assert.equal(await runWith(kit, installed, { ...OPTIONS, file: "x.ts", code: CODE }), "true true number");
  const { kept } = await kit.folders("deno");
  assert.equal((await kit.install({ ...SET, lock: installed.lock })).key, installed.key);

  const spoilt = installed.lock!.replace(/"sha512-[^"]{86}/, `"sha512-${"A".repeat(86)}`);
  assert.match(
    await kit.failure({ ...SET, lock: spoilt }),
    /package "[^"]+" has another hash than the lock: found sha512-/,
  );
  const other = { ...SET, packages: ["npm:left-pad@1"], lock: installed.lock };
  assert.match(await kit.failure(other), /"deno install" failed[^]*lockfile is out of date/i);
  assert.match(await kit.failure({ ...SET, packages: ["npm:is-number@99"] }), /Could not find npm package 'is-number'/);
  assert.deepEqual(await kit.folders("deno"), { kept, staged: [] });

  await kit.kernel.stop();
  await using off = await startDependencies({ home: kit.home, config: { offline: true } });
  assert.equal(await off.dependencies.remove(installed.key), true);
  const again = await off.install({ ...SET, lock: installed.lock });
  assert.equal(again.key, installed.key);
  assert.equal(await runWith(off, again, { ...OPTIONS, file: "x.ts", code: CODE }), "true true number");
  assert.match(
    await off.failure({ ...SET, packages: ["npm:left-pad@1"] }),
    /not found in cache[^]*This server is offline: it installs only what its caches have\.$/,
  );
});

test("modules of Deno by their address are fetched once, where that is granted", async (t) => {
  if (!await hasProgram("deno", "--version")) return t.skip("deno is not installed");
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.setHeader("content-type", "application/typescript").end("export const answer: number = 42;\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer.ts`;
    await using kit = await startDependencies();
    const set: PackageSet = { language: "deno", packages: [address] };
    assert.match(await kit.failure(set), /has to be granted \(direct_dependencies\)/);
    const installed = await kit.install({ ...set, allow: { direct: true } });
    assert.equal(requests, 1);
    const code = `import { answer } from ${JSON.stringify(address)};\nconsole.log(answer);`;
    assert.equal(await runWith(kit, installed, { ...OPTIONS, file: "a.ts", code }), "42");
    assert.equal(requests, 1);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
