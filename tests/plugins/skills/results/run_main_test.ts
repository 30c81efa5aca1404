import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRunMain, skillError, skillSuccess } from "../../../../plugins/skills/results/mod.ts";

class Exited extends Error {}

interface Ran {
  readonly code: number | undefined;
  readonly output: string;
  /** What the function was called with. */
  readonly given: unknown;
}

interface RunOptions {
  readonly args?: readonly string[];
  /** Pieces of stdin; a terminal without them. */
  readonly input?: readonly string[];
  /** Keeps stdin open after its pieces. */
  readonly isOpen?: boolean;
  readonly main?: (args: never) => unknown;
  readonly argv?: readonly string[];
}

/** Runs a function in a process that is not there. */
async function run({ args = [], input, isOpen = false, main, argv }: RunOptions): Promise<Ran> {
  let code: number | undefined;
  let output = "";
  let isDiverted = false;
  let given: unknown;
  async function* read() {
    yield* input!;
    if (isOpen) await new Promise(() => {});
  }
  const runMain = createRunMain({
    args,
    readInput: () => input && read(),
    divertOutput() {
      isDiverted = true;
      return () => void (isDiverted = false);
    },
    writeOutput(text) {
      assert.equal(isDiverted, false);
      output += text;
      return Promise.resolve();
    },
    exit(status) {
      code = status;
      throw new Exited();
    },
  });
  const own = (args: never) => {
    assert.equal(isDiverted, true);
    given = args;
    return main === undefined ? skillSuccess("m") : main(args);
  };
  await assert.rejects(argv === undefined ? runMain(own) : runMain(own, argv), Exited);
  return { code, output, given };
}

function parse({ output }: Ran) {
  assert.match(output, /^[^\n]+\n$/);
  return JSON.parse(output);
}

describe("runMain()", () => {
  test("prints one line, and exits by success", async () => {
    const good = await run({ main: () => skillSuccess("done\nwell", { frames: 3 }) });
    assert.deepEqual([good.code, parse(good)], [0, { success: true, message: "done\nwell", context: { frames: 3 } }]);
    const bad = await run({ main: () => skillError("m", "e", { prompt: "p" }) });
    assert.deepEqual([bad.code, parse(bad)], [1, {
      success: false,
      message: "m",
      prompt: "p",
      error: "e",
      context: {},
    }]);
  });

  test("prints an error that the function throws", async () => {
    const ran = await run({ main: () => Promise.reject(new RangeError("bad")) });
    assert.equal(ran.code, 1);
    assert.deepEqual([parse(ran).success, parse(ran).error], [false, "RangeError: bad"]);
  });

  test("makes a result of whatever the function gives", async () => {
    assert.deepEqual(parse(await run({ main: () => 5 })).context, { value: "5" });
    assert.deepEqual(parse(await run({ main: () => ({ context: { a: 1 }, b: 2 }) })).context, { a: 1, b: 2 });
    const wrong = await run({ main: () => ({ success: "yes" }) });
    assert.deepEqual([wrong.code, parse(wrong).success], [1, false]);
  });

  test("writes as text what JSON does not have, and an error where that cannot be", async () => {
    const ran = await run({ main: () => skillSuccess("m", { big: 1n, nan: NaN, map: new Map(), at: new Date(0) }) });
    assert.equal(ran.code, 0);
    assert.deepEqual(parse(ran).context, { big: "1", nan: "NaN", map: "{}", at: "1970-01-01T00:00:00.000Z" });
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const failed = await run({ main: () => skillSuccess("m", cycle) });
    assert.equal(failed.code, 1);
    assert.match(parse(failed).error, /lies within itself/);
  });

  test("takes its arguments from stdin, in one line or several", async () => {
    assert.deepEqual((await run({ input: ['{"a":', '[1,"é"]}'] })).given, { a: [1, "é"] });
    assert.deepEqual((await run({ input: ['{\n  "a": 1\n', "}\n"] })).given, { a: 1 });
    assert.deepEqual((await run({ input: ["\n", '{"a": 1}'] })).given, { a: 1 });
    for (const input of [[], [""], ["\n"]]) assert.deepEqual((await run({ input })).given, {});
  });

  test("refuses what is no object on stdin", async () => {
    for (const text of ["5", "[]", "null", "{", "words", '{"a":1}{"b":2}']) {
      const ran = await run({ input: [text] });
      assert.deepEqual([ran.code, ran.given], [1, undefined], text);
      assert.match(parse(ran).error, /Cannot read the arguments from stdin/);
    }
  });

  test("takes its arguments from the command line", async () => {
    const args = [
      "--start-frame",
      "1.5",
      "--name",
      "a b",
      "--flag",
      "--n=-3",
      "--text=x=y",
      "--no",
      "null",
      "--list",
      "[1]",
    ];
    assert.deepEqual((await run({ args })).given, {
      start_frame: 1.5,
      name: "a b",
      flag: true,
      n: -3,
      text: "x=y",
      no: null,
      list: [1],
    });
    assert.deepEqual((await run({ args, argv: ["--a", "1"] })).given, { a: 1 });
    assert.deepEqual((await run({ args: ["--__proto__", "1"] })).given, JSON.parse('{"__proto__": 1}'));
    const wrong = await run({ args: ["--a", "1", "b"] });
    assert.equal(wrong.code, 1);
    assert.match(parse(wrong).error, /"b" belongs to no key/);
  });

  test("believes stdin where the command line says the same", async () => {
    const input = ['{"title": "--draft", "start_frame": 1, "list": [1]}'];
    const args = ["--title", "--draft", "--start-frame", "1", "--more", "2"];
    assert.deepEqual((await run({ input, args })).given, { title: "--draft", start_frame: 1, list: [1], more: 2 });
  });

  test("answers a request of the script protocol, whose stdin stays open", async () => {
    const request = { jsonrpc: "2.0", id: 7, method: "execute", params: { arguments: { a: 1 }, context: {} } };
    const ran = await run({ input: [`${JSON.stringify(request)}\n`], isOpen: true });
    assert.deepEqual(ran.given, { a: 1 });
    assert.deepEqual(parse(ran), { jsonrpc: "2.0", id: 7, result: { success: true, message: "m", context: {} } });
    const without = await run({ input: [`${JSON.stringify({ ...request, params: {} })}\n`] });
    assert.deepEqual([without.code, without.given], [0, {}]);
  });
});
