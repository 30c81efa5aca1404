import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareVersions, isVersion, nextVersion } from "../../../plugins/library/versions.ts";

describe("versions", () => {
  test("nextVersion() raises the patch number above every version, compared by numbers", () => {
    assert.equal(nextVersion([]), "1.0.0");
    assert.equal(nextVersion(["1.0.9", "1.0.10", "1.0.2"]), "1.0.11");
    assert.equal(nextVersion(["2.1.0", "1.9.9"]), "2.1.1");
    assert.equal(nextVersion(["1.0.0-beta", "nonsense", ""]), "1.0.1");
    // a number that is longer would be none
    assert.equal(nextVersion(["1.0.999999999"]), "1.1.0");
    assert.equal(nextVersion(["1.999999999.999999999"]), "2.0.0");
  });

  test("compareVersions() orders by numbers, not by letters", () => {
    assert.deepEqual(["1.0.10", "1.0.1", "0.9.0", "1.0.2"].sort(compareVersions), [
      "0.9.0",
      "1.0.1",
      "1.0.2",
      "1.0.10",
    ]);
  });

  test("isVersion() refuses what must not become a path", () => {
    for (const text of ["../1.0.0", "1.0.0/..", "1.0", "", "v1.0.0", "1.0.0-a/b", 1, undefined]) {
      assert.equal(isVersion(text), false, String(text));
    }
    assert.ok(isVersion("1.0.0-rc.1+build"));
  });
});
