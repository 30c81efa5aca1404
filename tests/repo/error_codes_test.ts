import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "../../scripts/lib/repository.ts";

test("the README explains every error code, and no other", () => {
  const [, union = ""] = /type KernelErrorCode =([^;]*);/.exec(readText("kernel/errors.ts")) ?? [];
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  assert.ok(codes.length > 10, "the union was found");
  // a row has the code, what it means and what to do
  const rows = [...readText("README.md").matchAll(/^\| `([A-Z]+(?:_[A-Z]+)+)` +\| +[^|\s][^|]*\| +[^|\s][^|]*\|$/gm)];
  assert.deepEqual(rows.map(([, code]) => code).sort(), codes.toSorted());
});
