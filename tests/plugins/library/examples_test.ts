import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, formatIssues, ToolError, toolResult, type ToolReturn } from "../../../kernel/mod.ts";
import { toToolResult } from "../../../kernel/content.ts";
import type { ToolExample } from "../../../plugins/library/contract.ts";
import { findDifferences } from "../../../plugins/library/differences.ts";
import { checkExamples, examplesOf, reportText } from "../../../plugins/library/examples.ts";
import { toResult } from "../../../plugins/library/result.ts";
import { freshSeed, seededRandom } from "../../support/random.ts";

/** Shows the differences as a report does. */
function diff(expected: unknown, found: unknown): string {
  return formatIssues(findDifferences(expected, found));
}

/** Makes a JSON value, nested `depth` deep at most. */
function randomValue(random: () => number, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 7 : 5));
  const many = <T>(make: () => T) => Array.from({ length: Math.floor(random() * 4) }, make);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return Math.floor(random() * 100) / 4;
    case 3:
      return "";
    case 4:
      return `text ${random()}`;
    case 5:
      return many(() => randomValue(random, depth - 1));
    default:
      return Object.fromEntries(many(() => [`key ${Math.floor(random() * 9)}`, randomValue(random, depth - 1)]));
  }
}

/** Copies a value with the keys of its objects in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}

/** Copies a value with one place in it changed. */
function changed(value: unknown, random: () => number): unknown {
  if (Array.isArray(value) && value.length > 0) {
    const at = Math.floor(random() * value.length);
    return random() < 0.3 ? value.slice(1) : value.map((it, i) => i === at ? changed(it, random) : it);
  }
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    const [[key, member], ...others] = Object.entries(value) as [[string, unknown], ...[string, unknown][]];
    if (random() < 0.3) return Object.fromEntries(others);
    return Object.fromEntries([[key, changed(member, random)], ...others]);
  }
  return typeof value === "number" ? value + 1 : { was: value };
}

describe("findDifferences", () => {
  test("names what differs by its path", () => {
    assert.equal(diff({ a: 1, b: [1, 2] }, { b: [1, 2.0], a: 1.0 }), "");
    assert.equal(diff(1, "1"), 'expected 1, found "1"');
    assert.equal(diff(null, undefined), "expected null, found nothing");
    assert.equal(
      diff({ a: { b: [1, 2] } }, { a: { b: [1, 3, 4] } }),
      [
        '"a.b[1]": expected 2, found 3',
        '"a.b[2]": expected nothing, found 4',
      ].join("; "),
    );
    assert.equal(
      diff({ a: 1, b: 2 }, { b: 2, c: 3 }),
      '"a": expected 1, found nothing; "c": expected nothing, found 3',
    );
    assert.equal(diff([], {}), "expected [], found {}");
    assert.equal(diff({ toString: 1 }, {}), '"toString": expected 1, found nothing');
    assert.equal(diff({ a: undefined }, {}), "");
    assert.match(diff(`${"x".repeat(200)}a`, `${"x".repeat(200)}b`), /from character 201 on: .*xa", found … "x+b"/);
    assert.match(diff("x".repeat(200), "x".repeat(100)), /from character 101 on/);
  });

  test("is short, whatever differs", () => {
    const [many, other] = [0, 1].map((it) => Array.from({ length: 5_000 }, () => "x".repeat(500) + it));
    assert.ok(diff(many, other).length < 4_000);
    assert.match(diff(many, other), /and 1 more$/);
    let [deep, deeper]: [unknown, unknown] = [1, 2];
    for (let i = 0; i < 3_000; i++) [deep, deeper] = [{ a: deep }, { a: deeper }];
    assert.match(diff(deep, deeper), /nested more than 500 deep/);
  });

  test("finds nothing between equal values in any order of keys, and something once one place is changed", () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    for (let i = 0; i < 500; i++) {
      const value = randomValue(random, 4);
      assert.deepEqual(findDifferences(value, reversed(structuredClone(value))), [], `seed ${seed}`);
      const other = changed(value, random);
      assert.notDeepEqual(findDifferences(value, other), [], `seed ${seed}: ${JSON.stringify([value, other])}`);
      assert.notDeepEqual(findDifferences(other, value), [], `seed ${seed}: ${JSON.stringify([other, value])}`);
    }
  });
});

