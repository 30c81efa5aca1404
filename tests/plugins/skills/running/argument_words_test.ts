import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { argumentWords } from "../../../../plugins/skills/running/argument_words.ts";

const LINUX = { os: "linux", isBatch: false } as const;
const BATCH = { os: "windows", isBatch: true } as const;

describe("argumentWords()", () => {
  test("writes scalars as --key value, with - for _", () => {
    const args = {
      frame_start: 1,
      name: "Ball",
      closed: true,
      open: false,
      ratio: 0.5,
      big: 1e21,
      "-5": "x",
      text: "",
    };
    assert.deepEqual(argumentWords(args, LINUX), [
      ...["--frame-start", "1", "--name", "Ball", "--closed", "true", "--open", "false"],
      ...["--ratio", "0.5", "--big", "1e+21", "--text", ""],
    ]);
  });

  test("leaves null, lists and objects to stdin", () => {
    assert.deepEqual(argumentWords({ a: null, b: [1], c: { d: 1 }, e: 2 }, LINUX), ["--e", "2"]);
  });

  test("keeps a value one argument whatever it holds, and leaves out what no argument can hold", () => {
    const hostile = "$(id) `id` ; rm -rf / \n\"'\\ %PATH% & --flag";
    assert.deepEqual(argumentWords({ a: hostile, b: "x\0y" }, LINUX), ["--a", hostile]);
  });

  test("leaves out keys that could be read as something else", () => {
    const keys = ["_meta", "", "-c", "--help=x", "a=b", "a b", "a\nb", "ключ", "$x", "-", "x".repeat(65), "@file"];
    const args = Object.fromEntries(keys.map((key) => [key, "v"]));
    assert.deepEqual(argumentWords({ ...args, ok: "v" }, LINUX), ["--ok", "v"]);
  });

  test("leaves out texts of more than 8 KiB, as bytes", () => {
    const words = argumentWords({ fits: "x".repeat(8192), long: "x".repeat(8193), wide: "ü".repeat(4097) }, LINUX);
    assert.deepEqual(words.map((it) => it.length), ["--fits".length, 8192]);
  });

  test("leaves out what would make a command too long, earlier on Windows", () => {
    const args = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, "x".repeat(8192)]));
    assert.equal(argumentWords(args, LINUX).length, 2 * 15);
    assert.equal(argumentWords(args, { os: "windows", isBatch: false }).length, 2 * 2);
    assert.equal(argumentWords({ ...args, small: 1 }, LINUX).at(-2), "--small");
  });

  test("gives a batch file nothing that cmd could take for a command", () => {
    const bad = ["a&calc", "a|b", "%PATH%", "a^b", 'a"b', "a b", "a\nb", "(a)", "!x!", "a>b", "a;b", "*"];
    const args = {
      ...Object.fromEntries(bad.map((value, i) => [`bad${i}`, value])),
      good: "C:\\x\\y-1.2,+@z/w_",
      n: -1,
    };
    assert.deepEqual(argumentWords(args, BATCH), ["--good", "C:\\x\\y-1.2,+@z/w_", "--n", "-1"]);
  });
});
