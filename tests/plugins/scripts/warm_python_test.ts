import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodeHeader } from "../../../plugins/scripts/warm/mod.ts";
import { assertSame, startWarmKit, type WarmScript } from "./warm_kit.ts";

const PYTHON = "/usr/bin/python3";
const REQUEST = '{"jsonrpc":"2.0","method":"execute","id":1,"params":{"arguments":{"n":"é"}}}\n';

/** What scripts may notice of how they were started. */
const SCRIPTS: Readonly<Record<string, string>> = {
  request: "import json, sys\nprint(json.loads(sys.stdin.readline())['params'], sys.stdin.readline())",
  facts: `import os, sys
print(__name__, __file__, __spec__, __doc__, type(__loader__), sorted(globals()))
print(sys.argv, sys.path, getattr(sys, 'orig_argv', None), sys.flags, sys.executable, sys.warnoptions)
print(sorted(os.environ.items()), os.getcwd(), sys._getframe().f_back, sys.getprofile(), sys.gettrace())
import inspect, linecache
print(inspect.getsource(sys.modules['__main__']) == open(__file__).read(), linecache.getline(__file__, 1))`,
  builtin:
    "import __main__, sys\nprint(__main__.__file__, 'sitecustomize' in sys.modules and sys.modules['sitecustomize'])",
  raised: "def f():\n    raise ValueError('é')\n\nf()",
  chained: "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('a') from e",
  syntax: "print(1)\ndef f(:\n    pass",
  indentation: "if 1:\nprint(1)",
  null: "print(1)\0",
  encoding: "# -*- coding: none-such -*-\nprint(1)",
  mark: "\ufeffprint('a mark')",
  future: "'''Documentation.'''\nfrom __future__ import annotations\nprint(__doc__, __annotations__)",
  status: "import sys\nsys.exit(3)",
  words: "import sys\nsys.exit('words')",
  quit: "raise SystemExit",
  interrupt: "raise KeyboardInterrupt",
  terminated: "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
  thread: `import threading, time
def work():
    time.sleep(0.1)
    print('worked')
    raise ValueError('in a thread')
threading.Thread(target=work, name='one').start()
print('main', threading.current_thread().name, threading.active_count())`,
  at_exit: "import atexit\natexit.register(print, 'bye')\nprint('hello')",
  signals:
    "import signal\nprint([(s.name, signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)])",
  spawned: `import multiprocessing
def square(n):
    return n * n
if __name__ == '__main__':
    multiprocessing.set_start_method('spawn')
    with multiprocessing.Pool(1) as pool:
        print(pool.map(square, [2, 3]))`,
  pickled: "import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A())).__class__, pickle.dumps(A()))",
  warned:
    "import warnings\nwarnings.warn('a')\nwarnings.warn('b', stacklevel=2)\nwarnings.warn('c', DeprecationWarning)",
  state:
    "import logging, random, socket, warnings, gc\nprint(logging.root.handlers, socket.getdefaulttimeout(), gc.isenabled())",
  beside: "import beside\nfrom package import part\nprint(beside.name, part.name)",
  zone: "import time\nprint(time.tzname, time.localtime(0).tm_hour)",
};
const FILES = { "beside.py": "name = __name__\n", "package/__init__.py": "", "package/part.py": "name = __file__\n" };

function script(name: string, code: string, more: Partial<WarmScript> = {}): WarmScript {
  return {
    language: "python",
    program: PYTHON,
    name: `script_${name}.py`,
    code,
    argv: ["a", "b c"],
    env: { TZ: "Asia/Tokyo", SECRET: "é" },
    files: FILES,
    stdin: `${REQUEST}rest\n`,
    ...more,
  };
}

function pythons(): readonly string[] {
  const versions = join(homedir(), ".pyenv", "versions");
  const found = existsSync(versions) ? readdirSync(versions).map((it) => join(versions, it, "bin", "python3")) : [];
  return found.filter((it) => !/\/versions\/(?:2|3\.[0-7])\./.test(it));
}

