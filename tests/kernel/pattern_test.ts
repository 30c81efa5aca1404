import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compilePattern } from "../../kernel/json_schema/pattern.ts";
import { type Random, randomFrom } from "./random.ts";

const SEED = 4_711;
const free = () => {};

function spending(limit: number): (steps: number) => void {
  let left = limit;
  return (steps) => {
    left -= steps;
    if (left < 0) throw new RangeError("spent");
  };
}

/** Writes a random pattern of the syntax that is supported. */
function randomPattern(random: Random, depth = 3): string {
  const atoms = [
    "a",
    "b",
    "c",
    ".",
    "\\d",
    "\\w",
    "\\s",
    "[ab]",
    "[^a]",
    "[a-c\\d]",
    "\\.",
    "\\u0061",
    "\\x62",
    "ä",
    "😀",
  ];
  const anchors = ["^", "$", "\\b", "\\B"];
  const quantifiers = ["", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "{0}"];
  const term = (): string => {
    if (random.chance(0.1)) return random.pick(anchors);
    if (depth === 0 || random.chance(0.6)) return random.pick(atoms) + random.pick(quantifiers);
    if (random.chance(0.15)) return `(?${random.pick(["=", "!"])}${randomPattern(random, depth - 1)})`;
    const head = random.pick(["(", "(?:", `(?<n${Math.floor(random.next() * 1e9)}>`]);
    return `${head}${randomPattern(random, depth - 1)})${random.pick(quantifiers)}`;
  };
  const sequence = () => Array.from({ length: random.between(0, 3) }, term).join("");
  return random.chance(0.25) ? `${sequence()}|${sequence()}` : sequence();
}

describe("compilePattern()", () => {
  test(`agrees with the regular expressions of the runtime (seed ${SEED})`, () => {
    const random = randomFrom(SEED);
    const alphabet = ["a", "b", "c", "1", " ", ".", "ä", "😀", "\n", "_"];
    let matches = 0;
    for (let count = 0; count < 3_000; count++) {
      const source = randomPattern(random);
      const pattern = compilePattern(source);
      for (let tries = 0; tries < 4; tries++) {
        const drawn = Array.from({ length: random.between(0, 8) }, () => random.pick(alphabet)).join("");
        // V8 finds a \B between the halves of a surrogate pair
        const text = source.includes("\\B") ? drawn.replaceAll("😀", "") : drawn;
        const expected = new RegExp(source, "u").test(text);
        if (expected) matches++;
        assert.equal(pattern.test(text, free), expected, `seed ${SEED}: /${source}/u on ${JSON.stringify(text)}`);
      }
    }
    assert.ok(matches > 2_000 && matches < 11_000, `${matches} matches of 12,000`);
  });

  const cases: readonly (readonly [source: string, text: string, isMatch: boolean])[] = [
    ["", "anything", true],
    ["a", "bab", true],
    ["^[a-z]+$", "abc", true],
    ["^[a-z]+$", "abc\n", false],
    ["^\\d{4}-\\d{2}-\\d{2}$", "2026-01-31", true],
    ["^(?=.*[A-Z])(?=.*\\d).{8,}$", "abcDefg1", true],
    ["^(?=.*[A-Z])(?=.*\\d).{8,}$", "abcdefg1", false],
    ["^(?!admin$)\\w+$", "admin", false],
    ["^\\p{Lu}\\p{L}*$", "Ärger", true],
    ["^[\\p{Script=Greek}\\s]+$", "α β", true],
    ["^.$", "😀", true],
    ["^\\u{1F600}$", "😀", true],
    ["^\\ud83d\\ude00$", "😀", true],
    ["^[😀-😂]$", "😁", true],
    ["^\\cJ$", "\n", true],
    ["^[\\]\\\\]$", "]", true],
    ["^[^\\]]$", "]", false],
    ["a{2,3}b", "ab aab", true],
    ["^a{,3}$", "a{,3}", true],
    ["^[\\w-.]+$", "a-b.c", true],
    ["^\\-$", "-", true],
    ["^(?:|a)$", "", true],
    ["(?:a*)*b", "aab", true],
    ["(?:a?){20}a{20}", "a".repeat(20), true],
  ];
  for (const [source, text, isMatch] of cases) {
    test(`of ${source} ${isMatch ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
      assert.equal(compilePattern(source).test(text, free), isMatch);
    });
  }

  const refused: readonly (readonly [source: string, words: RegExp])[] = [
    ["(a)\\1", /back-references/],
    ["(?<n>a)\\k<n>", /back-references/],
    ["(?<=a)b", /look-behind/],
    ["(?<!a)b", /look-behind/],
    ["(?i)a", /not a regular expression/],
    ["(", /not a regular expression/],
    ["[\\w-.]\\p{L}", /"\\p\{L\}" is not used as/],
    ["a{30000}", /states/],
    ["(?:(?:a{100}){100}){100}", /states/],
    ["(".repeat(500) + ")".repeat(500), /nested/],
    ["a".repeat(10_000), /longer/],
  ];
  for (const [source, words] of refused) {
    test(`refuses ${source.slice(0, 30)}`, () => assert.throws(() => compilePattern(source), words));
  }

  const hostile = [
    "^(a+)+$",
    "^(a|a)*$",
    "^(a|aa)+$",
    "(x*x*x*)*y",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(.*a){20}b",
    "^(?=(a+)+$)b",
  ];
  for (const source of hostile) {
    test(`of ${source} takes time linear in the text`, () => {
      const pattern = compilePattern(source);
      const spend = spending(10_000 * 200);
      const start = Date.now();
      assert.equal(pattern.test("a".repeat(10_000) + "!", spend), false);
      assert.ok(Date.now() - start < 3_000);
    });
  }

  test("stops when the budget is used up", () => {
    assert.throws(() => compilePattern("(?=.*a)b").test("x".repeat(100_000), spending(1_000_000)), RangeError);
  });
});
