import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPlainAnswer } from "../../../../plugins/skills/running/plain_answer.ts";

const RESULT = '{"success":true,"message":"done"}';
const VALUE = { success: true, message: "done" };

describe("readPlainAnswer()", () => {
  test("takes JSON as a whole, of any type, on any number of lines", () => {
    for (const value of [VALUE, [1, 2], 42, true, "text", null, {}, { a: { b: [1] } }]) {
      for (
        const text of [
          JSON.stringify(value),
          JSON.stringify(value, null, 2),
          `\uFEFF\r\n ${JSON.stringify(value)} \r\n`,
        ]
      ) {
        assert.deepEqual(readPlainAnswer(text), { value, noise: "" });
      }
    }
  });

  test("takes what is no JSON as text, without the white space around it", () => {
    for (const text of ["hello", "a\nb", "{not json}", "[1, 2", '{"a":1', "1 2"]) {
      assert.deepEqual(readPlainAnswer(`\n${text}\n`), { value: text, noise: "" });
    }
    assert.deepEqual(readPlainAnswer(" \n"), { value: "", noise: "" });
  });

  test("finds the last line after what libraries print", () => {
    assert.deepEqual(readPlainAnswer(`Loading…\n[INFO] ready\n${RESULT}\n`), {
      value: VALUE,
      noise: "Loading…\n[INFO] ready",
    });
    assert.deepEqual(readPlainAnswer(`{"level":"info","msg":"ready"}\n${RESULT}`).value, VALUE);
    assert.deepEqual(readPlainAnswer(`noise\r\n{"radius":2}\r\n`), { value: { radius: 2 }, noise: "noise\r" });
  });

  test("finds an object of several lines after it", () => {
    assert.deepEqual(readPlainAnswer(`noise\n${JSON.stringify({ ...VALUE, context: { a: { b: 1 } } }, null, 2)}`), {
      value: { ...VALUE, context: { a: { b: 1 } } },
      noise: "noise",
    });
  });

  test("finds a result though something is printed at the end as well", () => {
    assert.deepEqual(readPlainAnswer(`before\n${RESULT}\nafter\n`), { value: VALUE, noise: "before\nafter" });
    assert.deepEqual(readPlainAnswer(`${RESULT}\n{"success":false}\n{"level":"info"}\nbye`).value, { success: false });
  });

  test("takes lines of objects as the text that they are", () => {
    const lines = '{"id":1}\n{"id":2}\n{"id":3}';
    assert.deepEqual(readPlainAnswer(lines), { value: lines, noise: "" });
    assert.deepEqual(readPlainAnswer(`head\n${lines}\ntail`).value, `head\n${lines}\ntail`);
  });

  test("takes no time that grows faster than a hostile output", () => {
    const size = 1_000_000;
    for (const piece of ["{\n", '{"a":\n', "\n", "{}}\n", '\n{"a":1}', "{ ", " \n{"]) {
      const started = performance.now();
      readPlainAnswer(piece.repeat(size / piece.length));
      assert.ok(performance.now() - started < 5_000, JSON.stringify(piece));
    }
  });
});