describe("a warm Python", { skip: existsSync(PYTHON) ? false : `${PYTHON} is not there` }, () => {
  test("a script does in it what it does in a cold one", async () => {
    await using kit = await startWarmKit();
    for (const [name, code] of Object.entries(SCRIPTS)) await assertSame(kit, script(name, code));
  });

  test("versions of Python do not differ in that", async (t) => {
    const others = pythons();
    if (others.length === 0) return t.skip("there is no other Python");
    await using kit = await startWarmKit();
    for (const program of others) {
      for (const name of ["facts", "raised", "syntax", "thread", "beside"]) {
        await assertSame(kit, script(name, SCRIPTS[name]!, { program }));
      }
    }
  });

  test("stdin is the script's from its first byte", async () => {
    await using kit = await startWarmKit();
    const code =
      "import hashlib, sys\ndata = sys.stdin.buffer.read()\nprint(len(data), hashlib.sha256(data).hexdigest())";
    const bytes = new Uint8Array(10_000_000).map((_, i) => i * 31 + (i >> 8));
    const { stdout } = await assertSame(kit, script("bytes", code, { stdin: bytes }));
    assert.match(stdout, /^10000000 /);
  });

  test("a module of the script that has the name of one that was loaded is the script's", async () => {
    await using kit = await startWarmKit();
    for (const name of ["json.py", "random/__init__.py"]) {
      const module = name.split(/[./]/)[0]!;
      const code = `import ${module}\nprint(${module}.mine)`;
      const { stdout } = await assertSame(kit, script("shadow", code, { files: { [name]: "mine = 'mine'\n" } }));
      assert.equal(stdout, "mine\n");
    }
  });

  test("PYTHONPATH finds modules, before those of Python itself", async () => {
    await using kit = await startWarmKit();
    const env = { PYTHONPATH: `${kit.path}/tool/lib:${kit.path}/tool/none` };
    const code = "import os, sys\nimport extra\nprint(extra.__file__, sys.path, os.environ['PYTHONPATH'])";
    await assertSame(kit, script("path", code, { env, files: { "lib/extra.py": "" } }));
    const files = { "lib/json.py": "mine = 1\n" };
    await assertSame(kit, script("path", "import json\nprint(json.mine)", { env, files }));
  });

  test("what Python reads when it starts counts, whenever it comes", async () => {
    await using kit = await startWarmKit();
    await assertSame(kit, script("early", SCRIPTS["facts"]!, { env: { PYTHONHASHSEED: "7", PYTHONOPTIMIZE: "1" } }));
    const late = script("late", "print(hash('a'), __debug__)", { env: { PYTHONHASHSEED: "7" } });
    const cold = await kit.runCold(late);
    const { child, header, waiting } = await kit.wait({ ...late, env: {} });
    await waiting;
    let stdout = "";
    child.stdout.on("data", (piece) => stdout += piece);
    child.stdin.end(encodeHeader({ ...header, env: { ...header.env, PYTHONHASHSEED: "7" } }));
    await new Promise((resolve) => child.once("close", resolve));
    assert.equal(stdout, `COLLET\n${cold.stdout}`);
  });

  test("it ends quietly when no script comes, and with words when something else does", async () => {
    await using kit = await startWarmKit();
    for (
      const [text, code, words] of [["", 0, ""], ["COLLET 0000", 0, ""], ["x".repeat(99), 1, "Cannot read a header"]]
    ) {
      const { child } = await kit.wait(script("none", ""));
      let stderr = "";
      child.stderr.on("data", (piece) => stderr += piece);
      child.stdin.on("error", () => {});
      child.stdin.end(text);
      assert.equal(await new Promise((resolve) => child.once("close", resolve)), code);
      assert.ok(words === "" ? stderr === "" : stderr.startsWith(String(words)), stderr);
    }
    assert.deepEqual(readdirSync(join(kit.path, "home")), []);
  });
});
