import assert from "node:assert/strict";
import { test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { limitMemory } from "../../../plugins/wasm/binary/limit_memory.ts";
import { meter } from "../../../plugins/wasm/binary/meter.ts";
import { readModule } from "../../../plugins/wasm/binary/outline.ts";
import { freshSeed, seededRandom } from "../../support/random.ts";
import { assemble, SAMPLE } from "./wat_text.ts";

const ROUNDS = 3_000;
const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SMALL = `(module (import "a" "b" (func)) (memory (export "memory") 1 2) (table 1 funcref)
  (func (export "_start") (loop (br_if 0 (i32.load offset=8 (i32.const 0))))))`;

/** Changes some bytes, takes some away and puts some in, behind the head. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  const changed = [...bytes];
  const below = (limit: number) => Math.floor(random() * limit);
  for (let left = 1 + below(4); left > 0; left -= 1) {
    const at = HEAD.length + below(changed.length - HEAD.length);
    const kind = below(10);
    if (kind === 0) changed.splice(at, 1 + below(8));
    else if (kind === 1) changed.splice(at, 0, ...Array.from({ length: 1 + below(8) }, () => below(256)));
    else if (kind === 2) changed.length = Math.max(HEAD.length + 1, at);
    else if (kind === 3) changed[at] = [0x00, 0x7f, 0x80, 0xff][below(4)]!;
    else changed[at] = below(256);
  }
  return Uint8Array.from(changed);
}

/** Gives what came of it, or `undefined` when it was refused as it should be. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(isToolError(error) && /^Cannot \w+ .+/.test(error.message), `not a clear refusal: ${error}`);
    return undefined;
  }
}

function tryAll(bytes: Uint8Array<ArrayBuffer>): { readonly isValid: boolean; readonly isMetered: boolean } {
  const isValid = WebAssembly.validate(bytes);
  attempt(() => readModule(bytes));
  const limited = attempt(() => limitMemory(bytes, 1 << 24));
  if (isValid && limited) assert.ok(WebAssembly.validate(limited), "limitMemory made it invalid");
  const metered = attempt(() => meter(bytes, { isRefilled: true }));
  if (metered) assert.ok(isValid && WebAssembly.validate(metered), "meter made it invalid, or took what is");
  return { isValid, isMetered: metered !== undefined };
}

test("modules that were changed at random are refused clearly, or stay valid", async (t) => {
  const samples = [await assemble(SAMPLE), await assemble(SMALL)];
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  let valid = 0;
  let metered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const bytes = mutate(samples[round % samples.length]!, random);
    try {
      const { isValid, isMetered } = tryAll(bytes);
      valid += Number(isValid);
      metered += Number(isMetered);
    } catch (error) {
      assert.fail(`seed ${seed}, round ${round}: ${error}\n${bytes}`);
    }
  }
  t.diagnostic(`${valid} of ${ROUNDS} were valid, ${metered} were metered`);
  assert.ok(valid > 50 && metered > valid * 0.9, `${valid} were valid, ${metered} were metered`);
});

test("random bytes behind the head of a module are refused clearly", (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let round = 0; round < ROUNDS; round += 1) {
    // sections that are known and short more often than by chance
    const bytes = Uint8Array.from({ length: 8 + Math.floor(random() * 60) }, (_, index) => {
      if (index < HEAD.length) return HEAD[index]!;
      return Math.floor(random() * (random() < 0.7 ? 14 : 256));
    });
    try {
      tryAll(bytes);
    } catch (error) {
      assert.fail(`seed ${seed}, round ${round}: ${error}\n${bytes}`);
    }
  }
});
