import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import {
  deserializeResult,
  errorResult,
  SerializeFormat,
  serializeResult,
  successResult,
  ToolResult,
} from "../../../../plugins/skills/results/mod.ts";
import { freshSeed } from "../../../support/random.ts";

const { Json, MsgPack } = SerializeFormat;
const FORMATS = [Json, MsgPack] as const;

/** Values that JSON gives back as they were: minus zero comes back as zero, and readers refuse `__proto__`. */
function plainValue(): fc.Arbitrary<unknown> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0 === 0 ? 0 : it),
      fc.string({ unit: "grapheme" }),
      fc.string({ minLength: 200, maxLength: 300 }),
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(fc.string().filter((it) => it !== "__proto__"), tie("value"), {
        maxKeys: 5,
        noNullPrototype: true,
      }),
    ),
  }));
  return value!;
}

const anyResult = fc.record({
  success: fc.boolean(),
  message: fc.string({ unit: "grapheme" }),
  prompt: fc.option(fc.string()),
  error: fc.option(fc.string()),
  context: fc.dictionary(fc.string().filter((it) => it !== "__proto__"), plainValue(), { noNullPrototype: true }),
});

describe("SerializeFormat", () => {
  test("names its members", () => {
    assert.equal(String(Json), "SerializeFormat.Json");
    assert.equal(String(MsgPack), "SerializeFormat.MsgPack");
  });
});

describe("serializeResult and deserializeResult", () => {
  test("give back in both formats what was written", (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    fc.assert(
      fc.property(anyResult, (fields) => {
        const result = new ToolResult(fields);
        for (const format of FORMATS) {
          assert.deepEqual(deserializeResult(serializeResult(result, format), format), result, format);
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test("never throw anything but their errors at bytes that are no result", (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      // what nearly is a result
      fc.tuple(anyResult, fc.nat(), fc.nat(255)).map(([fields, place, byte]) => {
        const data = Uint8Array.from(serializeResult(new ToolResult(fields), MsgPack));
        data[place % data.length] = byte;
        return data;
      }),
    );
    fc.assert(
      fc.property(bytes, fc.constantFrom(...FORMATS), (data, format) => {
        try {
          assert.ok(deserializeResult(data, format) instanceof ToolResult);
        } catch (error) {
          assert.ok(error instanceof SkillValueError, String(error));
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  test("write JSON by default, as text", () => {
    const text: string = serializeResult(successResult("Timeline updated", { start_frame: 1, end_frame: 120 }));
    assert.equal(text, '{"success":true,"message":"Timeline updated","context":{"start_frame":1,"end_frame":120}}');
    const { success, message, context } = deserializeResult(text);
    assert.deepEqual([success, message, context["end_frame"]], [true, "Timeline updated", 120]);
  });

  test("write MessagePack as a map with string keys, without members that are null", () => {
    const bytes: Uint8Array = serializeResult(errorResult("m", "e", { a: [1, 1.5] }), MsgPack);
    // the bytes that rmp-serde writes for this result
    const wanted =
      "84a773756363657373c2a76d657373616765a16da56572726f72a165a7636f6e7465787481a1619201cb3ff8000000000000";
    assert.equal(Array.from(bytes, (it) => it.toString(16).padStart(2, "0")).join(""), wanted);
    assert.deepEqual(Object.keys(decode(serializeResult(successResult("m"), MsgPack)) as object), [
      "success",
      "message",
      "context",
    ]);
  });

  test("write small results shorter as MessagePack", () => {
    const result = successResult("Timeline updated", { start_frame: 1, end_frame: 120, names: ["a", "b"] });
    assert.ok(serializeResult(result, MsgPack).length < serializeResult(result).length);
  });

  test("write dates and classes by their toJSON, alike in both formats", () => {
    const result = successResult("m", { at: new Date(0), none: undefined, list: [undefined, 1] });
    for (const format of FORMATS) {
      const { context } = deserializeResult(serializeResult(result, format), format);
      assert.deepEqual(context, { at: "1970-01-01T00:00:00.000Z", list: [null, 1] }, format);
    }
  });

  test("refuse what JSON does not have, and name it, alike in both formats", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = { cycle };
    let deep: unknown = 1;
    for (let i = 0; i < 600; i++) deep = [deep];
    const values: readonly (readonly [unknown, RegExp])[] = [
      [1n, /"context\.it\[0\]": it is a bigint/],
      [Number.NaN, /it is NaN/],
      [Infinity, /it is Infinity/],
      [() => 1, /it is a function/],
      [Symbol("s"), /it is a symbol/],
      [new Map([[1, 2]]), /class "Map"/],
      [new Uint8Array(2), /class "Uint8Array"/],
      [cycle, /"context\.it\[0\]\.self\.cycle": it lies within itself/],
      [deep, /deeper than 500 levels/],
      [JSON.parse('{"__proto__": 1}'), /__proto__/],
    ];
    for (const [value, message] of values) {
      for (const format of FORMATS) {
        const result = successResult("m", { it: [value] });
        const refused = (error: unknown) => error instanceof SkillValueError && message.test(error.message);
        assert.throws(() => serializeResult(result, format), refused, String(message));
      }
    }
  });

  test("write a value that is in two places twice, since that is no cycle", () => {
    const shared = { a: 1 };
    const { context } = deserializeResult(serializeResult(successResult("m", { x: shared, y: [shared] })));
    assert.deepEqual(context, { x: { a: 1 }, y: [{ a: 1 }] });
  });

  test("refuse what is no ToolResult, no data and no format", () => {
    assert.throws(() => serializeResult({ success: true } as never), TypeError);
    assert.throws(() => serializeResult(new ToolResult(), "json" as never), TypeError);
    for (const data of [5, null, {}, [1]]) assert.throws(() => deserializeResult(data as never), TypeError);
    assert.throws(() => deserializeResult("{}", "json" as never), TypeError);
  });

  test("refuse data that are empty, corrupt, of the other format or no result", () => {
    const result = successResult("m", { a: 1 });
    const wrong: readonly (readonly [string | Uint8Array, SerializeFormat])[] = [
      ["", Json],
      [new Uint8Array(), MsgPack],
      ["{", Json],
      [serializeResult(result, MsgPack).slice(0, -1), MsgPack],
      [serializeResult(result, MsgPack), Json],
      [serializeResult(result), MsgPack],
      [new TextEncoder().encode(serializeResult(result)), MsgPack],
      ["[]", Json],
      ["null", Json],
      [encode([1]), MsgPack],
      ['{"success":"no"}', Json],
      [encode({ message: 5 }), MsgPack],
    ];
    for (const [data, format] of wrong) {
      assert.throws(() => deserializeResult(data, format), SkillValueError, `${data} ${format}`);
    }
  });

  test("read JSON from bytes, and give missing members their defaults", () => {
    assert.deepEqual(deserializeResult(new TextEncoder().encode("{}")), new ToolResult());
    assert.deepEqual(deserializeResult(encode({ prompt: null }), MsgPack), new ToolResult());
    assert.deepEqual(deserializeResult('{"message":"m","added":1}').context, { added: 1 });
  });
});
