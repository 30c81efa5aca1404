import assert from "node:assert/strict";
import { test } from "node:test";
import { isInternal, splitPath, splitPathBelow, temporaryName } from "../../kernel/platform/paths.ts";

const ESCAPED = { code: "PATH_ESCAPED" };

test("splitPath() drops what means nothing", () => {
  assert.deepEqual(splitPath("a/./b//c/"), ["a", "b", "c"]);
  assert.deepEqual(splitPath(""), []);
  assert.deepEqual(splitPath("./."), []);
  assert.deepEqual(splitPath("..a/b..c/.d"), ["..a", "b..c", ".d"]);
});

test("splitPath() says which path it refuses and why", () => {
  assert.throws(() => splitPath("a/../b"), /^KernelError: Cannot use path "a\/\.\.\/b": it goes up with "\.\."$/);
  assert.throws(() => splitPath(undefined as unknown as string), ESCAPED);
});

test("splitPath() refuses what Windows reads in another way, on Windows", () => {
  const names = [
    "con",
    "NUL.txt",
    "a/aux",
    "COM1",
    "lpt9.log",
    "com¹",
    "CONIN$",
    "nul .x",
    "file:stream",
    "a.",
    "a ",
    "a?",
  ];
  for (const name of names) {
    assert.throws(() => splitPath(name, { windows: true }), ESCAPED, name);
    assert.ok(splitPath(name).length > 0);
  }
  for (const name of ["console", "nulls.txt", "com10", "auxiliary/x", ".a", "a b"]) {
    assert.ok(splitPath(name, { windows: true }).length > 0, name);
  }
});

test("splitPathBelow() refuses the folder itself", () => {
  for (const path of ["", ".", "./"]) assert.throws(() => splitPathBelow(path), ESCAPED);
});

test("isInternal() knows temporary files and locks at any depth", () => {
  assert.ok(isInternal(temporaryName()) && isInternal(`a/${temporaryName()}`) && isInternal("a/.collet-lock-x/y"));
  assert.ok(!isInternal(".collet") && !isInternal("a.collet-temp-1"));
});
