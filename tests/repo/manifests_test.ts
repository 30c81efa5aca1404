import assert from "node:assert/strict";
import { test } from "node:test";
import { readDenoManifest, readPackageManifest, readText } from "../../scripts/lib/repository.ts";

const deno = readDenoManifest();
const npm = readPackageManifest();
const packages = { ...npm.dependencies, ...npm.optionalDependencies, ...npm.devDependencies };

/** Packages that are programs or types: nothing imports them. */
const UNIMPORTED: ReadonlySet<string> = new Set(["@types/node", "collet-deno", "typescript"]);
const SPECIFIER_REGEXP = /^npm:\/?((?:@[^/]+\/)?[^/@]+)@([^/]+)(\/.*)?$/;

test("deno.json and package.json have the same version, and so has mod.ts", () => {
  assert.equal(deno.version, npm.version);
  assert.equal(deno.name, `@collet/${npm.name}`);
  assert.match(readText("mod.ts"), new RegExp(`\\bVERSION[^=\\n]* = "${npm.version.replaceAll(".", "\\.")}"`));
  const greeting = readText("plugins/upstream/connection/eras/revisions.ts");
  assert.ok(greeting.includes(`CLIENT_INFO: JsonObject = { name: "collet", version: "${npm.version}" }`));
});

test("deno.json and package.json export the same entries", () => {
  const expected = Object.fromEntries(
    Object.entries(deno.exports).map(([name, source]) => [name, {
      types: source.replace(/^\.\/(.*)\.ts$/, "./dist/types/$1.d.ts"),
      default: `./dist/${name === "." ? "mod" : name.replace("./", "")}.js`,
    }]),
  );
  assert.deepEqual(npm.exports, expected);
});

test("our own names mean the exported entries inside the repository", () => {
  for (const [name, source] of Object.entries(deno.exports)) {
    assert.equal(deno.imports[name.replace(".", "collet")], source, name);
  }
});

test("deno.json and package.json list the same packages in the same exact versions", () => {
  const seen = new Set<string>();
  for (const [name, target] of Object.entries(deno.imports)) {
    if (target.startsWith("./")) continue;
    const [, packageName = "", version, path = ""] = SPECIFIER_REGEXP.exec(target) ?? [];
    assert.equal(packages[packageName], version, `${name} is ${target} in deno.json`);
    assert.equal(name, `${packageName}${path}`, `${target} goes by the name that it has in package.json`);
    seen.add(packageName);
  }
  const unseen = Object.keys(packages).filter((name) => !seen.has(name) && !UNIMPORTED.has(name));
  assert.deepEqual(unseen, [], "packages of package.json that deno.json does not map");
});
