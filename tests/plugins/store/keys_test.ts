import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { compareKeys, isInRange, prefixRange, scanRange, spanRange } from "../../../plugins/store/keys.ts";
import { type Random, randomFrom } from "../../kernel/random.ts";

// around every border of UTF-8 lengths and of surrogates
const POINTS = [1, 0x61, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff];

function randomKey(random: Random): string {
  const length = random.between(0, 4);
  return String.fromCodePoint(...Array.from({ length }, () => random.pick(POINTS)));
}

const SEED = Math.floor(Math.random() * 2 ** 32);

/** Runs a check many times. */
function forRandom(check: (random: Random) => void): void {
  const random = randomFrom(SEED);
  for (let i = 0; i < 3000; i++) check(random);
}

describe(`keys (seed ${SEED})`, () => {
  test("compareKeys() sorts as UTF-8 bytes do", () => {
    forRandom((random) => {
      const [a, b] = [randomKey(random), randomKey(random)];
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareKeys(a, b)), expected, JSON.stringify([a, b]));
    });
  });

  test("prefixRange() holds the keys that begin with the prefix, and no other", () => {
    forRandom((random) => {
      const prefix = randomKey(random);
      const key = random.chance(0.5) ? prefix + randomKey(random) : randomKey(random);
      assert.equal(isInRange(key, prefixRange(prefix)), key.startsWith(prefix), JSON.stringify([prefix, key]));
    });
  });

  test("scanRange() leaves out its bounds and what lies beyond", () => {
    forRandom((random) => {
      const [after, before, cursor, key] = Array.from({ length: 4 }, () => randomKey(random)) as [string, ...string[]];
      const reverse = random.chance(0.5);
      const isAsked = compareKeys(key!, after) > 0 && compareKeys(key!, before!) < 0 &&
        (reverse ? compareKeys(key!, cursor!) < 0 : compareKeys(key!, cursor!) > 0);
      const range = scanRange({ after, before: before!, cursor: cursor!, reverse });
      assert.equal(isInRange(key!, range), isAsked, JSON.stringify({ after, before, cursor, reverse, key }));
    });
  });

  test("spanRange() holds its ends, in either order", () => {
    for (const [first, last] of [["a", "b"], ["b", "a"], ["a", "a"]] as const) {
      const range = spanRange(first, last);
      assert.deepEqual([first, last, "c"].map((key) => isInRange(key, range)), [true, true, false]);
    }
  });
});
