import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FileTree } from "../../../kernel/testing.ts";
import { memoryFiles } from "../../../kernel/testing.ts";
import type { Manifest } from "../../../plugins/library/contract.ts";
import { unifiedDiff } from "../../../plugins/library/text_diff.ts";
import { diffText, diffVersions, type VersionDiff } from "../../../plugins/library/version_diff.ts";
import { freshSeed } from "../../support/random.ts";

const HUNK_REGEXP = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/;

/** Applies a diff as `patch` does, and fails where it does not fit. */
function patch(before: string, diff: string): string {
  const lines = before.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const result: string[] = [];
  let at = 0;
  let hasEnd = before.endsWith("\n") || before === "";
  let mark = "";
  for (const line of diff.split("\n")) {
    const hunk = HUNK_REGEXP.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      result.push(...lines.slice(at, start));
      at = start;
    } else if (line.startsWith("\\")) {
      if (mark !== "-") hasEnd = false;
    } else {
      mark = line[0]!;
      if (mark !== "+") assert.equal(line.slice(1), lines[at++], "the diff fits the text");
      if (mark !== "-") {
        result.push(line.slice(1));
        hasEnd = true;
      }
    }
  }
  const rest = lines.slice(at);
  if (rest.length > 0) hasEnd = before.endsWith("\n");
  const all = [...result, ...rest];
  return all.length === 0 ? "" : all.join("\n") + (hasEnd ? "\n" : "");
}

const MANIFEST: Manifest = { name: "a", version: "1.0.0", description: "x", tool_type: "script" };

async function diff(
  before: FileTree,
  after: FileTree,
  manifests: readonly Partial<Manifest>[] = [],
): Promise<VersionDiff> {
  const [left, right] = [before, after].map((tree, i) => ({
    version: `1.0.${i}`,
    folder: memoryFiles(tree),
    manifest: { ...MANIFEST, ...manifests[i] },
  }));
  return await diffVersions(left!, right!);
}

describe("unifiedDiff()", () => {
  test("shows three lines around each change, and joins changes that are near", () => {
    const lines = Array.from({ length: 30 }, (_, i) => `${i + 1}`);
    const changed = lines.map((it) => ["5", "10", "25"].includes(it) ? `${it}!` : it);
    const hunks = unifiedDiff(`${lines.join("\n")}\n`, `${changed.join("\n")}\n`).split("\n");
    assert.deepEqual(hunks.filter((it) => it.startsWith("@@")), ["@@ -2,12 +2,12 @@", "@@ -22,7 +22,7 @@"]);
    assert.deepEqual(hunks.slice(0, 6), ["@@ -2,12 +2,12 @@", " 2", " 3", " 4", "-5", "+5!"]);
  });

  test("tells of a line that nothing ends, and of texts that are empty", () => {
    assert.equal(unifiedDiff("a", "a\n"), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a");
    assert.equal(unifiedDiff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b");
    assert.equal(unifiedDiff("a\n", ""), "@@ -1 +0,0 @@\n-a");
    assert.equal(unifiedDiff("same", "same"), "");
  });

  test("gives what makes the new text of the old one, for any two texts", (t) => {
    const seed = freshSeed() | 0;
    t.diagnostic(`seed ${seed}`);
    const text = fc.tuple(
      fc.array(fc.constantFrom("a", "b", "c", "", "-", "+x", "@@"), { maxLength: 40 }),
      fc.boolean(),
    )
      .map(([lines, isEnded]) => lines.join("\n") + (isEnded && lines.length > 0 ? "\n" : ""));
    const property = fc.property(text, text, (before, after) => {
      fc.pre(before !== after);
      assert.equal(patch(before, unifiedDiff(before, after)), after);
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  test("gives up looking closer at texts that have little in common, and is right all the same", () => {
    const [before, after] = ["a", "b"].map((it) => Array.from({ length: 5_000 }, (_, i) => `${it}${i}\n`).join(""));
    const middle = "same\n";
    const found = unifiedDiff(before + middle + before, after! + middle + after);
    assert.equal(patch(before + middle + before, found), after! + middle + after);
  });
});

describe("diffVersions()", () => {
  test("tells which files came, went and changed, by bytes where they are no text", async () => {
    const binary = (last: number) => new Uint8Array([0, 1, last]);
    const { files, isTruncated } = await diff(
      {
        "same.py": "x",
        "gone.py": "1\n",
        "lib/a.py": "old\n",
        "data.bin": binary(2),
        "env/x.py": "1",
        "manifest.json": "1",
      },
      {
        "same.py": "x",
        "new.py": "2\n",
        "lib/a.py": "new\n",
        "data.bin": binary(3),
        "env/x.py": "2",
        "manifest.json": "2",
      },
    );
    assert.deepEqual(files.map((it) => [it.path, it.change]), [
      ["data.bin", "changed"],
      ["gone.py", "removed"],
      ["lib/a.py", "changed"],
      ["new.py", "added"],
    ]);
    assert.equal(files[0]?.diff, undefined);
    assert.deepEqual([files[0]?.before?.bytes, files[0]?.after?.bytes], [3, 3]);
    assert.notEqual(files[0]?.before?.digest, files[0]?.after?.digest);
    assert.equal(files[1]?.after, undefined);
    assert.equal(files[2]?.diff, "@@ -1 +1 @@\n-old\n+new");
    assert.equal(isTruncated, false);
  });

  test("tells what the manifest says otherwise, and nothing of how versions were saved", async () => {
    const { manifest } = await diff({}, {}, [
      { version: "1.0.0", digest: "0", updated_at: "x", grants: { timeout_ms: 1, network: true }, tags: ["a"] },
      { version: "1.0.1", digest: "1", updated_at: "y", grants: { network: true, timeout_ms: 1 }, interpreter: "node" },
    ]);
    assert.deepEqual(manifest, [{ field: "interpreter", after: "node" }, { field: "tags", before: ["a"] }]);
  });

  test("is bounded: long files are told by size, and what does not fit is said to be missing", async () => {
    const long = (letter: string) => `${letter.repeat(99)}\n`.repeat(600);
    const many = (letter: string) => Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`f${i}.txt`, letter]));
    const [large, wide] = await Promise.all([
      diff({ "a.txt": long("a"), "b.txt": long("b"), "c.txt": "1" }, {
        "a.txt": long("x"),
        "b.txt": long("y"),
        "c.txt": "2",
      }),
      diff(many("a"), many("b")),
    ]);
    assert.deepEqual(large.files.map((it) => it.diff !== undefined), [false, false, true]);
    assert.ok(large.isTruncated);
    assert.match(
      diffText(large, "1.0.0", "1.0.1"),
      /a\.txt was changed: 60000 bytes.*There is more than is shown here\.$/s,
    );
    assert.equal(wide.files.length, 200);
    assert.ok(wide.isTruncated);
    const huge = await diff({ "a.txt": "a".repeat(300_000) }, { "a.txt": "b" });
    assert.equal(huge.files[0]?.diff, undefined);
  });

  test("is shown in a fence that nothing in a file closes", async () => {
    const text = diffText(await diff({ "a.md": "```\n" }, { "a.md": "````\n" }), "1.0.0", "1.0.1");
    assert.match(text, /^`{5}diff\n--- 1\.0\.0\/a\.md\n\+\+\+ 1\.0\.1\/a\.md\n@@ -1 \+1 @@\n-```\n\+````\n`{5}$/);
  });
});
