import type { Metafile } from "esbuild";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eagerBytes } from "../../scripts/lib/metafile.ts";
import { hasPath, readText } from "../../scripts/lib/repository.ts";

const KIB = 1024;

/** What an import of an entry may load at once, in KiB; a number to raise with a reason. */
const BUDGETS: Readonly<Record<string, { bundle: string; kib: number }>> = {
  mod: { bundle: "node", kib: 340 },
  testing: { bundle: "node", kib: 1300 },
  edge: { bundle: "edge", kib: 720 },
  skills: { bundle: "node", kib: 645 },
};

for (const [name, { bundle, kib }] of Object.entries(BUDGETS)) {
  test(`dist/${name}.js loads at most ${kib} KiB`, (t: TestContext) => {
    const path = `.build/metafiles/${bundle}.json`;
    if (!hasPath(path)) return t.skip("nothing is built");
    const metafile: Metafile = JSON.parse(readText(path));
    const bytes = eagerBytes(metafile, `.build/dist/${name}.js`);
    assert.ok(bytes > 0, "the output was found");
    assert.ok(bytes <= kib * KIB, `${Math.ceil(bytes / KIB)} KiB`);
  });
}
