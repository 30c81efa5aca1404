import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../../../plugins/sandbox/contract.ts";
import { type PythonCodeKit, startPythonCode } from "./kit.ts";

/** Everything that binds a name, at the top level of code that returns. */
const TOP_LEVEL = `from __future__ import annotations
import dataclasses, os.path, json as j
from math import *

total: int = 0
later: str

def add(n):
    global total
    total += n
    return named, caught, squares

for i in range(3):
    named = [i]
with open("x.txt", "w") as opened:
    opened.write("y")
try:
    1 / 0
except ZeroDivisionError as error:
    caught = str(error)
if (most := 5) > 3:
    squares = [most * k for k in range(3) if (last := k) >= 0]
class A:
    own = total
    def get(self):
        return self.own, last, pi > 3
@dataclasses.dataclass
class Point:
    x: int
exec("made = 7")
del most
if __name__ == "__main__":
    return {
        "add": add(2), "total": total, "a": A().get(), "made": made, "eval": eval("made + 1"), "x": os.path.exists("x.txt"),
        "point": Point(1).x, "kept": "named" in locals(), "gone": "most" in vars(), "i": i, "json": j.dumps(opened.closed),
    }
`;

/** What Python that is no JSON, and what is said of it. */
const NO_JSON: readonly (readonly [code: string, problem: RegExp])[] = [
  ["return {'a': [1, {2}]}", /Cannot return the value: \['a'\]\[1\] is a set, which is no JSON; use sorted/],
  ["import datetime\nreturn datetime.date(2026, 1, 1)", /it is a date, which is no JSON; use \.isoformat/],
  ["return [b'x']", /\[0\] is a bytes/],
  ["return {(1, 2): 3}", /it has the key \(1, 2\), a tuple; JSON has texts as keys/],
  ["return {'x': float('nan')}", /\['x'\] is nan/],
  ["return 2 ** 53 + 1", /whole number that loses digits/],
  ["a = []\na.append(a)\nreturn a", /contains itself/],
  ["return word_count.aio(text='a')", /a coroutine, which is no JSON; it has to be awaited/],
  ["return 'x' * 2_000_000", /it has 2000002 bytes as JSON, and 1048576 is the limit/],
];

/** What code ends by, and the whole error. */
const FAILURES: readonly (readonly [code: string, message: string | RegExp])[] = [
  [
    "def f(n):\n    return n / 0\n\nprint('before')\nf(1)",
    /^Traceback \(most recent call last\):\n {2}File "<code>", line 5, in <module>\n {4}f\(1\)\n(?: +[~^]+\n)? {2}File "<code>", line 2, in f\n {4}return n \/ 0\n(?: +[~^]+\n)?ZeroDivisionError: division by zero\nprinted:\nbefore$/,
  ],
  [
    "async def f():\n    return none_such\n\nawait f()",
    /^Traceback[^]*?line 4, in <module>[^]*?line 2, in f[^]*NameError/,
  ],
  [
    "async def f():\n    return none_such\n\nreturn await f()",
    /^Traceback[^]*?line 4, in <module>[^]*?line 2, in f[^]*NameError/,
  ],
  ["x = 1\ny = = 2", /^ {2}File "<code>", line 2\n {4}y = = 2\n +\^\nSyntaxError: invalid syntax$/],
  ["yield 1\nreturn 2", /line 1\n {4}yield 1\n +\^\nSyntaxError: 'yield' outside function$/],
  ["class A:\n    return 1", /line 2[^]*SyntaxError: 'return' outside function/],
  ["import sys\nsys.exit(3)", "The code ended itself by sys.exit(3)"],
  ["exit('no')", "The code ended itself by sys.exit('no')"],
  [
    "input('Name? ')",
    /RuntimeError: Cannot read input: code has no terminal; elicit\(message, schema\) asks the user$/,
  ],
  ["class E(Exception):\n    def __str__(self): raise ValueError\nraise E()", /E: <exception str\(\) failed>$/],
  ["raise BaseException('odd')", /BaseException: odd$/],
  // the marks are under what failed, also in a last line without an end
  ["return 1 / 0", /, in <module>\n {4}return 1 \/ 0\n(?: {11}~~\^~~\n)?ZeroDivisionError/],
  [
    "x = 1\r\n\fdef f():\r\n    raise ValueError\r\nf()",
    /line 4, in <module>\n {4}f\(\)\n {2}File "<code>", line 3, in f/,
  ],
  ["def f(): f()\nf()", /RecursionError/],
];

