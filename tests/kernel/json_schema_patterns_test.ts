import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertKeyPattern, assertPattern } from "../../kernel/json_schema/pattern_rules.ts";
import { compilePattern } from "../../kernel/json_schema/patterns.ts";
import { type PluginContext, textOf } from "../../kernel/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";
import { randomFrom } from "./random.ts";

describe("compilePattern()", () => {
  const cases: readonly (readonly [source: string, matching: string[], other: string[]])[] = [
    ["^a+$", ["a", "aaa"], ["", "ab"]],
    ["b", ["abc"], ["ac"]],
    ["^\\u0061\\u{1F600}$", ["a😀"], ["a"]],
    ["^\\/\\d{2,3}\\.$", ["/12.", "/123."], ["12.", "/1."]],
    ["^[^]$", ["a", "\n"], ["", "ab"]],
    ["[]", [], ["", "a"]],
    ["^\\cA$", ["\u0001"], ["A"]],
    ["^\\p{Lu}\\w*$", ["Äb", "Ab"], ["ab"]],
    ["^(?<year>\\d{4})$", ["2026"], ["26"]],
    ["^[\\w.-]+@[\\w-]+$", ["a.b@c-d"], ["a b@c"]],
  ];
  for (const [source, matching, other] of cases) {
    test(`${source} matches what ECMA-262 matches`, () => {
      const pattern = compilePattern(source);
      const native = new RegExp(source, "u");
      for (const text of [...matching, ...other]) {
        assert.equal(pattern.test(text), matching.includes(text), text);
        assert.equal(native.test(text), matching.includes(text), `the runtime on ${text}`);
      }
    });
  }

  const seed = 20_261_121;
  test(`agrees with the runtime on random patterns (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const atoms = ["a", "b", ".", "[ab]", "[^a]", "\\d", "(ab)", "(?:a|b)", "a|b"];
    for (let i = 0; i < 500; i++) {
      const source = Array.from(
        { length: random.between(1, 4) },
        () => random.pick(atoms) + random.pick(["", "", "*", "+", "?", "{1,2}"]),
      ).join("").replace(/\|[*+?{][^|]*/, "|b");
      const pattern = compilePattern(source);
      const native = new RegExp(source, "u");
      for (const text of ["", "a", "b", "ab", "ba", "aab", "1", "a1b", "\n"]) {
        assert.equal(pattern.test(text), native.test(text), `/${source}/ on ${JSON.stringify(text)}`);
      }
    }
  });

  test("takes time linear in the text where the runtime's engine would not end", () => {
    const start = Date.now();
    assert.equal(compilePattern("^(a+)+$").test(`${"a".repeat(50_000)}!`), false);
    assert.ok(Date.now() - start < 30_000);
  });
  test("refuses what RE2 does not match, should it get there", () => {
    assert.throws(() => compilePattern("(?=a)b"), { name: "SyntaxError", message: /look-around/ });
    assert.throws(() => compilePattern("(?:a{1000}){1000}"), { name: "SyntaxError", message: /large repetition/ });
  });
});

describe("assertPattern()", () => {
  test("counts a repetition within another as often as the other repeats it, as RE2 does", () => {
    for (
      const source of [
        "(a{10}){100}",
        "(?:(a{2}){5}b{3}){100}",
        "(a{1000})b{1000}",
        "(a{10})*(b{1000})+",
        "\\(a{9}\\){900}",
      ]
    ) {
      assertPattern(source);
      compilePattern(source);
    }
    for (const source of ["(a{10}){101}", "(?:(a{2}){6}b{3}){100}", "((a{2,11}){1,10}|b){10}", "(a{999,}){2}"]) {
      assert.throws(() => assertPattern(source), {
        name: "SyntaxError",
        message: /a repetition beyond 1,000 is not supported/,
      }, source);
      assert.throws(() => compilePattern(source), { name: "SyntaxError" }, source);
    }
  });
  const refused: readonly (readonly [source: string, words: RegExp])[] = [
    ["(", /not a regular expression/],
    ["(?=a)b", /look-around/],
    ["(?!a)b", /look-around/],
    ["(?<!a)b", /look-around/],
    ["(?<=a)b", /look-around/],
    ["(a)\\1", /a back-reference is not supported/],
    ["(?<x>a)\\k<x>", /a back-reference is not supported/],
    ["a{5000}", /a repetition beyond 1,000 is not supported/],
    ["a{1,5000}", /a repetition beyond 1,000 is not supported/],
    ["a{5000,}", /a repetition beyond 1,000 is not supported/],
    ["\\u{1F600}{5000}", /a repetition beyond 1,000 is not supported/],
    ["\\p{L}{5000}", /a repetition beyond 1,000 is not supported/],
    ["\\p{Script=Greek}", /a property by name and value \(\\p\{Script=Greek\}\) is not supported/],
    ["[a\\P{Script=Greek}]", /a property by name and value/],
    ["[\\b]", /a backspace in a class/],
    ["[^a\\]\\b]", /a backspace in a class/],
  ];
  for (const [source, words] of refused) {
    test(`refuses ${source}`, () =>
      assert.throws(() => assertPattern(source), { name: "SyntaxError", message: words }));
  }
  for (
    const source of [
      "a{1000}",
      "(?:a)b",
      "(?<year>\\d{4})",
      "[(?=]",
      "\\(?=",
      "\\\\1",
      "\\u{1234}",
      "[\\u{1234}]{5}",
      "\\p{Lu}",
      "\\ba\\b",
      "[a]\\b",
      "[\\\\b]",
      "\\[INFO\\b",
      "a\\[b\\b",
    ]
  ) {
    test(`accepts ${source}, which compiles`, () => {
      assertPattern(source);
      compilePattern(source);
    });
  }
});

describe("the input of a tool", () => {
  const register = async (pattern: string) => {
    const input = { type: "object", properties: { x: { type: "string", pattern } } } as const;
    const setup = (ctx: PluginContext) => void ctx.tool({ name: "t", description: "T", input, run: () => "ok" });
    await using kernel = await quietKernel().kernel.use(small("patterned", { setup })).start();
    return await kernel.call("t", { x: "\u1234" });
  };
  test("may have the pattern \\u{1234}", async () => {
    assert.equal(textOf(await register("^\\u{1234}$")), "ok");
  });
  for (const pattern of ["\\p{Script=Greek}", "[\\b]"]) {
    test(`is refused with the pattern ${pattern}, where it is registered`, async () => {
      await assert.rejects(register(pattern), /"properties\.x\.pattern": cannot use the pattern: .* not supported/);
    });
  }
});

describe("assertKeyPattern()", () => {
  for (const source of ["^x-", "^[a-z]+$", "^S_\\d+$", "a{3}", "^a.*b.*", "(?:a|b)c", "\\(+"]) {
    test(`accepts ${source}`, () => assertKeyPattern(source));
  }
  for (const source of ["(a|a)*", "(a+)+", "a*b*c*", "(?=a)", "(a)\\1", "(ab){2}"]) {
    test(`refuses ${source}`, () => assert.throws(() => assertKeyPattern(source), { message: /^for keys, / }));
  }
});