describe("checkExamples", () => {
  /** Judges one example against what its call gives, or how it fails. */
  async function judge(example: Omit<ToolExample, "arguments">, gives: () => ToolReturn<undefined>) {
    const { passed, examples: [checked] } = await checkExamples([{ arguments: {}, ...example }], {
      call: createCall(),
      run: async () => toToolResult(await gives(), false),
    });
    assert.equal(passed === 1, checked!.diff === undefined);
    return checked!.diff ?? "passed";
  }
  const failing = () => {
    throw new ToolError('Cannot open "x": no such file');
  };

  test("judges by value, by schema, by failure", async () => {
    const object = () => ({ a: 1, b: { c: [true] } });
    assert.equal(await judge({}, object), "passed");
    assert.equal(await judge({ result: { b: { c: [true] }, a: 1 } }, object), "passed");
    assert.equal(await judge({ result: { a: 1 } }, object), '"b": expected nothing, found {"c":[true]}');
    const schema = { type: "object", properties: { a: { type: "number", minimum: 2 } } };
    assert.match(await judge({ result_schema: schema }, object), /"a": .*2/);
    assert.equal(await judge({ result_schema: { ...schema, properties: {} } }, object), "passed");
    assert.match(await judge({ result_schema: { type: "objekt" } }, object), /Cannot .*"result_schema"/s);
    assert.equal(await judge({ error: true }, object), "expected an error, found a result");
    assert.equal(await judge({}, failing), "expected a result, found an error");
    assert.equal(await judge({ result: 1 }, failing), "expected a result, found an error");
    assert.equal(await judge({ error: true }, failing), "passed");
    assert.equal(await judge({ error: "no such file" }, failing), "passed");
    assert.equal(await judge({ error: "denied" }, failing), 'expected an error with "denied"');
    assert.equal(await judge({ error: true }, () => toolResult({ content: [], isError: true })), "passed");
  });

  test("compares a text with the text, and JSON in a text with a value", async () => {
    const text = () => '{"a": 1}';
    assert.equal(await judge({ result: '{"a": 1}' }, text), "passed");
    assert.equal(await judge({ result: { a: 1 } }, text), "passed");
    assert.equal(await judge({ result: { a: 2 } }, text), '"a": expected 2, found 1');
    assert.equal(await judge({ result: 3 }, () => "3"), 'expected 3, found "3"');
    assert.equal(await judge({ result: null }, () => toResult({ value: null }, false)), "passed");
    assert.equal(await judge({ result: null }, () => "null"), 'expected null, found "null"');
  });

  test("shortens what is long", async () => {
    const { examples } = await checkExamples([{ arguments: {}, result: "y" }, { arguments: {}, error: "y" }], {
      call: createCall(),
      run: ({ isError = false }) =>
        Promise.resolve({ content: [{ type: "text", text: "x".repeat(1e6) }], isError: isError === true }),
    });
    assert.equal((examples[0]!.found as { result: string }).result.length, 10_001);
    const text = reportText('"x"', { passed: 0, failed: 2, examples });
    assert.ok(text.length < 3_000, String(text.length));
  });

  test("ends at once when its call is cancelled", async () => {
    const abort = new AbortController();
    let runs = 0;
    const checking = checkExamples(Array.from({ length: 3 }, () => ({ arguments: {} })), {
      call: createCall({ signal: abort.signal }),
      run: () => {
        runs++;
        abort.abort(new ToolError("Cancelled by the client"));
        return Promise.resolve({ content: [] });
      },
    });
    await assert.rejects(checking, /Cancelled by the client/);
    assert.equal(runs, 1);
  });

  test("leaves errors that no tool meant to its caller", async () => {
    const run = () => Promise.reject(new TypeError("broken"));
    await assert.rejects(checkExamples([{ arguments: {} }], { call: createCall(), run }), /broken/);
  });

  test("reads only examples that are some from a manifest", () => {
    assert.deepEqual(examplesOf(undefined), []);
    assert.deepEqual(examplesOf({ examples: "x" }), []);
    assert.deepEqual(examplesOf({ examples: [1, {}, { arguments: [] }, { arguments: {} }] }), [{ arguments: {} }]);
  });
});