/** What code gets wrong, and what is said to be written in its place. */
const REMEDIES: readonly (readonly [code: string, remedy: string | RegExp])[] = [
  ["word_cuont(text='a')", "NameError: name 'word_cuont' is not defined. Did you mean: 'word_count'?"],
  ["def f(totals):\n    return total\nf([])", "NameError: name 'total' is not defined. Did you mean: 'totals'?"],
  ["return {'a': null}", "NameError: name 'null' is not defined. Did you mean: 'None'?"],
  ["files.readText('a')", /AttributeError: .*'readText'\. Did you mean: 'read_text'\?$/],
  ["tools.word_cuont()", /AttributeError: There is no tool called 'word_cuont'; there is word_count$/],
  ["qqqqqq", "NameError: name 'qqqqqq' is not defined"],
  ["await word_count(text='a')", /can't be used in 'await' expression\nFunctions of the server wait by themselves: /],
  ["import asyncio\nawait asyncio.gather(word_count(text='a'))", /\nFunctions of the server wait by themselves: /],
  [
    "import none_such.part",
    /ModuleNotFoundError: .*\nPackages are declared [^]*\n# dependencies = \["none_such"\]\n# \/\/\/$/,
  ],
  ["```python\nreturn 1\n```", /SyntaxError: .*\nLeave out the lines with ```/],
  ["echo(a={1})\n", "NameError: name 'echo' is not defined"],
  [
    "tools.texts['word-count'](text={1})",
    /TypeError: Cannot call tool word-count: \['text'\] is a set, which is no JSON/,
  ],
];

describe("Python code", { timeout: 120_000 }, () => {
  let kit: PythonCodeKit;
  before(async () => {
    kit = await startPythonCode();
  });
  after(() => kit[Symbol.asyncDispose]());

  test("gives what it returns, and nothing else", async () => {
    assert.deepEqual(await kit.run("return {'a': (1, 2.5, None, True), 3: 'é\\ud800'}"), {
      value: { a: [1, 2.5, null, true], 3: "é\ud800" },
      printed: "",
    });
    assert.deepEqual(await kit.run("return None"), { value: null, printed: "" });
    for (const code of ["1 + 1", "if True:\n    return", "import sys\nsys.exit()", "# nothing"]) {
      assert.deepEqual(await kit.run(code), { value: undefined, printed: "" }, code);
    }
  });

  test("has at its top level what a module has, beside return and await", async () => {
    assert.deepEqual((await kit.run(TOP_LEVEL)).value, {
      ...{ add: [[2], "division by zero", [0, 5, 10]], total: 2, a: [0, 2, true], made: 7, eval: 8, x: true },
      ...{ point: 1, kept: true, gone: false, i: 2, json: "true" },
    });
    const awaiting = `import contextlib
async def numbers():
    yield 1
    yield await give()
async def give():
    return 2
async with contextlib.AsyncExitStack():
    pass
async for number in numbers():
    seen = number
`;
    assert.deepEqual((await kit.run(`${awaiting}return [seen] + [n async for n in numbers()]`)).value, [2, 1, 2]);
    assert.equal((await kit.run(`${awaiting}print(seen, await give())`)).printed, "2 2\n");
  });

  test("returns from within blocks, which end as they do in a function", async () => {
    const code = `import contextlib
@contextlib.contextmanager
def block():
    try:
        yield
    except BaseException as error:
        print("failed", error)
    else:
        print("ended")
with block():
    for n in range(10):
        try:
            return n
        except BaseException:
            print("caught")
        finally:
            print("finally")`;
    assert.deepEqual(await kit.run(code), { value: 0, printed: "finally\nended\n" });
  });

  test("is refused what is no JSON, with its place", async () => {
    await Promise.all(
      NO_JSON.map(async ([code, problem]) => assert.match((await kit.fail(code)).message, problem, code)),
    );
    assert.equal((await kit.run("return 2 ** 53")).value, 2 ** 53);
    assert.equal((await kit.run("import math\nreturn math.factorial(20)")).value, 2_432_902_008_176_640_000);
  });

  test("fails with its own lines, and what it printed", async () => {
    await Promise.all(FAILURES.map(async ([code, expected]) => {
      const { message } = await kit.fail(code);
      if (typeof expected === "string") assert.equal(message, expected);
      else assert.match(message, expected);
      assert.doesNotMatch(message, /collet_|run_code|asyncio/);
    }));
  });

  test("is told what to write in place of what does not work", async () => {
    await Promise.all(REMEDIES.map(async ([code, expected]) => {
      const { message } = await kit.fail(code);
      if (typeof expected === "string") assert.equal(message.split("\n").at(-1), expected);
      else assert.match(message, expected);
    }));
  });

  test("prints to the result and to the log, whichever way, up to the limit", async () => {
    const logged: string[] = [];
    const code = `import os, subprocess, sys
print("é", "\\ud800")
os.write(1, b"raw\\n")
subprocess.run(["sh", "-c", "echo child; echo error >&2"])
print("standard error", file=sys.stderr)
print("no end", end="")`;
    const log = (_: unknown, text: unknown) => Promise.resolve(void logged.push(String(text)));
    const { printed } = await kit.run(code, { call: { log } });
    assert.equal(printed, "é \\ud800\nraw\nchild\nerror\nstandard error\nno end");
    assert.match(logged.join("\n"), /é \\ud800\nraw\nchild\nerror\nstandard error\nno end/);
    const { printed: cut } = await kit.run("print('x' * 5_000)\nprint('end')", { limits: { outputBytes: 1_000 } });
    assert.equal(cut, `${"x".repeat(1_000)}\n… what was printed after this is left out`);
    // a limit in bytes, which divides no character
    const { printed: wide } = await kit.run("print('€' * 400)", { limits: { outputBytes: 1_000 } });
    assert.equal(wide, `${"€".repeat(333)}\n… what was printed after this is left out`);
  });

  test("keeps a session that it is given, when it succeeds with JSON", async () => {
    const count = "session['n'] = session.get('n', 0) + 1";
    assert.deepEqual(await kit.run(count, { session: { n: 4 } }), { value: undefined, printed: "", session: { n: 5 } });
    assert.equal((await kit.run(count)).session, undefined);
    assert.equal((await kit.run("session = object()\nreturn 1")).value, 1);
    assert.deepEqual((await kit.run("session = {'a': [1]}", { session: {} })).session, { a: [1] });
    assert.match((await kit.fail("session = [1]", { session: {} })).message, /session: it is a list, expected a dict/);
    assert.match((await kit.fail("session['a'] = {1}", { session: {} })).message, /session: \['a'\] is a set/);
  });

  test("sees no network, no files and no variables of the server", async (t) => {
    if (await kit.kernel.get(Sandbox)!.canMove() !== true) return t.skip("nothing here moves paths in a sandbox");
    const code = `import os, socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    print(type(error).__name__, error.errno)
return [sorted(os.environ), os.path.exists(${JSON.stringify(kit.home)}), os.getcwd()]`;
    const { value, printed } = await kit.run(code);
    const [variables, seesHome, folder] = value as [string[], boolean, string];
    assert.equal(printed, "OSError 101\n");
    assert.equal(seesHome, false);
    assert.equal(folder, "/home/tool");
    for (const name of variables) {
      assert.match(name, /^(COLLET_PROCESS_TREE|HOME|LANG|PATH|PWD|TERM|TMPDIR|USER|LD_LIBRARY_PATH|PYTHON\w+)$/);
    }
  });
});
