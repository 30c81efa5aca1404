import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findJsonError } from "../../kernel/json_position.ts";
import { freshSeed, seededRandom } from "../support/random.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("findJsonError()", () => {
  test("finds nothing in JSON", () => {
    for (const text of ["{}", " [ ] ", '{"a":[1,-0.5e+3,true,null,{"b":"\\u00e9\\n"}]}', '"x"', "0", "\n{\n}\n"]) {
      assert.equal(findJsonError(text), undefined, text);
    }
  });

  const cases: readonly [text: string, line: number, column: number, expected: RegExp, found: string][] = [
    ["", 1, 1, /a value/, "the end of the file"],
    ["{", 1, 2, /a key/, "the end of the file"],
    ['{"a"', 1, 5, /":"/, "the end of the file"],
    ['{"a":}', 1, 6, /a value/, '"}"'],
    ['{"a":1,}', 1, 8, /a key/, '"}"'],
    ["[1,]", 1, 4, /a value/, '"]"'],
    ["[1 2]", 1, 4, /"," or "]"/, '"2"'],
    ['{"a":1 "b":2}', 1, 8, /"," or "}"/, '"\\""'],
    ["{'a':1}", 1, 2, /a key in double quotes/, `"'"`],
    ["{a:1}", 1, 2, /a key in double quotes/, '"a"'],
    ["[01]", 1, 2, /a value/, '"01"'],
    ["[truer]", 1, 2, /a value/, '"truer"'],
    ['["a\nb"]', 1, 2, /a value/, '"\\""'],
    ["{}\n{}", 2, 1, /the end of the file/, '"{"'],
    ["[1}", 1, 3, /"," or "]"/, '"}"'],
    ["[,]", 1, 2, /a value/, '","'],
  ];
  for (const [text, line, column, expected, found] of cases) {
    test(`finds line ${line}, column ${column} of ${JSON.stringify(text)}`, () => {
      const error = findJsonError(text);
      assert.deepEqual([error?.line, error?.column, error?.found], [line, column, found]);
      assert.match(error?.expected ?? "", expected);
    });
  }

  test("is not stopped by depth", () => {
    assert.equal(findJsonError("[".repeat(100_000))?.column, 100_001);
  });

  test("agrees with JSON.parse on damaged texts", () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const pieces = ["", ",", "}", "]", '"', ":", "0", "\\", " ", "e", "-"];
    const whole = '{"a": [1, -2.5e3, "x\\"\\u0041"], "b": {"c": null, "d": [true, false, {}]}, "e": ""}';
    for (let i = 0; i < 2_000; i++) {
      const at = below(whole.length);
      const text = whole.slice(0, at) + pieces[below(pieces.length)] + whole.slice(at + below(3));
      assert.equal(findJsonError(text) === undefined, isJson(text), `seed ${seed}: ${text}`);
    }
  });
});
