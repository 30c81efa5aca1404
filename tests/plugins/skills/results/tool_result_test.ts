import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import {
  errorResult,
  fromException,
  successResult,
  ToolResult,
  validateActionResult,
} from "../../../../plugins/skills/results/mod.ts";

describe("ToolResult", () => {
  test("has defaults for all members", () => {
    assert.deepEqual(new ToolResult().toDict(), {
      success: true,
      message: "",
      prompt: null,
      error: null,
      context: {},
    });
  });

  test("refuses members of the wrong type, and names them", () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ["success", 1],
      ["success", null],
      ["message", 3],
      ["prompt", false],
      ["error", {}],
      ["context", []],
      ["context", null],
      ["context", new Map()],
    ];
    for (const [name, value] of wrong) {
      const refused = (error: unknown) => error instanceof TypeError && error.message.includes(`"${name}"`);
      assert.throws(() => new ToolResult({ [name]: value } as never), refused, name);
    }
  });

  test("leaves members that are null out of its JSON, and keeps the context", () => {
    assert.equal(new ToolResult({ message: "m" }).toJson(), '{"success":true,"message":"m","context":{}}');
    assert.equal(
      JSON.stringify(new ToolResult({ success: false, prompt: "p", error: "e" })),
      '{"success":false,"message":"","prompt":"p","error":"e","context":{}}',
    );
  });

  test("writes its JSON whole, and short only when asked to", () => {
    const items = Array.from({ length: 12 }, (_, i) => i);
    const result = successResult("m", { items, deep: { b: { c: { d: { e: 1 } } } } });
    assert.deepEqual(JSON.parse(result.toJson()).context, result.context);
    const { context } = JSON.parse(result.toJson({ isCompact: true }));
    assert.deepEqual(context, { items: items.slice(0, 10), deep: { b: { c: { d: "..." } } } });
  });

  test("gives others that are changed, and stays as it is", () => {
    const result = successResult("m", { a: 1, b: 1 });
    assert.deepEqual(result.withError("bad").toDict(), { ...result.toDict(), success: false, error: "bad" });
    assert.deepEqual(result.withContext({ b: 2, c: 3 }).context, { a: 1, b: 2, c: 3 });
    assert.deepEqual([result.success, result.context], [true, { a: 1, b: 1 }]);
  });

  test("is told as text by its message or its error", () => {
    assert.equal(String(successResult("done")), "Success: done");
    assert.equal(String(errorResult("failed", "code 3")), "Error: code 3");
    assert.equal(String(new ToolResult({ success: false, message: "failed" })), "Error: failed");
  });

  test("refuses to write a context that JSON does not have", () => {
    assert.throws(() => successResult("m", { n: 1n }).toJson(), SkillValueError);
  });
});

describe("successResult, errorResult and fromException", () => {
  test("put all other options into the context", () => {
    assert.deepEqual(successResult("m", { prompt: "p", a: 1 }).toDict(), {
      success: true,
      message: "m",
      prompt: "p",
      error: null,
      context: { a: 1 },
    });
    assert.deepEqual(errorResult("m", "e", { possibleSolutions: ["s"], a: 1 }).toDict(), {
      success: false,
      message: "m",
      prompt: null,
      error: "e",
      context: { a: 1, possible_solutions: ["s"] },
    });
  });

  test("read the type of an exception before the first colon", () => {
    const { message, prompt, error, context } = fromException("ValueError: a: b", { a: 1 });
    assert.deepEqual([message, error], ["Error: ValueError: a: b", "ValueError: a: b"]);
    assert.ok(prompt);
    assert.deepEqual(context, { a: 1, error_type: "ValueError", traceback: "ValueError: a: b" });
    assert.equal(fromException("bad").context["error_type"], "Exception");
    assert.equal(fromException(": bad").context["error_type"], "Exception");
    const own = fromException("E: x", { message: "m", prompt: "p", includeTraceback: false });
    assert.deepEqual([own.message, own.prompt, own.context], ["m", "p", { error_type: "E" }]);
  });

  test("take an exception itself as well", () => {
    const { success, message, error, context } = fromException(new RangeError("too far"), { a: 1 });
    assert.deepEqual([success, message, error], [false, "Error: too far", "RangeError: too far"]);
    assert.deepEqual([context["a"], context["error_type"]], [1, "RangeError"]);
    assert.match(String(context["traceback"]), /RangeError/);
  });
});

describe("validateActionResult", () => {
  test("gives a ToolResult itself", () => {
    const result = successResult("m");
    assert.equal(validateActionResult(result), result);
  });

  test("does not nest the context in itself, and takes other members into it", () => {
    const { context } = validateActionResult({ success: false, context: { a: 1, b: 1 }, b: 2, c: null });
    assert.deepEqual(context, { a: 1, b: 2, c: null });
  });

  test("takes null and missing members for nothing said", () => {
    assert.deepEqual(validateActionResult({ prompt: null, error: null }), new ToolResult());
    assert.deepEqual(validateActionResult({}), new ToolResult());
  });

  test("takes any other value for a success, with its text in the context", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const values: readonly (readonly [unknown, string])[] = [
      [5, "5"],
      ["five", "five"],
      [[1, "a"], '[1,"a"]'],
      [null, "null"],
      [undefined, "undefined"],
      [5n, "5"],
      [cycle, "[object Array]"],
      [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ];
    for (const [value, text] of values) {
      const { success, message, context } = validateActionResult(value);
      assert.deepEqual([success, context], [true, { value: text }]);
      assert.ok(message);
    }
  });

  test("refuses an object whose members have the wrong type", () => {
    for (const value of [{ success: "yes" }, { message: 1 }, { prompt: 1 }, { error: [] }, { context: 1 }]) {
      assert.throws(() => validateActionResult(value), TypeError, JSON.stringify(value));
    }
  });
});
