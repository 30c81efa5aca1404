import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "../../scripts/lib/repository.ts";

interface LockedPackage {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const locked: Readonly<Record<string, LockedPackage>> = JSON.parse(readText("package-lock.json")).packages;

test("package-lock.json says nothing of where packages came from", () => {
  const resolved = Object.entries(locked).filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
    .map(([path]) => path);
  assert.deepEqual(resolved, [], 'write it with the ".npmrc" of the repository in force');
});

test("deno.lock says nothing of where packages came from", () => {
  assert.doesNotMatch(readText("deno.lock"), /https?:/);
});

test("package-lock.json has the packages of every system, not only of the one it was written on", () => {
  // each of these brings its binary by one optional package a system
  for (const name of ["deno", "esbuild"]) {
    const systems = Object.keys(locked[`node_modules/${name}`]?.optionalDependencies ?? {});
    assert.ok(systems.length > 3, `"${name}" names its systems`);
    const absent = systems.filter((system) => locked[`node_modules/${system}`] === undefined);
    assert.deepEqual(absent, [], "delete node_modules and package-lock.json, then run npm install");
  }
});
