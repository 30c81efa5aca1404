import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ResultDict,
  skillEntry,
  skillError,
  skillException,
  skillSuccess,
  skillWarning,
  validateActionResult,
} from "../../../../plugins/skills/results/mod.ts";

describe("skillSuccess", () => {
  test("gives a dict with all five members", () => {
    assert.deepEqual(skillSuccess("m"), { success: true, message: "m", prompt: null, error: null, context: {} });
    assert.deepEqual(skillSuccess("m", { prompt: "p", start_frame: 1, end_frame: 120 }), {
      success: true,
      message: "m",
      prompt: "p",
      error: null,
      context: { start_frame: 1, end_frame: 120 },
    });
  });
});

describe("skillError", () => {
  test("gives a dict with a prompt of its own when there is no other", () => {
    const { prompt, ...rest } = skillError("m", "e", { prompt: "" });
    assert.deepEqual(rest, { success: false, message: "m", error: "e", context: {} });
    assert.ok(prompt);
    assert.equal(skillError("m", "e", { prompt: "p" }).prompt, "p");
  });

  test("has possible solutions in the context only where there are any and it has none", () => {
    assert.deepEqual(skillError("m", "e", { possibleSolutions: ["a"] }).context, { possible_solutions: ["a"] });
    assert.deepEqual(skillError("m", "e", { possibleSolutions: [] }).context, {});
    const own = skillError("m", "e", { possibleSolutions: ["a"], possible_solutions: ["b"] });
    assert.deepEqual(own.context, { possible_solutions: ["b"] });
  });
});

describe("skillWarning", () => {
  test("always has the warning in the context", () => {
    assert.deepEqual(skillWarning("m").context, { warning: "" });
    assert.deepEqual(skillWarning("m", { warning: "w", prompt: "p", actual_end: 240 }), {
      success: true,
      message: "m",
      prompt: "p",
      error: null,
      context: { actual_end: 240, warning: "w" },
    });
  });
});

describe("skillException", () => {
  test("tells of an error by its name, its text and where it came from", () => {
    const { success, message, error, context } = skillException(new RangeError("too far"), { frame: 3 });
    assert.deepEqual([success, message, error], [false, "Error: too far", "RangeError: too far"]);
    assert.deepEqual([context["error_type"], context["frame"]], ["RangeError", 3]);
    assert.match(String(context["traceback"]), /RangeError: too far\n +at /);
  });

  test("takes a message, a prompt and solutions, and leaves the traceback out on request", () => {
    const options = { message: "m", prompt: "p", includeTraceback: false, possibleSolutions: ["s"] };
    assert.deepEqual(skillException(new Error(""), options), {
      success: false,
      message: "m",
      prompt: "p",
      error: "Error",
      context: { error_type: "Error", possible_solutions: ["s"] },
    });
  });

  test("bears what is no error", () => {
    const thrown: readonly (readonly [unknown, string])[] = [
      ["text", "string: text"],
      [undefined, "undefined: undefined"],
      [null, "null: null"],
      [5n, "bigint: 5"],
      [Symbol("s"), "symbol: Symbol(s)"],
      [{ code: 3 }, 'Object: {"code":3}'],
      [Object.create(null), "object: {}"],
    ];
    for (const [value, text] of thrown) {
      const result = skillException(value);
      assert.equal(result.error, text);
      assert.equal(validateActionResult(result).success, false);
    }
  });
});

describe("skillEntry", () => {
  test("passes arguments by name, and keeps the name", async () => {
    const entry = skillEntry(function greet({ name }: { name: string }): ResultDict {
      return skillSuccess("Greeted", { name });
    });
    assert.equal(entry.name, "greet");
    assert.deepEqual((await entry({ name: "Ada" })).context, { name: "Ada" });
  });

  test("gives a whole dict, whatever the function gives", async () => {
    assert.deepEqual((await skillEntry(() => ({ success: true, frames: 3 }))({})).context, { frames: 3 });
    assert.deepEqual((await skillEntry(() => Promise.resolve(7))({})).context, { value: "7" });
    assert.equal((await skillEntry(() => ({ success: "yes" }))({})).success, false);
  });

  test("tells of errors, thrown or rejected", async () => {
    const thrown = await skillEntry(() => {
      throw new TypeError("bad");
    })({});
    const rejected = await skillEntry(() => Promise.reject(new TypeError("bad")))({});
    assert.deepEqual([thrown.error, rejected.error], ["TypeError: bad", "TypeError: bad"]);
  });

  test("tells which application a missing module belongs to", async () => {
    const names: readonly (readonly [string, string])[] = [
      ["maya/cmds", "Maya"],
      ["hou", "Houdini"],
      ["nuke", "Nuke"],
      ["bpy", "Blender"],
      ["c4d", "Cinema 4D"],
      ["pymxs", "3ds Max"],
      ["unreal", "Unreal"],
      ["numpy", "numpy"],
    ];
    for (const [module, name] of names) {
      const thrown = Object.assign(new Error(`Cannot find package '${module}' imported from /a/b.mjs`), {
        code: "ERR_MODULE_NOT_FOUND",
      });
      const { success, message } = await skillEntry(() => Promise.reject(thrown))({});
      assert.deepEqual([success, message], [false, `${name} is not available in this environment`]);
    }
    const unknown = Object.assign(new Error("nowhere"), { code: "MODULE_NOT_FOUND" });
    assert.match((await skillEntry(() => Promise.reject(unknown))({})).message, /^DCC is not available/);
  });

  test("tells of a real import that fails as such", async () => {
    const module = "maya";
    const { message, error, context } = await skillEntry(() => import(module))({});
    assert.equal(message, "Maya is not available in this environment", error ?? "");
    assert.ok(Array.isArray(context["possible_solutions"]));
  });

  test("tells of an interruption as such", async () => {
    const { signal } = new AbortController();
    const aborted = AbortSignal.any([signal, AbortSignal.abort()]);
    const { success, message, context } = await skillEntry(() => aborted.throwIfAborted())({});
    assert.deepEqual([success, message, context["error_type"]], [false, "The tool was interrupted", "AbortError"]);
  });
});
